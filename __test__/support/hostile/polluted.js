'use strict'

// A process whose built-in prototypes and functions others have changed: before the package was loaded, before a
// middleware was made, or while it serves. Run with the package to load, and `default`, `subscribed` (with somebody who
// listens to the diagnostics channels), `modern` (with options of ours), or `options` (what is polluted are the options of ours); tells on stdout what there was to see, as JSON.

const { channel } = require('node:diagnostics_channel')
const http = require('node:http')
const path = require('node:path')
const { Duplex } = require('node:stream')
const crypto = require('node:crypto')
const util = require('node:util')

const [, , place, what] = process.argv
const modern = what === 'modern'
if (what === 'subscribed') {
  for (const event of ['opened', 'rejected', 'saved', 'failed']) {
    channel(`cookie-session:${event}`).subscribe(() => {})
  }
}
const KEYS = ['newest', 'older'].map((name) => `${name} key, of 32 bytes and more: 0123456789`)
const USER = '{"user":"ada","n":1}'
const NOW = Date.UTC(2030, 0, 2, 3, 4, 5, 678)
Date.now = () => NOW
process.env.NO_DEPRECATION = 'cookies'
process.removeAllListeners('warning')
process.on('warning', () => {})

const NAMES = [
  'signed keys secret overwrite name maxAge maxage expires path domain sameSite secure secureProxy httpOnly',
  'partitioned priority value toHeader toJSON get set writable configurable enumerable 0 1 length index sign',
  'json renewed reason keyIndex times issued created isOriginal unsigned legacyValue place text signature cookie',
  'code message cause detail protocol encrypted socket cookies session then user admin _ctx isNew'
].flatMap((names) => names.split(' '))
/** What is an option of ours turns it on: an option may sit on a prototype. */
const OPTIONS = [
  'encrypt digest ttl maxLifetime rolling legacy onError maxSize proxy requestKey reissue accept sessionMethods'
].flatMap((names) => names.split(' '))

const VALUES = {
  text: '{"admin":true}',
  false: false,
  object: { admin: true, issued: NOW, created: NOW }
}

function base64(text) {
  return Buffer.from(text).toString('base64')
}

function signed(text, key = KEYS[0], name = 'session') {
  const pair = `${name}=${base64(text)}`
  return `${pair}; ${name}.sig=${crypto.createHmac('sha1', key).update(pair).digest('base64url')}`
}

const app = {
  reads: (req) => ({ ...req.session }),
  writes: (req) => {
    const was = { ...req.session }
    req.session.changed = true
    return was
  },
  'gives up': (req) => {
    req.session = null
  }
}

const REQUESTS = [
  ['none', undefined, 'reads'],
  ['none', undefined, 'writes'],
  ['good', signed(USER), 'reads'],
  ['good', signed(USER), 'writes'],
  ['good', signed(USER), 'gives up'],
  ['of an older key', signed(USER, KEYS[1]), 'reads'],
  ['forged', `${signed(USER)}x`, 'reads'],
  ['unsigned', `session=${base64('{"admin":true}')}`, 'reads'],
  ['good, beside what is not ASCII', `other=\u00e9; ${signed(USER)}`, 'reads']
]

function load() {
  const root = path.dirname(require.resolve(place))
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(root) || /cookies|keygrip|on-headers/.test(file)) delete require.cache[file]
  }
  return require(place)
}

/** As a plain message, and as Express leaves one: with another prototype. */
function connection(cookie, asExpress) {
  const wire = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const req = new http.IncomingMessage(wire)
  Object.assign(req, { method: 'GET', url: '/', httpVersionMajor: 1, httpVersionMinor: 1 })
  if (cookie !== undefined) req.headers.cookie = cookie
  const res = new http.ServerResponse(req)
  res.sendDate = false
  res.assignSocket(wire)
  if (asExpress) {
    Object.setPrototypeOf(req, Object.create(http.IncomingMessage.prototype))
    Object.setPrototypeOf(res, Object.create(http.ServerResponse.prototype))
  }
  return { req, res, wire }
}

function shown(value) {
  return util.inspect(value, { customInspect: false, depth: 3, breakLength: Infinity })
}

function outcome(run) {
  try {
    return run()
  } catch (error) {
    return `thrown: ${error?.name} ${error?.code} ${error?.message}`
  }
}

/** While `pollute` holds, which is undone whatever happens; nothing else may run meanwhile. */
function during(pollute, run) {
  const undo = pollute()
  try {
    return run()
  } finally {
    undo()
  }
}

/** What was seen, by what was polluted. */
const seen = {}

