'use strict'

// A value is read by the format that its first characters name, and by no other (docs/format.md).

const PREFIXES = { __proto__: null, v1: 'v1.', e1: 'e1.' }

/**
 * @param {string} value a cookie's
 * @returns {'v1' | 'e1' | undefined} undefined for the original's
 */
function timedFormatOf(value) {
  if (value.startsWith(PREFIXES.v1)) return 'v1'
  return value.startsWith(PREFIXES.e1) ? 'e1' : undefined
}

module.exports = { PREFIXES, timedFormatOf }
