// Makes random scripts: what an application configures, what its client sends, what it does with the
// session and how it answers. Most parts of most scripts are ordinary; each script has a few aspects
// (options, keys, the cookie, the values stored, ...) in which it may be strange. Every strange thing is
// counted by name, so that a run can tell that it did occur.

'use strict'

const { Random } = require('./random')
const { applyRecipe } = require('./recipes')
const {
  ORDINARY_KEYS,
  ODD_KEYS,
  INVALID_UTF8,
  jsonValue,
  jsonObject,
  oddValue,
  oddJson,
  disturbedJson,
  jsonText
} = require('./contents')

const ASPECTS = [
  'options',
  'options',
  'keys',
  'keys',
  'cookie',
  'cookie',
  'cookie',
  'contents',
  'contents',
  'values',
  'values',
  'access',
  'later',
  'later',
  'response',
  'response',
  'call'
]

const UNDEFINED = { $: 'undefined' }

// odd values of each option, each with the name it is counted under
const ODD_OPTIONS = {
  path: [
    ['path given', '/app'],
    ['path undefined', UNDEFINED],
    ['path null', null],
    ['path empty', ''],
    ['path false', false],
    ['path with semicolon', '/a;b'],
    ['path invalid', '/a\nb'],
    ['path invalid', '/日本'],
    ['path not a string', 5],
    ['path latin', '/é'],
    ['path not a string', ['/x']]
  ],
  domain: [
    ['domain given', 'example.test'],
    ['domain with semicolon', 'a;b'],
    ['domain empty', ''],
    ['domain invalid', 'a\r\nb'],
    ['domain not a string', 7],
    ['domain null', null]
  ],
  maxAge: [
    ['maxAge given', 3600000],
    ['maxAge given', 86400000],
    ['maxAge zero', 0],
    ['maxAge NaN', { $: 'nan' }],
    ['maxAge Infinity', { $: 'infinity' }],
    ['maxAge a string', '1000'],
    ['maxAge empty string', ''],
    ['maxAge negative', -5000],
    ['maxAge huge', 1e17],
    ['maxAge fraction', 1500.75],
    ['maxAge null', null],
    ['maxAge undefined', UNDEFINED],
    ['maxAge true', true],
    ['maxAge false', false],
    ['maxAge bigint', { $: 'bigint', digits: '5' }],
    ['maxAge object', { $: 'boxed', of: 1000 }]
  ],
  maxage: [
    ['maxage given', 60000],
    ['maxage zero', 0],
    ['maxage a string', '60'],
    ['maxage undefined', UNDEFINED]
  ],
  expires: [
    ['expires given', { $: 'date', ms: 2000000000000 }],
    ['expires past', { $: 'date', ms: 0 }],
    ['expires invalid date', { $: 'date', ms: null }],
    ['expires a string', 'Thu, 01 Jan 2032 00:00:00 GMT'],
    ['expires a number', 5],
    ['expires with toUTCString', { $: 'fakeDate', text: 'some day' }],
    ['expires with toUTCString', { $: 'fakeDate', text: 'x; y' }],
    ['expires null', null],
    ['expires far year', { $: 'date', ms: 8.64e15 }],
    ['expires before Christ', { $: 'date', ms: -8.64e15 }]
  ],
  sameSite: [
    ['sameSite true', true],
    ['sameSite given', 'lax'],
    ['sameSite given', 'none'],
    ['sameSite upper case', 'Strict'],
    ['sameSite upper case', 'LAX'],
    ['sameSite invalid', 'bad'],
    ['sameSite invalid', 'lax\n'],
    ['sameSite false', false],
    ['sameSite not a string', 1],
    ['sameSite not a string', ['lax']],
    ['sameSite empty', '']
  ],
  priority: [
    ['priority given', 'high'],
    ['priority given', 'medium'],
    ['priority upper case', 'LOW'],
    ['priority invalid', 'urgent'],
    ['priority not a string', ['high']],
    ['priority empty', '']
  ],
  secure: [
    ['secure true', true],
    ['secure true', true],
    ['secure false', false],
    ['secure null', null],
    ['secure undefined', UNDEFINED],
    ['secure truthy', 'yes'],
    ['secure zero', 0]
  ],
  secureProxy: [
    ['secureProxy true', true],
    ['secureProxy false', false],
    ['secureProxy undefined', UNDEFINED]
  ],
  httpOnly: [
    ['httpOnly false', false],
    ['httpOnly null', null],
    ['httpOnly empty', ''],
    ['httpOnly true', true]
  ],
  partitioned: [
    ['partitioned true', true],
    ['partitioned false', false],
    ['partitioned truthy', 1]
  ],
  overwrite: [
    ['overwrite false', false],
    ['overwrite false', false],
    ['overwrite zero', 0],
    ['overwrite null', null],
    ['overwrite truthy', 'x']
  ],
  signed: [
    ['signed false', false],
    ['signed false', false],
    ['signed null', null],
    ['signed undefined', UNDEFINED],
    ['signed zero', 0],
    ['signed empty', ''],
    ['signed truthy', 'yes'],
    ['signed true', true]
  ],
  value: [
    ['value option', 'fixed'],
    ['value option empty', ''],
    ['value option invalid', 'a;b\n'],
    ['value option not a string', 5]
  ],
  extra: [['unknown option', 1]],
  toString: [['option toString', { $: 'function', text: 'odd=1' }]],
  toHeader: [['option toHeader', { $: 'function', text: 'odd=2; whole' }]],
  constructor: [['option constructor', 'x']],
  hasOwnProperty: [['option hasOwnProperty', 1]]
}

