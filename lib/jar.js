// Reads and writes a session's two cookies on a request and its response, with the rules of the
// `cookies` package (0.9.1). What is ordinary goes through the engine's `open` and `seal`; whatever
// else an app, a browser or an option brings goes the long way, which asks no questions.

const http = require('node:http')
const { findCookie } = require('./cookie-header')
const { insidesOf } = require('./keygrip')
const { LiveKeys } = require('./live-keys')
const { toBase64 } = require('./session')
const { Cookie, pushCookie } = require('./set-cookie')

/** @returns whether the connection is TLS; true or what stands in its place */
function isEncrypted(request) {
  return request.socket ? request.socket.encrypted : request.connection.encrypted
}

class Jar {
  /** What signs and verifies: the app's keys, a Keygrip, whatever was given, or nothing. */
  keys

  #name
  #given
  #sealing
  /** The states behind `keys`, where they are the engine's. */
  #live
  #insides
  #codec

  /**
   * @param {string} name the cookie's name; anything else is used as the original uses it
   * @param {unknown} keys an array of keys, a Keygrip, an object with `sign` and `index`, or nothing
   * @param {boolean} signed whether writes are expected to be signed
   */
  constructor(name, keys, signed) {
    this.#name = name
    this.#given = keys
    this.#sealing = Boolean(signed)
  }

  /**
   * What the original does first for each request.
   *
   * @throws {Error} `Keys must be provided.` for an array without a first key
   */
  prepare() {
    const isArray = Array.isArray(this.#given)
    if (isArray && !(0 in this.#given)) throw new Error('Keys must be provided.')
    if (this.keys !== undefined || this.#given === undefined) return

    this.keys = this.#given
    if (isArray) {
      this.keys = this.#live = new LiveKeys(this.#given, 'sha1', 'base64')
    } else {
      this.#insides = insidesOf(this.#given)
      this.#live = this.#insides?.live
    }
    this.#codec = this.#live?.codec(this.#name)
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
   * @returns {{ value: string, json?: string } | undefined} the cookie's value, and its text if at hand
   * @throws what a foreign keygrip throws, and `ERR_HTTP_HEADERS_SENT`
   */
  open(request, response, options) {
    const signed = options && options.signed !== undefined ? options.signed : !!this.keys
    if (options && signed && this.#ready()) {
      const header = request.headers.cookie
      if (!header) return undefined
      const opened = typeof header === 'string' ? this.#codec.open(header) : null
      if (opened === undefined) return undefined
      if (opened === false) {
        this.#clearSignature(request, response, this.#name + '.sig')
        return undefined
      }
      if (opened !== null) {
        if (opened.renewed !== undefined) {
          this.set(request, response, this.#name + '.sig', opened.renewed, { signed: false })
        }
        return opened
      }
    }
    return this.#openAny(request, response, options, signed)
  }

  #openAny(request, response, options, signed) {
    const signatureName = this.#name + '.sig'
    const value = this.#get(request, this.#name)
    if (value === undefined) return undefined
    if (!options || !signed) return { value }

    const digest = this.#get(request, signatureName)
    if (!digest) return undefined

    const data = this.#name + '=' + value
    if (!this.keys) throw new Error('.keys required for signed cookies')
    const index = this.keys.index(data, digest)
    if (index < 0) {
      this.#clearSignature(request, response, signatureName)
      return undefined
    }
    if (index) this.set(request, response, signatureName, this.keys.sign(data), { signed: false })
    return { value }
  }

  #get(request, name) {
    const header = request.headers.cookie
    return header ? findCookie(header, name) : undefined
  }

  #clearSignature(request, response, signatureName) {
    this.set(request, response, signatureName, null, { path: '/', signed: false })
  }

  /**
   * Writes a session's text.
   *
   * @param {string | undefined} json
   * @throws {TypeError} for a text that is none, and what `set` throws
   */
  save(request, response, json, options) {
    if (typeof json === 'string' && this.#sealing && this.#ready()) {
      const sealed = this.#codec.seal(json)
      const value = sealed.slice(0, -this.#codec.signatureLength)
      this.set(request, response, this.#name, value, options, sealed.slice(value.length))
    } else {
      this.set(request, response, this.#name, toBase64(json), options)
    }
  }

  /** Writes the cookie that makes a browser drop the session. */
  clear(request, response, options) {
    this.set(request, response, this.#name, '', options)
  }

  /**
   * Adds a cookie, and its signature, to the response's Set-Cookie.
   *
   * @param {string} [signature] what `NAME=value` is signed with, where that is known
   * @throws {TypeError} for a name, value or attribute that cannot be sent
   * @throws {Error} for a secure cookie on a connection that is not
   */
  set(request, response, name, value, options, signature) {
    let headers = response.getHeader('Set-Cookie') || []
    const cookie = new Cookie(name, value, options)
    const signed = options && options.signed !== undefined ? options.signed : !!this.keys
    const secure = request.protocol === 'https' || isEncrypted(request)

    if (typeof headers === 'string') headers = [headers]

    if (!secure && options && options.secure) {
      throw new Error('Cannot send secure cookie over unencrypted connection')
    }
    cookie.secure = options && options.secure !== undefined ? options.secure : secure
    if (options && 'secureProxy' in options) cookie.secure = options.secureProxy

    pushCookie(headers, cookie)

    if (options && signed) {
      if (!this.keys) throw new Error('.keys required for signed cookies')
      const data = cookie.toString()
      const known = signature !== undefined && data === name + '=' + value
      cookie.value = known ? signature : this.keys.sign(data)
      cookie.name += '.sig'
      pushCookie(headers, cookie)
    }

    const setHeader = response.set ? http.OutgoingMessage.prototype.setHeader : response.setHeader
    setHeader.call(response, 'Set-Cookie', headers)
  }
}

module.exports = { Jar }
