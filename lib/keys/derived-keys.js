'use strict'

// Keys for one purpose and one cookie, derived from the app's: HKDF-SHA256 (RFC 5869) without salt. What was sealed for
// one purpose, or under one name, is nothing under another.

const { hkdfSync, randomBytes } = require('node:crypto')
const engine = require('../engine')
const { SessionError } = require('../errors')
const { LiveKeys } = require('./key-cache')
const { LEAST_KEY, wrongKeys } = require('./rules')

const VERSION = 'cookie-session-native/v1'
const LENGTH = 32

/** A ring that is given the app's keys and holds those derived from them. */
function derivedRing(ring, info, allowShort) {
  let lengths = []

  function derive(key) {
    // A short key of an older time opens nothing of this kind, as no value was sealed with what stands for it.
    return key.length < LEAST_KEY
      ? randomBytes(LENGTH)
      : Buffer.from(hkdfSync('sha256', key, '', info, LENGTH))
  }

  function change(changes) {
    const next = changes.map((change) => (typeof change === 'number' ? lengths[change] : change.length))
    const detail = next.length > 0 ? wrongKeys(next, allowShort) : undefined
    if (detail !== undefined) throw new SessionError('ERR_SESSION_KEYS', { detail })
    const derived = changes.map((change) => (typeof change === 'number' ? change : derive(change)))
    ring.change(derived)
    lengths = next
    for (const key of derived) if (typeof key !== 'number') key.fill(0)
  }

  return { ...ring, change }
}

/** The keys of an app, for one purpose and one cookie. */
class DerivedKeys {
  #live
  #ring

  /**
   * @param {ArrayLike<unknown>} keys the app's own array, newest key first
   * @param {object} ring of the engine's: a keyring or a vault
   * @param {'encrypt' | 'sign'} purpose
   * @param {string} name the cookie's
   * @param {boolean} allowShort whether later keys may be short
   */
  constructor(keys, ring, purpose, name, allowShort) {
    this.#ring = derivedRing(ring, `${VERSION}\0${purpose}\0${name}`, allowShort)
    this.#live = new LiveKeys(keys, '', '', this.#ring)
  }

  /**
   * The ring, with the keys as they are now.
   *
   * @throws {SessionError} `ERR_SESSION_KEYS` where they are of no use
   */
  get ring() {
    if (this.#live.ready()) return this.#ring
    const detail =
      this.#live.keys.length === 0
        ? 'there is no key'
        : 'expected at most 256 strings, bytes or secret KeyObjects in an array without getters'
    throw new SessionError('ERR_SESSION_KEYS', { detail })
  }
}

/** Keys that encrypt. */
function encryptionKeys(keys, name, allowShort) {
  return new DerivedKeys(keys, engine.createVault(), 'encrypt', name, allowShort)
}

/** Keys that sign what is a format of ours. */
function signatureKeys(keys, algorithm, name, allowShort) {
  return new DerivedKeys(keys, engine.createKeyring(algorithm, 'base64'), 'sign', name, allowShort)
}

module.exports = { VERSION, encryptionKeys, signatureKeys }
