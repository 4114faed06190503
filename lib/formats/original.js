'use strict'

// cookie-session's format: the session's text in base64, and its HMAC beside it. What is ordinary goes through the
// engine's codec; whatever else an app or a browser brings goes the exact way, step by step as the packages `cookies`
// (0.9.1) and `keygrip` (1.1.0) do it. Knows nothing of responses.

const { findCookie, pattern } = require('../cookies/cookie-header')
const engine = require('../engine')
const { KeyCache } = require('../keys/key-cache')
const { internalsOf } = require('../keys/keygrip')
const { lazily } = require('../lazily')
const { readsLegacy } = require('./legacy')
const { FORGED, MALFORMED, Opened, UNSIGNED } = require('./opened')
const { timedFormatOf } = require('./prefixes')

/** Loaded where something goes wrong, or an opt-in option is set. */
const errors = lazily(() => require('../errors'))
const answers = lazily(() => require('../keys/answers'))
const rules = lazily(() => require('../keys/rules'))

class OriginalFormat {
  /** What signs and verifies: the app's keys, a Keygrip, whatever was given, or nothing. V8's messages name it as the original's do. */
  keys
  /** All that verify, beside another digest: the first one is `keys`, which writes. */
  #signers
  /** How many of them read in any case; the others for as long as `legacy` says. */
  #currentCount = 1
  #name
  #given
  #optIn
  #cache
  #internals
  #codec
  #isPatternMade = false

  /**
   * @param {object} config
   * @param {string} config.name the cookie's; anything else is used as the original uses it
   * @param {unknown} config.keys an array of keys, a Keygrip, an object with `sign` and `index`, or nothing
   * @param {object} [config.optIn] see lib/options.js
   */
  constructor({ name, keys, optIn }) {
    this.#name = name
    this.#given = keys
    this.#optIn = optIn
  }

