'use strict'

// What a request costs, counted instead of timed, so that it cannot flake: calls of the addon or HMACs of node:crypto,
// V8's JSON functions, copies through Buffer, and what is written on the request and the response. A change that
// makes one of these more is a change for the worse, whatever a benchmark says on a noisy machine.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const http = require('node:http')
const { describe, it } = require('node:test')
const { KEYS, SESSIONS, SETTINGS, SITUATIONS, headerOf, optionsOf } = require('../../bench/work')

const counts = {}
function counted(name, call) {
  return function count(...args) {
    counts[name] = (counts[name] ?? 0) + 1
    return Reflect.apply(call, this, args)
  }
}
function countCalls(object, names) {
  const count = (value) => (typeof value === 'function' ? counted(names, value) : value)
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, count(value)]))
}

// Both engines take these when they are loaded.
crypto.createHmac = counted('HMACs', crypto.createHmac)
const binding = require('../../lib/engine/binding')
const { loadBinding } = binding
binding.loadBinding = () => {
  return {
    createKeyring: (...args) => countCalls(loadBinding().createKeyring(...args), 'crossings'),
    createCodec: (...args) => countCalls(loadBinding().createCodec(...args), 'crossings')
  }
}

const cookieSession = require('../..')
const native = cookieSession.engine === 'native'

for (const name of ['parse', 'stringify']) JSON[name] = counted(`JSON.${name}`, JSON[name])
Buffer.from = counted('Buffer.from', Buffer.from)

/** An object that notes what is written on it, but for what Node keeps under symbols of its own. */
function noting(target, notes) {
  return new Proxy(target, {
    set(_, key, value) {
      if (typeof key === 'string') notes.push(`${key} =`)
      return Reflect.set(target, key, value, target)
    },
    defineProperty(_, key, descriptor) {
      notes.push(`${String(key)} defined`)
      return Reflect.defineProperty(target, key, descriptor)
    },
    deleteProperty(_, key) {
      notes.push(`${String(key)} deleted`)
      return Reflect.deleteProperty(target, key)
    },
    setPrototypeOf() {
      throw new Error('a prototype was exchanged')
    },
    get(_, key, receiver) {
      if (key === 'setHeader' || key === 'appendHeader' || key === 'removeHeader') notes.push(`${key}()`)
      return Reflect.get(target, key, receiver)
    }
  })
}

function exchange(middleware, header, action, secure) {
  const req = new http.IncomingMessage({ encrypted: secure })
  Object.assign(req, { method: 'GET', url: '/', httpVersionMajor: 1, httpVersionMinor: 1 })
  if (header !== '') req.headers.cookie = header
  const res = new http.ServerResponse(req)
  return { run: (wrap) => runIn({ middleware, action }, wrap(req, 'req'), wrap(res, 'res')) }
}

function runIn({ middleware, action }, req, res) {
  middleware(req, res, () => action?.(req))
  res.writeHead(200)
}

const asItIs = (object) => object

function countsOf(middleware, header, action, secure) {
  // The first of its kind makes what later ones use.
  exchange(middleware, header, action, secure).run(asItIs)
  for (const name of Object.keys(counts)) delete counts[name]
  exchange(middleware, header, action, secure).run(asItIs)
  return { ...counts }
}

function writesOf(middleware, header, action, secure) {
  const notes = { req: [], res: [] }
  exchange(middleware, header, action, secure).run((object, which) => noting(object, notes[which]))
  return notes
}

/** Without those that Node itself makes, in their places. */
function less(notes, nodes) {
  const left = [...nodes]
  return notes.filter((note) => {
    const place = left.indexOf(note)
    if (place >= 0) left.splice(place, 1)
    return place < 0
  })
}

/** What each situation may take; what is not named, it may not do at all. */
const EXPECTED = {
  untouched: {},
  read: { opens: 1, hmacs: 1, 'JSON.parse': 1, 'JSON.stringify': 1 },
  'read and modify': { opens: 1, seals: 1, hmacs: 2, 'JSON.parse': 1, 'JSON.stringify': 2, headers: 1 },
  'new session': { seals: 1, hmacs: 1, 'JSON.stringify': 1, headers: 1 },
  'tampered cookie': { opens: 1, hmacs: 3, headers: 1 },
  '2nd of 3 keys': { opens: 1, hmacs: 2, 'JSON.parse': 1, 'JSON.stringify': 1, headers: 1 }
}

