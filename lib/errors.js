'use strict'

// Why a session could not be kept: errors with a code, told to the app's `onError`, or by a process warning
// where it has none. No message holds content of a session or a key; a `cause` may.

const { types } = require('node:util')
const { dataOf } = require('./data-property')

/** What each code says by itself. */
const MESSAGES = {
  ERR_SESSION_INSECURE:
    'the cookie is secure and the connection is not; where a proxy ends TLS, set `trust proxy` in Express, or the ' +
    'option proxy',
  ERR_SESSION_TOO_LARGE: 'the cookie is larger than maxSize allows',
  ERR_SESSION_NOT_SERIALIZABLE: 'the session has no JSON text',
  ERR_SESSION_INVALID_ATTRIBUTE: 'the cookie has a name or an attribute that cannot be sent',
  ERR_SESSION_KEYS: 'the keys can neither open nor seal a session',
  ERR_SESSION_HEADERS_SENT: 'the session was changed where no header of the response can be set any more'
}

/** An error that the app hears of, or that is thrown at it outside a request. */
class SessionError extends Error {
  #own = true

  /** Asked without running code of what was thrown, which may be anything. */
  static is(thrown) {
    return typeof thrown === 'object' && thrown !== null && #own in thrown
  }

  /**
   * @param {keyof typeof MESSAGES} code
   * @param {{ cause?: unknown, detail?: string }} [why]
   */
  constructor(code, { cause, detail } = {}) {
    const options = cause === undefined ? undefined : { cause }
    super(`${MESSAGES[code]}${detail ? ` (${detail})` : ''}`, options)
    this.code = code
  }

  get name() {
    return 'SessionError'
  }
}

/**
 * What is thrown inside for a reason that only its place knows, with what was thrown there, which may be anything.
 */
class Failure {
  #own = true

  static is(thrown) {
    return typeof thrown === 'object' && thrown !== null && #own in thrown
  }

  constructor(code, cause) {
    this.code = code
    this.cause = cause
  }
}

/** What was thrown, without what was put around it here. */
function causeOf(thrown) {
  return Failure.is(thrown) ? thrown.cause : thrown
}

/** A property of what was thrown, which may be anything, also something that throws itself. */
function propertyOf(thrown, name) {
  try {
    return thrown?.[name]
  } catch {
    return undefined
  }
}

/** Codes of errors that an app may see as well, and so must not carry one. */
const reasons = new WeakMap()

/** @returns {Error} the same error, of which is known from now on what it stands for */
function withCode(code, error) {
  reasons.set(error, code)
  return error
}

/** Calls something of the app's that stands for a reason of its own. */
function rethrowAs(code, call) {
  try {
    return call()
  } catch (error) {
    throw new Failure(code, error)
  }
}

/**
 * The error for what was thrown while a session was written.
 *
 * @param {unknown} thrown
 * @param {keyof typeof MESSAGES} otherwise the code where what was thrown has none of these
 */
function sessionErrorOf(thrown, otherwise) {
  if (SessionError.is(thrown)) return thrown
  if (Failure.is(thrown)) return new SessionError(thrown.code, { cause: thrown.cause })
  if (HEADERS_SENT.has(propertyOf(thrown, 'code'))) {
    return new SessionError('ERR_SESSION_HEADERS_SENT', { cause: thrown })
  }
  const known = typeof thrown === 'object' && thrown !== null ? reasons.get(thrown) : undefined
  const code = known ?? otherwise
  const detail = code === 'ERR_SESSION_INVALID_ATTRIBUTE' ? optionIn(thrown) : undefined
  return new SessionError(code, { cause: thrown, detail })
}

/** What Node says of a response whose headers went, by HTTP/1.1 and by HTTP/2. */
const HEADERS_SENT = new Set(['ERR_HTTP_HEADERS_SENT', 'ERR_HTTP2_HEADERS_SENT'])

/** Which option an error of lib/cookies/set-cookie.js blames, whose texts are the original's. Runs no code of what was thrown. */
function optionIn(thrown) {
  const { value: message } = types.isNativeError(thrown) ? (dataOf(thrown, 'message') ?? {}) : {}
  const [, option] =
    /^(?:argument|option) (name|value|path|domain|maxAge|priority|sameSite) is invalid$/.exec(message) ?? []
  if (option === 'value') return 'the value of the cookie'
  if (option !== undefined) return `option ${option}`
  return /^this\.expires\.toUTCString /.test(message) ? 'option expires is no Date' : undefined
}

module.exports = {
  Failure,
  SessionError,
  causeOf,
  propertyOf,
  rethrowAs,
  sessionErrorOf,
  withCode
}