const OPTION_KEYS = Object.keys(ODD_OPTIONS).flatMap((key) =>
  ['extra', 'toString', 'toHeader', 'constructor', 'hasOwnProperty', 'value'].includes(key)
    ? [key]
    : [key, key, key]
)

const ORDINARY_OPTIONS = [
  ['maxAge', 86400000],
  ['maxAge', 3600000],
  ['httpOnly', true],
  ['secure', false],
  ['sameSite', 'lax'],
  ['sameSite', 'strict'],
  ['path', '/'],
  ['path', '/app'],
  ['domain', 'example.test'],
  ['overwrite', true],
  ['signed', true]
]

// All texts among these are different from the numbers and lists among them: cookies keeps a cache by the
// name's text.
const ODD_NAMES = [
  ['name empty', ''],
  ['name null', null],
  ['name undefined', UNDEFINED],
  ['name zero', 0],
  ['name false', false],
  ['name a number', 12345],
  ['name true', true],
  ['name an object', { odd: 'object' }],
  ['name a list', ['listed', 'name']],
  ['name symbol', { $: 'symbol', text: 'name' }],
  ['name boxed', { $: 'boxed', of: 'boxed-name' }],
  ['name with regexp characters', 'a.b'],
  ['name with regexp characters', 'x[0]'],
  ['name with regexp characters', '$&(^)|{1}*+?\\d'],
  ['name with regexp characters', 'se.ion'],
  ['name with space', 'a b'],
  ['name with space', ' lead'],
  ['name with equals', 'a=b'],
  ['name with semicolon', 'a;b'],
  ['name with quotes', '"q"'],
  ['name latin', 'näme'],
  ['name wide', '名前'],
  ['name with newline', 'a\nb'],
  ['name __proto__', '__proto__'],
  ['name toString', 'toString'],
  ['name ends in .sig', 'session.sig'],
  ['name slash', 'a/b-c'],
  ['name long', 'n'.repeat(300)]
]

const GOOD_KEYS = ['k1', 'k2', 'keyboard cat', 'a longer secret of thirty-two chars!', 'schlüssel']

class Generator {
  constructor(seed, index) {
    this.r = new Random(seed, index)
    this.features = new Set()
    this.strange = new Set()
    this.name = 'session'
    this.signing = { keys: ['k1'] }
    const { r } = this
    const number = r.weighted([
      [30, 0],
      [32, 1],
      [20, 2],
      [12, 3],
      [6, 9]
    ])
    for (let i = 0; i < number; i++) this.strange.add(r.pick(ASPECTS))
    if (number === 0) this.count('wholly ordinary')
  }

  count(name) {
    this.features.add(name)
  }

  // whether to be strange here
  odd(aspect, probability) {
    return this.strange.has(aspect) && this.r.chance(probability)
  }

  counted([name, value]) {
    this.count(name)
    return value
  }

  script() {
    const { r } = this
    const script = { options: this.options(), exchanges: [] }
    if (r.chance(this.strange.size > 0 ? 0.3 : 0.1)) {
      script.debug = true
      this.count('debug lines')
    }
    if (this.odd('call', 0.25)) script.before = [this.pollution(true)]
    const exchanges = r.weighted([
      [70, 1],
      [20, 2],
      [10, 3]
    ])
    if (exchanges > 1) this.count('several exchanges')
    for (let i = 0; i < exchanges; i++) script.exchanges.push(this.exchange(i))
    if (r.chance(0.18)) this.count(applyRecipe(script, r))
    return script
  }

  // ---- options

  options() {
    const { r } = this
    if (this.odd('options', 0.04)) {
      this.count('options missing or no object')
      return r.pick([UNDEFINED, null, 'text', 5, { own: [] }])
    }
    let entries = []
    if (this.odd('options', 0.45)) {
      const name = this.counted(r.pick(ODD_NAMES))
      entries.push(['name', name])
      this.name = typeof name === 'string' && name !== '' ? name : name?.$ === 'boxed' ? name.of : 'session'
    } else if (r.chance(0.3)) {
      this.name = r.pick(['session', 'sess', 'sid', 'koa.sess', 'connect.sid'])
      entries.push(['name', this.name])
    }
    const keys = this.keys()
    if (keys) entries.push(keys)
    if (this.noKeys && r.chance(0.7)) {
      this.count('no keys, not signed')
      entries.push(['signed', false])
    }
    const used = new Set(entries.map(([key]) => key))
    const add = (key, value) => {
      if (used.has(key)) return
      used.add(key)
      entries.push([key, value])
    }
    if (this.strange.has('options')) {
      for (let i = r.between(1, 4); i > 0; i--) {
        const key = r.pick(OPTION_KEYS)
        add(key, this.counted(r.pick(ODD_OPTIONS[key])))
      }
      if (used.has('maxAge') && used.has('maxage')) this.count('maxAge and maxage')
      if (used.has('secure') && used.has('secureProxy')) this.count('secure and secureProxy')
      if (used.has('maxAge') && used.has('expires')) this.count('maxAge and expires')
    }
    for (let i = r.below(3); i > 0; i--) add(...r.pick(ORDINARY_OPTIONS))
    if (r.chance(0.5)) entries = shuffle(r, entries)
    const spec = { own: entries }
    if (this.odd('options', 0.35)) this.optionsShape(spec, used)
    return spec
  }