/** One middleware, polluted at one moment, and what it does to each request. */
function play(what, label, when, pollute, asExpress) {
  seen[what] ??= []
  const log = seen[what]
  const now = (moment) => (run) => (moment === when ? during(pollute, run) : run())
  const options = { keys: [...KEYS] }
  if (modern) Object.assign(options, { ttl: 1e6, legacy: true, sessionMethods: true, onError() {} })
  if (modern && asExpress) options.encrypt = true
  const middleware = outcome(() => {
    const cookieSession = when === 'load' ? during(pollute, load) : loaded
    return now('making')(() => cookieSession(options))
  })
  if (typeof middleware !== 'function') {
    log.push({ label, made: middleware })
    return
  }
  const asked = REQUESTS.map(([came, cookie, does]) => ({ came, does, ...connection(cookie, asExpress) }))
  // Once for all of them: V8 forgets what it compiled at each change of a prototype.
  now('serving')(() => {
    for (const one of asked) {
      const { req, res, does } = one
      one.served = outcome(() => {
        middleware(req, res, () => {})
        one.session = outcome(() => app[does](req))
        // Node's own way of ending a response is not what is looked at here.
        res.writeHead(200)
        return 'served'
      })
    }
  })
  for (const { came, does, served, session, res, wire } of asked) {
    log.push({
      label: `${label}, ${came}, ${does}`,
      served:
        served === 'served'
          ? served
          : served.replace(/(?:Cannot both specify|Invalid property).*/, 'descriptor'),
      session: shown(session),
      setCookie: shown(res.getHeader('Set-Cookie')),
      listeners: shown(Object.keys(res._events))
    })
    wire.destroy()
  }
}

/** A property of a prototype, as an attacker or a careless library would set it. */
function property(target, name, value, enumerable) {
  return () => {
    const before = Object.getOwnPropertyDescriptor(target, name)
    const descriptor = Object.assign(Object.create(null), {
      value,
      enumerable,
      configurable: true,
      writable: true
    })
    Object.defineProperty(target, name, descriptor)
    return () => {
      if (before) Object.defineProperty(target, name, Object.assign(Object.create(null), before))
      else delete target[name]
    }
  }
}

let loaded = load()

for (const name of what === 'options' ? OPTIONS : NAMES) {
  const polluted = `Object.prototype.${name}`
  for (const [kind, value] of Object.entries(VALUES)) {
    for (const enumerable of kind === 'text' ? [true, false] : [true]) {
      for (const when of ['making', 'serving']) {
        const label = `${kind}, ${enumerable ? '' : 'not '}enumerable, ${when}`
        const pollute = property(Object.prototype, name, value, enumerable)
        play(polluted, label, when, pollute, false)
        if (enumerable && kind === 'text') play(polluted, `${label}, as Express`, when, pollute, true)
      }
    }
  }
  play(polluted, 'load', 'load', property(Object.prototype, name, VALUES.text, true), false)
}
loaded = load()

if (what !== 'options') {
  const own = { from: Buffer.from, push: Array.prototype.push, test: RegExp.prototype.test }
  const patches = {
    'Array.prototype.extra': property(Array.prototype, 'extra', 'x', true),
    'Array.prototype.1': property(Array.prototype, 1, KEYS[1], true),
    'Array.prototype.toJSON': property(Array.prototype, 'toJSON', () => 'array', false),
    'Array.prototype.push': property(
      Array.prototype,
      'push',
      function (...items) {
        return own.push.apply(this, items)
      },
      false
    ),
    'String.prototype.toJSON': property(String.prototype, 'toJSON', () => 'text', false),
    'String.prototype.extra': property(String.prototype, 'extra', 'x', true),
    'Buffer.from, traced': property(Buffer, 'from', (...args) => own.from.apply(Buffer, args), true),
    'Number.prototype.toJSON': property(Number.prototype, 'toJSON', () => 7, false),
    'RegExp.prototype.test': property(
      RegExp.prototype,
      'test',
      function (text) {
        return own.test.call(this, text)
      },
      false
    ),
    'Object.prototype.__proto__, taken away': () => {
      const before = Object.getOwnPropertyDescriptor(Object.prototype, '__proto__')
      Reflect.deleteProperty(Object.prototype, '__proto__')
      return () => Object.defineProperty(Object.prototype, '__proto__', before)
    }
  }
  for (const [name, patch] of Object.entries(patches)) {
    for (const when of ['making', 'serving', 'load']) play(name, when, when, patch, false)
    loaded = load()
  }
}

process.stdout.write(JSON.stringify(seen))
