'use strict'

// The opt-in options: read once, when a middleware is made, and checked then. Nothing on
// `req.sessionOptions` changes them afterwards.

const http = require('node:http')
const { warnOnce } = require('./warnings')
const { types } = require('node:util')
const { OPT_IN_OPTIONS } = require('./opt-in')
const { emptyKey, lengthOf, wrongKeys } = require('./keys/rules')
const { internalsOf } = require('./keys/keygrip')
const { DIGESTS } = require('./keys/limits')
const { endsWithBrowser, lifetimeOf } = require('./formats/lifetime')

/** What a key can be derived for: HKDF's info has at most 1,024 bytes in Node. */
const MAX_NAME_LENGTH = 900

/** What Express's request and what goes with it has beside Node's. */
const TAKEN = new Set(
  [
    'body params query cookies signedCookies user sessionOptions sessionID sessionStore app res',
    'next route baseUrl originalUrl secret files file rawBody log id get header accepts',
    'acceptsEncoding acceptsEncodings acceptsCharset acceptsCharsets acceptsLanguage',
    'acceptsLanguages range param is protocol secure ip ips subdomains path host hostname fresh',
    'stale xhr _parsedUrl _startTime login logIn logout logOut isAuthenticated isUnauthenticated authInfo',
    'account auth flash csrfToken'
  ].flatMap((names) => names.split(' '))
)