  optionsShape(spec, used) {
    const { r } = this
    const kind = r.pick([
      'prototype',
      'prototype',
      'frozen',
      'frozen',
      'hidden',
      'accessor',
      'getter',
      'proto key'
    ])
    if (kind === 'prototype') {
      this.count('options on the prototype')
      const cut = r.below(spec.own.length + 1)
      spec.proto = spec.own.slice(cut).map(([key, value]) => [key, value])
      spec.own = spec.own.slice(0, cut)
    } else if (kind === 'frozen') {
      spec.freeze = true
      this.count('options frozen')
      if (r.chance(0.6)) {
        this.count('options frozen and complete')
        for (const key of ['overwrite', 'httpOnly', 'signed']) {
          if (!used.has(key) && !spec.own.some(([own]) => own === key)) spec.own.push([key, true])
        }
      }
    } else if (kind === 'proto key') {
      this.count('options own __proto__')
      spec.own.push(['__proto__', { path: '/up' }])
    } else {
      this.count(`options ${kind}`)
      spec.own = spec.own.map((entry) => (r.chance(0.6) ? [entry[0], entry[1], kind] : entry))
    }
  }

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

  // ---- the request

  exchange(number) {
    const { r } = this
    const exchange = { request: this.request(), actions: [] }
    const cookie = this.cookie(number)
    if (cookie) exchange.cookie = cookie
    const before = this.before()
    if (before.length > 0) exchange.before = before
    if (this.odd('call', 0.3)) {
      exchange.odd = r.pick([
        'frozen request',
        'sealed session',
        'session there',
        'next throws',
        'no response',
        'no next'
      ])
      this.count(`called with ${exchange.odd}`)
    }
    const length = r.weighted([
      [2, 0],
      [5, 1],
      [8, 2],
      [7, 3],
      [5, 4],
      [3, 6],
      [1, 9]
    ])
    if (this.noKeys && r.chance(0.4)) {
      this.count('no keys, signed later')
      exchange.actions.push({ op: 'sessionOptions', how: 'set', key: 'signed', value: true })
    }
    if (length === 0) this.count('untouched session')
    for (let i = 0; i < length; i++) exchange.actions.push(this.action(number))
    exchange.actions.push(...this.answer())
    if (r.chance(0.12)) {
      this.count('actions after the answer')
      for (let i = r.between(1, 3); i > 0; i--) exchange.actions.push(this.action(number))
    }
    return exchange
  }

  request() {
    const { r } = this
    const request = {}
    if (r.chance(0.2)) {
      request.encrypted = true
      this.count('encrypted socket')
    } else if (this.odd('response', 0.1)) request.encrypted = r.pick([false, 1, ''])
    if (r.chance(0.15)) {
      request.protocol = r.pick(['https', 'https', 'http'])
      this.count(`req.protocol ${request.protocol}`)
    } else if (this.odd('response', 0.08)) request.protocol = r.pick(['HTTPS', null, 5, ''])
    if (r.chance(0.15)) request.method = r.pick(['POST', 'HEAD', 'PUT'])
    if (r.chance(0.03)) request.http10 = true
    if (r.chance(0.3)) {
      request.resSet = r.pick(['own', 'proto', 'proto', 'not callable'])
      this.count(`res.set ${request.resSet}`)
    }
    if (r.chance(0.15)) {
      request.spy = true
      this.count('setHeader watched')
    }
    if (this.odd('response', 0.25)) {
      request.response = r.pick(['http2', 'foreign'])
      if (r.chance(0.3)) request.resSet = 'own'
      this.count(`response ${request.response}`)
      if (request.resSet && request.response === 'http2') this.count('http2 with res.set')
    }
    if (this.odd('call', 0.06)) {
      request.noSocket = true
      this.count('no socket')
    }
    return request
  }

  // what happened to the response before the middleware
  before() {
    const { r } = this
    const out = []
    if (r.chance(0.2) || this.odd('response', 0.4)) {
      const name = this.name
      const value = r.weighted([
        [4, ['string', 'first=1; path=/']],
        [2, ['string with the name', `${name}=old; path=/`]],
        [3, ['array', ['first=1', 'second=2']]],
        [3, ['array with the name', ['first=1', `${name}=old; path=/`, `${name}.sig=old`, `${name}x=1`]]],
        [2, ['frozen array', { $: 'frozen', of: ['first=1', `${name}=old`] }]],
        [1, ['empty array', []]],
        [2, ['array with a number', ['first=1', `${name}=old`, 5, `${name}.sig=1`]]],
        [1, ['array with odd items', [null, `${name}=old`]]],
        [1, ['array with odd items', [{ indexOf: { $: 'function', text: '' } }, `${name}=old`]]],
        [1, ['number', 5]],
        [1, ['empty string', '']],
        [1, ['proxy', { $: 'proxy', of: ['first=1', `${name}=old`] }]]
      ])
      this.count(`Set-Cookie before: ${value[0]}`)
      out.push({ op: 'header', how: 'set', name: r.pick(['Set-Cookie', 'set-cookie']), value: value[1] })
    }
    if (this.odd('response', 0.15)) out.push(this.listener('early'))
    if (this.odd('response', 0.06)) {
      this.count('headers sent before')
      out.push({ op: 'flush' })
    }
    return out
  }

