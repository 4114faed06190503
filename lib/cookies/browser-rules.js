'use strict'

// What browsers ask of a cookie beyond its grammar, and refuse it for without a word: RFC 6265bis, sections "The Set-Cookie
// Header Field", "The __Secure- Prefix", "The __Host- Prefix" and "Storage Model", and CHIPS for partitioned cookies.

const { types } = require('node:util')

/** Bytes of name and value that browsers keep (RFC 6265bis, section "Storage Model", step 5). */
const MAX_COOKIE_BYTES = 4096

/** A host name, an IPv4 address or an IPv6 address in brackets; a leading dot is ignored (RFC 6265bis, "The Domain Attribute"). */
const HOST = /^(?:\.?[\w\x80-\xff-]+(?:\.[\w\x80-\xff-]+)*\.?|\[[\da-f:.]+\])$/i

/** Years that an Expires attribute can name (RFC 6265bis, section "Dates"; RFC 9110 section 5.6.7 writes four digits). */
const FIRST_YEAR = 1601
const LAST_YEAR = 9999

/** The fault of a name's prefix, of sameSite or of partitioned. */
function faultOfFlags(name, { secure, path, domain, sameSite, partitioned }) {
  const [prefix] = (typeof name === 'string' && /^__(?:Host|Secure)-/i.exec(name)) || []
  if (!secure) {
    if (prefix !== undefined) return `option name begins with ${prefix}; expected the option secure beside it`
    if (partitioned) return 'option partitioned is set; expected the option secure beside it'
    if (typeof sameSite === 'string' && /^none$/i.test(sameSite)) {
      return "option sameSite is 'none'; expected the option secure beside it"
    }
  }
  if (prefix === undefined || !/^__Host-$/i.test(prefix)) return undefined
  if (path !== '/') return `option name begins with ${prefix}; expected the option path to be '/'`
  return domain ? `option name begins with ${prefix}; expected no option domain beside it` : undefined
}

function faultOfDomain({ domain }) {
  if (typeof domain !== 'string' || domain === '' || HOST.test(domain)) return undefined
  return 'option domain is no host; expected one such as example.com, without scheme, port and path'
}

function faultOfDate({ expires, maxAge }) {
  const date = maxAge ? new Date(Date.now() + maxAge) : expires
  if (!types.isDate(date)) return undefined
  // NaN, which an invalid date gives, is in no range.
  const year = Date.prototype.getUTCFullYear.call(date)
  if (year >= FIRST_YEAR && year <= LAST_YEAR) return undefined
  return `option ${maxAge ? 'maxAge' : 'expires'} gives no date in the years ${FIRST_YEAR} to ${LAST_YEAR}`
}

/**
 * Why browsers refuse a cookie, or an attribute of it. Runs no code of an app's.
 *
 * @param {string} name
 * @param {{ secure?: unknown, path?: unknown, domain?: unknown, sameSite?: unknown, partitioned?: unknown, maxAge?: unknown,
 *   expires?: unknown }} cookie
 * @returns {string | undefined} for a message; undefined where they do not
 */
function refusal(name, cookie) {
  return faultOfFlags(name, cookie) ?? faultOfDomain(cookie) ?? faultOfDate(cookie)
}

/** @returns {SessionError | undefined} `ERR_SESSION_INVALID_ATTRIBUTE` where browsers will refuse the cookie */
function refusedByBrowsers(name, cookie) {
  const detail = refusal(name, cookie)
  if (detail === undefined) return undefined
  const { SessionError } = require('../errors')
  return new SessionError('ERR_SESSION_INVALID_ATTRIBUTE', { detail })
}

module.exports = { MAX_COOKIE_BYTES, refusal, refusedByBrowsers }
