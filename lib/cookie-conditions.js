'use strict'

// What browsers ask of a cookie beyond its grammar, and refuse it for without a word: RFC 6265bis, sections "The
// __Secure- Prefix", "The __Host- Prefix" and "Storage Model", and CHIPS for partitioned cookies.

/** Whether a cookie of this name with these attributes has to meet any condition. */
function isConditional(name, { sameSite, partitioned }) {
  return (
    (typeof name === 'string' && /^__(?:Host|Secure)-/i.test(name)) ||
    (typeof sameSite === 'string' && /^none$/i.test(sameSite)) ||
    Boolean(partitioned)
  )
}

/**
 * @param {string} name
 * @param {{ secure?: unknown, path?: unknown, domain?: unknown, sameSite?: unknown, partitioned?: unknown }} cookie
 * @returns {string | undefined} what is wrong, for a message; undefined where nothing is
 */
function unmetCondition(name, { secure, path, domain, sameSite, partitioned }) {
  if (!isConditional(name, { sameSite, partitioned })) return undefined
  if (!secure) {
    if (/^__/.test(name))
      return `a name that begins with ${name.slice(0, name.indexOf('-') + 1)} needs secure`
    return partitioned ? 'partitioned needs secure' : "sameSite 'none' needs secure"
  }
  if (/^__Host-/i.test(name)) {
    if (path !== '/') return "a name that begins with __Host- needs the path '/'"
    if (domain) return 'a name that begins with __Host- allows no domain'
  }
  return undefined
}

module.exports = { isConditional, unmetCondition }
