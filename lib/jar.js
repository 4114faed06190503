'use strict'

// Reads and writes a session's two cookies on a request and its response, with the rules of the
// `cookies` package (0.9.1). What is ordinary goes through the engine's `open` and `seal`; whatever
// else an app, a browser or an option brings goes the long way, which asks no questions.

const http = require('node:http')
const { BROWSERS_KEEP, refusedByBrowsers } = require('./cookies/browser-rules')
const { findCookie, pattern } = require('./cookies/cookie-header')
const { insidesOf } = require('./keys/keygrip')
const { LiveKeys } = require('./keys/key-cache')
const { PreparedAttributes } = require('./cookies/attribute-cache')
const { toBase64 } = require('./session/session')
const { Cookie, dropCookies, pushCookie } = require('./cookies/set-cookie')

/** Loaded where something is lost, or goes the long way. */
const errors = () => require('./errors')

/** Whether the request came over TLS: true, or what stands in its place. */
function isSecure(request) {
  if (request.protocol === 'https') return true
  return request.socket ? request.socket.encrypted : request.connection.encrypted
}

/** Whether options given as a literal hold what they say and no more: nobody has added to Object.prototype. */
function literalsAreBare() {
  const bare = {}
  for (const _ in bare) return false
  return !('secureProxy' in bare) && bare.maxAge === undefined
}

function requireSecure(options, secure) {
  if (!secure && options && options.secure) {
    throw errors().because(
      'ERR_SESSION_INSECURE',
      new Error('Cannot send secure cookie over unencrypted connection')
    )
  }
}

/** Warns of what browsers drop without a word. It is sent, as the original sends it. */
function warnOfDropped(name, value, cookie, publish) {
  if (typeof name !== 'string' || typeof value !== 'string') return
  const bytes = name.length + value.length
  if (bytes > BROWSERS_KEEP) errors().warnTooLarge(name, bytes)
  const error = refusedByBrowsers(name, cookie)
  if (error === undefined) return
  publish?.('failed', { code: error.code })
  errors().warnNotSaved(error)
}

/** Values of a header as an array that may be added to: the response's own, where it has one. */
function valuesOf(header) {
  const values = header || []
  return typeof values === 'string' ? [values] : values
}

function setCookies(response, values) {
  const setHeader = response.set ? http.OutgoingMessage.prototype.setHeader : response.setHeader
  setHeader.call(response, 'Set-Cookie', values)
}

class Jar {
  /** What signs and verifies: the app's keys, a Keygrip, whatever was given, or nothing. */
  keys

  #name
  #given
  /** The states behind `keys`, where they are the engine's. */
  #live
  #insides
  #codec
  #prepared
  #looked = false

  /**
   * @param {string} name the cookie's name; anything else is used as the original uses it
   * @param {unknown} keys an array of keys, a Keygrip, an object with `sign` and `index`, or nothing
   */
  constructor(name, keys) {
    this.#name = name
    this.#given = keys
  }

