'use strict'

// The engine where no binary fits: the same functions as the addon's, over node:crypto.

const { createHmac, createSecretKey, hkdfSync } = require('node:crypto')
const { findCookie } = require('../cookies/cookie-header')
const { FORGED, LEGACY, MALFORMED, Opened, UNSIGNED } = require('../formats/opened')
const { PREFIXES, timedFormatOf } = require('../formats/prefixes')
const { DIGESTS, DIGEST_BYTES, MIN_KEY_BYTES } = require('../keys/limits')
const { lazily } = require('../lazily')
const { equals } = require('./constant-time')

/** Loaded where sessions are encrypted. */
const xaes = lazily(() => require('./xaes'))

/** keygrip's base64, with `/` as `_`, `+` as `-` and no `=`, is what Node calls base64url. */
const ENCODINGS = new Map([
  ['base64', 'base64url'],
  ['hex', 'hex']
])
/** Names of visible ASCII other than `;` and `=`; any other takes the exact way. */
const ORDINARY_NAME = /^[!-:<>-~]+$/

/** What derived keys and signatures of `v1.` are bound to, see docs/format.md. */
const VERSION = 'cookie-session-native/v1'
const PURPOSES = { __proto__: null, v1: 'sign', e1: 'encrypt' }

/**
 * A key as OpenSSL keeps it, which wipes it once it is collected. Handed over as bytes with each use, it costs seven
 * times as much on Node 24.
 */
function keyOf(bytes) {
  // Before Node 18.8 no KeyObject is empty.
  return bytes.length === 0 ? '' : createSecretKey(bytes)
}

/** @returns {number} characters of a signature */
function lengthOf(algorithm, written) {
  const bytes = DIGEST_BYTES[algorithm]
  return written === 'hex' ? bytes * 2 : Math.ceil((bytes * 4) / 3)
}

/**
 * Keys that sign, for a Keygrip.
 *
 * @param {string} algorithm
 * @param {string} encoding
 */
function createKeyring(algorithm, encoding) {
  const written = ENCODINGS.get(encoding)
  if (!DIGESTS.includes(algorithm) || written === undefined) return undefined
  let keys = []

  const hmac = (data, key) => createHmac(algorithm, key).update(data).digest(written)

  return {
    change(changes) {
      keys = changes.map((change) => (typeof change === 'number' ? keys[change] : keyOf(change)))
    },
    sign: (data) => hmac(data, keys[0]),
    index: (data, digest) => keys.findIndex((key) => equals(digest, hmac(data, key)))
  }
}

/** The text of a value in base64url; undefined for one that is not written so, or is no UTF-8. */
function decodeText(value) {
  const bytes = Buffer.from(value, 'base64url')
  if (bytes.toString('base64url') !== value) return undefined
  return textOf(bytes)
}

function textOf(bytes) {
  const text = bytes.toString()
  return text.includes('\ufffd') && !Buffer.from(text).equals(bytes) ? undefined : text
}

function isTime(value) {
  return Number.isSafeInteger(value) && value >= 0
}

/** @returns {Times | undefined} undefined where they are not what docs/format.md says */
function parseTimes(text) {
  let times
  try {
    times = JSON.parse(text)
  } catch {
    return undefined
  }
  const { issued, created, expires, maxAge } = times ?? {}
  if (!isTime(issued) || !isTime(created)) return undefined
  if (expires !== undefined && !isTime(expires)) return undefined
  // Null is the date in `expires`, which then has to be there.
  if (maxAge !== undefined && !isTime(maxAge) && !(maxAge === null && expires !== undefined)) return undefined
  return { issued, created, expires, maxAge }
}

/** What opens and seals the cookie of one name in every format that some options read and write. */
class Codec {
  #name
  #headerName
  #timed
  #timedAlgorithm
  #current
  #legacy
  #written
  /** The algorithm that the original's format is written with. */
  #algorithm
  /** Of each key: as it is, and what is derived from it for the timed format. */
  #keys = []

