'use strict'

// From options to a middleware, and what the package exports.

const debug = require('debug')('cookie-session')
const onHeaders = require('on-headers')
const { applyDefaults, createConfig } = require('./lib/config')
const engine = require('./lib/engine')
const { Keygrip } = require('./lib/keys/keygrip')
const { hasOptIn } = require('./lib/opt-in')
const { warnOfOptions } = require('./lib/option-warnings')
const { shareHiddenClass } = require('./lib/request/hidden-class')
const { RequestSession } = require('./lib/request/request-session')
const { accessorFor } = require('./lib/request/session-accessor')

/**
 * Creates a middleware that keeps `req.session` in a signed cookie.
 *
 * @param {import('.').Options} [options] stays live: what it says when a cookie is written counts
 * @returns {import('.').Middleware}
 * @throws {Error} `.keys required.` where there are no keys, no secret, and `signed` is not false
 * @throws {TypeError} for an opt-in option that is wrong
 */
function cookieSession(options) {
  const opts = options || {}
  const given = applyDefaults(opts)
  if (debug.enabled) debug('session options %j', { ...opts, keys: undefined, secret: undefined })

  const isOptIn = hasOptIn(opts)
  warnOfOptions(opts, given.keys, isOptIn)
  const config = createConfig(opts, given, isOptIn)
  const { format, optionsKey, requestKey } = config

  return function _cookieSession(req, res, next) {
    format.prepare(req)
    shareHiddenClass(req)
    shareHiddenClass(res)
    const session = new RequestSession(config, req, res)
    const accessor = accessorFor(req, session)
    req[optionsKey] = Object.create(opts)
    Object.defineProperty(req, requestKey, accessor)
    onHeaders(res, () => session.write())
    next()
  }
}

module.exports = cookieSession
module.exports.cookieSession = cookieSession
module.exports.Keygrip = Keygrip
// What needs no request; loaded when it is used.
module.exports.codec = (options) => require('./lib/standalone').codec(options)
module.exports.seal = (data, options) => require('./lib/standalone').seal(data, options)
module.exports.unseal = (cookieHeader, options) => require('./lib/standalone').unseal(cookieHeader, options)
module.exports.unsealWithInfo = (cookieHeader, options) =>
  require('./lib/standalone').unsealWithInfo(cookieHeader, options)
module.exports.cookieHeader = (data, options) => require('./lib/standalone').cookieHeader(data, options)
module.exports.parseKeys = (text) => require('./lib/keys/parse-keys').parseKeys(text)
/** Which engine signs: 'native' or 'node'. */
module.exports.engine = engine.name
