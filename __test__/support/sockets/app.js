'use strict'

// What the apps of the scenarios have in common: keys, cookies, and handlers that write what they see.

const { encode, signed } = require('./harness')

const KEYS = ['current key', 'former key']
const [CURRENT, FORMER] = KEYS

const VALUE = encode({ user: 'ann', n: 1 })
const VALID = signed('session', VALUE, CURRENT)
const ROTATED = signed('session', VALUE, FORMER)
const TAMPERED = VALID.replace(VALUE, encode({ user: 'eve', n: 1 }))
const UNSIGNED = `session=${VALUE}`

/** Writes what a handler sees of the session, errors included. */
function tell(req, res, note) {
  let text
  try {
    const { session } = req
    text = JSON.stringify({
      session,
      flags: session && [session.isNew, session.isChanged, session.isPopulated],
      note
    })
  } catch (err) {
    text = JSON.stringify({ error: err.name, code: err.code, message: err.message })
  }
  res.end(text)
}

function attempt(fn) {
  try {
    return fn()
  } catch (err) {
    return `${err.name} ${err.code} ${err.message}`
  }
}

function bump(req) {
  req.session.n = (req.session.n || 0) + 1
}

function bumpAndTell(req, res) {
  bump(req)
  tell(req, res)
}

/** A scenario that reads, changes and tells. */
function bumping(line, more) {
  return { line, cookie: VALID, cookies: 2, run: bumpAndTell, ...more }
}

module.exports = {
  CURRENT,
  FORMER,
  KEYS,
  ROTATED,
  TAMPERED,
  UNSIGNED,
  VALID,
  VALUE,
  attempt,
  bump,
  bumpAndTell,
  bumping,
  tell
}
