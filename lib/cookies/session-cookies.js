'use strict'

// The cookies that a session is sent in, with their attributes and the checks of opt-in options; for a request, and
// where there is none.

const { BROWSERS_KEEP } = require('./browser-rules')
const { SessionError, failingAs, warnTooLarge } = require('../errors')
const { requireSecure } = require('../jar')
const { applyLifetime } = require('../formats/lifetime')
const { Cookie, pushCookie } = require('./set-cookie')

/** Whether a signature is looked at, or written; where it is theirs to say, as the attributes have it. */
function isSigned({ formats, options }, attributes) {
  if (options.alwaysSigned) return true
  if (!attributes) return false
  return Boolean(attributes.signed === undefined ? formats.hasKeys : attributes.signed)
}

/**
 * A session's cookie with nothing beside it yet.
 *
 * @param {{ name: string, options: object }} plan see lib/extended.js
 * @param {string} value
 * @param {object | null | undefined} attributes the options as they are now
 * @param {() => boolean} [isSecure] whether the connection is; undefined where there is none
 * @throws {TypeError} for an attribute that cannot be sent
 * @throws {Error} for a secure cookie on a connection that is not
 */
function cookieOf({ name, options }, value, attributes, isSecure) {
  const cookie = new Cookie(name, value, attributes)
  const secure = isSecure?.()
  if (isSecure !== undefined) requireSecure(attributes, secure)
  cookie.secure = attributes && attributes.secure !== undefined ? attributes.secure : Boolean(secure)
  if (attributes && 'secureProxy' in attributes) cookie.secure = attributes.secureProxy
  // In the original's format an option `name` or `value` lands on the cookie, as it does with the original.
  if (options.formatIsNew) Object.assign(cookie, { name, value })
  // `name: process.env.NOT_SET`
  if (!cookie.name) cookie.name = name
  return cookie
}

/**
 * Everything that is to be sent of a session, checked.
 *
 * @param {object} plan see lib/extended.js
 * @param {object} session
 * @param {string} [session.json] its text
 * @param {string} [session.value] or the value of a cookie of the original's format that is sent as it came
 * @param {Times} session.times those that it is to have; see lib/formats/formats.js
 * @param {Times} [session.kept] those of the cookie that it came in
 * @param {boolean} session.isTimed whether it is written in a format with times
 * @param {object | null | undefined} attributes the options as they are now
 * @param {() => boolean} [isSecure] whether the connection is; undefined where there is none
 * @returns {{ cookie: Cookie, signature?: (cookie: Cookie) => string, bytes: number, writesSignature: boolean }}
 * @throws {SessionError} `ERR_SESSION_TOO_LARGE`, and what stands for `ERR_SESSION_KEYS`
 */
function sealedCookie(plan, session, attributes, isSecure) {
  const { formats, name, options } = plan
  const { isTimed, json, kept, value: asItCame } = session
  let { times } = session
  let cookie
  if (isTimed) {
    cookie = cookieOf(plan, 'any', attributes, isSecure)
    times = applyLifetime(options, cookie, attributes, times, kept)
  }
  const signed = isSigned(plan, attributes)
  const { value, signature } = failingAs('ERR_SESSION_KEYS', () =>
    formats.seal({ json, times, value: asItCame, isTimed }, signed)
  )
  if (isTimed) cookie.value = value
  else cookie = cookieOf(plan, value, attributes, isSecure)

  const bytes = name.length + value.length
  if (bytes > (options.maxSize ?? Infinity)) {
    throw new SessionError('ERR_SESSION_TOO_LARGE', { detail: `${bytes} of ${options.maxSize} bytes` })
  }
  if (options.maxSize === undefined && bytes > BROWSERS_KEEP) warnTooLarge(name, bytes)
  return { cookie, signature, bytes, writesSignature: formats.writesSignature(isTimed) }
}

/** The cookie that makes a browser drop a session. */
function clearingCookie(plan, attributes, isSecure) {
  const { formats } = plan
  return {
    cookie: cookieOf(plan, '', attributes, isSecure),
    signature: isSigned(plan, attributes) ? formats.signatureOfNothing : undefined,
    writesSignature: formats.writesSignature(formats.isTimed())
  }
}

/**
 * Adds a session's cookie to the values of a Set-Cookie header, and its signature, or what drops one that has no
 * place beside it.
 *
 * @param {string[]} values
 * @param {boolean} dropsSignature whether there may be one
 */
function pushCookies(values, { name }, { cookie, signature, writesSignature }, dropsSignature) {
  const ownName = cookie.name
  pushCookie(values, cookie)
  if (signature !== undefined) {
    cookie.value = failingAs('ERR_SESSION_KEYS', () => signature(cookie))
    cookie.name = ownName + '.sig'
    pushCookie(values, cookie)
  } else if (dropsSignature && !writesSignature) {
    const { path, domain, secure, httpOnly, overwrite, partitioned, sameSite } = cookie
    const attributes = { path, domain, httpOnly, overwrite, partitioned, sameSite }
    pushCookie(values, Object.assign(new Cookie(name + '.sig', '', attributes), { secure }))
  }
}

/**
 * Whether a Set-Cookie header sets, or clears, one of the cookies of a session.
 *
 * @param {string[]} values
 * @param {string} name the session's cookie; its signature counts as well
 */
function setsCookieOf(values, name) {
  const names = [String(name), `${name}.sig`]
  return values.some((value) => names.includes(String(value).split(/[=;]/, 1)[0].trim()))
}

module.exports = { clearingCookie, isSigned, pushCookies, sealedCookie, setsCookieOf }
