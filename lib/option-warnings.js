'use strict'

// What cookie-session takes without a word, though nobody can mean it: told by process warnings when a middleware is
// made. Looks at data alone, as an app must not notice.

const { dataOf, hasProxy } = require('./data-property')
const { isData, isEmptyKey, warnOfEmptyKey } = require('./keys/key-cache')
const { WEAK_KEY_BYTES } = require('./keys/limits')

/** Loaded where there is something to warn of. */
const warnOnce = (...warning) => require('./warnings').warnOnce(...warning)

function warnOfKeys(keys) {
  if (!Array.isArray(keys) || hasProxy(keys) || !isData(keys, keys.length)) return
  // Not by a method of the array's, which the app may have put there.
  const given = Array.from({ length: keys.length }, (_, i) => keys[i])
  if (given.some(isEmptyKey)) warnOfEmptyKey()
  if (process.env.NODE_ENV !== 'production') return
  const { lengthOf } = require('./keys/rules')
  if (!given.some((key) => lengthOf(key) < WEAK_KEY_BYTES)) return
  warnOnce(
    'COOKIE_SESSION_SHORT_KEY',
    `a key has less than ${WEAK_KEY_BYTES} bytes, and may be found by trying. ` +
      'Make one with `npx cookie-session-native keygen`'
  )
}

/** `name: process.env.NOT_SET` */
function warnOfName(options) {
  const name = dataOf(options, 'name')
  if (name === undefined || name.value) return
  warnOnce(
    'COOKIE_SESSION_NAME',
    `option name is ${JSON.stringify(name.value) ?? 'undefined'}: the session is read from the cookie session, and ` +
      'never written to it. Expected a name, or no such option'
  )
}

/** express-session has the attributes in an object of their own. */
function warnOfCookie(options) {
  const { value: cookie } = dataOf(options, 'cookie') ?? {}
  if (typeof cookie !== 'object' || cookie === null) return
  warnOnce(
    'COOKIE_SESSION_OPTION_IGNORED',
    'option cookie is an object and ignored; expected what it holds, such as maxAge, secure and sameSite, beside keys',
    'option cookie'
  )
}

/**
 * @param {object} options what the middleware was given
 * @param {unknown} keys its keys
 * @param {boolean} isOptIn whether an opt-in option is set, with which a name that is none has no effect
 */
function warnOfOptions(options, keys, isOptIn) {
  warnOfKeys(keys)
  if (hasProxy(options)) return
  if (!isOptIn) warnOfName(options)
  warnOfCookie(options)
}

module.exports = { warnOfOptions }
