'use strict'

// Set-Cookie headers, as the `cookies` package (0.9.1) writes them: which attributes, in which order
// and case, checked how. It checks less than RFC 6265bis asks for, and so does this.

/** RFC 7230 section 3.2: field-content. */
const FIELD_CONTENT = /^[\t\x20-\x7e\x80-\xff]+$/
const PRIORITY = /^(?:low|medium|high)$/i
const SAME_SITE = /^(?:lax|none|strict)$/i

/** One cookie to be sent. Every enumerable option becomes a property, whatever it is called. */
class Cookie {
  /**
   * @param {string} name
   * @param {string | null | undefined} value the empty value makes the cookie expire
   * @param {object | null | undefined} options
   * @throws {TypeError} for a name, value or attribute that cannot be sent
   */
  constructor(name, value, options) {
    if (!FIELD_CONTENT.test(name) || /[;=]/.test(name)) throw new TypeError('argument name is invalid')
    if (value && (!FIELD_CONTENT.test(value) || /;/.test(value))) {
      throw new TypeError('argument value is invalid')
    }

    this.name = name
    this.value = value || ''
    for (const option in options) this[option] = options[option]

    if (!this.value) {
      this.expires = new Date(0)
      this.maxAge = null
    }

    if (this.path && !FIELD_CONTENT.test(this.path)) throw new TypeError('option path is invalid')
    if (this.domain && !FIELD_CONTENT.test(this.domain)) throw new TypeError('option domain is invalid')
    if (typeof this.maxAge === 'number' ? !Number.isFinite(this.maxAge) : this.maxAge) {
      throw new TypeError('option maxAge is invalid')
    }
    if (this.priority && !PRIORITY.test(this.priority)) throw new TypeError('option priority is invalid')
    if (this.sameSite && this.sameSite !== true && !SAME_SITE.test(this.sameSite)) {
      throw new TypeError('option sameSite is invalid')
    }
  }

  // Values are joined with `+`, which asks an object for its value first, where a template would ask
  // for its text.

  toString() {
    return this.name + '=' + this.value
  }

  toHeader() {
    if (this.maxAge) this.expires = new Date(Date.now() + this.maxAge)

    let header = this.toString() + pathOf(this)
    if (this.expires) header += '; expires=' + this.expires.toUTCString()
    return header + flagsOf(this)
  }
}

function pathOf(cookie) {
  return cookie.path ? '; path=' + cookie.path : ''
}

/** The attributes that follow the date. */
function flagsOf(cookie) {
  let flags = ''
  if (cookie.domain) flags += '; domain=' + cookie.domain
  if (cookie.priority) flags += '; priority=' + cookie.priority.toLowerCase()
  if (cookie.sameSite) {
    flags += '; samesite=' + (cookie.sameSite === true ? 'strict' : cookie.sameSite.toLowerCase())
  }
  if (cookie.secure) flags += '; secure'
  if (cookie.httpOnly) flags += '; httponly'
  if (cookie.partitioned) flags += '; partitioned'
  return flags
}

// The defaults, and the older spelling of maxAge.
Object.assign(Cookie.prototype, {
  path: '/',
  expires: undefined,
  domain: undefined,
  httpOnly: true,
  partitioned: false,
  priority: undefined,
  sameSite: false,
  secure: false,
  overwrite: false
})
Object.defineProperty(Cookie.prototype, 'maxage', {
  configurable: true,
  enumerable: true,
  get() {
    return this.maxAge
  },
  set(value) {
    this.maxAge = value
  }
})

/**
 * Removes what a Set-Cookie header holds for a name, in place.
 *
 * @param {string[]} headers
 * @param {string} name
 */
function dropCookies(headers, name) {
  for (let i = headers.length - 1; i >= 0; i--) {
    if (headers[i].indexOf(name + '=') === 0) headers.splice(i, 1)
  }
}

/**
 * Appends a cookie to the values of a Set-Cookie header, in place. With its `overwrite`, earlier
 * cookies of its name go first.
 *
 * @param {string[]} headers
 * @param {Cookie} cookie
 */
function pushCookie(headers, cookie) {
  if (cookie.overwrite) dropCookies(headers, cookie.name)
  headers.push(cookie.toHeader())
}

module.exports = {
  Cookie,
  dropCookies,
  flagsOf,
  pathOf,
  pushCookie
}