  constructor({ name, headerName = name, timed, timedAlgorithm, current, legacy, encoding }) {
    this.#name = name
    this.#headerName = headerName
    this.#timed = timed
    this.#timedAlgorithm = timedAlgorithm
    this.#current = current
    this.#legacy = legacy
    this.#written = ENCODINGS.get(encoding)
    // Not `[0]` of what may be empty: somebody may have left a `0` on Object.prototype.
    this.#algorithm = [...current, ...legacy].shift()
    /** Characters at the end of what `seal` gives. */
    this.signatureLength = this.#algorithm === undefined ? 0 : lengthOf(this.#algorithm, this.#written)
    /** Characters at the end of what `sealTimed` gives. */
    this.timedSignatureLength = timed === 'v1' ? lengthOf(timedAlgorithm, 'base64url') : 0
  }

  /** @param {(Uint8Array | number)[]} changes newest first: an app's keys, and places of those that stay */
  change(changes) {
    const before = this.#keys
    this.#keys = changes.map((change) => (typeof change === 'number' ? before[change] : this.#keyOf(change)))
    for (const key of before) if (!this.#keys.includes(key)) key.derived?.wipe?.()
  }

  #keyOf(bytes) {
    return { raw: keyOf(bytes), derived: bytes.length < MIN_KEY_BYTES ? undefined : this.#derive(bytes) }
  }

  #derive(bytes) {
    if (this.#timed === undefined) return undefined
    const info = `${VERSION}\0${PURPOSES[this.#timed]}\0${this.#name}`
    const derived = Buffer.from(hkdfSync('sha256', bytes, '', info, MIN_KEY_BYTES))
    const key = this.#timed === 'e1' ? new (xaes().XaesKey)(derived) : createSecretKey(derived)
    derived.fill(0)
    return key
  }

  /**
   * @param {string} header
   * @param {boolean} readsLegacy whether the formats of `legacy` are read
   */
  open(header, readsLegacy) {
    const value = findCookie(header, this.#headerName)
    if (value === undefined) return undefined
    if (this.#timed !== undefined || this.#current.length + this.#legacy.length > 1) {
      const format = timedFormatOf(value)
      if (format !== undefined) {
        if (format !== this.#timed) return MALFORMED
        return format === 'v1' ? this.#openSigned(header, value) : this.#openEncrypted(value)
      }
    }
    return this.#openOriginal(header, value, readsLegacy)
  }

  #signatureIn(header) {
    return findCookie(header, `${this.#headerName}.sig`)
  }

  #openOriginal(header, value, readsLegacy) {
    const algorithms = readsLegacy ? new Set([...this.#current, ...this.#legacy]) : this.#current
    if ((algorithms.size ?? algorithms.length) === 0) return LEGACY
    const digest = this.#signatureIn(header)
    if (!digest) return UNSIGNED
    const data = `${this.#name}=${value}`
    for (const algorithm of algorithms) {
      let newest
      const keyIndex = this.#keys.findIndex(({ raw }, i) => {
        const made = this.#hmac(algorithm, raw, data)
        if (i === 0) newest = made
        return equals(digest, made)
      })
      if (keyIndex < 0) continue
      const bytes = Buffer.from(value, 'base64')
      const isCanonical = bytes.toString('base64') === value
      const text = bytes.toString('utf8')
      // Bytes that are no UTF-8 have become U+FFFD, and their text stands for no one value.
      const json = isCanonical && !text.includes('\ufffd') ? text : undefined
      const opened = new Opened('cookie-session', value, json, keyIndex, undefined, value.length)
      opened.isLegacy = !this.#current.includes(algorithm)
      if (keyIndex > 0 && algorithm === this.#algorithm && !opened.isLegacy) opened.renewed = newest
      return opened
    }
    return FORGED
  }

  #hmac(algorithm, key, data) {
    return createHmac(algorithm, key).update(data).digest(this.#written)
  }

  /** What is signed of a `v1.` cookie. No name of a cookie holds NUL, so that this is no text of another format. */
  #signTimed(key, value) {
    const text = `\0${VERSION}\0${this.#name}=${value}`
    return createHmac(this.#timedAlgorithm, key).update(text).digest('base64url')
  }

  #openSigned(header, value) {
    const digest = this.#signatureIn(header)
    if (!digest) return FORGED
    const keyIndex = this.#keys.findIndex(
      ({ derived }) => derived !== undefined && equals(digest, this.#signTimed(derived, value))
    )
    if (keyIndex < 0) return FORGED
    const [times, json, ...more] = value.slice(PREFIXES.v1.length).split('.').map(decodeText)
    return more.length > 0 ? MALFORMED : this.#timedSession('v1', times, json, keyIndex, value)
  }

  #openEncrypted(value) {
    const { openWith } = xaes()
    const opened = openWith(this.#keys, value.slice(PREFIXES.e1.length))
    if (opened === undefined) return FORGED
    const text = textOf(opened.text)
    const end = text?.indexOf('\0') ?? -1
    if (end < 0) return MALFORMED
    return this.#timedSession('e1', text.slice(0, end), text.slice(end + 1), opened.place, value)
  }

  #timedSession(format, timesText, json, keyIndex, value) {
    const times = timesText === undefined ? undefined : parseTimes(timesText)
    if (times === undefined || !json) return MALFORMED
    return new Opened(format, undefined, json, keyIndex, times, value.length)
  }

