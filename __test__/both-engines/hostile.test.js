'use strict'

// Apps and clients that do what none should: hooks that come back into the middleware, sessions that are no data,
// options that are code, polluted prototypes, responses ended twice, clients that leave. In its default mode ours
// has to do what cookie-session does, call by call and byte by byte; with options of its own it must not crash, mix
// up sessions, or lose one without telling `onError`.

const assert = require('node:assert')
const { execFile } = require('node:child_process')
const crypto = require('node:crypto')
const http = require('node:http')
const path = require('node:path')
const { describe, test } = require('node:test')
const { promisify } = require('node:util')
const onHeaders = require('on-headers')
const {
  NOW,
  atTime,
  both,
  connection,
  original: cookieSession,
  ours,
  serve
} = require('../support/contract/harness')
const { subscribe } = require('../support/differential/implementations')
const { KEYS, MODERN, attempting, carried, merged, play, told } = require('../support/hostile/play')
const sockets = require('../support/sockets/harness')

const USER = '{"user":"ada","n":1}'
const OTHER = '{"user":"bob","n":2}'
/** What only code of ours would say. */
const INTERNAL = /in use|panic|no memory|expected a function|#\w+|must be a (?:string|number)|Found|Failure/

/** Plays a scenario with both packages, and then with ours under its own options. */
function scenario(name, what) {
  let original
  const run = (cookieSession) => {
    if (cookieSession === ours) return play(ours, what)
    original ??= play(cookieSession, what)
    return original
  }
  test(name, () => atTime(NOW, () => both(run)))
  test(`${name}, with subscribers`, () =>
    atTime(NOW, async () => {
      const unsubscribe = subscribe()
      try {
        await both(run)
      } finally {
        unsubscribe()
      }
    }))
  if (what.defaultOnly) return
  test(`${name}, with options of ours`, () =>
    atTime(NOW, async () => {
      const wanted = await run(cookieSession)
      original = undefined
      const wasLost = wanted.log.some((line) => line.startsWith('debug: error saving'))
      for (const [mode, options] of Object.entries(MODERN)) {
        const got = await play(ours, what, options)
        const why = `${mode}\n${got.log.join('\n')}\n--- the original's\n${wanted.log.join('\n')}`
        assert.ok(!INTERNAL.test(got.log.join('\n')), why)
        for (const error of got.errors) assert.match(error.code, /^ERR_SESSION_/)
        if (!what.endsEarly) assert.strictEqual(got.ended, 'whole', why)
        assert.ok(!got.next?.includes('bob') || wanted.next.includes('bob'), `another user's session: ${why}`)
        if (what.differs || got.errors.length > 0) continue
        assert.ok(!wasLost, `lost without a report: ${why}`)
        assert.strictEqual(got.next, wanted.next, why)
      }
    }))
}

// --- hooks -------------------------------------------------------------------------------------------