  // ---- the cookie header

  cookie(number) {
    const { r } = this
    if (number > 0 && r.chance(0.7)) {
      this.count('cookie of the exchange before')
      return { parts: [{ jar: true }] }
    }
    if (r.chance(0.2)) {
      this.count('no cookie header')
      return undefined
    }
    const parts = []
    const others = () => {
      if (r.chance(0.25))
        parts.push({ raw: r.pick(['theme=dark', '_ga=GA1.2.3', 'a=b', 'lang=de', 'empty=']) })
    }
    others()
    if (r.chance(0.95)) parts.push(this.sessionCookie())
    others()
    if (this.odd('cookie', 0.25)) {
      this.count('cookie twice')
      parts.push(this.sessionCookie())
    }
    if (this.odd('cookie', 0.45)) parts.splice(r.below(parts.length + 1), 0, this.rawPart())
    const cookie = { parts }
    if (this.odd('cookie', 0.25)) {
      cookie.separator = r.pick([';', ';  ', '; ;', ' ; ', ',', ';\t', ' ', ';;'])
      this.count('odd separator')
    }
    return cookie
  }

  rawPart() {
    const { r, name } = this
    return {
      raw: this.counted(
        r.pick([
          ['near-match name', `${name.replace(/[.]/g, 'x')}=e30=`],
          ['near-match name', `${name.replace(/[.]/g, 'x')}=e30=`],
          ['near-match name', `x${name}=1`],
          ['near-match name', `${name}x=1`],
          ['near-match name', `${name.toUpperCase()}=e30=`],
          ['near-match name', `x ${name}=e30=`],
          ['near-match name', `x=y ${name}=e30=`],
          ['.sig alone', `${name}.sig=abc`],
          ['empty value', `${name}=`],
          ['space in the cookie', `${name} =e30=`],
          ['space in the cookie', `${name}= e30=`],
          ['space in the cookie', `${name}=e30= `],
          ['space in the cookie', `  ${name}=e30=`],
          ['tab in the cookie', `\t${name}=e30=`],
          ['equals in the cookie', `${name}==e30=`],
          ['equals in the cookie', `=${name}=e30=`],
          ['equals in the cookie', '='],
          ['quotes in the cookie', `${name}="`],
          ['quotes in the cookie', `${name}=""`],
          ['quotes in the cookie', `${name}="e30`],
          ['quotes in the cookie', `${name}=e30="`],
          ['semicolons in the cookie', ';;;'],
          ['semicolons in the cookie', ''],
          ['name alone', name],
          ['latin-1 in the cookie', `é=${name}=1`],
          ['wide characters in the cookie', `日本=1;${name}`],
          ['newline in the cookie', `x=1\n${name}=e30=`],
          ['line separator in the cookie', `x=1\u2028${name}=e30=`]
        ])
      )
    }
  }

  payload() {
    const { r } = this
    if (this.odd('contents', 0.75)) {
      return r.weighted([
        [
          6,
          () => {
            const json = this.counted(oddJson(r))
            return { json }
          }
        ],
        [2, () => ({ bytes: this.counted(['invalid UTF-8', r.pick(INVALID_UTF8)]) })],
        [
          2,
          () => ({ json: this.counted(['disturbed JSON', disturbedJson(r, jsonText(jsonObject(r, true)))]) })
        ],
        [2, () => ({ json: this.counted(['odd contents', jsonText(jsonObject(r, true))]) })],
        [
          0.6,
          () =>
            this.counted([
              'deep nesting',
              { nest: r.pick([100, 1000, 3500]), shape: r.pick(['array', 'object']) }
            ])
        ],
        [0.4, () => this.counted(['too deep nesting', { nest: 12000, shape: r.pick(['array', 'object']) }])],
        [
          0.3,
          () =>
            this.counted([
              'big cookie',
              { json: r.pick(['x', 'é', '日', '\\u0041']), repeat: r.pick([700, 3000, 12000]) }
            ])
        ]
      ])()
    }
    if (this.odd('cookie', 0.35)) {
      const form = r.pick([
        'urlsafe',
        'unpadded',
        'overpadded',
        'spaced',
        'junk',
        'inner padding',
        'trailing',
        'last bits',
        'truncated'
      ])
      this.count(`base64 ${form}`)
      const json = r.chance(0.4) ? '{"a":"??>>~~ÿ","b":1}' : jsonText(jsonObject(r, false))
      return { json, form }
    }
    if (this.odd('cookie', 0.2)) {
      this.count('value is no base64 of JSON')
      return {
        text: r.pick([
          '',
          'garbage',
          '%7B%7D',
          '!!!',
          'e30',
          '====',
          'é',
          '日本',
          'j:{"a":1}',
          '"',
          'a b',
          'eyJhIjox',
          `${'A'.repeat(50)}é`
        ])
      }
    }
    return { json: jsonText(jsonObject(r, false)) }
  }

