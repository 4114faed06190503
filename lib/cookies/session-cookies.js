'use strict'

// The cookies that a session is sent in: its value and its signature with their attributes, as the `cookies` package
// (0.9.1) sends them. Options that stay as they are go through the attribute cache; all else goes the exact way.

const { lazily } = require('../lazily')
const { isSecure, requireSecure, setCookies, valuesOf } = require('../request/connection')
const { AttributeCache } = require('./attribute-cache')
const { toBase64 } = require('../session/session')
const { MAX_COOKIE_BYTES, refusedByBrowsers } = require('./browser-rules')
const { Cookie, dropCookies, pushCookie } = require('./set-cookie')

/** What needs no look at it before it is sent, see lib/cookies/set-cookie.js. */
const PLAIN_NAME = /^[!-:<>-~]+$/
const PLAIN_SIGNATURE = /^[\w-]+$/

/** Loaded where a session is lost, or has times. */
const errors = lazily(() => require('../errors'))
const warnings = lazily(() => require('../warnings'))
const lifetimes = lazily(() => require('../formats/lifetime'))

/** Whether options given as a literal have what they say and nothing else: nobody has added to Object.prototype. */
function isObjectPrototypeClean() {
  const literal = {}
  for (const _ in literal) return false
  return !('secureProxy' in literal) && literal.maxAge === undefined
}

/** The cookies of the sessions of one middleware. */
class SessionCookies {
  #name
  #format
  #optIn
  #attributes
  #isPlainName

  /**
   * @param {{ name: string, format: object, optIn?: object }} config
   */
  constructor({ name, format, optIn }) {
    this.#name = name
    this.#isPlainName = typeof name === 'string' && PLAIN_NAME.test(name)
    this.#format = format
    this.#optIn = optIn
  }