/** What a hook may do when it is called while the session is written, or looked at. */
const deeds = {
  'writes the session': ({ req }) => {
    req.session.written = (req.session.written || 0) + 1
  },
  'deletes from the session': ({ req }) => {
    delete req.session.user
  },
  'reads the session': ({ req, log }) => log.push(told(Object.keys(req.session))),
  'asks whether it is populated': ({ req, log }) =>
    log.push(told([req.session.isPopulated, req.session.isNew])),
  'gives the session up': ({ req }) => {
    req.session = null
  },
  'assigns a new session': ({ req }) => {
    req.session = { assigned: true }
  },
  'assigns what is no session': ({ req }) => {
    req.session = 5
  },
  'gives the session up and reads it': ({ req, log }) => {
    req.session = null
    log.push(told(req.session))
  },
  'deletes req.session': ({ req }) => {
    delete req.session
  },
  'takes req.sessionOptions away': ({ req }) => {
    req.sessionOptions = null
  },
  'changes req.sessionOptions': ({ req }) => {
    req.sessionOptions = { path: '/changed', maxAge: 1000, signed: true }
  },
  'changes the options of all': ({ options }) => {
    options.path = '/all'
    options.httpOnly = false
  },
  'asks for no signature': ({ req }) => {
    req.sessionOptions.signed = false
  },
  'writes _ctx': ({ req }) => {
    req.session._ctx._val = 'changed'
    req.session._ctx._new = false
  },
  'freezes the session': ({ req }) => {
    Object.freeze(req.session)
  },
  'takes the prototype away': ({ req }) => {
    Object.setPrototypeOf(req.session, null)
  },
  'replaces the cookie header': ({ req }) => {
    req.headers.cookie = carried(OTHER)
  },
  'sets a header': ({ res }) => {
    res.setHeader('X-Hook', '1')
  },
  'sets Set-Cookie': ({ res }) => {
    res.setHeader('Set-Cookie', ['hook=1', 'session=hook; path=/'])
  },
  'removes Set-Cookie': ({ res }) => {
    res.removeHeader('Set-Cookie')
  },
  'ends the response': ({ res }) => {
    res.end('from the hook')
  },
  'writes to the response': ({ res }) => {
    res.write('from the hook')
  },
  'writes the head': ({ res }) => {
    res.writeHead(418, { 'X-Hook': '1' })
  },
  'flushes the headers': ({ res }) => {
    res.flushHeaders()
  },
  'destroys the response': ({ res }) => {
    res.destroy()
  },
  'destroys the socket': ({ wire }) => {
    wire.destroy()
  },
  'destroys the request': ({ req }) => {
    req.destroy()
  },
  "serves another user's request": ({ serve }) =>
    serve({
      cookie: carried(OTHER),
      app: (req) => {
        req.session.seen = true
        return JSON.stringify(req.session)
      }
    }),
  'serves a request whose key is older': ({ serve }) =>
    serve({ cookie: carried(OTHER, KEYS[2]), app: (req) => JSON.stringify(req.session) }),
  'serves a request that was forged': ({ serve }) =>
    serve({ cookie: `${carried(OTHER)}x`, app: (req) => JSON.stringify(req.session) }),
  'serves a new request': ({ serve }) =>
    serve({
      app: (req) => {
        req.session = { user: 'bob' }
      }
    }),
  'serves a request that gives its session up': ({ serve }) =>
    serve({
      cookie: carried(OTHER),
      app: (req) => {
        req.session = null
      }
    }),
  'serves the same user by another middleware of the same keys': ({ serve, cookieSession, given, options }) =>
    serve({
      use: cookieSession({ ...options, keys: given }),
      cookie: carried(USER),
      app: (req) => {
        req.session.again = true
      }
    }),
  'serves by another middleware of other keys': ({ serve, cookieSession, options }) =>
    serve({
      use: cookieSession({ ...options, keys: [...KEYS].reverse() }),
      cookie: carried(USER),
      app: (req) => {
        req.session.again = true
      }
    }),
  'serves the same request again': ({ middleware, req, res, log }) => {
    middleware(req, res, () => log.push('again'))
    log.push(told(Object.keys(req.session)))
  },
  'puts a key in front': ({ keys }) => {
    keys.unshift('another key, put in front in a hook: 0123456789')
  },
  'puts a key in front, and serves a request by it': ({ keys, serve }) => {
    keys.unshift('another key, put in front in a hook: 0123456789')
    serve({
      cookie: carried(OTHER),
      app: (req) => {
        req.session.seen = true
      }
    })
  },
  'turns the keys round': ({ keys }) => {
    keys.reverse()
  },
  'takes the keys away': ({ keys }) => {
    keys.length = 0
  },
  'leaves no good key': ({ keys }) => {
    keys[0] = undefined
  },
  'makes the keys a getter': ({ keys, log }) => {
    const [first] = keys
    Object.defineProperty(keys, 0, { configurable: true, get: () => log.push('key read') && first })
  },
  'has more keys than anyone': ({ keys }) => {
    keys.length = 0
    for (let i = 0; i < 300; i++) keys.push(`key ${i}, one of three hundred: 0123456789 0123456789`)
  },
  'throws an error': () => {
    throw new Error('from the hook')
  },
  'throws an error that says the headers are sent': () => {
    throw Object.assign(new Error('from the hook'), { code: 'ERR_HTTP_HEADERS_SENT' })
  },
  'throws a text': () => {
    throw 'from the hook'
  },
  'throws a symbol': () => {
    throw Symbol('from the hook')
  },
  'throws an object without a prototype': () => {
    throw Object.assign(Object.create(null), { message: 'bare' })
  },
  'throws an object whose message is a getter': ({ log }) => {
    throw {
      get message() {
        log.push('message read')
        return 'from the hook'
      }
    }
  },
  'throws an object whose message is no text': () => {
    throw { message: { toString: () => 'from the hook' } }
  },
  'throws an object whose code is a getter that throws': () => {
    throw {
      message: 'from the hook',
      get code() {
        throw new Error('code')
      }
    }
  },
  'throws a Proxy that answers nothing but get': () => {
    throw new Proxy(
      {},
      {
        get: (_target, key) => (key === 'message' ? 'from the proxy' : undefined),
        getPrototypeOf: () => {
          throw new Error('getPrototypeOf')
        }
      }
    )
  }
}

