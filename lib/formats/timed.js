'use strict'

// `v1.`, signed, and `e1.`, encrypted: formats with times, by which the server ends sessions (docs/format.md). With
// `legacy` the original's format is read beside them. Knows nothing of responses.

const { findCookie, findCookies } = require('../cookies/cookie-header')
const engine = require('../engine')
const { SessionError, rethrowAs } = require('../errors')
const { indexBy, signBy } = require('../keys/answers')
const { KeyCache } = require('../keys/key-cache')
const { internalsOf } = require('../keys/keygrip')
const { requireNoEmptyKey, wrongKeys } = require('../keys/rules')
const { readsLegacy } = require('./legacy')
const { endOf } = require('./lifetime')
const { FORGED, Opened, UNSIGNED, refusal } = require('./opened')
const { timedFormatOf } = require('./prefixes')

/** Clocks of servers differ. */
const CLOCK_SKEW_MS = 60_000
/** How many cookies of one name are tried, as a browser sends one for each domain and path. */
const MAX_COOKIES = 4
/** A name that headers are made with where the cookie's own is none that an engine looks for. */
const PLAIN_NAME = 'session'

/** Not of the original's format. */
const TIMED = refusal()

class TimedFormat {
  #name
  #given
  #optIn
  #cache
  #codec
  /** Whether the engine looks for the cookie in a header by itself. */
  #findsCookie
  /** What verifies the original's format, and writes it with the first, where the engine does not. */
  #legacySigners = []
  /** Whether the engine reads the original's format; it does not where a Keygrip may be another than it was. */
  #isLegacyPlain
  #looksAtSecrets

  /**
   * @param {object} config see lib/formats/original.js
   */
  constructor({ name, keys, optIn }) {
    this.#name = name
    this.#given = keys
    this.#optIn = optIn
    const { digest, encrypt, legacy } = optIn
    const isArray = Array.isArray(keys)
    const array = isArray ? keys : internalsOf(keys).cache.keys
    const algorithms = legacy === undefined ? [] : [...new Set(['sha1', digest ?? 'sha1'])]
    const settings = {
      name,
      timed: encrypt ? 'e1' : 'v1',
      timedAlgorithm: digest === undefined || digest === 'sha1' ? 'sha256' : digest,
      current: [],
      legacy: isArray ? algorithms : [],
      encoding: 'base64'
    }
    this.#codec = engine.createCodec(settings)
    this.#findsCookie = this.#codec !== undefined
    this.#codec ??= engine.createCodec({ ...settings, headerName: PLAIN_NAME })
    this.#isLegacyPlain = isArray
    if (legacy !== undefined) {
      this.#legacySigners = isArray
        ? algorithms.map((algorithm) => new KeyCache(keys, algorithm, 'base64'))
        : [keys]
    }
    this.#cache = new KeyCache(array, 'sha1', 'base64', checked(this.#codec, legacy !== undefined))
    this.#looksAtSecrets = legacy !== undefined
  }

  get hasKeys() {
    return true
  }

  /** Characters of a signature in the original's format. */
  get signatureLength() {
    return this.#codec.signatureLength
  }

  /** Characters of a signature in the timed format; 0 where there is none. */
  get timedSignatureLength() {
    return this.#codec.timedSignatureLength
  }

  /**
   * Whether a session is written with times. With `legacy: 'write'` that is one that came with them, so that they hold.
   *
   * @param {Times} [kept] those of the cookie that it came in
   */
  isTimed(kept) {
    return this.#optIn.legacy !== 'write' || kept !== undefined
  }

