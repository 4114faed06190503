'use strict'

// What an app does to all else meanwhile: the clock, headers, options and keys that change, second instances, polluted
// prototypes, the session reached in other ways.

const { UNDEFINED } = require('./aspects')
const { ODD_OPTIONS, OPTION_KEYS, ORDINARY_OPTIONS } = require('./options')
const { SessionActions } = require('./session-actions')

class OtherActions extends SessionActions {
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
}

module.exports = { OtherActions }
