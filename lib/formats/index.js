'use strict'

// Chooses the format that a session's cookies are read and written in, once for each middleware. Each format has the same
// functions, so that nobody else knows which one it is.

const { OriginalFormat } = require('./original')

/**
 * What a Cookie header holds of a session.
 *
 * @typedef {object} Opened
 * @property {'signature' | 'expired' | 'future' | 'malformed' | 'legacy'} [reason] why it is refused
 * @property {boolean} [unsigned] whether it is refused as there is no signature beside it
 * @property {'cookie-session' | 'v1' | 'e1'} format the first is the original's
 * @property {string} [value] of the cookie, where its format is the original's
 * @property {string} [json] the session's text; undefined where `value` has to be decoded
 * @property {number} [keyIndex] the place of the key that signed or encrypted it; undefined where nobody looked
 * @property {string} [renewed] the newest key's signature, where an older key had signed
 * @property {boolean} [isLegacy] whether it is in a format that another is to take the place of
 * @property {Times} [times]
 * @property {number} [ageMs] since it was issued
 * @property {number} [valueLength] characters of the cookie's value, where there is no `value`
 */

/**
 * When a cookie was issued, and its session created, ms since 1970. `expires` is the end of it under `ttl: true`, and
 * `maxAge` what the request said that wrote it, see lib/formats/lifetime.js.
 *
 * @typedef {{ issued: number, created: number, expires?: number, maxAge?: number | null }} Times
 */

/**
 * @param {{ name: string, keys: unknown, optIn?: object }} config
 */
function createFormat(config) {
  if (!config.optIn?.hasTimes) return new OriginalFormat(config)
  const { TimedFormat } = require('./timed')
  return new TimedFormat(config)
}

module.exports = { createFormat }
