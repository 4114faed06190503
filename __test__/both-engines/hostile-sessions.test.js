'use strict'

// Sessions that are no data, and sessions that came from a cookie, signed, as no app would have written it.

const { describe } = require('node:test')
const { NOW } = require('../support/contract/harness')
const { carried, told } = require('../support/hostile/play')
const { USER, scenario } = require('../support/hostile/scenario')

class Guarded {
  #secret = 'secret'
  shown = 'shown'
  get secret() {
    return this.#secret
  }
}

function nested(depth) {
  let value = {}
  for (let i = 0; i < depth; i++) value = { a: value }
  return value
}

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** Made anew for each play. `log` tells what a value was asked. */
const values = {
  'a Proxy that logs': (log) => logging({ b: 1, a: [1, { c: null }] }, log),
  'a Proxy over an array': (log) => logging([1, 2, 3], log),
  'a Proxy that answers at random': () => {
    let n = 0
    return new Proxy(
      {},
      { get: () => n++, ownKeys: () => [`key${n++}`], getOwnPropertyDescriptor: () => DATA }
    )
  },
  'a Proxy with keys that are not there': () => new Proxy({}, { ownKeys: () => ['a', 'b'] }),
  'a Proxy that throws': () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('from the proxy')
        }
      }
    ),
  'a revoked Proxy': () => revoked({}),
  'a revoked Proxy over an array': () => revoked([]),
  'a BigInt': () => ({ n: 1n }),
  'a cycle': () => {
    const value = { name: 'cycle' }
    value.self = value
    return value
  },
  'a Date': () => new Date(NOW),
  'an invalid Date': () => ({ at: new Date(Number.NaN) }),
  'a Date that is too far': () => ({
    at: new Date(8.64e15),
    before: new Date(-8.64e15),
    year: new Date(-1e14)
  }),
  'a Map and a Set': () => ({ map: new Map([['a', 1]]), set: new Set([1]) }),
  'an instance of a class': () => new Guarded(),
  'a sparse array': () => {
    const value = [1]
    value[5] = 6
    return value
  },
  'an array with a length beyond its elements': () =>
    Object.assign(new Array(1000), { 999: 'last', named: 1 }),
  symbols: () => ({ [Symbol('key')]: 1, value: Symbol('value'), [Symbol.toPrimitive]: () => 5, a: 1 }),
  'functions and undefined': () => ({ f() {}, u: undefined, list: [undefined, () => {}], c: class {} }),
  'boxed values': () => ({
    s: Object('text'),
    n: Object(5),
    b: Object(false),
    big: Object(1n).constructor.name
  }),
  'a boxed BigInt': () => ({ big: Object(1n) }),
  bytes: () => ({ buffer: Buffer.from('bytes'), view: new Uint16Array([1, 2]), raw: new ArrayBuffer(8) }),
  'numbers at the edge': () => ({ a: -0, b: Number.NaN, c: Infinity, d: 5e-324, e: 1e21, f: 2 ** 53 + 2 }),
  'lone surrogates': () => ({ '\ud800': '\udfff', a: 'x\ud83dy', b: '\ude00\ud83d' }),
  'characters that end lines': () => ({ a: '\u2028\u2029\0\r\n\x7f\u0085', '\0': 1, '\u2028': 2 }),
  'U+FFFD and a byte order mark': () => ({ a: '\ufffd', '\ufeff': '\ufeff' }),
  'a key __proto__': () => JSON.parse('{"__proto__":{"polluted":true},"a":1}'),
  'a nested key __proto__': () =>
    JSON.parse('{"a":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}}}}'),
  'keys of Object.prototype': () =>
    JSON.parse('{"constructor":1,"toString":2,"hasOwnProperty":3,"valueOf":4,"a":5}'),
  'keys of a session': () => ({
    isNew: false,
    isChanged: false,
    isPopulated: false,
    _ctx: { _new: false },
    a: 1
  }),
  'no prototype': () => Object.assign(Object.create(null), { a: 1, toString: 2 }),
  'an inherited property': () => Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }),
  'getters and setters': (log) => ({
    get a() {
      log.push('a read')
      return 1
    },
    set b(value) {
      log.push(`b set to ${value}`)
    },
    get c() {
      throw new Error('from the getter')
    }
  }),
  'a getter that answers once': () => {
    let asked = 0
    return {
      get a() {
        if (asked++ > 0) throw new Error('asked again')
        return 1
      }
    }
  },
  'a getter that grows': () => {
    let text = 'x'
    return {
      get a() {
        text += text
        return text
      }
    }
  },
  'toJSON that is no function': () => ({ toJSON: 5, a: 1 }),
  'toJSON that is a getter that throws': () => ({
    a: 1,
    get toJSON() {
      throw new Error('from toJSON')
    }
  }),
  'toJSON that gives undefined': () => ({ a: { toJSON: () => undefined }, b: 1 }),
  'toJSON that gives a text': () => ({ toJSON: () => '"}; admin=1' }),
  'toJSON that gives another toJSON': () => ({ toJSON: () => ({ toJSON: () => 1, a: 1 }) }),
  'toJSON that gives a Proxy': (log) => ({ a: { toJSON: () => logging({ b: 1 }, log) } }),
  'toJSON that gives a revoked Proxy': () => ({ a: { toJSON: () => revoked({}) } }),
  'toJSON that calls itself without end': () => {
    const value = { toJSON: () => JSON.stringify(value) }
    return { value }
  },
  'an error': () => ({ error: Object.assign(new Error('m'), { code: 'C' }) }),
  'a promise': () => Promise.resolve(1),
  'a thenable': () => JSON.parse('{"then":"not now","a":1}'),
  'nesting of 5,000': () => nested(5000),
  'nesting of 60,000': () => nested(60_000),
  'twenty thousand keys': () => Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])),
  'a megabyte of text': () => ({ text: 'é'.repeat(500_000) }),
  'more than two megabytes of ASCII': () => ({ text: 'x'.repeat(2_200_000) }),
  'many lone surrogates': () => ({ text: '\ud800'.repeat(120_000) })
}

