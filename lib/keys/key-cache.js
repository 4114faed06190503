'use strict'

// The keys of an app, which may change its array at any moment. They are hashed into the engine's
// states once; each use compares them with what was hashed, and only what changed is made again.

const { types } = require('node:util')
const engine = require('../engine')
const { MAX_KEYS } = require('./limits')

/** A key as it was when its state was made. */
class SeenKey {
  constructor(key, bytes) {
    this.key = key
    // A string or a KeyObject cannot change. Bytes can: they are compared with a copy.
    this.copy = typeof key === 'string' || types.isKeyObject(key) ? undefined : bytes
  }

  is(key) {
    return this.key === key && (this.copy === undefined || bytesIn(key)?.equals(this.copy) === true)
  }

  wipe() {
    this.copy?.fill(0)
  }
}

/** The bytes that a view or a buffer shows, not copied; undefined where it was detached. */
function bytesIn(key) {
  try {
    return ArrayBuffer.isView(key)
      ? Buffer.from(key.buffer, key.byteOffset, key.byteLength)
      : Buffer.from(key)
  } catch {
    return undefined
  }
}

/** Whether everybody knows a key. `crypto.createHmac` takes it all the same. */
function isEmptyKey(key) {
  if (typeof key === 'string') return key === ''
  if (types.isKeyObject(key)) return key.symmetricKeySize === 0
  return (ArrayBuffer.isView(key) || types.isAnyArrayBuffer(key)) && bytesIn(key)?.length === 0
}

/** Loaded where there is something to warn of. */
function warnOfEmptyKey() {
  require('../warnings').warnOnce(
    'COOKIE_SESSION_EMPTY_KEY',
    'a key is empty, so that everybody can sign with it. Make one with `npx cookie-session-native keygen`; ' +
      '`parseKeys` drops what is empty in a list'
  )
}

/** A copy of a key's bytes; undefined for what `crypto.createHmac` has to judge itself. */
function bytesOf(key) {
  if (types.isKeyObject(key)) return key.type === 'secret' ? key.export() : undefined
  // Not in the pool that small Buffers share, where others could read it.
  if (typeof key === 'string') {
    const copy = Buffer.alloc(Buffer.byteLength(key))
    copy.write(key)
    return copy
  }
  if (!ArrayBuffer.isView(key) && !types.isAnyArrayBuffer(key)) return undefined
  const bytes = bytesIn(key)
  if (bytes === undefined) return undefined
  const copy = Buffer.alloc(bytes.length)
  bytes.copy(copy)
  return copy
}

/** Whether reading the keys runs no code of the app's, which might notice how often they are read. */
function isData(keys, length) {
  if (types.isProxy(keys)) return false
  for (let i = 0; i < length; i++) {
    if (Object.getOwnPropertyDescriptor(keys, i)?.get !== undefined) return false
  }
  return true
}

class KeyCache {
  #keys
  #algorithm
  #encoding
  #states
  /** @type {SeenKey[]} */
  #seen = []
  /** Whether one of the keys was empty when `ready` was last true. */
  hasEmptyKey = false

  /**
   * @param {ArrayLike<unknown>} keys the app's own array, newest key first
   * @param {string} algorithm
   * @param {string} encoding
   * @param {{ change: Function, sign?: Function, index?: Function }} [states] what has the states, where that is not a
   *   keyring of the engine's
   */
  constructor(keys, algorithm, encoding, states = engine.createKeyring(algorithm, encoding)) {
    this.#keys = keys
    this.#algorithm = algorithm
    this.#encoding = encoding
    this.#states = states
  }

  /** The app's own array. */
  get keys() {
    return this.#keys
  }

  /** As `crypto.createHmac` takes it. */
  get algorithm() {
    return this.#algorithm
  }

  /** As `Hmac.digest` takes it. */
  get encoding() {
    return this.#encoding
  }

  /** Whether the engine's states are those of the keys as they are now; makes them so if it can. */
  ready() {
    const keys = this.#keys
    const seen = this.#seen
    const length = keys.length
    if (length !== seen.length) return this.#renew(length)
    for (let i = 0; i < length; i++) {
      const one = seen[i]
      // For a string, the first comparison is all there is to do.
      if (one.key !== keys[i] || (one.copy !== undefined && !one.is(keys[i]))) return this.#renew(length)
    }
    return length > 0
  }

  #renew(length) {
    if (this.#states === undefined || !Number.isInteger(length) || length < 0 || length > MAX_KEYS)
      return false
    if (!isData(this.#keys, length)) return false
    const before = this.#seen
    const seen = []
    const changes = []
    let hasEmptyKey = false
    for (let i = 0; i < length; i++) {
      const key = this.#keys[i]
      if (isEmptyKey(key)) hasEmptyKey = true
      const place = before.findIndex((one) => one.is(key))
      if (place >= 0) {
        seen.push(before[place])
        changes.push(place)
        continue
      }
      const bytes = bytesOf(key)
      if (bytes === undefined) return false
      if (hasEmptyKey) warnOfEmptyKey()
      seen.push(new SeenKey(key, bytes))
      changes.push(bytes)
    }
    // Reading a key can run code of the app's, which may have used these very keys: the places are those of before.
    if (this.#seen !== before) {
      for (const change of changes) if (typeof change !== 'number') change.fill(0)
      return false
    }
    this.#states.change(changes)
    this.#seen = seen
    this.hasEmptyKey = hasEmptyKey
    for (const one of before) if (!seen.includes(one)) one.wipe()
    for (const [i, change] of changes.entries()) {
      if (typeof change !== 'number' && seen[i].copy === undefined) change.fill(0)
    }
    return length > 0
  }

  /**
   * Signs with the newest key.
   *
   * @param {string | Uint8Array} data
   * @returns {string}
   * @throws what `crypto.createHmac` throws for the key, `update` for the data, `digest` for the encoding
   */
  sign(data) {
    return typeof data === 'string' && this.ready()
      ? this.#states.sign(data)
      : this.#hmac(data, this.#keys[0])
  }

  /**
   * The place of the first key that signed, or -1.
   *
   * @param {string | Uint8Array} data
   * @param {string} digest
   * @returns {number}
   * @throws what `sign` throws, where the search reaches a key that is none
   */
  index(data, digest) {
    if (typeof data === 'string' && typeof digest === 'string' && this.ready()) {
      return this.#states.index(data, digest)
    }
    // Loaded here for node:crypto's sake, see `#hmac`.
    const { equals } = require('../engine/constant-time')
    for (let i = 0, l = this.#keys.length; i < l; i++) {
      if (equals(digest, this.#hmac(data, this.#keys[i]))) return i
    }
    return -1
  }

  #hmac(data, key) {
    if (isEmptyKey(key)) warnOfEmptyKey()
    // Loaded here, as it takes longer than all of this package, and the addon does without it.
    const crypto = require('node:crypto')
    return crypto
      .createHmac(this.#algorithm, key)
      .update(data)
      .digest(this.#encoding)
      .replace(/[/+=]/g, (c) => (c === '/' ? '_' : c === '+' ? '-' : ''))
  }
}

module.exports = { KeyCache, isData, isEmptyKey, warnOfEmptyKey }