  sessionCookie() {
    const { r } = this
    const part = { name: this.name, payload: this.payload() }
    const { keys, algorithm, encoding } = this.signing
    const at = r.chance(0.65) ? 0 : r.below(keys.length)
    this.count(at === 0 ? 'signed with the first key' : 'signed with a later key')
    part.sig = { key: keys[at] }
    if (algorithm) part.sig.algorithm = algorithm
    if (encoding) part.sig.encoding = encoding
    if (r.chance(0.06) || this.odd('cookie', 0.1)) {
      this.count('signed with a foreign key')
      part.sig.key = 'foreign'
    }
    if (r.chance(0.05) || this.odd('cookie', 0.12)) {
      this.count('no signature')
      part.sig = undefined
    } else if (this.odd('cookie', 0.3)) {
      part.sig.tamper = r.pick([
        'flip',
        'first',
        'case',
        'truncate',
        'extend',
        'pad',
        'standard',
        'empty',
        'space',
        'latin',
        'wide'
      ])
      this.count(`signature tampered: ${part.sig.tamper}`)
    }
    if (this.odd('cookie', 0.12)) {
      part.tamper = r.pick(['flip', 'first', 'truncate', 'extend', 'pad', 'case', 'latin', 'wide', 'empty'])
      this.count('value tampered')
    }
    if (this.odd('cookie', 0.2)) {
      part.quote = r.pick(['both', 'both', 'open'])
      this.count(`quoted value (${part.quote})`)
    }
    if (part.sig) {
      if (this.odd('cookie', 0.1)) {
        part.sig.quote = true
        this.count('quoted signature')
      }
      if (this.odd('cookie', 0.06)) {
        part.sig.over = r.pick([`${this.name}x`, '', 'session'])
        this.count('signature of another name')
      }
      if (this.odd('cookie', 0.3) || r.chance(0.05)) {
        part.order = r.pick(['sig first', 'sig first', 'sig only'])
        this.count(`order ${part.order}`)
      }
    } else delete part.sig
    return part
  }

  // ---- actions

  via() {
    const { r } = this
    if (!this.strange.has('access')) {
      if (!r.chance(0.04)) return undefined
    } else if (!r.chance(0.7)) return undefined
    const via = Array.from(
      {
        length: r.weighted([
          [4, 1],
          [3, 2],
          [1, 5]
        ])
      },
      () => r.pick(['inherit', 'inherit', 'proxy', 'bound proxy'])
    )
    for (const layer of via) this.count(`session through ${layer}`)
    if (via.length > 1) this.count('session through several layers')
    return via
  }

  key() {
    const { r } = this
    if (this.odd('values', 0.3)) {
      const key = r.pick(ODD_KEYS)
      if (['__proto__', 'toString', 'isNew', '_ctx', 'constructor', 'toJSON'].includes(key))
        this.count(`property ${key}`)
      else this.count('odd property name')
      return key
    }
    return r.pick(ORDINARY_KEYS)
  }

  path() {
    const { r } = this
    if (r.chance(0.85)) return [this.key()]
    this.count('nested property')
    return [r.pick(['nested', 'list', 'cart', 'user', 'a']), r.pick(['x', 'y', '0', 'deep', 'a'])]
  }

  value() {
    const { r } = this
    if (this.odd('values', 0.65)) {
      const [name, value] = oddValue(r)
      this.count(`value ${name}`)
      return value
    }
    return r.chance(0.75) ? jsonValue(r, false, 1) : jsonValue(r, true)
  }

  action(number) {
    const { r } = this
    const op = r.weighted([
      [14, 'read'],
      [16, 'set'],
      [5, 'delete'],
      [2, 'push'],
      [7, 'assign'],
      [2, 'hold'],
      [2, 'clock'],
      [3, 'header'],
      [2, 'status'],
      [1.5, 'sessionOptions'],
      [this.strange.has('values') ? 12 : 0.5, 'odd value'],
      [this.strange.has('later') ? 26 : 0.6, 'later'],
      [this.strange.has('response') ? 6 : 0.5, 'listener'],
      [this.strange.has('call') ? 8 : 0.3, 'call'],
      [this.strange.has('access') ? 6 : 0.2, 'access'],
      [number > 0 ? 1 : 0, 'first']
    ])
    return this[`action_${op.replace(' ', '_')}`]()
  }

  withVia(action) {
    const via = this.via()
    if (via) action.via = via
    return action
  }

  action_read() {
    const { r } = this
    const what = r.weighted([
      [5, 'touch'],
      [4, 'get'],
      [2, 'isNew'],
      [3, 'isChanged'],
      [2, 'isPopulated'],
      [2, 'flags'],
      [2, 'keys'],
      [2, 'json'],
      [1, 'copy'],
      [1, 'in'],
      [1, 'print'],
      [1, 'same'],
      [3, 'full'],
      [1, 'class']
    ])
    this.count(`read ${what}`)
    const action = { op: 'read', what }
    if (what === 'get') action.key = this.key()
    return this.withVia(action)
  }

  action_set() {
    const { r } = this
    if (r.chance(0.15)) {
      // one of the values that the session may hold already
      this.count('set to an equal value')
      return { op: 'set', path: [r.pick(['a', 'views'])], value: r.pick([1, 2]) }
    }
    const action = { op: 'set', path: this.path(), value: this.value() }
    if (r.chance(0.06)) {
      action.held = true
      this.count('set on a session held')
      return action
    }
    return this.withVia(action)
  }

  action_delete() {
    const action = { op: 'delete', path: this.path() }
    if (this.r.chance(0.06)) action.held = true
    return this.withVia(action)
  }

  action_push() {
    return this.withVia({ op: 'push', path: [this.r.pick(['list', 'cart'])], value: this.value() })
  }

