'use strict'

// What the server and its clients both know, so that a client can say what any answer has to hold.

const crypto = require('node:crypto')

/** Each is an instance of the middleware with keys of its own; their shares of the users. */
const MODES = [
  [3, 'default'],
  [1, 'encrypt'],
  [1, 'ttl']
]

/** How many keys there are at most. One that signs from rotation n on is gone with rotation n + KEPT_KEYS. */
const KEPT_KEYS = 20

/** The key of a mode that came with a rotation. */
function keyOf(seed, mode, rotation) {
  return crypto.createHash('sha256').update(`${seed} ${mode} ${rotation}`).digest('hex')
}

/** What fills a session up to its size: other text for each user and count. */
function fillerOf(user, count, length) {
  const text = `${checksum(`${user} ${count}`)}"é\\😀`
  return text.repeat(Math.ceil(length / text.length)).slice(0, length)
}

function checksum(text) {
  return crypto.createHash('sha1').update(text).digest('hex')
}

module.exports = { KEPT_KEYS, MODES, checksum, fillerOf, keyOf }