  /**
   * Whether a signature is verified, or written: as options say; where they do not, there being keys decides.
   *
   * @param {object | null | undefined} options `req.sessionOptions`
   */
  isSigned(options) {
    if (this.#optIn?.alwaysSigned) return true
    return Boolean(options && (options.signed !== undefined ? options.signed : this.#format.hasKeys))
  }

  /** Bytes of a session's cookie: its name and its value. */
  bytesOf(valueLength) {
    return this.#name.length + valueLength
  }

  /**
   * Sends a session.
   *
   * @param {Context} context the request, its response and options, and who hears of what browsers refuse
   * @param {string | undefined} json the session's text
   * @param {{ times: Times, kept?: Times, value?: string }} [written] with an opt-in option: the times that it is to have,
   *   those of the cookie that it came in, and the value of a cookie that is sent as it came
   * @returns {number} bytes of name and value
   * @throws {TypeError} for a text that is none, or a name or attribute that cannot be sent
   * @throws {Error} for a secure cookie on a connection that is not
   * @throws {SessionError} `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_KEYS`
   */
  save(context, json, written) {
    const { req, res, options } = context
    // Throws, before anything of the response is touched.
    if (typeof json !== 'string' && written?.value === undefined) toBase64(json)
    const header = res.getHeader('Set-Cookie')
    const attributes = written?.value === undefined ? this.#attributesOf(options) : undefined
    if (attributes === undefined) return this.#saveExactly(header, context, json, written)

    const name = this.#name
    const format = this.#format
    const secure = isSecure(req, this.#optIn?.proxy)
    requireSecure(options, secure)
    const asSecure = options.secure === undefined ? secure : options.secure

    let sealed
    let signatureLength
    let text
    if (written !== undefined && format.isTimed(written.kept)) {
      const { lifetimeFor } = lifetimes()
      const { times, lifetime } = lifetimeFor(this.#optIn, attributes.lifetime, options, written)
      sealed = errors().rethrowAs('ERR_SESSION_KEYS', () => format.sealTimed(json, times))
      signatureLength = format.timedSignatureLength
      text = attributes.text(asSecure, lifetime)
    } else {
      // Not before, as all of that may have run code of the app's that changes keys.
      sealed = format.seal(json)
      if (sealed === undefined) return this.#saveExactly(header, context, json, written)
      signatureLength = format.signatureLength
      text = attributes.text(asSecure)
    }
    const valueLength = sealed.length - signatureLength
    const bytes = this.#checkSize(valueLength)
    const cookie = name + '=' + sealed.slice(0, valueLength) + text

    let values
    if (header) {
      values = valuesOf(header)
      if (attributes.overwrite) dropCookies(values, name)
      values.push(cookie)
    } else {
      values = [cookie]
    }
    if (signatureLength > 0) {
      if (header && attributes.overwrite) dropCookies(values, name + '.sig')
      values.push(name + '.sig=' + sealed.slice(valueLength) + text)
    } else {
      this.#dropSignature(values, context, attributes.values(asSecure))
    }
    setCookies(res, values)
    if (attributes.isSuspect) this.#reportRefusal(context, name, attributes.values(asSecure))
    return bytes
  }

  /** @throws {SessionError} `ERR_SESSION_TOO_LARGE` */
  #checkSize(valueLength) {
    const bytes = this.bytesOf(valueLength)
    const maxSize = this.#optIn?.maxSize
    if (bytes > (maxSize ?? MAX_COOKIE_BYTES)) {
      if (maxSize === undefined) warnings().warnTooLarge(this.#name, bytes)
      else
        throw new (errors().SessionError)('ERR_SESSION_TOO_LARGE', { detail: `${bytes} of ${maxSize} bytes` })
    }
    return bytes
  }

  #attributesOf(options) {
    if (typeof options !== 'object' || options === null) return undefined
    if (this.#attributes?.fits(options)) return this.#attributes
    const attributes = AttributeCache.of(options, this.#name)
    if (attributes !== undefined) this.#attributes = attributes
    return attributes
  }

  #saveExactly(header, context, json, written) {
    const made = this.make(context, json, written)
    this.#send(header, context, made)
    return made.bytes
  }

  /**
   * Sends the cookie that makes a browser drop the session.
   *
   * @param {Context} context
   */
  clear(context) {
    const header = context.res.getHeader('Set-Cookie')
    this.#send(header, context, this.makeClearing(context))
  }

  /**
   * A session's cookie, short of sending it.
   *
   * @param {Context} context where there is no request, the connection is not looked at
   * @returns {{ cookie: Cookie, sign?: (cookie: Cookie) => string, writesSignature: boolean, bytes: number }}
   */
  make(context, json, written) {
    const { options } = context
    const format = this.#format
    const isTimed = written !== undefined && format.isTimed(written.kept)
    if (!isTimed) {
      const value = written?.value ?? toBase64(json)
      const cookie = new Cookie(this.#name, value, options)
      // The signature is of the cookie as it is sent, whatever an option made of it.
      const sign = this.isSigned(options) ? (sent) => format.sign(sent) : undefined
      this.#complete(cookie, context, value)
      return { cookie, sign, writesSignature: true, bytes: this.#checkSize(value.length) }
    }
    const cookie = new Cookie(this.#name, 'any', options)
    this.#complete(cookie, context, 'any')
    const { lifetimeFor, setLifetime } = lifetimes()
    const { times, lifetime } = lifetimeFor(this.#optIn, cookie, options, written)
    if (lifetime !== undefined) setLifetime(cookie, lifetime)
    const sealed = errors().rethrowAs('ERR_SESSION_KEYS', () => format.sealTimed(json, times))
    const length = format.timedSignatureLength
    const valueLength = sealed.length - length
    cookie.value = sealed.slice(0, valueLength)
    return {
      cookie,
      sign: length > 0 ? () => sealed.slice(valueLength) : undefined,
      writesSignature: length > 0,
      bytes: this.#checkSize(valueLength)
    }
  }

  /** The cookie that makes a browser drop a session, short of sending it. */
  makeClearing(context) {
    const format = this.#format
    const { options } = context
    const writesSignature = format.writesSignature(format.isTimed())
    const cookie = new Cookie(this.#name, '', options)
    const signs = writesSignature && this.isSigned(options)
    this.#complete(cookie, context, '')
    return {
      cookie,
      sign: signs ? (sent) => format.signatureOfNothing(sent) : undefined,
      writesSignature,
      bytes: 0
    }
  }

  /** What is not the options' own matter, or not theirs alone. */
  #complete(cookie, { req, options }, value) {
    const secure = req === undefined ? false : isSecure(req, this.#optIn?.proxy)
    if (req !== undefined) requireSecure(options, secure)
    cookie.secure = options && options.secure !== undefined ? options.secure : secure
    if (options && 'secureProxy' in options) cookie.secure = options.secureProxy
    if (this.#optIn === undefined) return
    // In the original's format an option `name` or `value` lands on the cookie, as it does with the original.
    if (this.#optIn.hasTimes) Object.assign(cookie, { name: this.#name, value })
    // `name: process.env.NOT_SET`
    if (this.#optIn.isAnySet && !cookie.name) cookie.name = this.#name
  }

  #send(header, context, made) {
    const values = valuesOf(header)
    this.push(values, context, made)
    setCookies(context.res, values)
  }

  /**
   * Adds a session's cookie to the values of a Set-Cookie header, and its signature, or what drops one that has no
   * place beside it.
   *
   * @param {string[]} values
   * @param {{ cookie: Cookie, sign?: (cookie: Cookie) => string, writesSignature: boolean }} made
   */
  push(values, context, { cookie, sign, writesSignature }) {
    const { name } = cookie
    pushCookie(values, cookie)
    this.#reportRefusal(context, name, cookie)
    if (sign !== undefined) {
      cookie.value = sign(cookie)
      cookie.name += '.sig'
      pushCookie(values, cookie)
    } else if (!writesSignature) {
      this.#dropSignature(values, context, cookie)
    }
  }

  /** A signature from before sessions were encrypted. */
  #dropSignature(values, context, { path, domain, secure, httpOnly, overwrite, partitioned, sameSite }) {
    if (!context.carriesSignature()) return
    const attributes = { path, domain, httpOnly, overwrite, partitioned, sameSite }
    pushCookie(values, Object.assign(new Cookie(this.#name + '.sig', '', attributes), { secure }))
  }

  /** It is sent, as the original sends it. */
  #reportRefusal(context, name, cookie) {
    const error = refusedByBrowsers(name, cookie)
    if (error !== undefined) context.report(error)
  }

  /**
   * Sets `NAME.sig` alone, with the attributes that the original gives it.
   *
   * @param {Context} context
   * @param {string | null} signature null to make the browser drop it
   * @returns {string} the value of Set-Cookie that was added
   */
  setSignature({ req, res }, signature) {
    const header = res.getHeader('Set-Cookie')
    let value
    let values
    if (
      this.#isPlainName &&
      (signature === null || PLAIN_SIGNATURE.test(signature)) &&
      isObjectPrototypeClean()
    ) {
      values = valuesOf(header)
      const secure = isSecure(req, this.#optIn?.proxy) ? '; secure' : ''
      const expires = signature === null ? '; expires=Thu, 01 Jan 1970 00:00:00 GMT' : ''
      value = this.#name + '.sig=' + (signature ?? '') + '; path=/' + expires + secure + '; httponly'
      values.push(value)
    } else {
      const options = signature === null ? { path: '/', signed: false } : { signed: false }
      const cookie = new Cookie(this.#name + '.sig', signature, options)
      const secure = isSecure(req, this.#optIn?.proxy)
      values = valuesOf(header)
      requireSecure(options, secure)
      cookie.secure = options.secure !== undefined ? options.secure : secure
      if ('secureProxy' in options) cookie.secure = options.secureProxy
      pushCookie(values, cookie)
      value = values.at(-1)
    }
    setCookies(res, values)
    return value
  }
}

/**
 * Whether a Set-Cookie header sets, or clears, one of the cookies of a session.
 *
 * @param {string[]} values
 * @param {string} name the session's cookie; its signature counts as well
 */
function setsCookieOf(values, name) {
  const names = [String(name), `${name}.sig`]
  return values.some((value) => names.includes(String(value).split(/[=;]/, 1)[0].trim()))
}

module.exports = { SessionCookies, setsCookieOf }
