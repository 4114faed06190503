'use strict'

// The middleware: options, the req.session accessor, and the hook at header time. What any line of it
// does for an app is what cookie-session 2.1.1 does, bugs included.

const debug = require('debug')('cookie-session')
const onHeaders = require('on-headers')
const engine = require('./lib/engine')
const { isWatched } = require('./lib/channels')
const { shareHiddenClass } = require('./lib/hidden-class')
const { Jar } = require('./lib/jar')
const { Keygrip } = require('./lib/keygrip')
const { hasNewOptions } = require('./lib/option-names')
const { accessorFor } = require('./lib/request-state')
const { createSession, openSession } = require('./lib/session')

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

  if (process.env.NODE_ENV === 'production') require('./lib/key-rules').warnOfShortKeys(keys)
  if (hasNewOptions(opts)) return require('./lib/extended').extended(opts, keys, debug)

  const jar = new Jar(name, keys)
  let watched

  return function _cookieSession(req, res, next) {
    jar.prepare()
    shareHiddenClass(req)
    shareHiddenClass(res)
    let state
    if (isWatched()) {
      // What is seen from outside is known on the longer way alone, on which all else is the same.
      watched ??= require('./lib/extended').stateMaker(opts, keys, name, debug)
      state = watched(req, res)
    } else {
      state = new RequestSession(jar, name, req, res)
    }
    const accessor = accessorFor(req, state)
    req.sessionOptions = Object.create(opts)
    Object.defineProperty(req, 'session', accessor)
    onHeaders(res, () => state.write())
    next()
  }
}

/** One request's session: not looked at yet (undefined), there, or given up (false). */
class RequestSession {
  #jar
  #name
  #req
  #res
  #session

  constructor(jar, name, req, res) {
    this.#jar = jar
    this.#name = name
    this.#req = req
    this.#res = res
  }

  get() {
    if (this.#session) return this.#session
    if (this.#session === false) return null
    this.#session = this.#read()
    return this.#session
  }

  #read() {
    const opened = this.#jar.open(this.#req, this.#res, this.#req.sessionOptions)
    if (opened?.value) {
      if (debug.enabled) debug('parse %s', opened.value)
      try {
        return openSession(opened.value, opened.json)
      } catch {
        // No JSON: the cookie verified, but holds no session.
      }
    }
    if (debug.enabled) debug('new session')
    return createSession()
  }

  set(value) {
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
    if (this.#session === undefined) return
    let reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
    try {
      if (this.#session === false) {
        if (debug.enabled) debug('remove %s', this.#name)
        this.#jar.clear(this.#req, this.#res, this.#req.sessionOptions)
        return
      }
      reason = 'ERR_SESSION_NOT_SERIALIZABLE'
      // Read anew each time, as a toJSON or a getter of the session may have put another in its place.
      if ((!this.#session.isNew || this.#session.isPopulated) && this.#session.isChanged) {
        if (debug.enabled) debug('save %s', this.#name)
        const json = JSON.stringify(this.#session)
        if (json !== undefined) reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
        this.#jar.save(this.#req, this.#res, json, this.#req.sessionOptions)
      }
    } catch (thrown) {
      const { causeOf, sessionErrorOf, warnNotSaved } = require('./lib/errors')
      debug('error saving session %s', causeOf(thrown).message)
      warnNotSaved(sessionErrorOf(thrown, reason))
    }
  }
}

module.exports = cookieSession
module.exports.cookieSession = cookieSession
module.exports.Keygrip = Keygrip
// What needs no request; loaded when it is used.
module.exports.codec = (options) => require('./lib/outside').codec(options)
module.exports.seal = (data, options) => require('./lib/outside').seal(data, options)
module.exports.unseal = (cookieHeader, options) => require('./lib/outside').unseal(cookieHeader, options)
module.exports.cookieHeader = (data, options) => require('./lib/outside').cookieHeader(data, options)
module.exports.parseKeys = (text) => require('./lib/parse-keys').parseKeys(text)
/** Which engine signs: 'native' or 'node'. */
module.exports.engine = engine.name
