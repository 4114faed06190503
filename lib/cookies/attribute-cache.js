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

class PreparedAttributes {
  #values
  #path
  #flags
  #secureFlags
  /** The whole text without and with `secure`, good until the clock has moved on by a second. */
  #plain
  #secure
  #second
  /** Whether browsers refuse such a cookie, or refuse it without `secure`. */
  isSuspect

  /**
   * @param {object} options `req.sessionOptions`
   * @param {string} name the name that its cookie is sealed for
   * @returns {PreparedAttributes | undefined} undefined where there is something that a text cannot stand for
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

    let prepared
    try {
      prepared = new PreparedAttributes(name, values, new Cookie(name, 'value', options))
    } catch {
      return undefined
    }
    return prepared.fits(options) ? prepared : undefined
  }

  constructor(name, values, cookie) {
    this.#values = values
    this.isSuspect = [false, true].some((secure) => refusal(name, this.attributes(secure)) !== undefined)
    this.#path = pathOf(cookie)
    this.#flags = flagsOf(Object.assign(cookie, { secure: false }))
    this.#secureFlags = flagsOf(Object.assign(cookie, { secure: true }))
    this.#write('')
  }

  /** Whether earlier cookies of the same name are to be dropped. */
  get overwrite() {
    return this.#values.overwrite
  }

  attributes(secure) {
    return { ...this.#values, path: this.#values.path ?? '/', secure }
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
   */
  text(secure) {
    const { maxAge } = this.#values
    if (maxAge) {
      const time = Date.now() + maxAge
      const second = Math.floor(time / 1000)
      if (second !== this.#second) {
        this.#write('; expires=' + new Date(time).toUTCString())
        // Fractions of a millisecond are cut off towards 1970, which is another rule than this one.
        this.#second = Number.isInteger(time) && second < LAST_SECOND ? second : undefined
      }
    }
    return secure ? this.#secure : this.#plain
  }

  #write(expires) {
    this.#plain = this.#path + expires + this.#flags
    this.#secure = this.#path + expires + this.#secureFlags
  }
}

module.exports = { PreparedAttributes }
