'use strict'

// A cookie's value out of a Cookie header, by the rule of the `cookies` package (0.9.1): the first
// match of (?:^|;) *NAME=([^;]*), less the first and last character where it begins with a quote.

const SPECIAL = /[$()*+.?[\\\]^{|}]/g
/** By the name's text: an object whose text a cookie was looked for under before is a name, too. */
const patterns = Object.create(null)

/**
 * The regular expression that finds a cookie.
 *
 * @throws {TypeError} for a name that is no string, unless it reads like one that was
 */
function pattern(name) {
  if (!patterns[name]) {
    patterns[name] = new RegExp('(?:^|;) *' + name.replace(SPECIAL, '\\$&') + '=([^;]*)')
  }
  return patterns[name]
}

/**
 * Values of several cookies of one name, in the order of the header.
 *
 * @param {string} header
 * @param {string} name
 * @param {number} most how many are wanted
 * @returns {string[]}
 * @throws {TypeError} see `pattern`
 */
function findCookies(header, name, most) {
  const all = new RegExp(pattern(name), 'g')
  const values = []
  for (let match = all.exec(header); match !== null && values.length < most; match = all.exec(header)) {
    values.push(unquoted(match[1]))
  }
  return values
}

/**
 * @param {string} header
 * @param {string} name
 * @returns {string | undefined} undefined where no cookie of that name is there
 * @throws {TypeError} see `pattern`
 */
function findCookie(header, name) {
  const match = header.match(pattern(name))
  if (!match) return undefined
  return unquoted(match[1])
}

function unquoted(value) {
  return value[0] === '"' ? value.slice(1, -1) : value
}

module.exports = { findCookie, findCookies, pattern }
