'use strict'

// A session's text as the values of its cookies, and back, in every format there is (docs/format.md): the original's,
// signed; `v1.`, signed, with times; `e1.`, encrypted, with times. Knows nothing of requests and responses.

const { findCookie } = require('./cookie-header')
const { VERSION, encryptionKeys, signatureKeys } = require('./derived-keys')
const { LiveKeys } = require('./live-keys')
const { insidesOf } = require('./keygrip')
const { toBase64 } = require('./session')

const SIGNED = 'v1.'
const ENCRYPTED = 'e1.'
/** Clocks of servers differ. Milliseconds. */
const AHEAD = 60_000

/**
 * What a Cookie header holds of a session.
 *
 * @typedef {object} Found
 * @property {'signature' | 'expired' | 'future' | 'malformed' | 'legacy'} [reason] why it is refused
 * @property {string} [json] the session's text, where it is not refused
 * @property {string} [value] the cookie's value, where its format is the original's
 * @property {number} [keyIndex] the place of the key that signed or encrypted it
 * @property {boolean} [isOriginal] whether its format is the original's
 * @property {boolean} [unsigned] whether there is no signature beside it
 * @property {boolean} [legacy] whether it is in the format that a newer one is to take the place of
 * @property {{ issued: number, created: number }} [times] ms since 1970
 * @property {number} [ageMs] since it was issued
 * @property {number} [bytes] of name and value
 */

/**
 * Without a prototype: what some other code left on Object.prototype is nothing that was found.
 *
 * @returns {Found}
 */
function found(fields) {
  return { __proto__: null, ...fields }
}

function encodeText(text) {
  return Buffer.from(text).toString('base64url')
}

/** The text of a value that `encodeText` wrote; undefined for every other. */
function decodeText(value) {
  const bytes = Buffer.from(value, 'base64url')
  return bytes.toString('base64url') === value ? bytes.toString() : undefined
}

function isTime(value) {
  return Number.isSafeInteger(value) && value >= 0
}

function parseTimes(text) {
  let times
  try {
    times = JSON.parse(text)
  } catch {
    return undefined
  }
  const { issued, created } = times ?? {}
  return isTime(issued) && isTime(created) ? { issued, created } : undefined
}

class Formats {
  #name
  #options
  /** Keys that sign in the original's format: all of them verify, the first writes. */
  #signers
  #legacySigners
  #vault
  #ring
  #given