  /** @returns {string} value and signature in the original's format */
  seal(json) {
    const value = Buffer.from(json).toString('base64')
    return value + this.sign(`${this.#name}=${value}`)
  }

  /**
   * @param {string} json
   * @param {number} issued ms since 1970, as all of them
   * @param {number} created
   * @param {number} [expires]
   * @param {number | null} [maxAge]
   * @returns {string} value and signature in the timed format
   */
  sealTimed(json, issued, created, expires, maxAge) {
    const times = JSON.stringify({ issued, created, expires, maxAge })
    const [{ derived }] = this.#keys
    if (this.#timed === 'e1') return PREFIXES.e1 + xaes().sealWith(derived, `${times}\0${json}`)
    const encode = (text) => Buffer.from(text).toString('base64url')
    const value = `${PREFIXES.v1}${encode(times)}.${encode(json)}`
    return value + this.#signTimed(derived, value)
  }

  /** A signature of the original's format by the newest key. */
  sign(data) {
    if (this.#algorithm === undefined) return undefined
    return this.#hmac(this.#algorithm, this.#keys[0].raw, data)
  }

  /** The place of the first key that signed in the original's format, or -1. */
  index(data, digest) {
    if (this.#algorithm === undefined) return -1
    return this.#keys.findIndex(({ raw }) => equals(digest, this.#hmac(this.#algorithm, raw, data)))
  }
}

/**
 * @param {object} settings
 * @param {string} settings.name the cookie's, which keys and signatures are bound to
 * @param {string} [settings.headerName] the name to look for in headers, where it is another
 * @param {'v1' | 'e1'} [settings.timed] the timed format that is read and written
 * @param {string} [settings.timedAlgorithm] of its signature
 * @param {string[]} settings.current algorithms of the original's format that are read, the first of which is written
 * @param {string[]} settings.legacy those that are read for as long as `open` is told so
 * @param {string} settings.encoding of signatures of the original's format
 * @returns {Codec | undefined} undefined where an exact answer takes more than this
 */
function createCodec(settings) {
  const { name, headerName = name, timed, timedAlgorithm, current, legacy, encoding } = settings
  if (typeof name !== 'string' || !ORDINARY_NAME.test(headerName) || !ENCODINGS.has(encoding))
    return undefined
  if (timed !== undefined && !Object.hasOwn(PURPOSES, timed)) return undefined
  // No value of this format was ever signed by SHA-1.
  if (timed === 'v1' && timedAlgorithm === 'sha1') return undefined
  const algorithms = [...current, ...legacy, ...(timedAlgorithm === undefined ? [] : [timedAlgorithm])]
  return algorithms.every((algorithm) => DIGESTS.includes(algorithm)) ? new Codec(settings) : undefined
}

module.exports = { name: 'node', createKeyring, createCodec }
