'use strict'

// How long a session's cookie stays in the browser, and with `ttl: true` on the server: what the middleware's options say,
// what a request says on its own, and what a session keeps of that until another request says something else.

const { types } = require('node:util')

/** The last time that Expires has room for (RFC 9110 section 5.6.7, four digits of a year). */
const LAST_DATE = Date.UTC(9999, 11, 31, 23, 59, 59)

/** The options that say it; `maxage` is an alias. */
const OPTIONS = ['maxAge', 'maxage', 'expires']

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
function ownOptions(attributes) {
  const own = Object.fromEntries(
    OPTIONS.filter((option) => attributes && Object.hasOwn(attributes, option)).map((option) => [
      option,
      attributes[option]
    ])
  )
  return 'expires' in own || (own.maxAge ?? own.maxage) !== undefined || own.maxAge === null ? own : undefined
}

/** What a request said when the session was last written; undefined where it said nothing. */
function keptLifetime({ expires, maxAge } = {}) {
  if (maxAge === undefined) return undefined
  if (maxAge === null) return { expires }
  return maxAge === 0 ? {} : { maxAge }
}

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
 * Gives a session's cookie its Expires, and its times what they are to hold of it.
 *
 * @param {{ ttl?: number | true, lifetime?: Lifetime }} options see lib/options.js; `lifetime` is the one that bounds a
 *   cookie without, under `ttl: true`
 * @param {import('../cookies/set-cookie').Cookie} cookie
 * @param {object | null | undefined} attributes the options as they are now
 * @param {import('./formats').Times} times those that it is to have, with `expires` where that is to stay
 * @param {import('./formats').Times} [kept] those of the cookie that the session came in
 * @returns {import('./formats').Times}
 */
function applyLifetime({ ttl, lifetime: bound }, cookie, attributes, times, kept) {
  const { issued, created } = times
  const own = ownOptions(attributes)
  const said = own === undefined ? keptLifetime(kept) : lifetimeOf(own)
  const record = said === undefined ? {} : recordOf(said)
  if (said !== undefined) {
    setLifetime(cookie, said)
  } else if (ttl !== undefined && endsWithBrowser(cookie)) {
    cookie.expires = new Date(endOf(ttl === true ? bound : { maxAge: ttl }, issued))
  }
  if (ttl !== true) return { issued, created, ...record }

  const lifetime = lifetimeOf(cookie) ?? bound
  const stays = !endsWithBrowser(lifetime)
  const expires = times.expires ?? endOf(stays ? lifetime : bound, issued)
  // Where its end stays as it was, the browser is told no later one.
  if (stays && times.expires !== undefined) setLifetime(cookie, { expires })
  return { issued, created, ...record, expires }
}

module.exports = { applyLifetime, endOf, endsWithBrowser, lifetimeOf }
