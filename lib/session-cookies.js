'use strict'

// The cookies that a session is sent in, with their attributes and the checks of new options; for a request, and
// where there is none.

const { SessionError, failingAs, warnTooLarge } = require('./errors')
const { requireSecure } = require('./jar')
const { BROWSERS_KEEP, Cookie, pushCookie, unmetCondition } = require('./set-cookie')

/** The last date that `expires` has room for (RFC 9110 section 5.6.7, four digits of a year). */
const LAST_DATE = Date.UTC(9999, 11, 31, 23, 59, 59)

/**
 * Whether a cookie lacks whatever says how long it stays. Zero counts as something said, as it does for `expires`.
 */
function endsWithBrowser({ maxAge, expires }) {
  return (maxAge === undefined || maxAge === null) && (expires === undefined || expires === null)
}

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
  // Elsewhere an option `name` or `value` lands on the cookie, as it does with the original.
  if (options.formatIsNew) Object.assign(cookie, { name, value })
  return cookie
}

/**
 * Everything that is to be sent of a session, checked.
 *
 * @param {{ json?: string, times: { issued: number, created: number }, value?: string }} session its text, or the value
 *   of a cookie of the original's format that is sent as it came; ms since 1970
 * @returns {{ cookie: Cookie, signature?: (cookie: Cookie) => string, bytes: number }}
 * @throws {SessionError} `ERR_SESSION_TOO_LARGE`, and what stands for `ERR_SESSION_KEYS`
 */
function sealedCookie(plan, { json, times, value: asItCame }, attributes, isSecure) {
  const { formats, name, options } = plan
  const signed = isSigned(plan, attributes)
  const { value, signature } = failingAs('ERR_SESSION_KEYS', () =>
    formats.seal({ json, times, value: asItCame }, signed)
  )
  const cookie = cookieOf(plan, value, attributes, isSecure)
  if (options.ttl !== undefined && formats.writesNew && endsWithBrowser(cookie)) {
    cookie.expires = new Date(Math.min(times.issued + options.ttl, LAST_DATE))
  }

  const bytes = name.length + value.length
  if (bytes > (options.maxSize ?? Infinity)) {
    throw new SessionError('ERR_SESSION_TOO_LARGE', { detail: `${bytes} of ${options.maxSize} bytes` })
  }
  if (options.maxSize === undefined && bytes > BROWSERS_KEEP) warnTooLarge(name, bytes)
  return { cookie, signature, bytes }
}

/** The cookie that makes a browser drop a session. */
function clearingCookie(plan, attributes, isSecure) {
  return {
    cookie: cookieOf(plan, '', attributes, isSecure),
    signature: isSigned(plan, attributes) ? plan.formats.signatureOfNothing : undefined
  }
}

/**
 * Adds a session's cookie to the values of a Set-Cookie header, and its signature, or what drops one that has no
 * place beside it.
 *
 * @param {string[]} values
 * @param {boolean} dropsSignature whether there may be one
 */
function pushCookies(values, { formats, name }, { cookie, signature }, dropsSignature) {
  const ownName = cookie.name
  pushCookie(values, cookie)
  if (signature !== undefined) {
    cookie.value = failingAs('ERR_SESSION_KEYS', () => signature(cookie))
    cookie.name = ownName + '.sig'
    pushCookie(values, cookie)
  } else if (dropsSignature && !formats.writesSignature) {
    const { path, domain, secure, httpOnly, overwrite, partitioned, sameSite } = cookie
    const attributes = { path, domain, httpOnly, overwrite, partitioned, sameSite }
    pushCookie(values, Object.assign(new Cookie(name + '.sig', '', attributes), { secure }))
  }
}

/** @returns {SessionError | undefined} where browsers will refuse the cookie */
function refusedByBrowsers(name, cookie) {
  let detail = unmetCondition(name, cookie)
  if (Number.isNaN(cookie.expires?.getTime?.())) detail = 'expires is no valid date'
  if (/[;,\s]/.test(cookie.domain ?? '')) detail = 'domain is no host'
  return detail === undefined ? undefined : new SessionError('ERR_SESSION_INVALID_ATTRIBUTE', { detail })
}

module.exports = { clearingCookie, isSigned, pushCookies, refusedByBrowsers, sealedCookie }
