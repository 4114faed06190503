'use strict'

// What keys have to be where an opt-in option is set.

const { types } = require('node:util')
const { SessionError } = require('../errors')
const { isEmptyKey } = require('./key-cache')
const { MAX_KEYS, MIN_KEY_BYTES, WEAK_KEY_BYTES } = require('./limits')

function bytes(length) {
  return length === 1 ? '1 byte' : `${length} bytes`
}

/**
 * What is wrong with keys that others are derived from.
 *
 * @param {(number | undefined)[]} lengths bytes of each key, newest first; undefined for what is no key
 * @param {boolean} allowShort whether there may be short ones behind the first, for cookies of the original's format
 * @returns {string | undefined} for a message
 */
function wrongKeys(lengths, allowShort) {
  if (lengths.length === 0) return 'there is no key'
  if (lengths.length > MAX_KEYS) return `there are ${lengths.length} keys; expected at most ${MAX_KEYS}`
  for (const [place, length] of lengths.entries()) {
    if (length === undefined) return `key ${place} is none; expected a string, bytes or a secret KeyObject`
    if (length >= MIN_KEY_BYTES) continue
    if (place === 0) {
      return (
        `the first key has ${bytes(length)}; expected at least ${MIN_KEY_BYTES}, as encrypt, ttl or maxLifetime is set. ` +
        'Make one with `npx cookie-session-native keygen`'
      )
    }
    if (!allowShort) {
      return (
        `key ${place} has ${bytes(length)}; expected at least ${MIN_KEY_BYTES}, ` +
        'as a shorter one is of use with the option legacy alone'
      )
    }
    if (length < WEAK_KEY_BYTES) {
      return `key ${place} has ${bytes(length)}; expected at least ${WEAK_KEY_BYTES} beside the option legacy`
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

/**
 * What is wrong with keys that sign as they are.
 *
 * @param {ArrayLike<unknown> | undefined} keys
 * @returns {string | undefined} for a message
 */
function emptyKey(keys) {
  const length = keys?.length ?? 0
  for (let i = 0; i < length; i++) {
    if (isEmptyKey(keys[i])) return `key ${i} is empty; expected one of at least ${WEAK_KEY_BYTES} bytes`
  }
  return undefined
}

/** @throws {SessionError} `ERR_SESSION_KEYS` where one of the keys is empty */
function requireNoEmptyKey(keys) {
  const detail = emptyKey(keys)
  if (detail !== undefined) throw new SessionError('ERR_SESSION_KEYS', { detail })
}

module.exports = { emptyKey, lengthOf, requireNoEmptyKey, wrongKeys }