  action_assign() {
    const { r } = this
    const value = r.weighted([
      [8, () => this.counted(['assign null', null])],
      [2, () => this.counted(['assign undefined', UNDEFINED])],
      [3, () => this.counted(['assign {}', {}])],
      [6, () => this.counted(['assign object', jsonObject(r, false)])],
      [1, () => this.counted(['assign array', r.pick([[], [1, 'x'], [null]])])],
      [1, () => this.counted(['assign boxed', { $: 'boxed', of: r.pick(['text', 5, true]) }])],
      [
        2,
        () =>
          this.counted([
            'assign primitive',
            r.pick([
              'text',
              '',
              5,
              0,
              true,
              false,
              { $: 'symbol', text: 's' },
              { $: 'bigint', digits: '1' },
              { $: 'nan' }
            ])
          ])
      ],
      [1, () => this.counted(['assign function', { $: 'function', text: 'f' }])],
      [2, () => this.counted(['assign the session', { $: 'session' }])],
      [
        1,
        () =>
          this.counted([
            'assign inherited',
            {
              $: 'object',
              proto: [
                ['up', 1],
                ['toString', 2]
              ],
              entries: [
                ['a', 1],
                ['isNew', 5]
              ]
            }
          ])
      ],
      [1, () => this.counted(['assign null prototype', { $: 'object', proto: null, entries: [['a', 1]] }])],
      [1, () => this.counted(['assign odd keys', jsonObject(r, true)])],
      [this.strange.has('values') ? 5 : 0.2, () => oddValue(r)[1]],
      [
        0.5,
        () =>
          this.counted([
            'assign getter',
            { $: 'getter', key: 'g', effect: r.pick(['count', 'throw']), of: 1 }
          ])
      ],
      [0.5, () => this.counted(['assign class instance', { $: 'point', x: 1 }])],
      [0.5, () => this.counted(['assign hidden', { $: 'hidden', of: 1 }])]
    ])()
    return this.withVia({ op: 'assign', value })
  }

  action_hold() {
    return { op: 'hold' }
  }

  action_clock() {
    this.count('clock moves')
    return { op: 'clock', ms: this.r.pick([1, 999, 1000, 60000, 86400000]) }
  }

  action_header() {
    const { r } = this
    return r.weighted([
      [3, { op: 'header', how: 'set', name: 'X-Other', value: 'y' }],
      [2, { op: 'header', how: 'set', name: 'Set-Cookie', value: 'other=1' }],
      [2, { op: 'header', how: 'set', name: 'Set-Cookie', value: ['other=1', `${this.name}=mine`] }],
      [1, { op: 'header', how: 'append', name: 'Set-Cookie', value: 'appended=1' }],
      [1, { op: 'header', how: 'push', value: 'pushed=1' }],
      [1, { op: 'header', how: 'remove', name: 'Set-Cookie' }],
      [2, { op: 'header', how: 'get', name: 'Set-Cookie' }]
    ])
  }

  action_status() {
    const { r } = this
    const action = { op: 'status', code: r.pick([200, 201, 204, 302, 304, 404, 500]) }
    if (r.chance(0.2)) action.message = 'Custom'
    return action
  }

  action_sessionOptions() {
    const { r } = this
    this.count('sessionOptions changed')
    return r.pick([
      () => ({ op: 'sessionOptions', how: 'set', key: 'maxAge', value: r.pick([1000, 7200000]) }),
      () => ({ op: 'sessionOptions', how: 'read' }),
      () => {
        const key = r.pick(OPTION_KEYS)
        return { op: 'sessionOptions', how: 'set', key, value: this.counted(r.pick(ODD_OPTIONS[key])) }
      }
    ])()
  }

  action_odd_value() {
    const { r } = this
    return r.pick([
      () => {
        this.count('accessor on the session')
        return {
          op: 'define',
          key: this.key(),
          enumerable: r.chance(0.8),
          getter: r.pick(['count', 'count', 'throw'])
        }
      },
      () => {
        this.count('property defined')
        return {
          op: 'define',
          key: r.chance(0.3) ? r.pick(['isNew', 'isChanged', 'isPopulated', '_ctx']) : this.key(),
          enumerable: r.chance(0.4),
          value: r.chance(0.4) ? r.chance(0.5) : this.value()
        }
      },
      () => {
        this.count('toJSON on the session')
        return {
          op: 'toJSON',
          value: {
            effect: r.pick(['count', 'value', 'value', 'throw']),
            of: r.chance(0.4) ? UNDEFINED : this.value()
          }
        }
      },
      () => {
        this.count('symbol key')
        return { op: 'symbol', value: 1 }
      },
      () => {
        this.count('session guarded')
        return { op: 'guard', how: r.pick(['freeze', 'seal', 'preventExtensions']) }
      },
      () => {
        this.count('_ctx changed')
        return r.chance(0.5)
          ? { op: 'context', key: '_new', value: r.pick([true, false, 0, 'x', UNDEFINED]) }
          : { op: 'context', key: '_val', value: r.pick(['e30=', UNDEFINED, null, '', 'eyJhIjoxfQ==']) }
      },
      () => {
        this.count('prototype changed')
        return {
          op: 'proto',
          value: r.pick([null, { isChanged: true, isPopulated: true }, { up: 1 }, { $: 'map', entries: [] }])
        }
      },
      () => ({ op: 'set', path: this.path(), value: this.value() }),
      () => ({ op: 'set', path: this.path(), value: this.value() })
    ])()
  }

