'use strict'

// Sessions where there is no request: a WebSocket server that reads a Cookie header, a test that needs a user who is
// logged in. The same options, formats and checks as the middleware's.

const { refusedByBrowsers } = require('./cookies/browser-rules')
const { infoOf, planOf } = require('./extended')
const { SessionError, sessionErrorOf } = require('./errors')
const { NEW_OPTIONS } = require('./option-names')
const { createSession, openFound } = require('./session/session')
const { clearingCookie, isSigned, pushCookies, sealedCookie } = require('./cookies/session-cookies')

/**
 * The options with their defaults; the caller's object stays as it is, and is still read when a cookie is written.
 *
 * @throws {Error} `.keys required.`
 */
function withDefaults(options) {
  const opts = Object.create(options)
  for (const name of ['overwrite', 'httpOnly', 'signed']) {
    if (options[name] === undefined || options[name] === null) opts[name] = true
  }
  const keys = options.keys || (options.secret ? [options.secret] : undefined)
  if (!keys && opts.signed) throw new Error('.keys required.')
  return { opts, keys }
}

/**
 * What reads and writes sessions under some options.
 *
 * @param {import('..').Options} options
 * @returns {import('..').Codec}
 * @throws {TypeError} for an option that is wrong
 * @throws {Error} `.keys required.`
 */
function codecOf(options) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options is ${options === null ? 'null' : typeof options}; expected an object`)
  }
  const { opts, keys } = withDefaults(options)
  const plan = planOf(opts, keys)
  const { tell } = plan

  /** A session with what is known of its cookie; null for none. */
  function open(cookieHeader) {
    if (cookieHeader !== undefined && cookieHeader !== null && typeof cookieHeader !== 'string') {
      throw new TypeError(`cookieHeader is ${typeof cookieHeader}; expected a string, or nothing`)
    }
    plan.formats.prepare()
    const found = plan.formats.open(cookieHeader ?? undefined, isSigned(plan, opts), Date.now())
    const { ageMs, bytes, json, keyIndex, reason, value } = found
    const refuse = (why) => {
      tell('rejected', { reason: why, keyIndex, ageMs })
      return null
    }
    if (reason !== undefined) return refuse(reason)
    if (!json && !value) return null
    let session
    try {
      session = openFound(found)
    } catch {
      return refuse('malformed')
    }
    if (!plan.accepts(session, undefined, found)) return refuse('accept')
    tell('opened', { keyIndex, ageMs, bytes })
    return { session: { ...session }, info: infoOf(found) }
  }

  /** The cookies for data, or for null those that clear it. */
  function cookiesOf(data) {
    if (data !== null && typeof data !== 'object') {
      throw new TypeError(`data is ${typeof data}; expected an object, or null`)
    }
    plan.formats.prepare()
    if (data === null) return clearingCookie(plan, opts)
    let json
    let code = 'ERR_SESSION_NOT_SERIALIZABLE'
    try {
      json = JSON.stringify(createSession(data))
      if (json === undefined) throw new SessionError(code)
      code = 'ERR_SESSION_INVALID_ATTRIBUTE'
      const now = plan.formats.now()
      const session = { json, times: { issued: now, created: now }, isTimed: plan.formats.isTimed() }
      const sealed = sealedCookie(plan, session, opts)
      const refused = refusedByBrowsers(plan.name, sealed.cookie)
      if (refused !== undefined) throw refused
      return sealed
    } catch (thrown) {
      throw sessionErrorOf(thrown, code)
    }
  }

  function seal(data) {
    const values = []
    const cookies = cookiesOf(data)
    try {
      pushCookies(values, plan, cookies, data === null)
    } catch (thrown) {
      throw sessionErrorOf(thrown, 'ERR_SESSION_INVALID_ATTRIBUTE')
    }
    if (data !== null) tell('saved', { bytes: cookies.bytes })
    return values
  }

  function cookieHeader(data) {
    return seal(data)
      .map((value) => value.split(';', 1)[0])
      .join('; ')
  }

  return {
    unseal: (cookieHeader) => open(cookieHeader)?.session ?? null,
    unsealWithInfo: open,
    seal,
    cookieHeader
  }
}

/** Codecs by their options, with what was read of these when the codec was made. */
const codecs = new WeakMap()

/** All other options are read when a cookie is written. */
const READ_ONCE = ['name', 'keys', 'secret', 'signed', 'maxAge', 'expires', ...NEW_OPTIONS]

/** One codec for each options object, as long as nothing is replaced that was read once. */
function codec(options) {
  if (typeof options !== 'object' || options === null) return codecOf(options)
  const read = READ_ONCE.map((name) => options[name])
  const known = codecs.get(options)
  if (known?.read.every((value, i) => Object.is(value, read[i]))) return known.codec
  const made = codecOf(options)
  codecs.set(options, { codec: made, read })
  return made
}

module.exports = {
  codec,
  unsealWithInfo: (cookieHeader, options) => codec(options).unsealWithInfo(cookieHeader),
  unseal: (cookieHeader, options) => codec(options).unseal(cookieHeader),
  seal: (data, options) => codec(options).seal(data),
  cookieHeader: (data, options) => codec(options).cookieHeader(data)
}