/** These break the original's own handler, and with it the response. */
const breaking = {
  'throws null': () => {
    throw null
  },
  'throws undefined': () => {
    throw undefined
  },
  'throws an object whose message is a getter that throws': () => {
    throw {
      get message() {
        throw new Error('message')
      }
    }
  },
  'throws a revoked Proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    throw proxy
  }
}

/** Where a hook sits in the session. */
const places = {
  'toJSON of the session': (world, hook) => {
    Object.defineProperty(world.req.session, 'toJSON', {
      configurable: true,
      value() {
        hook()
        return { user: 'ada', json: true }
      }
    })
  },
  'toJSON of a nested value': ({ req }, hook) => {
    req.session.nested = {
      deep: [
        {
          toJSON() {
            hook()
            return { nested: true }
          }
        }
      ]
    }
  },
  'a getter of the session': ({ req }, hook) => {
    Object.defineProperty(req.session, 'gotten', {
      configurable: true,
      enumerable: true,
      get() {
        hook()
        return 'gotten'
      }
    })
  },
  'a Proxy in the session': ({ req }, hook) => {
    req.session.proxy = new Proxy(
      { a: 1 },
      {
        ownKeys(target) {
          hook()
          return Reflect.ownKeys(target)
        }
      }
    )
  },
  'a getter of the options': ({ req }, hook) => {
    req.session.set = true
    Object.defineProperty(req.sessionOptions, 'path', {
      configurable: true,
      enumerable: true,
      get() {
        hook()
        return '/hooked'
      }
    })
  },
  'the getHeader of the response': ({ req, res }, hook) => {
    req.session.set = true
    const own = res.getHeader
    res.getHeader = function getHeader(name) {
      hook()
      return own.call(this, name)
    }
  },
  'the setHeader of the response': ({ req, res }, hook) => {
    req.session.set = true
    const own = res.setHeader
    res.setHeader = function setHeader(name, value) {
      hook()
      return own.call(this, name, value)
    }
  }
}

/** A hook does its deed once, since most would call themselves for ever. */
function hooked(place, deed, more = {}) {
  return {
    ...more,
    app(world) {
      let done = false
      place(world, () => {
        world.log.push('hook')
        if (done) return
        done = true
        deed(world)
      })
    }
  }
}

const arrivals = { new: undefined, loaded: carried(USER), 'of an older key': carried(USER, KEYS[1]) }

/** After these the response is over, or its head is gone: what comes later fails, as for any app. */
const ENDS_EARLY = /^(?:ends|writes to|writes the head|flushes|destroys|assigns what is no)/
/** Documented for options of ours: no unsigned session, errors for keys of no use, old cookies written anew. */
const DIFFERS =
  /^(?:takes req|asks for no|serves the same request|takes the keys|leaves no|has more keys|takes the prototype)/

for (const [where, place] of Object.entries(places)) {
  describe(`${where}, called while a session is written`, () => {
    for (const [what, deed] of Object.entries({ ...deeds, ...breaking })) {
      for (const [how, cookie] of Object.entries(arrivals)) {
        const more = { cookie, endsEarly: ENDS_EARLY.test(what), differs: DIFFERS.test(what) }
        scenario(`${what}, ${how}`, hooked(place, deed, more))
      }
    }
  })
}

/** Where an app may look at the head that is about to go. */
const listeners = {
  'a writeHead of the app, put there before the middleware': { before: ownWriteHead },
  'a writeHead of the app, put there after it': { app: ownWriteHead },
  'an on-headers listener, registered before': { before: ({ res, hook }) => onHeaders(res, hook) },
  'an on-headers listener, registered after': { app: ({ res, hook }) => onHeaders(res, hook) }
}

function ownWriteHead({ res, hook }) {
  const own = res.writeHead
  res.writeHead = function writeHead(...args) {
    hook()
    return own.apply(this, args)
  }
}

