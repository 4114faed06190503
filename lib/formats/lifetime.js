'use strict'

// How long a session's cookie stays in the browser, and with `ttl: true` on the server: what the middleware's options say,
// what a request says on its own, and what a session keeps of that until another request says something else.

const { types } = require('node:util')

/** The last time that Expires has room for (RFC 9110 section 5.6.7, four digits of a year). */
const LAST_DATE = Date.UTC(9999, 11, 31, 23, 59, 59)

/**
 * `maxAge` in ms from each write, or `expires` in ms since 1970, or neither: until the browser is closed.
 *
 * @typedef {{ maxAge?: number, expires?: number }} Lifetime
 */

/**
 * @param {{ maxAge?: unknown, maxage?: unknown, expires?: unknown }} options
 * @returns {Lifetime | undefined} undefined for what is no date, which is refused elsewhere
 */
function lifetimeOf({ maxAge, maxage, expires }) {
  const ms = maxAge ?? maxage
  if (ms) return Number.isFinite(ms) ? { maxAge: ms } : undefined
  if (expires === undefined || expires === null) return {}
  const time = types.isDate(expires) ? expires.getTime() : Number.NaN
  return Number.isNaN(time) ? undefined : { expires: time }
}

/**
 * A request's own options of these, which come before those of the middleware; undefined where it has none. Undefined is
 * a word for none in `expires` alone: in `maxAge` it takes back what the middleware's say.
 */
function ownOptions(options) {
  if (!options) return undefined
  const hasExpires = Object.hasOwn(options, 'expires')
  const hasMaxAge = Object.hasOwn(options, 'maxAge') && options.maxAge !== undefined
  const hasAlias = Object.hasOwn(options, 'maxage') && options.maxage !== undefined
  if (!hasExpires && !hasMaxAge && !hasAlias) return undefined
  return {
    maxAge: hasMaxAge ? options.maxAge : hasAlias ? options.maxage : undefined,
    expires: hasExpires ? options.expires : undefined
  }
}

/** What a request said when the session was last written; undefined where it said nothing. */
function keptLifetime({ expires, maxAge } = {}) {
  if (maxAge === undefined) return undefined
  if (maxAge === null) return { expires }
  return maxAge === 0 ? {} : { maxAge }
}

const NO_RECORD = {}

/** The members of the times that say it again: `maxAge`, where 0 is neither, and null the date in `expires`. */
function recordOf({ maxAge, expires }) {
  if (expires !== undefined) return { expires: endOf({ expires }, 0), maxAge: null }
  if (maxAge === undefined) return { maxAge: 0 }
  return maxAge > 0 ? { maxAge: Math.min(Math.ceil(maxAge), LAST_DATE) } : {}
}

/** @returns {number} ms since 1970, as times are written */
function endOf({ maxAge, expires }, issued) {
  return Math.min(Math.max(0, Math.floor(expires ?? issued + maxAge)), LAST_DATE)
}

function endsWithBrowser({ maxAge, expires }) {
  return maxAge === undefined && expires === undefined
}

function setLifetime(cookie, { maxAge, expires }) {
  cookie.maxAge = maxAge ?? null
  cookie.expires = expires === undefined ? undefined : new Date(expires)
}

/**
 * How long a session's cookie is to stay, and the times that say it again.
 *
 * @param {{ ttl?: number | true, lifetime?: Lifetime }} optIn see lib/options.js; `lifetime` is the one that bounds a
 *   cookie without, under `ttl: true`
 * @param {{ maxAge?: unknown, expires?: unknown }} given what all options say of it, the middleware's and the request's
 * @param {object | null | undefined} options the request's
 * @param {object} written
 * @param {import('.').Times} written.times those that it is to have, with `expires` where that is to stay
 * @param {import('.').Times} [written.kept] those of the cookie that the session came in
 * @returns {{ times: import('.').Times, lifetime?: Lifetime }} `lifetime` is undefined where it is what is given
 */
function lifetimeFor({ ttl, lifetime: bound }, given, options, { times, kept }) {
  const { issued, created } = times
  const own = ownOptions(options)
  const said = own === undefined ? keptLifetime(kept) : lifetimeOf(own)
  const record = said === undefined ? NO_RECORD : recordOf(said)
  let lifetime = said
  if (said === undefined && ttl !== undefined && endsWithBrowser(given)) {
    lifetime = ttl === true ? bound : { expires: endOf({ maxAge: ttl }, issued) }
  }
  let { expires } = record
  if (ttl === true) {
    const effective = lifetime ?? lifetimeOf(given) ?? bound
    const stays = !endsWithBrowser(effective)
    expires = times.expires ?? endOf(stays ? effective : bound, issued)
    // Where its end stays as it was, the browser is told no later one.
    if (stays && times.expires !== undefined) lifetime = { expires }
  }
  return { times: { issued, created, expires, maxAge: record.maxAge }, lifetime }
}

module.exports = { endOf, endsWithBrowser, lifetimeFor, lifetimeOf, setLifetime }
