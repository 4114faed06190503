'use strict'

// Whether a shared cache (a CDN, a reverse proxy) may store a response. Set-Cookie does not keep it from that (RFC 9111,
// sections 3 and 7.3), and everybody whom it then answers gets the cookie.

/** A directive of Cache-Control (RFC 9111 section 5.2), up to its argument: a token in front of nothing else. */
const NAME = /^[\t ]*([!#$%&'*+.^_`|~\w-]*)/
const ALLOWING = new Set(['public', 's-maxage', 'max-age'])
const FORBIDDING = new Set(['private', 'no-store', 'no-cache'])
/** Fields that speak to shared caches alone, which then ignore Cache-Control (RFC 9213; Surrogate-Control, Edge Architecture). */
const TARGETED = ['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control']

/**
 * The members of a list (RFC 9110 section 5.6.1): commas inside a quoted string separate nothing.
 *
 * @param {string} field
 * @returns {{ members: string[], isWhole: boolean }} whether each quoted string ends
 */
function membersOf(field) {
  const members = []
  let start = 0
  let isQuoted = false
  for (let i = 0; i < field.length; i++) {
    if (isQuoted && field[i] === '\\') i++
    else if (field[i] === '"') isQuoted = !isQuoted
    else if (field[i] === ',' && !isQuoted) {
      members.push(field.slice(start, i))
      start = i + 1
    }
  }
  members.push(field.slice(start))
  return { members, isWhole: !isQuoted }
}

/** The names in a directive's argument, which `private` and `no-cache` may have: a quoted list of fields. */
function fieldsIn(argument) {
  const [, quoted] = /^"(.*)"$/s.exec(argument) ?? []
  return (quoted ?? argument)
    .replace(/\\(.)/gs, '$1')
    .split(',')
    .map((name) => name.trim().toLowerCase())
}

/**
 * What one field says. A field that breaks its grammar can allow, and cannot forbid.
 *
 * @param {string} field
 * @returns {{ allows: boolean, forbids: boolean }}
 */
function readDirectives(field) {
  const { members, isWhole } = membersOf(field)
  let allows = false
  let forbids = false
  for (const member of members) {
    const [whole, given] = NAME.exec(member)
    const name = given.toLowerCase()
    const rest = member.slice(whole.length).trim()
    if (ALLOWING.has(name)) allows = true
    if (!FORBIDDING.has(name)) continue
    // With names of fields, all else of the response may be stored.
    if (rest === '' || (rest[0] === '=' && fieldsIn(rest.slice(1).trim()).includes('set-cookie')))
      forbids = true
  }
  return { allows, forbids: forbids && isWhole }
}

/** A field's lines; none where it is not set. */
function linesOf(response, name) {
  const value = response.getHeader(name)
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value : [value]).map(String)
}

/** What all lines of a field say. */
function directivesOf(response, name) {
  const read = linesOf(response, name).map(readDirectives)
  return { allows: read.some(({ allows }) => allows), forbids: read.some(({ forbids }) => forbids) }
}

/**
 * Whether a shared cache may store a response, or ask again for it: it says how long it stays fresh, or `public`, and not
 * `private`, `no-store` or `no-cache`. A response that says nothing of this counts as none that is stored.
 *
 * @param {import('node:http').ServerResponse} response
 */
function isStorable(response) {
  for (const name of TARGETED) {
    const { allows, forbids } = directivesOf(response, name)
    if (allows && !forbids) return true
  }
  const { allows, forbids } = directivesOf(response, 'Cache-Control')
  return !forbids && (allows || linesOf(response, 'Expires').length > 0)
}

module.exports = { isStorable }