for (const [where, { before, app }] of Object.entries(listeners)) {
  describe(where, () => {
    for (const touched of [true, false]) {
      for (const [what, deed] of Object.entries(deeds)) {
        if (what.startsWith('throws') || what === 'destroys the request') continue
        let done = false
        const hookIn = (world) => {
          done = false
          world.hook = () => {
            world.log.push('hook')
            if (done) return
            done = true
            deed(world)
          }
        }
        scenario(`${what}, ${touched ? 'after a change' : 'untouched before'}`, {
          cookie: carried(USER),
          endsEarly: ENDS_EARLY.test(what),
          differs: DIFFERS.test(what),
          before(world) {
            hookIn(world)
            before?.(world)
          },
          app(world) {
            if (touched) world.req.session.changed = true
            app?.(world)
          }
        })
      }
    }
  })
}

// --- sessions that are no data ---------------------------------------------------------------------------

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
    scenario(`${what}, copied over another session`, {
      ...more,
      app({ req }) {
        req.session = { ...req.session, copied: true }
      }
    })
  }
})

// --- keys that are code ----------------------------------------------------------------------------------

/** A key whose bytes are asked for by way of the app's own code. */
function keyWith(property, read) {
  const key = Buffer.from(KEYS[1])
  Object.defineProperty(key, property, {
    configurable: true,
    get() {
      read()
      return Reflect.get(Object.getPrototypeOf(Uint8Array.prototype), property, key)
    }
  })
  return key
}

/** What is done while an app's code runs in the middle of a change of keys. All is as before afterwards. */
const rotations = {
  'serves a request': ({ serve }) =>
    serve({ cookie: carried(OTHER, KEYS[2]), app: (req) => req.session.user }),
  'serves a request that writes': ({ serve }) =>
    serve({
      app: (req) => {
        req.session = { user: 'bob' }
      }
    }),
  'puts a key in front, serves a request, and takes the key away': ({ keys, serve }) => {
    keys.unshift(KEYS[2])
    serve({ cookie: carried(OTHER, KEYS[2]), app: (req) => req.session.user })
    keys.shift()
  },
  'turns the keys round, serves a request, and turns them back': ({ keys, serve }) => {
    keys.reverse()
    serve({ cookie: carried(OTHER, KEYS[2]), app: (req) => req.session.user })
    keys.reverse()
  }
}

const codedKeys = {
  'the length of a Buffer': (read) => keyWith('length', read),
  'the byteLength of a Buffer': (read) => keyWith('byteLength', read),
  'the byteOffset of a Buffer': (read) => keyWith('byteOffset', read),
  'the buffer of a Buffer': (read) => keyWith('buffer', read),
  'the export of a KeyObject': (read) => {
    const key = crypto.createSecretKey(Buffer.from(KEYS[1]))
    const own = key.export
    key.export = function () {
      read()
      return own.call(this)
    }
    return key
  }
}

describe('a key that runs code of the app when the keys have changed', () => {
  for (const [property, make] of Object.entries(codedKeys)) {
    for (const [what, deed] of Object.entries(rotations)) {
      scenario(`${property}: ${what}`, {
        cookie: carried(USER, KEYS[2]),
        differs: true,
        keys: () => [KEYS[0], KEYS[2]],
        app(world) {
          const { req, keys, log, serve } = world
          log.push(told(req.session.user))
          let done = false
          const key = make(() => {
            if (done) return
            done = true
            // Whether and when it is called is no part of the contract, but for what comes after it.
            const { length } = log
            deed(world)
            log.length = length
          })
          keys.splice(0, 2, KEYS[2], key, KEYS[0])
          for (const one of KEYS) serve({ cookie: carried(OTHER, one), app: (other) => other.session.user })
          req.session.changed = true
        }
      })
    }
  }
})

describe('a Keygrip in use by the app while it is in use by the middleware', () => {
  const calls = {
    sign: ({ given }) => given.sign('data'),
    'sign, of bytes': ({ given }) => given.sign(Buffer.from('data')),
    verify: ({ given }) => given.verify('data', given.sign('data')),
    index: ({ given }) => given.index('data', 'no signature'),
    'index, of what is no text': ({ given }) => given.index('data', { toString: () => given.sign('data') }),
    'sign, after a change of keys': ({ given, keys }) => {
      keys.unshift(`${KEYS[0]}, changed`)
      return given.sign('data')
    },
    'sign, of what is no data': ({ given }) => given.sign({ toString: () => given.sign('x') }),
    'another Keygrip of the same keys': ({ Keygrip, keys }) => new Keygrip(keys, 'sha512').sign('data'),
    'its methods replaced': ({ given }) => {
      given.sign = () => 'replaced'
      given.index = () => 0
    }
  }
  for (const algorithm of ['sha1', 'sha256', 'md5']) {
    for (const [where, place] of Object.entries(places)) {
      if (/Header of/.test(where)) continue
      for (const [what, call] of Object.entries(calls)) {
        scenario(
          `${algorithm}, ${what}, in ${where}`,
          hooked(place, (world) => world.log.push(told(world.attempt(() => call(world)))), {
            keygrip: algorithm,
            defaultOnly: what === 'its methods replaced' || algorithm === 'md5',
            differs: true
          })
        )
      }
    }
  }
})

