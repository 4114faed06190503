'use strict'

// A secret that cookie-parser has as well: it signs a cookie as HMAC-SHA256 of `NAME=VALUE` text that a user may have
// chosen, which a session under the same key and digest cannot be told from.

const { peek } = require('../data-property')
const { warnOnce } = require('../warnings')

/**
 * Warns where a key of the session's is one of cookie-parser's.
 *
 * @param {import('node:http').IncomingMessage} req whose `secret` or `secrets` cookie-parser has set
 * @param {ArrayLike<unknown>} keys those that sign with SHA-256 in the original's format
 */
function warnOfSharedSecret(req, keys) {
  const secrets = [peek(req, 'secret'), peek(req, 'secrets')]
    .flat()
    .filter((secret) => typeof secret === 'string')
  if (!Array.from(keys).some((key) => secrets.includes(key))) return
  warnOnce(
    'COOKIE_SESSION_SHARED_SECRET',
    'a key signs sessions with SHA-256 and is a secret of cookie-parser as well: who chooses the value of a signed cookie ' +
      'signs sessions. Use another key, the digest sha512, ttl or encrypt'
  )
}

module.exports = { warnOfSharedSecret }
