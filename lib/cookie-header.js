// A cookie's value out of a Cookie header, by the rule of the `cookies` package (0.9.1): the first
// match of (?:^|;) *NAME=([^;]*), less the first and last character where it begins with a quote.

const SPECIAL = /[$()*+.?[\\\]^{|}]/g
const patterns = new Map()

function pattern(name) {
  let found = patterns.get(name)
  if (found === undefined) {
    found = new RegExp(`(?:^|;) *${name.replace(SPECIAL, '\\$&')}=([^;]*)`)
    patterns.set(name, found)
  }
  return found
}

/**
 * @param {string} header
 * @param {string} name any string; one that is none throws what `String.prototype` methods missing
 *   from it throw
 * @returns {string | undefined} undefined where no cookie of that name is there
 */
function findCookie(header, name) {
  const match = header.match(pattern(name))
  if (!match) return undefined
  const value = match[1]
  return value[0] === '"' ? value.slice(1, -1) : value
}

module.exports = { findCookie }
