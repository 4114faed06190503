'use strict'

// Chooses the format that a session's cookies are read and written in, once for each middleware. Each format has the same
// functions, so that nobody else knows which one it is.

const { OriginalFormat } = require('./original')

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
