'use strict'

// What a process says about itself while it has sessions: run by the contract's tests as a process of
// its own, with the package to load and the name of a scenario. It writes `# STEP` to stderr before
// each step, and to stdout, as JSON, what there was to see.

const http = require('node:http')
const { Duplex } = require('node:stream')

const [, , place, scenario] = process.argv
const cookieSession = require(place)

const KEYS = ['first-secret-key', Buffer.from('second-secret-key')]
const SECRET = 'third-secret-key'

const warnings = []
process.on('warning', ({ name, code, message }) => warnings.push({ name, code, message }))

/** One request; gives the Set-Cookie values. */
function request(options, cookie, app) {
  const wire = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const req = new http.IncomingMessage(wire)
  Object.assign(req, { method: 'GET', url: '/', httpVersionMajor: 1, httpVersionMinor: 1 })
  if (cookie !== undefined) req.headers.cookie = cookie
  const res = new http.ServerResponse(req)
  res.assignSocket(wire)
  const middleware = typeof options === 'function' ? options : cookieSession(options)
  middleware(req, res, () => {})
  app(req, res)
  res.end()
  return res.getHeader('Set-Cookie') || []
}

/** The Cookie header that brings back what was set. */
function back(setCookie) {
  return setCookie.map((line) => line.slice(0, line.indexOf(';'))).join('; ')
}

function step(name, run) {
  process.stderr.write(`# ${name}\n`)
  return run()
}

const scenarios = {
  debug() {
    const options = () => ({ keys: [...KEYS], path: '/p', maxAge: 0 })
    let cookie
    step('construction', () => cookieSession(options()))
    step('construction with a secret', () => cookieSession({ secret: SECRET, keys: undefined, name: 'id' }))
    const middleware = step('construction once more', () => cookieSession(options()))
    step('untouched', () => request(middleware, undefined, () => {}))
    step('new and left empty', () => request(middleware, undefined, (req) => req.session))
    step('new and saved', () => {
      cookie = back(
        request(middleware, undefined, (req) => {
          req.session.a = 1
        })
      )
    })
    step('loaded', () => request(middleware, cookie, (req) => req.session))
    step('loaded and saved', () =>
      request(middleware, cookie, (req) => {
        req.session.b = 2
      })
    )
    step('assigned', () =>
      request(middleware, cookie, (req) => {
        req.session = { c: 3 }
      })
    )
    step('removed', () =>
      request(middleware, cookie, (req) => {
        req.session = null
      })
    )
    step('a bad signature', () => request(middleware, `${cookie}x`, (req) => req.session))
    step('no JSON', () => {
      const unsigned = cookieSession({ ...options(), signed: false })
      request(unsigned, 'session=eyJh', (req) => req.session)
    })
    step('an empty value', () => {
      const unsigned = cookieSession({ ...options(), signed: false })
      request(unsigned, 'session=', (req) => req.session)
    })
    step('a percent sign in the value', () => {
      const unsigned = cookieSession({ ...options(), signed: false })
      request(unsigned, 'session=%s%j', (req) => req.session)
    })
    const failing = {
      'a maxAge that is none': { maxAge: '1000' },
      'a name that is none': { name: 'a;b' },
      'a secure cookie on a plain connection': { secure: true },
      'an expires that is no Date': { expires: 'tomorrow' },
      'a priority that is none': { priority: 'urgent' },
      'a sameSite that is none': { sameSite: 'loose' },
      'a path that is none': { path: '\n' },
      'a domain that is none': { domain: '\n' },
      'keys that cannot sign': { keys: {} },
      'a key that is none': { keys: [undefined] }
    }
    for (const [name, more] of Object.entries(failing)) {
      const failingOne = cookieSession({ ...options(), ...more })
      step(name, () =>
        request(failingOne, undefined, (req) => {
          req.session = { a: 1 }
        })
      )
    }
    step('a session that cannot be stringified', () =>
      request(middleware, cookie, (req) => {
        req.session.self = req.session
      })
    )
    step('a session that has no text', () =>
      request(middleware, cookie, (req) => {
        req.session.toJSON = () => undefined
      })
    )
    step('a new session that has no text', () =>
      request(middleware, undefined, (req) => {
        req.session.toJSON = () => undefined
      })
    )
    step('a name with a percent sign', () =>
      request({ ...options(), name: '%s' }, undefined, (req) => {
        req.session.a = 1
      })
    )
    return { enabled: Boolean(process.env.DEBUG) }
  },

  /** Whatever might call for a warning, twice. */
  warnings() {
    const setCookie = []
    for (let i = 0; i < 2; i++) {
      for (const more of [
        {},
        { maxage: 1000 },
        { secureProxy: true },
        { signed: false },
        { maxAge: '1000' },
        { secure: true },
        { name: '' },
        { keys: ['x'] },
        { keys: [undefined] },
        { keys: undefined, secret: 'short' },
        { sameSite: 'none' }
      ]) {
        const options = { keys: [...KEYS], ...more }
        setCookie.push(
          request(options, undefined, (req) => {
            req.session.a = 1
          })
        )
      }
    }
    return { setCookie: setCookie.flat().map((line) => line.replace(/expires=[^;]+/, 'expires=')) }
  }
}

const seen = scenarios[scenario]()
// Warnings are emitted on a later turn.
setImmediate(() => process.stdout.write(JSON.stringify({ ...seen, warnings })))
