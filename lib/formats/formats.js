'use strict'

// A session's text as the values of its cookies, and back, in every format there is (docs/format.md): the original's,
// signed; `v1.`, signed, with times; `e1.`, encrypted, with times. Knows nothing of requests and responses.

const { findCookie, findCookies } = require('../cookies/cookie-header')
const { VERSION, encryptionKeys, signatureKeys } = require('../keys/derived-keys')
const { SessionError } = require('../errors')
const { requireNoEmptyKey } = require('../keys/rules')
const { insidesOf } = require('../keys/keygrip')
const { endOf } = require('./lifetime')
const { LiveKeys } = require('../keys/key-cache')
const { toBase64 } = require('../session/session')

const SIGNED = 'v1.'
const ENCRYPTED = 'e1.'
/** Clocks of servers differ. Milliseconds. */
const AHEAD = 60_000
/** How many cookies of one name are tried, as a browser sends one for each domain and path. */
const MOST_COOKIES = 4

/**
 * When a cookie was issued, and its session created, ms since 1970. `expires` is the end of it under `ttl: true`, and
 * `maxAge` what the request said that wrote it, see lib/formats/lifetime.js.
 *
 * @typedef {{ issued: number, created: number, expires?: number, maxAge?: number | null }} Times
 */

/**
 * What a Cookie header holds of a session.
 *
 * @typedef {object} Found
 * @property {'signature' | 'expired' | 'future' | 'malformed' | 'legacy'} [reason] why it is refused
 * @property {string} [json] the session's text, where it is not refused
 * @property {string} [value] the cookie's value, where its format is the original's
 * @property {number} [keyIndex] the place of the key that signed or encrypted it
 * @property {'cookie-session' | 'v1' | 'e1'} [format] of what was opened; the first is the original's
 * @property {boolean} [unsigned] whether there is no signature beside it
 * @property {boolean} [legacy] whether it is in the format that a newer one is to take the place of
 * @property {Times} [times]
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
  const { issued, created, expires, maxAge } = times ?? {}
  if (!isTime(issued) || !isTime(created)) return undefined
  if (expires !== undefined && !isTime(expires)) return undefined
  // Null is the date in `expires`, which then has to be there.
  if (maxAge !== undefined && !isTime(maxAge) && !(maxAge === null && expires !== undefined)) return undefined
  return { issued, created, expires, maxAge }
}

function describe(value) {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number') return `the number ${value}`
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
}

/**
 * Asks an object that the app gave as `keys`, which can be anything.
 *
 * @returns {number} the place of the key that signed, or less than 0
 * @throws {SessionError} `ERR_SESSION_KEYS` where it gives no whole number, as a promise is none
 */
function indexBy(signer, data, digest) {
  const index = signer.index(data, digest)
  if (Number.isInteger(index)) return index
  throw new SessionError('ERR_SESSION_KEYS', {
    detail: `index of the option keys returned ${describe(index)}; expected a whole number`
  })
}