const DATA = { value: 1, enumerable: true, configurable: true, writable: true }

function logging(target, log) {
  return new Proxy(target, {
    get(of, key, receiver) {
      log.push(`get ${String(key)}`)
      return Reflect.get(of, key, receiver)
    },
    ownKeys(of) {
      log.push('ownKeys')
      return Reflect.ownKeys(of)
    },
    getOwnPropertyDescriptor(of, key) {
      log.push(`descriptor of ${String(key)}`)
      return Reflect.getOwnPropertyDescriptor(of, key)
    },
    has(of, key) {
      log.push(`has ${String(key)}`)
      return Reflect.has(of, key)
    },
    getPrototypeOf(of) {
      log.push('getPrototypeOf')
      return Reflect.getPrototypeOf(of)
    }
  })
}

/** Values that are another one each time they are asked, so that two writes of a response differ. */
const CHANGES = /at random|answers once|grows/

/** The session has to be found by the app as it was put there, and nothing else must have changed. */
function clean({ log }) {
  log.push(`polluted: ${told([{}.polluted, Object.keys(Object.prototype)])}`)
}

describe('a session that holds what is no data', () => {
  for (const [what, make] of Object.entries(values)) {
    const more = { differs: CHANGES.test(what), after: clean }
    scenario(`${what}, assigned`, {
      ...more,
      app({ req, log }) {
        req.session = make(log)
      }
    })
    scenario(`${what}, put into a session that was loaded`, {
      ...more,
      cookie: carried(USER),
      app({ req, log }) {
        req.session.value = make(log)
      }
    })
    scenario(`${what}, beside a session that is then given up`, {
      ...more,
      cookie: carried(USER),
      app({ req, log }) {
        req.session.value = make(log)
        req.session = null
      }
    })
    scenario(`${what}, asked for isChanged before it is taken out again`, {
      ...more,
      cookie: carried(USER),
      app({ req, log, attempt }) {
        req.session.value = make(log)
        attempt(() => log.push(`changed: ${req.session.isChanged}`))
        delete req.session.value
      }
    })
  }
})

/** Texts of sessions that a key of the app signed, whatever they hold. */
const texts = {
  'a key __proto__': '{"__proto__":{"polluted":true},"a":1}',
  'a key __proto__ that is a text': '{"__proto__":"x","a":1}',
  'a key __proto__ that is null': '{"__proto__":null,"a":1}',
  'nested prototypes': '{"a":{"__proto__":{"polluted":1}},"constructor":{"prototype":{"polluted":1}}}',
  'keys of a session':
    '{"_ctx":{"_new":true,"_val":"x"},"isNew":true,"isChanged":false,"isPopulated":false,"a":1}',
  'methods of ours': '{"regenerate":"x","save":1,"reload":null,"destroy":{},"touch":[],"a":1}',
  toJSON: '{"toJSON":"x","then":"y","a":1}',
  'lone surrogates, escaped': '{"a":"\\ud800","\\udfff":1}',
  'line separators, NUL, escaped': '{"a":"\\u2028\\u0000","\\u0000":1}',
  'a raw line separator': '{"a":"\u2028\u2029"}',
  'a raw NUL': '{"a":"\0"}',
  'a NUL behind it': '{"a":1}\0{"user":"bob"}',
  'what another format has inside': '{"issued":1,"created":1}\0{"a":1}',
  'a byte order mark': '\ufeff{"a":1}',
  'one key twice': '{"user":"bob","user":"ada"}',
  'nesting of 500': `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`,
  'nesting of 5,000': `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  'nesting of 60,000': `${'['.repeat(60_000)}${']'.repeat(60_000)}`,
  'nesting of 60,000, under a key': `{"a":${'['.repeat(60_000)}${']'.repeat(60_000)}}`,
  'nesting of 60,000 without an end': '['.repeat(60_000),
  'a number that is none': '{"a":1e999,"b":-0,"c":123456789012345678901234567890}',
  'two million characters': JSON.stringify({ a: 'x'.repeat(2_000_000) })
}

describe('a session that came from a cookie, signed, as no app would have written it', () => {
  for (const [what, text] of Object.entries(texts)) {
    const cookie = carried(text)
    const more = { cookie, after: clean, differs: /nesting of 60|twice|number/.test(what) }
    scenario(`${what}, read`, {
      ...more,
      app({ req, log, attempt }) {
        const session = req.session
        attempt(() => log.push(told([Object.keys(session), session.polluted, session.isNew])))
        attempt(() => log.push(`changed: ${session.isChanged}`))
      }
    })
    scenario(`${what}, changed`, {
      ...more,
      app({ req }) {
        req.session.changed = true
      }
    })
    // Long texts are copied above, where they are assigned.
    if (text.length > 1_000_000) continue
    scenario(`${what}, copied over another session`, {
      ...more,
      app({ req }) {
        req.session = { ...req.session, copied: true }
      }
    })
  }
})
