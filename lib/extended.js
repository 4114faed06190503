'use strict'

// The middleware where an opt-in option is set.

const onHeaders = require('on-headers')
const { publisher } = require('./channels')
const { ExtendedSession } = require('./extended-session')
const { Formats } = require('./formats/formats')
const { shareHiddenClass } = require('./request/hidden-class')
const { readNewOptions } = require('./options')
const { accessorFor } = require('./request/session-accessor')
const { createSession, openFound } = require('./session/session')

/**
 * What is the same for all requests.
 *
 * @param {object} opts what the middleware was given, with the original's defaults
 * @param {unknown} keys
 * @throws {TypeError} for an option that is wrong
 */
function planOf(opts, keys) {
  const options = readNewOptions(opts, keys)
  const key = options.requestKey
  const name = opts.name || key
  const middleware = { name, requestKey: key, options: opts }
  const formats = new Formats(name, keys, options)
  return {
    middleware,
    name,
    key,
    optionsKey: `${key}Options`,
    options,
    formats,
    accepts: accepting(options.accept),
    sessions: options.sessionMethods ? require('./session/methods') : plainSessions,
    tell: publisher(middleware)
  }
}

/** Sessions that know nothing of their request's state: the same functions as lib/session/methods.js has. */
const plainSessions = {
  createSession: (_state, obj) => createSession(obj),
  openSession: (_state, found) => openFound(found),
  warnOfHidden: () => undefined
}

/**
 * The app's `accept`, which has to say yes or no: a promise would pass for yes.
 *
 * @throws {TypeError} where it gives no boolean
 */
function accepting(accept = () => true) {
  return (session, req, found) => {
    const answer = accept(session, req, infoOf(found))
    if (typeof answer === 'boolean') return answer
    throw new TypeError(
      `option accept returned ${answer === null ? 'null' : typeof answer}; expected a boolean`
    )
  }
}

/**
 * What an app is told of a session's cookie.
 *
 * @param {import('./formats/formats').Found} found
 * @returns {import('..').SessionInfo}
 */
function infoOf({ format, keyIndex, times }) {
  return { issued: times?.issued, created: times?.created, keyIndex, format }
}

/**
 * @param {object} opts
 * @param {unknown} keys
 * @param {(format: string, ...values: unknown[]) => void} debug
 * @returns {import('..').Middleware}
 */
function extended(opts, keys, debug) {
  const plan = planOf(opts, keys)
  return function _cookieSession(req, res, next) {
    plan.formats.prepare(req)
    shareHiddenClass(req)
    shareHiddenClass(res)
    const state = new ExtendedSession(plan, req, res, debug)
    const accessor = accessorFor(req, state)
    req[plan.optionsKey] = Object.create(opts)
    Object.defineProperty(req, plan.key, accessor)
    onHeaders(res, () => state.write())
    next()
  }
}

module.exports = { extended, infoOf, planOf }