  // configuration changed after the fact
  action_later() {
    const { r } = this
    return r.weighted([
      [
        3,
        () => {
          this.count('sessionOptions replaced')
          const value = r.pick([
            {},
            {},
            null,
            null,
            UNDEFINED,
            5,
            'text',
            false,
            { path: '/other', maxAge: 1000 },
            { signed: false },
            { signed: UNDEFINED },
            { signed: null, overwrite: true },
            { name: 'renamed' },
            { $: 'object', proto: [['path', '/up']], entries: [['overwrite', true]] }
          ])
          return this.withVia({ op: 'sessionOptions', how: 'replace', value })
        }
      ],
      [1, () => this.counted(['sessionOptions deleted', { op: 'sessionOptions', how: 'remove' }])],
      [0.5, () => this.counted(['sessionOptions frozen', { op: 'sessionOptions', how: 'freeze' }])],
      [1, () => ({ op: 'sessionOptions', how: 'read' })],
      [
        3,
        () => {
          this.count('sessionOptions set')
          const key = r.pick([...OPTION_KEYS, 'name', 'signed', 'overwrite', 'keys', 'value'])
          return this.withVia({ op: 'sessionOptions', how: 'set', key, value: this.optionValue(key) })
        }
      ],
      [0.5, () => ({ op: 'sessionOptions', how: 'delete', key: r.pick(OPTION_KEYS) })],
      [
        3,
        () => {
          this.count('options changed live')
          const key = r.pick([
            ...OPTION_KEYS,
            'name',
            'name',
            'maxAge',
            'path',
            'keys',
            'signed',
            'overwrite'
          ])
          return { op: 'options', how: 'set', key, value: this.optionValue(key) }
        }
      ],
      [
        1,
        () => ({
          op: 'options',
          how: 'delete',
          key: r.pick([...OPTION_KEYS, 'keys', 'name', 'signed', 'overwrite'])
        })
      ],
      [5, () => this.keysAction()],
      [
        1.5,
        () => {
          this.count('protocol changed')
          return { op: 'protocol', value: r.pick(['https', 'http', UNDEFINED]) }
        }
      ],
      [1, () => ({ op: 'encrypted', value: r.pick([true, false]) })],
      [
        2,
        () => {
          this.count('Cookie header changed')
          const cookie = this.cookie(0)
          return cookie ? { op: 'cookieHeader', cookie } : { op: 'cookieHeader' }
        }
      ]
    ])()
  }

  optionValue(key) {
    const { r } = this
    if (key === 'name') {
      this.count('name changed later')
      return r.pick(['renamed', 'other', '', UNDEFINED, 'a;b', 7])
    }
    if (key === 'keys') {
      this.count('keys replaced later')
      return r.pick([['other'], [], UNDEFINED, 'text'])
    }
    return this.counted(r.pick(ODD_OPTIONS[key]))
  }

  keysAction() {
    const { r } = this
    const how = r.pick([
      'push',
      'unshift',
      'unshift',
      'pop',
      'shift',
      'reverse',
      'empty',
      'set',
      'fill',
      'fill'
    ])
    this.count(`keys changed: ${how}`)
    const action = { op: 'keys', how }
    if (how === 'push' || how === 'unshift')
      action.value = r.pick(['new key', 'k1', 'k2', { $: 'buffer', hex: 'ff00' }])
    if (how === 'set' || how === 'fill') action.at = r.below(2)
    if (how === 'set') action.value = r.chance(0.3) ? this.badKey() : r.pick(['new key', 'k1', 'k2'])
    if (how === 'fill') action.byte = r.below(256)
    return action
  }

  listener(when) {
    const { r } = this
    const effect = r.pick(['set', 'unset', 'status', 'cookie', 'look', 'options'])
    this.count(`listener ${when || 'after'}: ${effect}`)
    return { op: 'listener', effect }
  }

  action_listener() {
    return this.listener()
  }

  action_call() {
    const { r } = this
    return r.weighted([
      [4, () => this.second()],
      [2, () => this.counted(['middleware again', { op: 'again' }])],
      [2, () => this.pollution(false)],
      [1, () => this.counted(['session redefined', { op: 'redefine', how: 'delete' }])],
      [1, () => this.counted(['session redefined', { op: 'redefine', how: 'value', value: this.value() }])],
      [0.5, () => this.counted(['request copied', { op: 'redefine', how: 'copy' }])],
      [1, () => ({ op: 'shapes' })]
    ])()
  }

  second() {
    const { r } = this
    this.count('second instance')
    const own = []
    if (r.chance(0.7)) own.push(['name', r.pick(['second', 'session', this.name])])
    own.push(['keys', r.pick([['k1'], ['k2', 'k1'], ['other']])])
    if (r.chance(0.4)) own.push(r.pick(ORDINARY_OPTIONS))
    if (r.chance(0.2)) own.push(['signed', false])
    return { op: 'second', options: { own } }
  }