/** @throws {SessionError} `ERR_SESSION_KEYS` where an object that the app gave as `keys` gives no text */
function signBy(signer, data) {
  const signature = signer.sign(data)
  if (typeof signature === 'string') return signature
  throw new SessionError('ERR_SESSION_KEYS', {
    detail: `sign of the option keys returned ${describe(signature)}; expected a string`
  })
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
  /** Whether the first request is still to come, and may show a secret that signs here as well. */
  #looksAtSecrets
  /** The app's own array, also where it is inside a Keygrip of ours. */
  #array

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
    this.#array = array
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
    this.#looksAtSecrets =
      (!formatIsNew || legacy !== undefined) &&
      (Array.isArray(keys) ? digest : insidesOf(keys)?.live.algorithm) === 'sha256'
    if (legacy === undefined) return
    const original = digest === undefined || digest === 'sha1' ? current : signerOf('sha1')
    if (formatIsNew) this.#legacySigners = original === current ? [current] : [original, current]
    else this.#legacySigners = [original]
    if (legacy === 'write') this.#signers = formatIsNew ? [original] : [original, current]
  }

  /**
   * What is due before each use.
   *
   * @param {import('node:http').IncomingMessage} [req]
   * @throws {Error} `Keys must be provided.`, as the original's Keygrip throws it for each request
   */
  prepare(req) {
    if (this.#looksAtSecrets && req !== undefined) {
      this.#looksAtSecrets = false
      const { warnOfSharedSecret } = require('../keys/shared-secret')
      warnOfSharedSecret(req, this.#given, this.#options.digest)
    }
    if (this.#options.formatIsNew) return
    if (Array.isArray(this.#given) && !(0 in this.#given)) throw new Error('Keys must be provided.')
  }

  get hasKeys() {
    return Boolean(this.#given)
  }

  /**
   * Whether a session is written in a format with times. With `legacy: 'write'` that is one that came in such a format,
   * so that its times hold.
   *
   * @param {Times} [kept] those of the cookie that it came in
   */
  isTimed(kept) {
    return this.#options.formatIsNew && (this.#options.legacy !== 'write' || kept !== undefined)
  }

  /**
   * The time that is written, which has to be one that is read.
   *
   * @returns {number} ms since 1970; a clock that shows an earlier time counts as 0
   * @throws {RangeError} where the clock shows none, as one that was replaced can
   */
  now() {
    if (!this.#options.formatIsNew) return Date.now()
    const now = Math.max(0, Math.floor(Date.now()))
    if (!isTime(now)) throw new RangeError('Date.now() gives no time')
    return now
  }

  /** Whether a signature stands beside what is written. */
  writesSignature(isTimed) {
    return !(isTimed && this.#options.encrypt)
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
    const { formatIsNew, legacy } = this.#options
    if (formatIsNew) return this.#openFirst(header, signatureName, now)
    const value = header ? findCookie(header, this.#name) : undefined
    if (value === undefined) return found()
    const opened =
      legacy === undefined
        ? this.#openOriginal(header, value, signatureName, verify)
        : this.#openBeside(header, value, signatureName, now)
    return found({ ...opened, bytes: this.#bytesOf(value) })
  }

  /** The first of several cookies of one name that opens; the first of all, where none does. */
  #openFirst(header, signatureName, now) {
    const values = header ? findCookies(header, this.#name, MOST_COOKIES) : []
    if (values.length === 0) return found()
    const signatures = findCookies(header, signatureName, MOST_COOKIES)
    let first
    for (const [i, value] of values.entries()) {
      // Browsers send the cookies of both names in one order, unless one was lost.
      const candidates = [signatures[i], ...signatures.filter((_, place) => place !== i)].filter(Boolean)
      const opened = found({ ...this.#openChecked(value, candidates, now), bytes: this.#bytesOf(value) })
      if (opened.reason === undefined) return opened
      first ??= opened
    }
    return first
  }

  #bytesOf(value) {
    return this.#name.length + value.length
  }

  /** Where nothing unsigned passes, and a value is what its prefix says. */
  #openChecked(value, signatures, now) {
    const { encrypt, legacy } = this.#options
    const isEncrypted = value.startsWith(ENCRYPTED)
    if (isEncrypted || value.startsWith(SIGNED)) {
      if (isEncrypted !== encrypt) return found({ reason: 'malformed' })
      const opened = isEncrypted ? this.#openEncrypted(value) : this.#openSigned(value, signatures)
      return opened.reason === undefined ? this.#atTime(opened, now) : opened
    }
    if (!this.#readsLegacy(now)) return found({ reason: 'legacy' })
    return found({
      ...this.#firstVerified(value, signatures, this.#legacySigners),
      legacy: legacy !== 'write'
    })
  }

  /** The original's format beside another digest: SHA-1 is read as well, for as long as `legacy` says. */
  #openBeside(header, value, signatureName, now) {
    if (value.startsWith(ENCRYPTED) || value.startsWith(SIGNED)) return found({ reason: 'malformed' })
    const opened = this.#openOriginal(header, value, signatureName, true)
    if (opened.reason === undefined || !this.#readsLegacy(now)) return opened
    const signatures = [findCookie(header, signatureName)].filter(Boolean)
    const before = this.#firstVerified(value, signatures, this.#legacySigners)
    return before.reason === undefined
      ? found({ ...before, legacy: this.#options.legacy !== 'write' })
      : before
  }

  #openOriginal(header, value, signatureName, verify) {
    if (!verify) return found({ format: 'cookie-session', value })
    return this.#firstVerified(value, [findCookie(header, signatureName)].filter(Boolean), this.#signers)
  }

  /** What the first signer finds that finds no fault; the last one's, where all do. */
  #firstVerified(value, signatures, signers) {
    const refused = { format: 'cookie-session', reason: 'signature', unsigned: signatures.length === 0 }
    for (const signer of signers) {
      for (const digest of signatures) {
        if (!signer) throw new Error('.keys required for signed cookies')
        this.#requireNoEmptyKey()
        const keyIndex = indexBy(signer, this.#name + '=' + value, digest)
        if (keyIndex >= 0) return found({ format: 'cookie-session', value, keyIndex })
      }
    }
    return found(refused)
  }

  #openEncrypted(value) {
    const opened = this.#vault.ring.open(value.slice(ENCRYPTED.length))
    if (opened === undefined) return found({ reason: 'signature' })
    const end = opened.text.indexOf('\0')
    const times = parseTimes(opened.text.slice(0, end))
    const json = opened.text.slice(end + 1)
    if (end < 0 || times === undefined || json === '') return found({ reason: 'malformed' })
    return found({ format: 'e1', json, keyIndex: opened.place, times })
  }

  #openSigned(value, signatures) {
    const text = this.#signedText(value)
    let keyIndex = -1
    for (const digest of signatures) {
      keyIndex = this.#ring.ring.index(text, digest)
      if (keyIndex >= 0) break
    }
    if (keyIndex < 0) return found({ reason: 'signature' })
    const [times, json, ...more] = value.slice(SIGNED.length).split('.').map(decodeText)
    const parsed = times === undefined ? undefined : parseTimes(times)
    if (parsed === undefined || !json || more.length > 0) return found({ reason: 'malformed' })
    return found({ format: 'v1', json, keyIndex, times: parsed })
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
      if (now > this.#endOf(opened.times) || now - created > (maxLifetime ?? Infinity))
        return refuse('expired')
    }
    return found({ ...opened, ageMs })
  }

  /**
   * When `ttl` ends what was written at these times.
   *
   * @param {Times} times
   * @returns {number} ms since 1970
   */
  #endOf({ issued, expires }) {
    const { ttl, lifetime } = this.#options
    if (ttl === undefined) return Infinity
    if (ttl !== true) return issued + ttl
    // Written before `ttl: true` was set, it has the end that it would get now.
    return expires ?? endOf(lifetime, issued)
  }

  /** How long, in ms, a cookie counts from when it was issued; undefined where no option ends it. */
  lifetimeOf(times) {
    const { ttl, maxLifetime } = this.#options
    return ttl === undefined ? maxLifetime : this.#endOf(times) - times.issued
  }

  /**
   * The values of a session's cookie and of its signature, if there is one.
   *
   * @param {{ json?: string, times: Times, value?: string, isTimed: boolean }} session its text, or the value of a
   *   cookie of the original's format as it came
   * @param {boolean} signed whether to sign in the original's format
   * @returns {{ value: string, signature?: (cookie: { toString(): string }) => string }} the
   *   original's signature is of the cookie as it is sent, whatever an option made of it
   * @throws {SessionError} `ERR_SESSION_KEYS`
   */
  seal({ json, times, value: asItCame, isTimed }, signed) {
    if (!isTimed) {
      const signature = signed ? (cookie) => this.#signText(() => cookie.toString()) : undefined
      return { value: asItCame ?? toBase64(json), signature }
    }
    const { issued, created, expires, maxAge } = times
    const text = JSON.stringify({ issued, created, expires, maxAge })
    if (this.#options.encrypt) return { value: ENCRYPTED + this.#vault.ring.seal(`${text}\0${json}`) }
    const value = `${SIGNED}${encodeText(text)}.${encodeText(json)}`
    const signature = this.#ring.ring.sign(this.#signedText(value))
    return { value, signature: () => signature }
  }

  /** Without an opt-in option, outside a middleware, an empty key counts as in the original. */
  #requireNoEmptyKey() {
    if (this.#options.isAnySet) requireNoEmptyKey(this.#array)
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
    const isTimed = this.isTimed()
    if (!this.writesSignature(isTimed)) return undefined
    return isTimed ? () => '' : (cookie) => this.#signText(() => cookie.toString())
  }

  /** The text is made once there is something to sign it with, as making it may call the app. */
  #signText(makeText) {
    const [signer] = this.#signers
    if (!signer) throw new Error('.keys required for signed cookies')
    this.#requireNoEmptyKey()
    return signBy(signer, makeText())
  }

  /** A signature of the original's format by the newest key, for a cookie that an older one signed. */
  signAnew(value) {
    return this.#signText(() => this.#name + '=' + value)
  }
}

module.exports = { Formats }
