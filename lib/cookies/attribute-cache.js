'use strict'

// The attributes of a session's cookie as text, made once for options that stay as they are. Where only the
// clock has moved, only the date is written anew, once a second. Options that a text cannot stand for get none:
// then each cookie is made for its occasion, as lib/cookies/set-cookie.js does it.

const { refusal } = require('./browser-rules')
const { dataOf, hasProxy } = require('../data-property')
const { Cookie, flagsOf, pathOf } = require('./set-cookie')

const objectToString = Object.prototype.toString
/** The last moment that a Date has room for, in whole seconds. */
const LAST_SECOND = 8.64e12

/** Options that count; an app that has others has them in vain. */
const ATTRIBUTES = [
  'name',
  'path',
  'domain',
  'priority',
  'sameSite',
  'secure',
  'httpOnly',
  'partitioned',
  'maxAge',
  'overwrite',
  'signed'
]

/** Whether an option is a primitive that stands, enumerable, in a data property. */
function isPlain(options, attribute) {
  const { enumerable = false, value } = dataOf(options, attribute) ?? {}
  return enumerable && (value === null || !/^(?:object|function)$/.test(typeof value))
}

class AttributeCache {
  #values
  #path
  #flags
  #secureFlags
  /** The whole text without a date, without and with `secure`. */
  #dateless
  #datelessSecure
  /** The same with a date, and the second that it names. */
  #dated
  #datedSecure
  #second
  /** Whether browsers refuse such a cookie, or refuse it without `secure`. */
  isSuspect

  /**
   * @param {object} options `req.sessionOptions`
   * @param {string} name the name that its cookie is sealed for
   * @returns {AttributeCache | undefined} undefined where there is something that a text cannot stand for
   */
  static of(options, name) {
    if (hasProxy(options)) return undefined
    // All of them its own, so that what others add to Object.prototype is not taken for one.
    const values = Object.fromEntries(ATTRIBUTES.map((attribute) => [attribute, undefined]))
    for (const attribute of ATTRIBUTES) {
      if (!(attribute in options)) continue
      if (!isPlain(options, attribute)) return undefined
      values[attribute] = options[attribute]
    }
    for (const attribute of ['name', 'path', 'httpOnly']) {
      if (attribute in options && values[attribute] === undefined) return undefined
    }
    if (!values.signed || (values.name !== undefined && values.name !== name)) return undefined
    for (const option in options) {
      // Assigned to a cookie, the first changes what a cookie is; and code would be run once more than there are cookies.
      if (option === '__proto__' || dataOf(options, option) === undefined) return undefined
    }

    let cache
    try {
      cache = new AttributeCache(name, values, new Cookie(name, 'value', options))
    } catch {
      return undefined
    }
    return cache.fits(options) ? cache : undefined
  }

  constructor(name, values, cookie) {
    this.#values = values
    this.isSuspect = [false, true].some((secure) => refusal(name, this.values(secure)) !== undefined)
    this.#path = pathOf(cookie)
    this.#flags = flagsOf(Object.assign(cookie, { secure: false }))
    this.#secureFlags = flagsOf(Object.assign(cookie, { secure: true }))
    this.#dateless = this.#path + this.#flags
    this.#datelessSecure = this.#path + this.#secureFlags
  }

  /** Whether earlier cookies of the same name are to be dropped. */
  get overwrite() {
    return this.#values.overwrite
  }

  /** What the options say of the cookie's lifetime, see lib/formats/lifetime.js. */
  get lifetime() {
    return this.#values
  }

  /** The attributes as values, with the defaults of a cookie. */
  values(secure) {
    const { path, httpOnly } = this.#values
    return {
      ...this.#values,
      path: path === undefined ? '/' : path,
      httpOnly: httpOnly === undefined ? true : httpOnly,
      secure
    }
  }

  /** Whether these are the attributes that the options, as they are now, give a cookie. */
  fits(options) {
    const values = this.#values
    return (
      options.path === values.path &&
      options.maxAge === values.maxAge &&
      options.sameSite === values.sameSite &&
      options.secure === values.secure &&
      options.httpOnly === values.httpOnly &&
      options.name === values.name &&
      options.domain === values.domain &&
      options.partitioned === values.partitioned &&
      options.priority === values.priority &&
      options.overwrite === values.overwrite &&
      options.signed === values.signed &&
      options.expires === undefined &&
      options.toString === objectToString &&
      // A default applies where there is no such option, and not where it is undefined.
      (values.path !== undefined || !('path' in options)) &&
      (values.name !== undefined || !('name' in options)) &&
      !('value' in options) &&
      !('maxage' in options) &&
      !('secureProxy' in options) &&
      !('toHeader' in options)
    )
  }

  /**
   * The text that follows a cookie's value.
   *
   * @param {boolean} secure
   * @param {{ maxAge?: number, expires?: number }} [lifetime] where it is another than the options say
   */
  text(secure, lifetime = this.#values) {
    const { maxAge } = lifetime
    const time = maxAge ? Date.now() + maxAge : lifetime.expires
    if (time === undefined) return secure ? this.#datelessSecure : this.#dateless
    const second = Math.floor(time / 1000)
    if (second !== this.#second) {
      const expires = '; expires=' + new Date(time).toUTCString()
      this.#dated = this.#path + expires + this.#flags
      this.#datedSecure = this.#path + expires + this.#secureFlags
      // Fractions of a millisecond are cut off towards 1970, which is another rule than this one.
      this.#second = Number.isInteger(time) && second < LAST_SECOND ? second : undefined
    }
    return secure ? this.#datedSecure : this.#dated
  }
}

module.exports = { AttributeCache }