// --- options that are code -------------------------------------------------------------------------------

const OPTION_NAMES = [
  'name keys secret maxAge maxage expires path domain sameSite secure secureProxy httpOnly partitioned priority',
  'signed overwrite value toHeader unknown'
].flatMap((names) => names.split(' '))

/** What a request does, so that each way through the middleware is taken. */
const ways = {
  'a session is written': {
    app({ req }) {
      req.session = { a: 1 }
    }
  },
  'a session is changed': {
    cookie: carried(USER),
    app({ req }) {
      req.session.a = 1
    }
  },
  'a session is read, by an older key': {
    cookie: carried(USER, KEYS[1]),
    app: ({ req }) => void req.session.a
  },
  'a forged session is read': { cookie: `${carried(USER)}x`, app: ({ req }) => void req.session.a },
  'a session is given up': {
    cookie: carried(USER),
    app({ req }) {
      req.session = null
    }
  },
  'nothing is touched': { cookie: carried(USER), app() {} }
}

const told1 = (value) => (value === undefined ? 'undefined' : told(value))

/** The reads of each option, in order, while a middleware is made and three requests are served. */
function readsOf(cookieSession, { cookie, app }, build) {
  const log = []
  const options = build((name) => log.push(name))
  const attempt = attempting(log)
  const middleware = attempt(() => cookieSession(options))
  log.push('made')
  for (let i = 0; middleware && i < 3; i++) {
    const { req, res, wire } = connection({ cookie })
    attempt(() => middleware(req, res, () => log.push('next')))
    attempt(() => app({ req }))
    attempt(() => res.end())
    log.push(told1(res.getHeader('Set-Cookie')))
    wire.destroy()
  }
  return { log }
}

const GIVEN = {
  keys: KEYS,
  name: 'session',
  path: '/p',
  maxAge: 1000,
  sameSite: 'lax',
  httpOnly: true,
  signed: true,
  overwrite: true,
  domain: 'example.com'
}

describe('options that are code: the same reads in the same order', () => {
  for (const [way, what] of Object.entries(ways)) {
    const same = (name, build) =>
      test(`${name}, where ${way}`, () => atTime(NOW, () => both((one) => readsOf(one, what, build))))

    for (const name of OPTION_NAMES) {
      const accessor = (read, of) => (saw) =>
        Object.defineProperty({ ...GIVEN, ...of }, name, {
          configurable: true,
          enumerable: true,
          get() {
            saw(name)
            return read()
          },
          set(value) {
            saw(`${name} = ${told(value)}`)
          }
        })
      same(
        `${name} is a getter`,
        accessor(() => GIVEN[name])
      )
      same(
        `${name} throws`,
        accessor(() => {
          throw new Error(name)
        })
      )
      same(`${name} is another each time`, (saw) => {
        let n = 0
        const answers = [GIVEN[name], undefined, 5, 'x', null, '/y', true]
        return accessor(() => answers[n++ % answers.length])(saw)
      })
    }
    same('all are getters', (saw) => {
      const options = {}
      for (const name of OPTION_NAMES) {
        if (name === 'toHeader' || name === 'value' || name === 'secureProxy') continue
        Object.defineProperty(options, name, {
          enumerable: true,
          get() {
            saw(name)
            return GIVEN[name]
          }
        })
      }
      return options
    })
    same('they are a Proxy', (saw) => {
      return new Proxy(
        { ...GIVEN },
        {
          get(target, name) {
            // Options of ours, which the original knows nothing of, are asked for once.
            if (typeof name === 'string' && OPTION_NAMES.includes(name)) saw(name)
            return target[name]
          },
          set(target, name, value) {
            saw(`${String(name)} = ${told(value)}`)
            target[name] = value
            return true
          }
        }
      )
    })
    same('they are a Proxy that has everything', () => new Proxy({ ...GIVEN }, { has: () => true }))
  }
})

