'use strict'

// The middleware: options, the req.session accessor, and the hook at header time. What any line of it
// does for an app is what cookie-session 2.1.1 does, bugs included.

const debug = require('debug')('cookie-session')
const onHeaders = require('on-headers')
const engine = require('./lib/engine')
const { isWatched, publisher } = require('./lib/channels')
const { shareHiddenClass } = require('./lib/request/hidden-class')
const { Jar } = require('./lib/jar')
const { Keygrip } = require('./lib/keys/keygrip')
const { hasNewOptions } = require('./lib/option-names')
const { warnOfOptions } = require('./lib/option-warnings')
const { accessorFor } = require('./lib/request/session-accessor')
const { createSession, openSession } = require('./lib/session/session')

/**
 * Creates a middleware that keeps `req.session` in a signed cookie.
 *
 * @param {import('.').Options} [options] stays live: what it says when a cookie is written counts
 * @returns {import('.').Middleware}
 * @throws {Error} `.keys required.` where there are no keys, no secret, and `signed` is not false
 */
function cookieSession(options) {
  const opts = options || {}
  const name = opts.name || 'session'
  let keys = opts.keys
  if (!keys && opts.secret) keys = [opts.secret]

  if (opts.overwrite == null) opts.overwrite = true
  if (opts.httpOnly == null) opts.httpOnly = true
  if (opts.signed == null) opts.signed = true

  if (!keys && opts.signed) throw new Error('.keys required.')
  if (debug.enabled) debug('session options %j', { ...opts, keys: undefined, secret: undefined })

  const isOptIn = hasNewOptions(opts)
  warnOfOptions(opts, keys, isOptIn)
  if (isOptIn) return require('./lib/extended').extended(opts, keys, debug)

  const middleware = { name, requestKey: 'session', options: opts }
  const jar = new Jar(name, keys)
  const publish = publisher(middleware)

  return function _cookieSession(req, res, next) {
    jar.prepare(req)
    shareHiddenClass(req)
    shareHiddenClass(res)
    const state = new RequestSession(middleware, jar, req, res, isWatched() ? publish : undefined)
    const accessor = accessorFor(req, state)
    req.sessionOptions = Object.create(opts)
    Object.defineProperty(req, 'session', accessor)
    onHeaders(res, () => state.write())
    next()
  }
}

/** One request's session: not looked at yet (undefined), there, or given up (false). */
class RequestSession {
  /** What makes this request's middleware another than the next one's, see lib/request/shared-names.js. */
  middleware
  #jar
  #req
  #res
  #publish
  #session
  #isWritten = false

  constructor(middleware, jar, req, res, publish) {
    this.middleware = middleware
    this.#jar = jar
    this.#req = req
    this.#res = res
    this.#publish = publish
  }

  get() {
    if (this.#session === undefined) this.#session = this.#read()
    if (this.#session === false) return null
    if (this.#isWritten) require('./lib/request/late-changes').watchForLateChange(this.#session)
    return this.#session
  }

  #read() {
    const publish = this.#publish
    const opened = this.#jar.open(this.#req, this.#res, this.#req.sessionOptions, publish)
    if (opened?.value) {
      const { value, json, keyIndex } = opened
      if (debug.enabled) debug('parse %s', value)
      try {
        const session = openSession(value, json)
        publish?.('opened', { keyIndex, bytes: this.#jar.bytesOf(value) })
        return session
      } catch {
        // No JSON: the cookie verified, but holds no session.
        publish?.('rejected', { reason: 'malformed', keyIndex })
      }
    }
    if (debug.enabled) debug('new session')
    return createSession()
  }

  set(value) {
    if (this.#isWritten) require('./lib/request/late-changes').warnOfLateAssignment()
    if (value == null) {
      this.#session = false
    } else if (typeof value === 'object') {
      this.#session = createSession(value)
    } else {
      throw new Error('req.session can only be set as null or an object.')
    }
  }

  /** Sends what became of the session. An app never sees it fail; the debug output tells, and a process warning. */
  write() {
    this.#isWritten = true
    if (this.#session === undefined) return
    let reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
    try {
      if (this.#session === false) {
        if (debug.enabled) debug('remove %s', this.middleware.name)
        this.#jar.clear(this.#req, this.#res, this.#req.sessionOptions, this.#publish)
        return
      }
      reason = 'ERR_SESSION_NOT_SERIALIZABLE'
      // Read anew each time, as a toJSON or a getter of the session may have put another in its place.
      if ((!this.#session.isNew || this.#session.isPopulated) && this.#session.isChanged) {
        if (debug.enabled) debug('save %s', this.middleware.name)
        const json = JSON.stringify(this.#session)
        if (json !== undefined) reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
        this.#jar.save(this.#req, this.#res, json, this.#req.sessionOptions, this.#publish)
      }
    } catch (thrown) {
      const { causeOf, sessionErrorOf, warnNotSaved } = require('./lib/errors')
      debug('error saving session %s', causeOf(thrown).message)
      const error = sessionErrorOf(thrown, reason)
      this.#publish?.('failed', { code: error.code })
      warnNotSaved(error)
    }
  }
}

module.exports = cookieSession
module.exports.cookieSession = cookieSession
module.exports.Keygrip = Keygrip
// What needs no request; loaded when it is used.
module.exports.codec = (options) => require('./lib/standalone').codec(options)
module.exports.seal = (data, options) => require('./lib/standalone').seal(data, options)
module.exports.unsealWithInfo = (cookieHeader, options) =>
  require('./lib/standalone').unsealWithInfo(cookieHeader, options)
module.exports.unseal = (cookieHeader, options) => require('./lib/standalone').unseal(cookieHeader, options)
module.exports.cookieHeader = (data, options) => require('./lib/standalone').cookieHeader(data, options)
module.exports.parseKeys = (text) => require('./lib/keys/parse-keys').parseKeys(text)
/** Which engine signs: 'native' or 'node'. */
module.exports.engine = engine.name
