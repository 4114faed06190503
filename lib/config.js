'use strict'

// What some options come to: for a middleware, for sessions without a request, and for the command line.

const { publisher } = require('./channels')
const { SessionCookies } = require('./cookies/session-cookies')
const { createFormat } = require('./formats')
const { hasOptIn } = require('./opt-in')
const { createSession, openSession } = require('./session/session')

/**
 * The name, the keys and the defaults of the original, which it sets on what it was given.
 *
 * @param {object} options changed in place
 * @returns {{ name: string, keys: unknown }}
 * @throws {Error} `.keys required.` where there are no keys, no secret, and `signed` is not false
 */
function applyDefaults(options) {
  const name = options.name || 'session'
  let keys = options.keys
  if (!keys && options.secret) keys = [options.secret]

  if (options.overwrite == null) options.overwrite = true
  if (options.httpOnly == null) options.httpOnly = true
  if (options.signed == null) options.signed = true

  if (!keys && options.signed) throw new Error('.keys required.')
  return { name, keys }
}

/** Sessions that know nothing of their request: the same functions as lib/session/methods.js has. */
const plainSessions = {
  create: (_owner, obj) => createSession(obj),
  open: (_owner, value, json) => openSession(value, json),
  warnOfHidden: () => undefined
}

/**
 * @param {object} options with their defaults; they stay live: what they say when a cookie is written counts
 * @param {{ name: string, keys: unknown }} given see `applyDefaults`
 * @param {boolean} [isOptIn] whether an opt-in option is set
 * @throws {TypeError} for an opt-in option that is wrong
 */
function createConfig(options, given, isOptIn = hasOptIn(options)) {
  const { keys } = given
  const optIn = isOptIn ? require('./options').readOptions(options, keys) : undefined
  const requestKey = optIn?.requestKey ?? 'session'
  const name = optIn === undefined ? given.name : options.name || requestKey
  const config = {
    name,
    keys,
    options,
    optIn,
    requestKey,
    optionsKey: `${requestKey}Options`,
    format: undefined,
    cookies: undefined,
    sessions: optIn?.sessionMethods ? require('./session/methods') : plainSessions,
    Policy: optIn && require('./request/policy').Policy,
    publish: publisher({ name, requestKey })
  }
  config.format = createFormat(config)
  config.cookies = new SessionCookies(config)
  return config
}

module.exports = { applyDefaults, createConfig }