test('options of ours are not read after the middleware was made', () => {
  const { OPT_IN_OPTIONS } = require('../../lib/opt-in')
  const given = {
    ...MODERN.signed,
    encrypt: false,
    maxSize: 4000,
    proxy: true,
    onError() {},
    accept: () => true
  }
  for (const name of OPT_IN_OPTIONS) {
    let reads = 0
    const options = Object.defineProperty({ ...GIVEN, ...given, digest: undefined }, name, {
      // Enumerable, it would be put on each cookie, as whatever is.
      enumerable: false,
      get() {
        reads++
        return name === 'digest' ? 'sha256' : given[name]
      }
    })
    const middleware = ours(options)
    reads = 0
    for (const cookie of [undefined, carried(USER), carried(USER, KEYS[1])]) {
      const { req, res, wire } = connection({ cookie })
      middleware(req, res, () => {})
      req.session.a = 1
      res.end()
      wire.destroy()
    }
    assert.strictEqual(reads, 0, name)
  }
})

// --- polluted prototypes ---------------------------------------------------------------------------------

/** What hostile/polluted.js sees with a package; it runs beside the tests above. */
function polluted(place, what) {
  const script = path.join(__dirname, '..', 'support', 'hostile', 'polluted.js')
  const running = promisify(execFile)(process.execPath, [script, place, what], { maxBuffer: 1 << 28 })
  // Awaited later, where it fails its test.
  running.catch(() => {})
  return async () => JSON.parse((await running).stdout)
}

