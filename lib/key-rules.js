'use strict'

// What keys have to be where those of a new format are derived from them.

const { types } = require('node:util')
const { warnOnce } = require('./errors')
const { MOST_KEYS } = require('./live-keys')

/** Bytes of a key that is no easier to guess than what is derived from it. */
const LEAST_KEY = 32

/**
 * @param {(number | undefined)[]} lengths bytes of each key, newest first; undefined for what is no key
 * @param {boolean} allowShort whether there may be short ones behind the first, for cookies of the original's format
 * @returns {string | undefined} what is wrong, for a message
 */
function wrongKeys(lengths, allowShort) {
  if (lengths.length === 0) return 'there is no key'
  if (lengths.length > MOST_KEYS) return `there are ${lengths.length} keys; expected at most ${MOST_KEYS}`
  for (const [place, length] of lengths.entries()) {
    if (length === undefined) return `key ${place} is none; expected a string, bytes or a secret KeyObject`
    if (length >= LEAST_KEY) continue
    if (place === 0) {
      return (
        `the first key has ${length} bytes; expected at least ${LEAST_KEY}. ` +
        'Make one with `npx cookie-session-native keygen`'
      )
    }
    if (!allowShort) {
      return (
        `key ${place} has ${length} bytes; expected at least ${LEAST_KEY}, ` +
        'as a shorter one is of use with the option legacy alone'
      )
    }
  }
  return undefined
}

/** @returns {number | undefined} bytes of a key; undefined for what is none */
function lengthOf(key) {
  if (typeof key === 'string') return Buffer.byteLength(key)
  if (ArrayBuffer.isView(key) || types.isAnyArrayBuffer(key)) return key.byteLength
  return typeof key === 'object' && key !== null ? key.symmetricKeySize : undefined
}

/** Bytes below which a key can be found by trying. */
const WEAK_KEY = 16

/** Warns, once, of keys that are too short for production. */
function warnOfShortKeys(keys) {
  if (!Array.isArray(keys) || !keys.some((key) => lengthOf(key) < WEAK_KEY)) return
  warnOnce(
    'COOKIE_SESSION_SHORT_KEY',
    `a key has less than ${WEAK_KEY} bytes, and may be found by trying. ` +
      'Make one with `npx cookie-session-native keygen`'
  )
}

module.exports = { LEAST_KEY, lengthOf, warnOfShortKeys, wrongKeys }
