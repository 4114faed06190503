'use strict'

// The option that holds the keys, and how a genuine client's cookies are signed with them.

const { Aspects, UNDEFINED, shuffle } = require('./aspects')

const GOOD_KEYS = ['k1', 'k2', 'keyboard cat', 'a longer secret of thirty-two chars!', 'schlüssel']

class Keys extends Aspects {
  // The option that holds the keys; sets this.signing to how genuine cookies are signed.
  keys() {
    const { r } = this
    if (this.strange.has('keys')) return this.oddKeys()
    if (r.chance(0.15)) {
      this.count('secret')
      const secret = r.pick(GOOD_KEYS)
      this.signing = { keys: [secret] }
      return ['secret', secret]
    }
    const keys = shuffle(r, GOOD_KEYS).slice(
      0,
      r.weighted([
        [4, 1],
        [4, 2],
        [2, 3],
        [1, 5]
      ])
    )
    if (keys.length > 1) this.count('several keys')
    this.signing = { keys }
    return ['keys', keys]
  }

  byteKey() {
    const { r } = this
    const hex = r.pick(['', r.hex(8), r.hex(24), r.hex(64), r.hex(80)])
    return r.pick([
      () => this.counted(['key Buffer', { $: 'buffer', hex }]),
      () => this.counted(['key KeyObject', { $: 'keyObject', hex: hex || '00' }]),
      () => {
        const kind = r.pick([
          'Uint8Array',
          'Uint16Array',
          'Float64Array',
          'DataView',
          'ArrayBuffer',
          'subarray'
        ])
        return this.counted([`key ${kind}`, { $: 'bytes', kind, hex }])
      },
      () =>
        this.counted([
          'key odd text',
          r.pick(['', 'a'.repeat(200), '\ud800', 'nul\u0000', '日本', 'x'.repeat(64)])
        ]),
      () => r.pick(GOOD_KEYS)
    ])()
  }

  badKey() {
    const { r } = this
    return this.counted([
      'key bad',
      r.pick([
        UNDEFINED,
        null,
        5,
        true,
        {},
        ['k1'],
        { $: 'symbol', text: 'k' },
        { $: 'boxed', of: 'k1' },
        { $: 'date', ms: 0 }
      ])
    ])
  }

  oddKeys() {
    const { r } = this
    const kind = r.weighted([
      [30, 'bytes'],
      [10, 'bad among good'],
      [5, 'undefined first'],
      [5, 'empty'],
      [4, 'holes'],
      [4, 'frozen'],
      [4, 'proxy'],
      [25, 'keygrip'],
      [20, 'signer'],
      [6, 'not keys'],
      [9, 'none'],
      [6, 'odd secret'],
      [4, 'both'],
      [4, 'inherited index']
    ])
    this.count(`keys: ${kind}`)
    if (kind === 'bytes') {
      const keys = Array.from({ length: r.between(1, 4) }, () => this.byteKey())
      this.signing = { keys }
      return ['keys', keys]
    }
    if (kind === 'bad among good') {
      const keys = shuffle(r, GOOD_KEYS).slice(0, 2)
      keys.splice(r.below(3), 0, this.badKey())
      this.signing = { keys }
      return ['keys', keys]
    }
    if (kind === 'undefined first') {
      this.signing = { keys: ['k1'] }
      return ['keys', [UNDEFINED, 'k1']]
    }
    if (kind === 'empty') return ['keys', []]
    if (kind === 'holes') {
      return [
        'keys',
        { $: 'array', items: r.chance(0.5) ? [{ $: 'hole' }, 'k1'] : ['k1', { $: 'hole' }, 'k2'] }
      ]
    }
    if (kind === 'frozen') return ['keys', { $: 'frozen', of: ['k1', 'k2'] }]
    if (kind === 'proxy') return ['keys', { $: 'proxy', of: ['k1', 'k2'] }]
    if (kind === 'inherited index') {
      return ['keys', { $: 'object', proto: [['0', 'k1']], entries: [['length', 1]] }]
    }
    if (kind === 'keygrip') return ['keys', this.keygrip()]
    if (kind === 'signer') return ['keys', this.signer()]
    if (kind === 'not keys') {
      return [
        'keys',
        r.pick([
          'k1',
          5,
          true,
          {},
          { $: 'map', entries: [] },
          { $: 'function', text: 'keys' },
          { $: 'buffer', hex: '6b31' },
          '',
          0
        ])
      ]
    }
    if (kind === 'none') {
      this.noKeys = true
      return r.chance(0.3) ? ['keys', r.pick([UNDEFINED, null, false])] : undefined
    }
    if (kind === 'odd secret') {
      const secret = r.pick([
        { $: 'buffer', hex: '00ff' },
        5,
        '',
        { $: 'keyObject', hex: 'aa' },
        true,
        ['k1']
      ])
      this.signing = { keys: [secret] }
      return ['secret', secret]
    }
    return ['keys', { $: 'array', items: ['k1'], extra: [['name', 'odd array']] }]
  }

  keygrip() {
    const { r } = this
    const lib = r.pick(['own', 'own', 'plain'])
    const algorithm = r.pick([
      undefined,
      undefined,
      'sha1',
      'sha256',
      'sha512',
      'sha384',
      'SHA256',
      'md5',
      'nonsense'
    ])
    const encoding = r.pick([
      undefined,
      undefined,
      undefined,
      'base64',
      'hex',
      'base64url',
      'latin1',
      'nonsense'
    ])
    const keys = r.chance(0.1)
      ? r.pick([[], [UNDEFINED, 'k2'], UNDEFINED, 'text'])
      : Array.from({ length: r.between(1, 3) }, () => (r.chance(0.5) ? this.byteKey() : r.pick(GOOD_KEYS)))
    this.count(`keygrip ${lib}`)
    if (algorithm) this.count(`keygrip ${algorithm}`)
    if (encoding) this.count(`keygrip encoding ${encoding}`)
    this.signing = { keys: Array.isArray(keys) && keys.length > 0 ? keys : ['k1'], algorithm, encoding }
    const out = { $: 'keygrip', lib, keys }
    if (algorithm) out.algorithm = algorithm
    if (encoding) out.encoding = encoding
    return out
  }

  signer() {
    const { r } = this
    const out = {
      $: 'signer',
      index: r.pick([0, 0, 0, 1, 5, -1, UNDEFINED, null, '1', 'x', true, { $: 'nan' }, 0.5, 'throw'])
    }
    if (r.chance(0.5)) {
      out.sign = r.pick([
        5,
        UNDEFINED,
        null,
        'sig',
        'bad;sig',
        'bad\nsig',
        '',
        'throw',
        'throw',
        { $: 'date', ms: 0 },
        ['x']
      ])
    }
    if (r.chance(0.2)) out.without = r.pick(['sign', 'index'])
    if (r.chance(0.15)) out.className = r.pick(['Keygrip', 'Other'])
    this.count('keys sign and index of their own')
    if (out.without) this.count(`signer without ${out.without}`)
    if (out.sign === 'throw') this.count('signer sign throws')
    return out
  }
}

module.exports = { Keys }