/** Whether a request saw no session, an error, or the one that its cookie holds. */
function isHarmless(label, session) {
  if (/, (?:good|of an older key)/.test(label) && session === "{ user: 'ada', n: 1 }") return true
  return session === '{}' || session === 'undefined' || /^["'`]thrown: /.test(session)
}

const ORIGINAL = require.resolve('cookie-session')
const OURS = require.resolve('../..')

const seenPolluted = {
  original: polluted(ORIGINAL, 'default'),
  ours: polluted(OURS, 'default'),
  subscribed: polluted(OURS, 'subscribed'),
  modern: polluted(OURS, 'modern'),
  originalByOptions: polluted(ORIGINAL, 'options'),
  oursByOptions: polluted(OURS, 'options')
}

for (const how of ['ours', 'subscribed']) {
  test(`others change built-in prototypes, before it is loaded and after: as the original (${how})`, async (t) => {
    const got = await seenPolluted[how]()
    const wanted = await seenPolluted.original()
    assert.ok(Object.keys(wanted).length > 50)
    for (const [what, requests] of Object.entries(wanted)) {
      await t.test(what, () => assert.deepStrictEqual(got[what], requests))
    }
  })
}

test('others change built-in prototypes, with options of ours: no session but of a key of the app', async (t) => {
  const wanted = await seenPolluted.original()
  for (const [what, requests] of Object.entries(await seenPolluted.modern())) {
    await t.test(what, () => {
      const bySession = new Map(wanted[what].map(({ label, session }) => [label, session]))
      for (const { label, made, session, listeners } of requests) {
        if (made !== undefined) {
          assert.match(
            made,
            /^thrown: (?:TypeError|Error) undefined (?:option|\.keys|Keys|Invalid|Getter|Setter)/
          )
          continue
        }
        if (!isHarmless(label, session)) assert.strictEqual(session, bySession.get(label), label)
        assert.match(listeners, /^\[/, label)
      }
    })
  }
})

test('options of ours on Object.prototype: a TypeError, or no session but of a key of the app', async (t) => {
  const wanted = await seenPolluted.originalByOptions()
  for (const [what, requests] of Object.entries(await seenPolluted.oursByOptions())) {
    await t.test(what, () => {
      const bySession = new Map(wanted[what].map(({ label, session }) => [label, session]))
      for (const { label, made, session, served } of requests) {
        if (made !== undefined) {
          assert.match(made, /^thrown: TypeError undefined option /, label)
          continue
        }
        if (!isHarmless(label, session)) assert.strictEqual(session, bySession.get(label), label)
        // Read when the middleware was made, and not again.
        if (/serving/.test(label)) assert.strictEqual(served, 'served', label)
      }
    })
  }
})

// --- over sockets ----------------------------------------------------------------------------------------

/** Apps that answer in ways that no app should. Cookies and the whole of the bytes are compared. */
const answers = {
  'ends twice': (_req, res) => {
    res.end('one')
    res.end('two')
  },
  'ends, then writes': (_req, res) => {
    res.on('error', () => {})
    res.end('one')
    res.write('two')
  },
  'ends, then changes the session and ends': (req, res) => {
    res.end('one')
    req.session.late = true
    res.end('two')
  },
  'writes the head twice': (_req, res) => {
    res.writeHead(201, { 'Set-Cookie': ['a=1', 'session=b'] })
    try {
      res.writeHead(202)
    } catch (error) {
      res.end(error.code)
    }
  },
  'gives writeHead a Set-Cookie that is a text': (_req, res) =>
    res.writeHead(200, { 'Set-Cookie': 'a=1' }).end('x'),
  'flushes the headers, then changes the session': (req, res) => {
    res.flushHeaders()
    req.session.late = true
    res.end('x')
  },
  'writes before it changes the session': (req, res) => {
    res.write('one')
    req.session.late = true
    res.end('two')
  },
  'answers 304': (_req, res) => {
    res.statusCode = 304
    res.end()
  },
  'answers 204 with a body': (_req, res) => {
    res.statusCode = 204
    res.end('none')
  },
  'sends early hints with cookies': (req, res) =>
    res.writeEarlyHints({ link: '</a>; rel=preload', 'set-cookie': 'hint=1' }, () => {
      req.session.hinted = true
      res.end('x')
    }),
  'sends 102 and 100': (_req, res) => {
    res.writeProcessing()
    res.writeContinue()
    res.end('x')
  },
  'has its session in a header that cannot be sent': (_req, res) => {
    try {
      res.setHeader('X-Bad', 'a\r\nSet-Cookie: session=forged')
    } catch (error) {
      res.end(error.code)
    }
  }
}

const MB = 1 << 20

function serving(options, app) {
  return (cookieSession) => {
    const middleware = cookieSession({ keys: [...KEYS], ...options })
    return (req, res) =>
      middleware(req, res, () => {
        res.on('error', () => {})
        req.session.n = (req.session.n || 0) + 1
        app(req, res)
      })
  }
}

describe('answers that no app should give, over sockets', () => {
  for (const [what, app] of Object.entries(answers)) {
    for (const method of ['GET', 'HEAD']) {
      for (const version of ['1.1', '1.0']) {
        test(`${what}, ${method}, HTTP/${version}`, () =>
          sockets.compare('http', serving({}, app), (server) =>
            sockets.raw(
              server,
              `${method} / HTTP/${version}\r\nHost: a\r\nCookie: ${carried(USER)}\r\nConnection: close\r\n\r\n`
            )
          ))
      }
    }
  }

  test('requests in one packet, of two users by turns', () =>
    sockets.compare(
      'http',
      serving({}, (req, res) => res.end(JSON.stringify(req.session))),
      (server) => {
        const requests = Array.from({ length: 40 }, (_, i) => {
          const close = i === 39 ? 'Connection: close\r\n' : ''
          return `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${carried(i % 2 ? USER : OTHER)}\r\n${close}\r\n`
        })
        return sockets.raw(server, requests.join(''))
      }
    ))
})

/** Where a client, or the app, ends a connection. */
const leaving = {
  'at once': (socket) => socket.destroy(),
  'at once, with a reset': (socket) => socket.resetAndDestroy(),
  'after half a head': (socket) => socket.write('GET / HTTP/1.1\r\nCookie: session=', () => socket.destroy()),
  'after the head, before the body': (socket) =>
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nCookie: ${carried(USER)}\r\n\r\nhalf`,
      () => socket.destroy()
    ),
  'after the request, with a reset': (socket) =>
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${carried(USER)}\r\n\r\n`, () =>
      socket.resetAndDestroy()
    ),
  'when the answer begins': (socket) => {
    socket.write(`GET /slow HTTP/1.1\r\nHost: a\r\nCookie: ${carried(USER)}\r\n\r\n`)
    socket.once('data', () => socket.destroy())
  },
  'when the app destroys the response': (socket) =>
    socket.write(`GET /destroy HTTP/1.1\r\nHost: a\r\nCookie: ${carried(USER)}\r\n\r\n`),
  'when the app destroys the socket after the head': (socket) =>
    socket.write(`GET /socket HTTP/1.1\r\nHost: a\r\nCookie: ${carried(USER)}\r\n\r\n`)
}

function answer(req, res) {
  res.on('error', () => {})
  if (req.url === '/destroy') res.destroy()
  else if (req.url === '/socket') {
    res.writeHead(200)
    req.socket.destroy()
    res.end('late')
  } else if (req.url === '/slow') {
    res.write('begin')
    res.on('close', () => {
      req.session.late = true
      res.end('late')
    })
  } else if (req.method === 'POST') {
    req.on('error', () => {})
    req.on('close', () => {
      req.session.late = true
      res.end('late')
    })
    req.resume()
  } else res.end(JSON.stringify(req.session))
}

describe('a client that goes away', () => {
  for (const [mode, options] of Object.entries({ default: {}, ...MODERN })) {
    for (const [when, leave] of Object.entries(leaving)) {
      test(`${when}, ${mode} options: the server goes on`, async () => {
        const codes = []
        const more = mode === 'default' ? {} : { onError: ({ code }) => codes.push(code) }
        const server = await sockets.listen('http', serving({ ...options, ...more }, answer)(ours))
        try {
          for (let i = 0; i < 5; i++) {
            await new Promise((resolve) => {
              const socket = sockets.connect(server)
              socket.on('error', () => {})
              socket.on('connect', () => leave(socket))
              socket.on('close', resolve)
            })
          }
          const { status, body } = await sockets.ask(server, { headers: [['Cookie', carried(OTHER)]] })
          assert.deepStrictEqual([status, JSON.parse(body)], [200, { user: 'bob', n: 3 }])
          for (const code of codes) assert.strictEqual(code, 'ERR_SESSION_HEADERS_SENT')
        } finally {
          await server.close()
        }
      })
    }
  }
})

describe('large headers', () => {
  const echo = serving({}, (req, res) => res.end(`${req.session.user} ${req.session.n}`))

  async function asked(cookieSession, cookie, maxHeaderSize, listener = echo) {
    const server = http.createServer({ maxHeaderSize }, listener(cookieSession))
    server.maxHeadersCount = 0
    return serve(server, (port) =>
      sockets.raw(
        { port, transport: 'http' },
        `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`
      )
    )
  }
  const padding = (length) => `p=${'x'.repeat(length)}`

  for (const length of [15_000, 16_000, 16_100, 16_384, 17_000]) {
    test(`${length} characters before the session, with Node's limit`, () =>
      both((one) =>
        asked(one, `${padding(length)}; ${carried(USER)}`, undefined).then((reply) => ({ reply }))
      ))
  }
  for (const length of [MB, 2 * MB - 200, 2 * MB, 2 * MB + 1, 3 * MB]) {
    test(`${length} characters around the session, where the app allows it`, async () => {
      const { reply } = await both(async (one) => ({
        reply: [
          await asked(one, `${padding(length)}; ${carried(USER)}`, 8 * MB),
          await asked(one, `${carried(USER)}; ${padding(length)}`, 8 * MB)
        ]
      }))
      for (const text of reply) assert.match(text, /ada 2$/)
    })
  }
  test('hundreds of cookies, the session among them at each place', () =>
    both(async (one) => {
      const replies = []
      for (const place of [0, 1, 250, 499]) {
        const cookies = Array.from({ length: 500 }, (_, i) => `session${i}=${i}; session.si=${i}`)
        cookies.splice(place, 0, carried(USER))
        replies.push(await asked(one, cookies.join('; '), 64 * 1024))
      }
      for (const text of replies) assert.match(text, /ada 2$/)
      return { replies }
    }))
  for (const [mode, options] of Object.entries(MODERN)) {
    test(`a session of a megabyte goes to and fro, ${mode}`, async () => {
      const app = (req, res) => {
        req.session.text ??= 'x'.repeat(MB)
        res.end(`${req.session.user} ${req.session.n} ${req.session.text.length}`)
      }
      const listener = serving(options, app)(ours)
      let cookie = carried(USER)
      for (const n of [2, 3, 4]) {
        const reply = await asked(ours, cookie, 16 * MB, () => listener)
        assert.ok(reply.endsWith(`ada ${n} ${MB}`), reply.slice(-100))
        cookie = merged(cookie, sockets.parse(reply).cookies)
      }
    })
  }
})

describe('hooks on HTTP/2', () => {
  for (const [what, deed] of Object.entries({
    'gives the session up': (req) => {
      req.session = null
    },
    'throws an error': () => {
      throw new Error('from the hook')
    }
  })) {
    test(`toJSON ${what}`, () =>
      sockets.compare(
        'h2c',
        serving({}, (req, res) => {
          let done = false
          req.session.value = {
            toJSON() {
              if (!done) {
                done = true
                deed(req, res)
              }
              return 1
            }
          }
          res.end('body')
        }),
        (server) => sockets.ask(server, { headers: [['cookie', carried(USER)]] }).then((reply) => reply.raw)
      ))
  }
})