  /** Whether a signature stands beside what is written. */
  writesSignature(isTimed) {
    return !(isTimed && this.#optIn.encrypt)
  }

  /** @param {import('node:http').IncomingMessage} [request] */
  prepare(request) {
    if (!this.#looksAtSecrets || request === undefined) return
    this.#looksAtSecrets = false
    const algorithm = this.#isLegacyPlain ? this.#optIn.digest : internalsOf(this.#given).cache.algorithm
    if (algorithm === 'sha256') require('../keys/shared-secret').warnOfSharedSecret(request, this.#cache.keys)
  }

  /**
   * The engine's codec, with the keys as they are now.
   *
   * @throws {SessionError} `ERR_SESSION_KEYS` where they are of no use
   */
  #readyCodec() {
    if (this.#cache.ready()) return this.#codec
    const detail =
      this.#cache.keys.length === 0
        ? 'there is no key'
        : 'expected at most 256 strings, bytes or secret KeyObjects in an array without getters'
    throw new SessionError('ERR_SESSION_KEYS', { detail })
  }

  /**
   * The time that is written, which has to be one that is read.
   *
   * @returns {number} ms since 1970; a clock that shows an earlier time counts as 0
   * @throws {RangeError} where the clock shows none, as one that was replaced can
   */
  now() {
    const now = Math.max(0, Math.floor(Date.now()))
    if (!Number.isSafeInteger(now)) throw new RangeError('Date.now() gives no time')
    return now
  }

  /**
   * Finds and opens a session's cookie.
   *
   * @param {string | undefined} header the Cookie header
   * @returns {import('./opened').Opened | undefined} undefined where there is no cookie
   * @throws {SessionError} `ERR_SESSION_KEYS`
   */
  open(header) {
    if (!header) return undefined
    const now = Date.now()
    if (!this.#findsCookie) return this.#openEach(header, now)
    const opened = this.#openOne(header, now)
    return opened?.reason === undefined ? opened : this.#openEach(header, now, opened)
  }

  #openOne(header, now) {
    const isLegacyRead = readsLegacy(this.#optIn.legacy, now)
    if (isLegacyRead && !(this.#isLegacyPlain && this.#cache.ready())) {
      const opened = this.#openLegacyExactly(header)
      if (opened !== TIMED) return opened
    }
    const opened = this.#readyCodec().open(header, isLegacyRead)
    if (opened === undefined) return undefined
    if (opened.times !== undefined) return this.#atTime(opened, now)
    // With `legacy: 'write'` the original's format is what is written.
    if (opened.isLegacy && this.#optIn.legacy === 'write') opened.isLegacy = false
    return opened
  }

  /**
   * The first of several cookies of one name that opens. Each is tried in a header of its own.
   *
   * @param {import('./opened').Opened} [first] what came of the first one, if it was tried
   */
  #openEach(header, now, first) {
    const values = findCookies(header, this.#name, MAX_COOKIES)
    const signatures = findCookies(header, `${this.#name}.sig`, MAX_COOKIES)
    if (first !== undefined && values.length === 1 && signatures.length < 2) return first
    const name = this.#findsCookie ? this.#name : PLAIN_NAME
    let refused = first
    for (const [i, value] of values.entries()) {
      // Browsers send the cookies of both names in one order, unless one was lost.
      const candidates = [signatures[i], ...signatures.filter((_, place) => place !== i)].filter(Boolean)
      for (const signature of candidates.length > 0 ? candidates : ['']) {
        const pair = `${name}=${value}; ${name}.sig=${signature}`
        const opened = this.#openOne(pair, now)
        if (opened !== undefined && opened.reason === undefined) return opened
        refused ??= opened
      }
    }
    return refused
  }

  /** A cookie of the original's format, as lib/formats/original.js reads it; `TIMED` for one of another. */
  #openLegacyExactly(header) {
    const name = this.#findsCookie ? this.#name : PLAIN_NAME
    const value = findCookie(header, name)
    if (value === undefined) return undefined
    if (timedFormatOf(value) !== undefined) return TIMED
    const digest = findCookie(header, `${name}.sig`)
    if (!digest) return UNSIGNED
    requireNoEmptyKey(this.#cache.keys)
    for (const signer of this.#legacySigners) {
      const keyIndex = indexBy(signer, `${this.#name}=${value}`, digest)
      if (keyIndex < 0) continue
      const opened = new Opened('cookie-session', value, undefined, keyIndex, undefined, value.length)
      opened.isLegacy = this.#optIn.legacy !== 'write'
      return opened
    }
    return FORGED
  }

  #atTime(opened, now) {
    const { ttl, maxLifetime } = this.#optIn
    const { issued, created } = opened.times
    const ageMs = Math.max(0, now - issued)
    if (ttl !== undefined || maxLifetime !== undefined) {
      if (Math.max(issued, created) > now + CLOCK_SKEW_MS) return refusal('future', false, ageMs, opened)
      if (now > this.#endOf(opened.times) || now - created > (maxLifetime ?? Infinity)) {
        return refusal('expired', false, ageMs, opened)
      }
    }
    opened.ageMs = ageMs
    return opened
  }

  /**
   * When `ttl` ends what was written at these times.
   *
   * @param {Times} times
   * @returns {number} ms since 1970
   */
  #endOf({ issued, expires }) {
    const { ttl, lifetime } = this.#optIn
    if (ttl === undefined) return Infinity
    if (ttl !== true) return issued + ttl
    // Written before `ttl: true` was set, it has the end that it would get now.
    return expires ?? endOf(lifetime, issued)
  }

  /** How long, in ms, a cookie counts from when it was issued; undefined where no option ends it. */
  lifetimeOf(times) {
    const { ttl, maxLifetime } = this.#optIn
    return ttl === undefined ? maxLifetime : this.#endOf(times) - times.issued
  }

  /**
   * @param {string} json
   * @param {Times} times
   * @returns {string} value and signature
   * @throws {SessionError} `ERR_SESSION_KEYS`
   */
  sealTimed(json, { issued, created, expires, maxAge }) {
    return this.#readyCodec().sealTimed(json, issued, created, expires, maxAge)
  }

  /** As the original writes it, under `legacy: 'write'`. */
  seal(json) {
    return this.#isLegacyPlain && this.#cache.ready() ? this.#codec.seal(json) : undefined
  }

  /** Signs a cookie as the original does, under `legacy: 'write'`. */
  sign(cookie) {
    requireNoEmptyKey(this.#cache.keys)
    const text = cookie.toString()
    return rethrowAs('ERR_SESSION_KEYS', () => signBy(this.#legacySigners[0], text))
  }

  /** What is signed beside a cookie that is cleared. */
  signatureOfNothing(cookie) {
    return this.isTimed() ? '' : this.sign(cookie)
  }
}

/** A codec that is given no keys which are of no use. */
function checked(codec, allowShort) {
  let lengths = []

  function change(changes) {
    const next = changes.map((change) => (typeof change === 'number' ? lengths[change] : change.length))
    const detail = next.length > 0 ? wrongKeys(next, allowShort) : undefined
    if (detail !== undefined) throw new SessionError('ERR_SESSION_KEYS', { detail })
    codec.change(changes)
    lengths = next
  }

  return { change }
}

module.exports = { TimedFormat }