  /**
   * @param {string} name the cookie's
   * @param {unknown} keys an array, a Keygrip, an object with `sign` and `index`, or nothing
   * @param {object} options see lib/options.js
   */
  constructor(name, keys, options) {
    this.#name = name
    this.#given = keys
    this.#options = options
    const { digest, encrypt, formatIsNew, legacy } = options
    const array = Array.isArray(keys) ? keys : insidesOf(keys)?.live.keys
    const signerOf = (algorithm) => (Array.isArray(keys) ? new LiveKeys(keys, algorithm, 'base64') : keys)

    const current = signerOf(digest ?? 'sha1')
    this.#signers = [current]
    this.#legacySigners = []
    if (formatIsNew) {
      const allowShort = legacy !== undefined
      if (encrypt) this.#vault = encryptionKeys(array, name, allowShort)
      else
        this.#ring = signatureKeys(
          array,
          digest === 'sha1' ? 'sha256' : (digest ?? 'sha256'),
          name,
          allowShort
        )
    }
    if (legacy === undefined) return
    const original = digest === undefined || digest === 'sha1' ? current : signerOf('sha1')
    if (formatIsNew) this.#legacySigners = original === current ? [current] : [original, current]
    else this.#legacySigners = [original]
    if (legacy === 'write') this.#signers = formatIsNew ? [original] : [original, current]
  }

  /** @throws {Error} `Keys must be provided.`, as the original's Keygrip throws it for each request */
  requireKeys() {
    if (this.#options.formatIsNew) return
    if (Array.isArray(this.#given) && !(0 in this.#given)) throw new Error('Keys must be provided.')
  }

  get hasKeys() {
    return Boolean(this.#given)
  }

  /** Whether cookies are written in a format of ours. */
  get writesNew() {
    return this.#options.formatIsNew && this.#options.legacy !== 'write'
  }

  /**
   * The time that is written, which has to be one that is read.
   *
   * @returns {number} ms since 1970; a clock that shows an earlier time counts as 0
   * @throws {RangeError} where the clock shows none, as one that was replaced can
   */
  now() {
    if (!this.writesNew) return Date.now()
    const now = Math.max(0, Math.floor(Date.now()))
    if (!isTime(now)) throw new RangeError('Date.now() gives no time')
    return now
  }

  /** Whether a signature stands beside what is written. */
  get writesSignature() {
    return !(this.writesNew && this.#options.encrypt)
  }

  #readsLegacy(now) {
    const { legacy } = this.#options
    return legacy !== undefined && (!(legacy instanceof Date) || now < legacy.getTime())
  }

  /**
   * @param {string | undefined} header
   * @param {boolean} verify whether a signature of the original's kind is looked at
   * @param {number} now ms since 1970
   * @returns {Found}
   * @throws what a foreign keygrip throws, and `ERR_SESSION_KEYS`
   */
  open(header, verify, now) {
    // Joined with `+` and before all else, as the original does it for a name that is no string.
    const signatureName = this.#name + '.sig'
    const value = header ? findCookie(header, this.#name) : undefined
    if (value === undefined) return found()
    const { formatIsNew, legacy } = this.#options
    const opened =
      formatIsNew || legacy !== undefined
        ? this.#openChecked(header, value, signatureName, now)
        : this.#openOriginal(header, value, signatureName, verify)
    return found({ ...opened, bytes: this.#name.length + value.length })
  }

  /** Where nothing unsigned passes, and a value is what its prefix says. */
  #openChecked(header, value, signatureName, now) {
    const { encrypt, formatIsNew } = this.#options
    const isEncrypted = value.startsWith(ENCRYPTED)
    if (isEncrypted || value.startsWith(SIGNED)) {
      if (!formatIsNew || isEncrypted !== encrypt) return found({ reason: 'malformed' })
      const opened = isEncrypted ? this.#openEncrypted(value) : this.#openSigned(header, value, signatureName)
      return opened.reason === undefined ? this.#atTime(opened, now) : opened
    }
    if (!formatIsNew) {
      const opened = this.#openOriginal(header, value, signatureName, true)
      if (opened.reason === undefined || !this.#readsLegacy(now)) return opened
    } else if (!this.#readsLegacy(now)) {
      return found({ reason: 'legacy' })
    }
    const opened = this.#firstVerified(header, value, signatureName, this.#legacySigners)
    if (opened.reason !== undefined) return opened
    return found({ ...opened, legacy: this.#options.legacy !== 'write' })
  }

  #openOriginal(header, value, signatureName, verify) {
    if (!verify) return found({ isOriginal: true, value })
    return this.#firstVerified(header, value, signatureName, this.#signers)
  }

  /** What the first signer finds that finds no fault; the last one's, where all do. */
  #firstVerified(header, value, signatureName, signers) {
    let opened
    for (const signer of signers) {
      opened = this.#verified(header, value, signatureName, signer)
      if (opened.reason === undefined) break
    }
    return opened
  }

  #verified(header, value, signatureName, signer) {
    const digest = findCookie(header, signatureName)
    if (!digest) return found({ isOriginal: true, reason: 'signature', unsigned: true })
    if (!signer) throw new Error('.keys required for signed cookies')
    const keyIndex = signer.index(this.#name + '=' + value, digest)
    return found(
      keyIndex < 0 ? { isOriginal: true, reason: 'signature' } : { isOriginal: true, value, keyIndex }
    )
  }

  #openEncrypted(value) {
    const opened = this.#vault.ring.open(value.slice(ENCRYPTED.length))
    if (opened === undefined) return found({ reason: 'signature' })
    const end = opened.text.indexOf('\0')
    const times = parseTimes(opened.text.slice(0, end))
    const json = opened.text.slice(end + 1)
    if (end < 0 || times === undefined || json === '') return found({ reason: 'malformed' })
    return found({ json, keyIndex: opened.place, times })
  }

  #openSigned(header, value, signatureName) {
    const digest = findCookie(header, signatureName)
    const keyIndex = digest ? this.#ring.ring.index(this.#signedText(value), digest) : -1
    if (keyIndex < 0) return found({ reason: 'signature' })
    const [times, json, ...more] = value.slice(SIGNED.length).split('.').map(decodeText)
    const parsed = times === undefined ? undefined : parseTimes(times)
    if (parsed === undefined || !json || more.length > 0) return found({ reason: 'malformed' })
    return found({ json, keyIndex, times: parsed })
  }

  /** What is signed of a `v1.` cookie. No name of a cookie holds NUL, so that this is no text of another format. */
  #signedText(value) {
    return `\0${VERSION}\0${this.#name}=${value}`
  }

  #atTime(opened, now) {
    const { ttl, maxLifetime } = this.#options
    const { issued, created } = opened.times
    const ageMs = Math.max(0, now - issued)
    const refuse = (reason) => found({ reason, ageMs })
    if (ttl !== undefined || maxLifetime !== undefined) {
      if (Math.max(issued, created) > now + AHEAD) return refuse('future')
      if (ageMs > (ttl ?? Infinity) || now - created > (maxLifetime ?? Infinity)) return refuse('expired')
    }
    return found({ ...opened, ageMs })
  }

  /**
   * The values of a session's cookie and of its signature, if there is one.
   *
   * @param {{ json?: string, times: { issued: number, created: number }, value?: string }} session its text, or the
   *   value of a cookie of the original's format as it came
   * @param {boolean} signed whether to sign in the original's format
   * @returns {{ value: string, signature?: (cookie: { toString(): string }) => string }} the
   *   original's signature is of the cookie as it is sent, whatever an option made of it
   * @throws {SessionError} `ERR_SESSION_KEYS`
   */
  seal({ json, times, value: asItCame }, signed) {
    if (!this.writesNew) {
      const signature = signed ? (cookie) => this.#signText(() => cookie.toString()) : undefined
      return { value: asItCame ?? toBase64(json), signature }
    }
    const { issued, created } = times
    const text = JSON.stringify({ issued, created })
    if (this.#options.encrypt) return { value: ENCRYPTED + this.#vault.ring.seal(`${text}\0${json}`) }
    const value = `${SIGNED}${encodeText(text)}.${encodeText(json)}`
    const signature = this.#ring.ring.sign(this.#signedText(value))
    return { value, signature: () => signature }
  }

  /** Whether a Cookie header has a cookie of that name. */
  has(header, name) {
    return Boolean(header) && findCookie(header, name) !== undefined
  }

  /**
   * What stands in the signature's cookie beside one that is cleared. The original signs the empty value.
   *
   * @type {((cookie: { toString(): string }) => string) | undefined}
   */
  get signatureOfNothing() {
    if (!this.writesSignature) return undefined
    return this.writesNew ? () => '' : (cookie) => this.#signText(() => cookie.toString())
  }

  /** The text is made once there is something to sign it with, as making it may call the app. */
  #signText(makeText) {
    const [signer] = this.#signers
    if (!signer) throw new Error('.keys required for signed cookies')
    return signer.sign(makeText())
  }

  /** A signature of the original's format by the newest key, for a cookie that an older one signed. */
  signAnew(value) {
    return this.#signText(() => this.#name + '=' + value)
  }
}

module.exports = { Formats }