function typeOf(value) {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (Number.isNaN(value)) return 'NaN'
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date'
  if (typeof value === 'number') return `the number ${value}`
  // Not its text, which may be a key that was put in the wrong place.
  if (typeof value === 'string')
    return value === '' ? 'an empty string' : `a string of ${value.length} characters`
  return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`
}

/** @throws {TypeError} that names the option, what it is, and what it should be */
function wrong(name, value, expected) {
  throw new TypeError(`option ${name} is ${typeOf(value)}; expected ${expected}`)
}

function readBoolean(options, name) {
  const value = options[name]
  if (value !== undefined && typeof value !== 'boolean') wrong(name, value, 'a boolean')
  return value === true
}

function readFunction(options, name) {
  const value = options[name]
  if (value !== undefined && typeof value !== 'function') wrong(name, value, 'a function')
  return value
}

/** @param {string} unit what the number counts */
function readCount(options, name, unit) {
  const value = options[name]
  if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
    wrong(name, value, `a whole number of ${unit} greater than 0`)
  }
  return value
}

/** Passed in vain by apps that come from express-session, so that a wrong value is ignored, with a warning. */
function ignored(name, value, expected, key = name) {
  warnOnce(
    'COOKIE_SESSION_OPTION_IGNORED',
    `option ${name} is ${typeOf(value)} and ignored; expected ${expected}`,
    `option ${key}`
  )
}

function readRolling({ rolling, ttl }, hasTimes) {
  if (rolling === undefined || rolling === false) return undefined
  if (rolling === true) return true
  if (typeof rolling === 'number' && rolling > 0 && Number.isSafeInteger(rolling)) {
    const isTooLate = typeof ttl === 'number' && rolling >= ttl
    if (hasTimes && !isTooLate) return rolling
    if (isTooLate)
      ignored(
        'rolling',
        rolling,
        `less than ttl, which is ${ttl}: a session that old is over`,
        'rolling, ttl'
      )
    else ignored('rolling', rolling, 'true or false, as a number needs ttl, maxLifetime or encrypt')
    return undefined
  }
  ignored('rolling', rolling, 'a boolean, or a whole number of milliseconds greater than 0')
  return undefined
}

/**
 * `true` is the lifetime of each cookie.
 *
 * @throws {TypeError} for `true` without a lifetime
 */
function readTtl(options) {
  if (options.ttl !== true) return readCount(options, 'ttl', 'milliseconds')
  const lifetime = lifetimeOf(options)
  if (lifetime === undefined || endsWithBrowser(lifetime) || lifetime.maxAge < 0) {
    throw new TypeError(
      'option ttl is true; expected maxAge, a number of milliseconds greater than 0, or expires, a valid Date, beside it'
    )
  }
  return true
}

function readProxy({ proxy }) {
  if (proxy === undefined || typeof proxy === 'boolean') return proxy === true
  ignored('proxy', proxy, 'a boolean')
  return false
}

function readLegacy({ legacy }) {
  if (legacy === undefined || legacy === false) return undefined
  if (legacy === true || legacy === 'write') return legacy
  if (types.isDate(legacy) && !Number.isNaN(legacy.getTime())) return new Date(legacy)
  return wrong('legacy', legacy, "true, false, 'write' or a valid Date")
}

function readRequestKey({ requestKey }) {
  if (requestKey === undefined) return 'session'
  if (typeof requestKey !== 'string' || requestKey === '') {
    wrong('requestKey', requestKey, 'the name of a property, a string that is not empty')
  }
  for (const key of [requestKey, `${requestKey}Options`]) {
    const taken = TAKEN.has(key) || key in http.IncomingMessage.prototype || key in probe()
    if (taken && !(requestKey === 'session' && key === 'sessionOptions')) {
      throw new TypeError(
        `option requestKey is '${requestKey}'; expected a name that req.${key} does not have already`
      )
    }
  }
  return requestKey
}

let request
/** A request as Node makes it, to see which properties it has. */
function probe() {
  request ??= new http.IncomingMessage(null)
  return request
}

/**
 * Reads the opt-in options.
 *
 * @param {object} options what the middleware was given
 * @param {unknown} keys its keys
 * @throws {TypeError} for a wrong value, or options that do not go together
 */
function readOptions(options, keys) {
  const encrypt = readBoolean(options, 'encrypt')
  const ttl = readTtl(options)
  const maxLifetime = readCount(options, 'maxLifetime', 'milliseconds')
  const hasTimes = encrypt || ttl !== undefined || maxLifetime !== undefined
  const { digest } = options
  if (digest !== undefined && !DIGESTS.includes(digest)) {
    wrong('digest', digest, DIGESTS.map((name) => `'${name}'`).join(' or '))
  }
  const legacy = readLegacy(options)
  if (legacy !== undefined && !hasTimes && (digest === undefined || digest === 'sha1')) {
    throw new TypeError('option legacy is set; expected encrypt, ttl, maxLifetime or digest beside it')
  }

  for (const name of ['encrypt', 'ttl', 'maxLifetime', 'digest', 'legacy']) {
    if (options[name] !== undefined && options[name] !== false && !options.signed) {
      throw new TypeError(`option signed is ${options.signed}; expected true, as option ${name} is set`)
    }
  }
  const internals = internalsOf(keys)
  const signs = typeof keys?.sign === 'function' || typeof keys?.index === 'function'
  if (keys && !Array.isArray(keys) && !signs && (digest !== undefined || hasTimes)) {
    wrong('keys', keys, 'an array of keys')
  }
  if (digest !== undefined && keys && !Array.isArray(keys)) {
    throw new TypeError(
      'option digest is set beside a Keygrip, which has a digest of its own; expected one of them'
    )
  }
  if (hasTimes) {
    if (!Array.isArray(keys) && internals === undefined) {
      throw new TypeError(
        'option keys is an object that signs by itself, from which no key can be derived; expected an array of keys, ' +
          'a secret, or a Keygrip of cookie-session-native'
      )
    }
    const { name } = options
    if (name !== undefined && name !== null && (typeof name !== 'string' || name.length > MAX_NAME_LENGTH)) {
      wrong('name', name, `a string of at most ${MAX_NAME_LENGTH} characters`)
    }
    const problem = wrongKeys(Array.from(internals?.cache.keys ?? keys, lengthOf), legacy !== undefined)
    if (problem !== undefined) throw new TypeError(`option keys: ${problem}`)
  }
  const isAnySet = OPT_IN_OPTIONS.some((name) => options[name] !== undefined)
  const problem = isAnySet ? emptyKey(Array.isArray(keys) ? keys : internals?.cache.keys) : undefined
  if (problem !== undefined) throw new TypeError(`option ${options.keys ? 'keys' : 'secret'}: ${problem}`)

  return {
    sessionMethods: readBoolean(options, 'sessionMethods'),
    encrypt,
    digest,
    ttl,
    /** Of a cookie that has none of its own, under `ttl: true`. */
    lifetime: ttl === true ? lifetimeOf(options) : undefined,
    maxLifetime,
    hasTimes,
    rolling: readRolling(options, hasTimes),
    legacy,
    onError: readFunction(options, 'onError'),
    maxSize: readCount(options, 'maxSize', 'bytes'),
    proxy: readProxy(options),
    requestKey: readRequestKey(options),
    reissue: readBoolean(options, 'reissue'),
    accept: readFunction(options, 'accept'),
    /** Whether nothing that a request's options say lets an unsigned cookie pass. */
    alwaysSigned: isAnySet && Boolean(options.signed),
    isAnySet
  }
}

module.exports = { MAX_NAME_LENGTH, readOptions }
