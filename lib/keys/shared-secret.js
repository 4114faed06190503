'use strict'

// A secret that cookie-parser has as well: it signs a cookie as HMAC-SHA256 of `NAME=VALUE` text that a user may have
// chosen, which a session under the same key and digest cannot be told from.

const { peek } = require('../data-property')
const { insidesOf } = require('./keygrip')
const { warnOnce } = require('../errors')

/** The keys that sign with SHA-256 in the original's format. */
function keysUnderSha256(keys, digest) {
  if (Array.isArray(keys)) return digest === 'sha256' ? keys : []
  const { live } = insidesOf(keys) ?? {}
  return live?.algorithm === 'sha256' ? Array.from(live.keys) : []
}

/**
 * Warns where a key of the session's is one of cookie-parser's.
 *
 * @param {import('node:http').IncomingMessage} req whose `secret` or `secrets` cookie-parser has set
 * @param {unknown} keys
 * @param {string | undefined} digest the option; a Keygrip has its own
 */
function warnOfSharedSecret(req, keys, digest) {
  const secrets = [peek(req, 'secret'), peek(req, 'secrets')]
    .flat()
    .filter((secret) => typeof secret === 'string')
  if (secrets.length === 0 || !keysUnderSha256(keys, digest).some((key) => secrets.includes(key))) return
  warnOnce(
    'COOKIE_SESSION_SHARED_SECRET',
    'a key signs sessions with SHA-256 and is a secret of cookie-parser as well: who chooses the value of a signed cookie ' +
      'signs sessions. Use another key, the digest sha512, ttl or encrypt'
  )
}

module.exports = { keysUnderSha256, warnOfSharedSecret }