  /**
   * What the original does first for each request.
   *
   * @param {import('node:http').IncomingMessage} request
   * @throws {Error} `Keys must be provided.` for an array without a first key
   */
  prepare(request) {
    const isArray = Array.isArray(this.#given)
    if (isArray && !(0 in this.#given)) throw new Error('Keys must be provided.')
    if (this.keys !== undefined || this.#given === undefined) return

    this.keys = this.#given
    if (isArray) {
      this.keys = this.#live = new LiveKeys(this.#given, 'sha1', 'base64')
    } else {
      this.#insides = insidesOf(this.#given)
      this.#live = this.#insides?.live
      if (this.#live?.algorithm === 'sha256')
        require('./keys/shared-secret').warnOfSharedSecret(request, this.keys)
    }
    this.#codec = this.#live?.codec(this.#name)
  }

  /** Whether options ask for a signature, to verify or to write; where they do not say, there being keys decides. */
  #isSigned(options) {
    return options && options.signed !== undefined ? options.signed : !!this.keys
  }

  /** Whether the engine's way is open: the keys are ours, as they were made, and in its states. */
  #ready() {
    if (this.#codec === undefined) return false
    const insides = this.#insides
    if (insides !== undefined && (insides.sign !== this.keys.sign || insides.index !== this.keys.index)) {
      return false
    }
    return this.#live.ready()
  }

  /**
   * Finds and verifies the session's cookie. A signature that no key made is cleared on the
   * response, one of an older key is replaced.
   *
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   * @param {object | null | undefined} options `req.sessionOptions`; unless it says signed, nothing is verified
   * @param {Function} [publish] where somebody listens to what is found, see lib/channels.js
   * @returns {{ value: string, json?: string, keyIndex?: number } | undefined} the cookie's value, its text if at hand, and
   *   with `publish` the place of the key that signed it
   * @throws what a foreign keygrip throws, and `ERR_HTTP_HEADERS_SENT`
   */
  open(request, response, options, publish) {
    const signed = this.#isSigned(options)
    // The engine's codec does not tell which key signed.
    if (options && signed && publish === undefined && this.#ready()) {
      const header = request.headers.cookie
      if (!header) return undefined
      if (!this.#looked) this.#look()
      const opened = typeof header === 'string' ? this.#codec.open(header) : null
      if (opened === undefined) return undefined
      if (opened === false) {
        this.#setSignature(request, response, null)
        return undefined
      }
      if (opened !== null) {
        if (opened.renewed !== undefined) this.#setSignature(request, response, opened.renewed)
        return opened
      }
    }
    return this.#openAny(request, response, options, signed, publish)
  }

  #openAny(request, response, options, signed, publish) {
    const signatureName = this.#name + '.sig'
    const value = this.#get(request, this.#name)
    if (value === undefined) return undefined
    if (!options || !signed) return { __proto__: null, value }

    const digest = this.#get(request, signatureName)
    if (!digest) {
      publish?.('rejected', { reason: 'signature' })
      return undefined
    }

    const data = this.#name + '=' + value
    if (!this.keys) throw new Error('.keys required for signed cookies')
    const index = this.keys.index(data, digest)
    if (index < 0) {
      this.#set(request, response, signatureName, null, { path: '/', signed: false })
      publish?.('rejected', { reason: 'signature' })
      return undefined
    }
    if (index) this.#set(request, response, signatureName, this.keys.sign(data), { signed: false })
    return { __proto__: null, value, keyIndex: index }
  }

  /** Bytes of a session's cookie: its name and its value. */
  bytesOf(value) {
    return this.#name.length + value.length
  }

  /** Leaves the trace that looking for a cookie leaves, see `pattern`. */
  #look() {
    this.#looked = true
    pattern(this.#name)
  }

  #get(request, name) {
    const header = request.headers.cookie
    return header ? findCookie(header, name) : undefined
  }

  /**
   * Sets `NAME.sig` alone, which needs no more than this says, as long as Object.prototype is as it should be.
   *
   * @param {string | null} signature null to make the browser drop it
   */
  #setSignature(request, response, signature) {
    if (!literalsAreBare()) {
      const options = signature === null ? { path: '/', signed: false } : { signed: false }
      this.#set(request, response, this.#name + '.sig', signature, options)
      return
    }
    const values = valuesOf(response.getHeader('Set-Cookie'))
    const secure = this.#isSecure(request) ? '; secure' : ''
    const expires = signature === null ? '; expires=Thu, 01 Jan 1970 00:00:00 GMT' : ''
    values.push(this.#name + '.sig=' + (signature ?? '') + '; path=/' + expires + secure + '; httponly')
    setCookies(response, values)
  }

  /**
   * Writes a session's text.
   *
   * @param {string | undefined} json
   * @param {object | null | undefined} options `req.sessionOptions`
   * @param {Function} [publish] where somebody listens, see lib/channels.js
   * @throws {TypeError} for a text that is none, or a name or attribute that cannot be sent
   * @throws {Error} for a secure cookie on a connection that is not
   */
  save(request, response, json, options, publish) {
    // Throws, before anything of the response is touched.
    if (typeof json !== 'string') toBase64(json)
    const header = response.getHeader('Set-Cookie')
    const prepared = this.#preparedFor(options)
    if (prepared === undefined) {
      this.#saveBeside(header, request, response, json, options, publish)
      return
    }

    const name = this.#name
    const secure = this.#isSecure(request)
    requireSecure(options, secure)
    // Not before, as all of that may have run code of the app's that changes keys.
    if (!this.#ready()) {
      this.#saveBeside(header, request, response, json, options, publish)
      return
    }
    const sealed = this.#codec.seal(json)
    const value = sealed.slice(0, -this.#codec.signatureLength)
    const signature = sealed.slice(value.length)
    const asSecure = options.secure === undefined ? secure : options.secure
    const attributes = prepared.text(asSecure)
    if (prepared.isSuspect || name.length + value.length > BROWSERS_KEEP) {
      warnOfDropped(name, value, prepared.attributes(asSecure), publish)
    }
    const main = name + '=' + value + attributes
    const other = name + '.sig=' + signature + attributes
    let values
    if (header) {
      values = valuesOf(header)
      if (prepared.overwrite) dropCookies(values, name)
      values.push(main)
      if (prepared.overwrite) dropCookies(values, name + '.sig')
      values.push(other)
    } else {
      values = [main, other]
    }
    setCookies(response, values)
    publish?.('saved', { bytes: this.bytesOf(value) })
  }

  /** Writes it as the original does, beside what the response's Set-Cookie holds. */
  #saveBeside(header, request, response, json, options, publish) {
    const value = toBase64(json)
    this.#setBeside(header, request, response, this.#name, value, options, publish)
    publish?.('saved', { bytes: this.bytesOf(value) })
  }

  #preparedFor(options) {
    if (typeof options !== 'object' || options === null) return undefined
    if (this.#prepared?.fits(options)) return this.#prepared
    const prepared = PreparedAttributes.of(options, this.#name)
    if (prepared !== undefined) this.#prepared = prepared
    return prepared
  }

  /** Writes the cookie that makes a browser drop the session. */
  clear(request, response, options, publish) {
    this.#set(request, response, this.#name, '', options, publish)
    publish?.('saved', { bytes: 0 })
  }

  /** Adds a cookie, and its signature, to the response's Set-Cookie. */
  #set(request, response, name, value, options, publish) {
    this.#setBeside(response.getHeader('Set-Cookie'), request, response, name, value, options, publish)
  }

  /** Adds them to a header that was read already. */
  #setBeside(header, request, response, name, value, options, publish) {
    const cookie = new Cookie(name, value, options)
    const signed = this.#isSigned(options)
    const secure = this.#isSecure(request)
    const values = valuesOf(header)

    requireSecure(options, secure)
    cookie.secure = options && options.secure !== undefined ? options.secure : secure
    if (options && 'secureProxy' in options) cookie.secure = options.secureProxy

    pushCookie(values, cookie)
    warnOfDropped(cookie.name, cookie.value, cookie, publish)

    if (options && signed) {
      if (!this.keys) {
        throw new (errors().Failure)('ERR_SESSION_KEYS', new Error('.keys required for signed cookies'))
      }
      const data = cookie.toString()
      cookie.value = errors().failingAs('ERR_SESSION_KEYS', () => this.keys.sign(data))
      cookie.name += '.sig'
      pushCookie(values, cookie)
    }

    setCookies(response, values)
  }

  /**
   * The original reads `secure` from a literal that has none, so that what somebody left on Object.prototype comes before
   * the connection.
   */
  #isSecure(request) {
    const { secure } = {}
    return secure === undefined ? isSecure(request) : Boolean(secure)
  }
}

module.exports = { Jar, isSecure, requireSecure, setCookies, valuesOf }