  /** Whether there is something to sign with. */
  get hasKeys() {
    return Boolean(this.#given)
  }

  /** Characters of a signature by the engine. */
  get signatureLength() {
    return this.#codec.signatureLength
  }

  /** Whether a session is written with times. */
  isTimed() {
    return false
  }

  /** Whether a signature stands beside what is written. */
  writesSignature() {
    return true
  }

  /**
   * What the original does first for each request.
   *
   * @param {import('node:http').IncomingMessage} [request]
   * @throws {Error} `Keys must be provided.` for an array without a first key
   */
  prepare(request) {
    const isArray = Array.isArray(this.#given)
    if (isArray && !(0 in this.#given)) throw new Error('Keys must be provided.')
    if (this.#signers !== undefined) return
    if (isArray) this.#useKeys()
    else this.#useSigner()
    const { algorithm } = this.#cache ?? {}
    if (algorithm === 'sha256' && request !== undefined) {
      require('../keys/shared-secret').warnOfSharedSecret(request, this.#cache.keys)
    }
  }

  #useKeys() {
    const { digest = 'sha1', legacy } = this.#optIn ?? {}
    const current = legacy === 'write' ? ['sha1', digest] : [digest]
    const all = legacy === undefined || legacy === 'write' ? current : [digest, 'sha1']
    this.#currentCount = current.length
    this.#codec = engine.createCodec({
      name: this.#name,
      current,
      legacy: all.slice(current.length),
      encoding: 'base64'
    })
    this.#cache = new KeyCache(this.#given, all[0], 'base64', this.#codec)
    const others = all.slice(1).map((algorithm) => new KeyCache(this.#given, algorithm, 'base64'))
    this.keys = this.#cache
    this.#signers = [this.#cache, ...others]
  }

  #useSigner() {
    this.keys = this.#given
    this.#signers = [this.#given]
    this.#internals = internalsOf(this.#given)
    if (this.#internals === undefined) return
    const { algorithm, encoding, keys } = this.#internals.cache
    this.#codec = engine.createCodec({ name: this.#name, current: [algorithm], legacy: [], encoding })
    this.#cache = new KeyCache(keys, algorithm, encoding, this.#codec)
  }

  /** Whether the engine's way is open: the keys are ours, as they were made, and in its states. */
  #isReady() {
    if (this.#codec === undefined) return false
    const internals = this.#internals
    if (internals !== undefined) {
      if (internals.sign !== this.keys.sign || internals.index !== this.keys.index) return false
    }
    if (!this.#cache.ready()) return false
    if (this.#optIn !== undefined && this.#cache.hasEmptyKey) this.#requireKeys()
    return true
  }

  /** With an opt-in option, nobody signs with an empty key. */
  #requireKeys() {
    if (this.#optIn?.isAnySet && this.#cache !== undefined) {
      rules().requireNoEmptyKey(this.#cache.keys)
    }
  }

  /**
   * Finds and verifies a session's cookie.
   *
   * @param {string | undefined} header the Cookie header
   * @param {boolean} verify whether a signature is looked at
   * @returns {import('./opened').Opened | undefined} undefined where there is no cookie
   * @throws what a foreign keygrip throws; with an opt-in option `ERR_SESSION_KEYS`
   */
  open(header, verify) {
    if (verify && typeof header === 'string' && this.#isReady()) {
      if (header === '') return undefined
      // Looking for a cookie leaves a trace, see `pattern`.
      if (!this.#isPatternMade) {
        this.#isPatternMade = true
        pattern(this.#name)
      }
      return this.#codec.open(header, readsLegacy(this.#optIn?.legacy))
    }
    return this.#openExactly(header, verify)
  }

  #openExactly(header, verify) {
    // Joined with `+` and before all else, as the original does it for a name that is no string.
    const signatureName = this.#name + '.sig'
    const value = header ? findCookie(header, this.#name) : undefined
    if (value === undefined) return undefined
    const opened = new Opened('cookie-session', value, undefined, undefined, undefined, value.length)
    if (!verify) return opened
    if (this.#signers.length > 1 && timedFormatOf(value) !== undefined) return MALFORMED

    const digest = findCookie(header, signatureName)
    if (!digest) return UNSIGNED
    const data = this.#name + '=' + value
    const count =
      this.#signers.length > 1 && readsLegacy(this.#optIn?.legacy) ? this.#signers.length : this.#currentCount
    for (let i = 0; i < count; i++) {
      const index = this.#index(this.#signers[i], data, digest)
      if (index < 0) continue
      opened.keyIndex = index
      opened.isLegacy = i >= this.#currentCount
      // What is falsy makes the original expire the signature, as the empty text does.
      if (index && !opened.isLegacy) opened.renewed = this.#signText(data) || ''
      return opened
    }
    return FORGED
  }

  #index(signer, data, digest) {
    if (!signer) throw new Error('.keys required for signed cookies')
    this.#requireKeys()
    // Without an opt-in option there is one.
    return this.#optIn === undefined ? this.keys.index(data, digest) : answers().indexBy(signer, data, digest)
  }

  /**
   * The text of a session as it is written.
   *
   * @param {string} json
   * @returns {string | undefined} value and signature; undefined where it takes the exact way, which signs by `sign`
   */
  seal(json) {
    return this.#isReady() ? this.#codec.seal(json) : undefined
  }

  /**
   * Signs a cookie as it is sent.
   *
   * @param {{ toString(): string }} cookie its text is made once there is something to sign it with, as that may call the app
   * @throws {Error} `.keys required for signed cookies`; all that is thrown stands for `ERR_SESSION_KEYS`
   */
  sign(cookie) {
    if (!this.keys) {
      throw new (errors().Failure)('ERR_SESSION_KEYS', new Error('.keys required for signed cookies'))
    }
    const text = cookie.toString()
    return errors().rethrowAs('ERR_SESSION_KEYS', () => this.#signText(text))
  }

  #signText(text) {
    this.#requireKeys()
    return this.#optIn === undefined ? this.keys.sign(text) : answers().signBy(this.keys, text)
  }

  /** What is signed beside a cookie that is cleared: the original signs the empty value. */
  signatureOfNothing(cookie) {
    return this.sign(cookie)
  }
}

module.exports = { OriginalFormat }