  pollution(early) {
    const { r } = this
    const on = r.weighted([
      [4, 'Object'],
      [early ? 0 : 2, 'Session'],
      [2, 'BigInt'],
      [1, 'Array'],
      [1, 'String'],
      [1, 'Number']
    ])
    this.count(`prototype polluted: ${on}`)
    if (on !== 'Object' && on !== 'Session') return { op: 'pollute', on, key: 'toJSON' }
    const key = r.pick([
      'a',
      'user',
      'views',
      'path',
      'domain',
      'maxAge',
      'sameSite',
      'keys',
      'extra',
      'toJSON'
    ])
    const value = { path: '/polluted', domain: 'polluted', maxAge: 5000, sameSite: 'lax', keys: ['k1'] }[key]
    return { op: 'pollute', on, key, value: value === undefined ? 'polluted' : value }
  }

  action_access() {
    const { r } = this
    return r.pick([
      () => ({ op: 'read', what: r.pick(['full', 'touch', 'same']), via: this.via() }),
      () => ({ op: 'set', path: ['viaOther'], value: 1, via: this.via() }),
      () => ({ op: 'assign', value: r.pick([null, { a: 1 }, 5]), via: this.via() }),
      () => ({ op: 'sessionOptions', how: 'set', key: 'path', value: '/via', via: this.via() }),
      () => ({ op: 'sessionOptions', how: 'replace', value: { path: '/via' }, via: this.via() }),
      () => ({ op: 'shapes' })
    ])()
  }

  action_first() {
    this.count('request of the exchange before')
    return this.r.pick([
      { op: 'read', what: 'full', via: 'first' },
      { op: 'set', path: ['late'], value: 1, via: 'first' },
      { op: 'assign', value: { late: 1 }, via: 'first' }
    ])
  }

  // ---- the answer

  answer() {
    const { r } = this
    const out = []
    const kind = r.weighted([
      [50, 'end'],
      [8, 'write'],
      [14, 'writeHead'],
      [5, 'flush'],
      [3, 'nothing'],
      [this.strange.has('response') ? 40 : 3, 'several']
    ])
    this.count(`answer ${kind}`)
    if (kind === 'write') out.push({ op: 'write', chunk: 'part' })
    if (kind === 'writeHead') out.push(this.writeHead())
    if (kind === 'flush') out.push({ op: 'flush' })
    if (kind === 'several') {
      for (let i = r.between(1, 4); i > 0; i--) {
        out.push(
          r.weighted([
            [3, () => this.counted(['write', { op: 'write', chunk: 'x' }])],
            [4, () => this.writeHead()],
            [2, () => this.counted(['flushHeaders', { op: 'flush' }])],
            [2, () => this.counted(['writeContinue', { op: 'continue' }])],
            [1, () => this.counted(['writeProcessing', { op: 'processing' }])],
            [1, () => this.counted(['writeEarlyHints', { op: 'earlyHints' }])],
            [2, () => this.counted(['several ends', { op: 'end', chunk: 'early' }])],
            [2, () => this.action_set()],
            [1, () => this.action_assign()],
            [1, () => this.action_read()]
          ])()
        )
      }
    }
    if (kind !== 'nothing') out.push({ op: 'end', chunk: r.pick(['done', 'ok', '']) })
    return out
  }

  writeHead() {
    const { r } = this
    const status = r.weighted([
      [8, 200],
      [2, 302],
      [1, 404],
      [1, 204],
      [1, 500]
    ])
    const args = this.counted(
      r.weighted([
        [8, ['writeHead status', [status]]],
        [3, ['writeHead reason', [status, 'Reason']]],
        [4, ['writeHead object', [status, { 'X-A': '1', Location: '/next' }]]],
        [2, ['writeHead reason and object', [status, 'Reason', { 'X-A': ['1', '2'] }]]],
        [2, ['writeHead flat array', [status, ['X-A', '1', 'X-B', '2', 'X-A', '3']]]],
        [
          2,
          [
            'writeHead 2-D array',
            [
              status,
              [
                ['X-A', '1'],
                ['X-B', '2'],
                ['X-A', '3']
              ]
            ]
          ]
        ],
        [
          2,
          [
            'writeHead with Set-Cookie',
            [status, { 'Set-Cookie': r.pick(['own=1', ['own=1', `${this.name}=own`]]) }]
          ]
        ],
        [1, ['writeHead with Set-Cookie', [status, ['Set-Cookie', 'own=1', 'Set-Cookie', 'own=2']]]],
        [1, ['writeHead reason and flat array', [status, 'Reason', ['X-A', '1']]]],
        [1, ['writeHead fails', [status, ['odd']]]],
        [1, ['writeHead fails', [r.pick([99, 'abc', { $: 'nan' }, UNDEFINED, 1000])]]],
        [1, ['writeHead fails', [status, { 'bad name': '1' }]]],
        [1, ['writeHead fails', [status, 'bad\nreason']]],
        [0.5, ['writeHead without arguments', []]],
        [1, ['writeHead null reason', [status, null, { 'X-A': '1' }]]],
        [1, ['writeHead undefined reason', [status, UNDEFINED, { 'X-A': '1' }]]],
        [1, ['writeHead string status', ['201']]]
      ])
    )
    return { op: 'writeHead', args }
  }
}

function shuffle(r, list) {
  const out = list.slice()
  for (let i = out.length - 1; i > 0; i--) {
    const j = r.below(i + 1)
    ;[out[i], out[j]] = [out[j], out[i]]
  }
  return out
}

// Returns { script, features }, the same for the same two numbers.
function generate(seed, index) {
  const generator = new Generator(seed, index)
  const script = generator.script()
  return { script, features: generator.features }
}

module.exports = { generate }