/** Through Buffer go, on the node engine alone, what is decoded, what is encoded, and the two sides of a comparison. */
function expectedOf({ opens = 0, seals = 0, hmacs = 0, headers: _, ...json }, refused) {
  const copies = (refused ? 0 : opens) + seals + 2 * (hmacs - seals)
  const work = native ? { crossings: opens + seals } : { HMACs: hmacs, 'Buffer.from': copies }
  return Object.fromEntries(Object.entries({ ...work, ...json }).filter(([, count]) => count > 0))
}

for (const [setting, settings] of Object.entries(SETTINGS)) {
  describe(`with ${setting} options`, () => {
    const middleware = cookieSession(optionsOf(settings))
    const { secure } = settings
    for (const [size, session] of Object.entries(SESSIONS)) {
      for (const [situation, { cookies, action: make }] of Object.entries(SITUATIONS)) {
        const list = cookies(settings.name, session)
        const header = headerOf(list)
        const action = make(session)

        it(`${size}, ${situation}: the signatures, the JSON and the copies that it has to make`, () => {
          const expected = expectedOf(EXPECTED[situation], situation === 'tampered cookie')
          assert.deepEqual(countsOf(middleware, header, action, secure), expected)
        })

        it(`${size}, ${situation}: what it writes on request and response`, () => {
          const nodes = writesOf((_req, _res, next) => next(), header, undefined, secure)
          const { req, res } = writesOf(middleware, header, action, secure)
          const app = situation === 'new session' ? ['session ='] : []
          assert.deepEqual(less(req, nodes.req), ['sessionOptions =', 'session defined', ...app])
          const headers = Array(EXPECTED[situation].headers ?? 0).fill('setHeader()')
          assert.deepEqual(
            less(res, nodes.res).toSorted?.() ?? less(res, nodes.res).sort(),
            [...headers, 'statusCode =', 'writeHead ='].sort()
          )
        })
      }
    }
  })
}

/** Every option, and what is asked for most together. */
const OPTIONS = {
  sessionMethods: { sessionMethods: true },
  encrypt: { encrypt: true },
  "digest: 'sha256'": { digest: 'sha256' },
  "digest: 'sha512' and legacy": { digest: 'sha512', legacy: true },
  ttl: { ttl: 60_000 },
  'ttl: true': { ttl: true, maxAge: 60_000 },
  maxLifetime: { maxLifetime: 60_000 },
  rolling: { ttl: 60_000, rolling: 30_000 },
  "legacy: 'write'": { encrypt: true, legacy: 'write' },
  legacy: { encrypt: true, legacy: true },
  onError: { onError() {} },
  maxSize: { maxSize: 4096 },
  proxy: { proxy: true },
  requestKey: { requestKey: 'session' },
  reissue: { reissue: true },
  accept: { accept: () => true },
  hardened: {
    encrypt: true,
    ttl: 60_000,
    rolling: 30_000,
    sessionMethods: true,
    reissue: true,
    maxSize: 4096,
    onError() {}
  }
}

// On the node engine there is nothing to cross.
describe('with an opt-in option', { skip: !native }, () => {
  const keys = [...KEYS].map((key) => `${key}, and so long that others are derived from it`)

  for (const [what, options] of Object.entries(OPTIONS)) {
    const given = { keys, ...options }
    const middleware = cookieSession(given)
    const header = cookieSession.cookieHeader(SESSIONS.small, { ...given, accept: undefined })
    const modify = (req) => {
      req.session.views = 7
    }

    for (const [situation, action, crossings, json] of [
      ['untouched', undefined, options.rolling ? 1 : 0, {}],
      ['read', (req) => req.session.views, 1, { 'JSON.parse': 1, 'JSON.stringify': 1 }],
      ['read and modified', modify, 2, { 'JSON.parse': 1, 'JSON.stringify': 2 }]
    ]) {
      it(`${what}, ${situation}: one crossing for each open and each seal, and the JSON of a session alone`, () => {
        const {
          crossings: crossed = 0,
          'JSON.parse': parsed,
          'JSON.stringify': written
        } = countsOf(middleware, header, action, false)
        assert.equal(crossed, crossings)
        assert.deepEqual([parsed, written], [json['JSON.parse'], json['JSON.stringify']])
      })
    }
  }
})

describe('the keys of an app', () => {
  it('are hashed once', () => {
    const middleware = cookieSession({ keys: [...KEYS] })
    const { cookies, action } = SITUATIONS['read and modify']
    const header = headerOf(cookies('session', SESSIONS.small))
    const run = () => exchange(middleware, header, action(), false).run(asItIs)
    for (const name of Object.keys(counts)) delete counts[name]
    for (let i = 0; i < 10; i++) run()
    // One crossing more than the twenty that open and seal: the one that brings the keys.
    if (native) assert.equal(counts.crossings, 21)
    else assert.equal(counts.HMACs, 20)
  })
})
