'use strict'

// The middleware where an option is set that cookie-session does not have.

const onHeaders = require('on-headers')
const { publish } = require('./channels')
const { ExtendedSession } = require('./extended-session')
const { Formats } = require('./formats')
const { shareHiddenClass } = require('./hidden-class')
const { readNewOptions } = require('./options')
const { accessorFor } = require('./request-state')
const { createSession, openFound } = require('./session')

/**
 * What is the same for all requests.
 *
 * @param {object} opts what the middleware was given, with the original's defaults
 * @param {unknown} keys
 * @param {string} [name] where it is known already
 * @throws {TypeError} for an option that is wrong
 */
function planOf(opts, keys, name = undefined) {
  const options = readNewOptions(opts, keys)
  const key = options.requestKey
  name ??= opts.name || key
  const formats = new Formats(name, keys, options)
  return {
    name,
    key,
    optionsKey: `${key}Options`,
    options,
    formats,
    accepts: accepting(options.accept),
    sessions: options.sessionMethods ? require('./session-methods') : plainSessions,
    tell: (event, fields) => publish(event, { name, requestKey: key, ...fields })
  }
}

/** Sessions that know nothing of their request's state: the same functions as lib/session-methods.js has. */
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
  return (session, req) => {
    const answer = accept(session, req)
    if (typeof answer === 'boolean') return answer
    throw new TypeError(
      `option accept returned ${answer === null ? 'null' : typeof answer}; expected a boolean`
    )
  }
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
    plan.formats.requireKeys()
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

/** What makes the state of a request where no new option is set, and someone listens to the channels. */
function stateMaker(opts, keys, name, debug) {
  const plan = planOf(opts, keys, name)
  return (req, res) => new ExtendedSession(plan, req, res, debug)
}

module.exports = { extended, planOf, stateMaker }
