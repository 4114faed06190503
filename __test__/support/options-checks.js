'use strict'

// What the tests of opt-in options check alike.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const { NOW, atTime, exchange, ours } = require('./contract/harness')

/** The values of a response's cookies, by name. */
function valuesOf(setCookie) {
  return Object.fromEntries(setCookie.map((line) => line.split('; ')[0].split(/=(.*)/s, 2)))
}

/** The Cookie header that a browser would send after a response. */
function sentBack(setCookie) {
  return setCookie.map((line) => line.split('; ')[0]).join('; ')
}

/** The Set-Cookie lines after an app did something to the session. */
async function linesOf(middleware, sent, app) {
  const { setCookie } = await exchange(ours, { middleware, cookie: sent }, app)
  return setCookie
}

/** What an app sees of a session that a Cookie header holds, and what the response sends. */
function read(middleware, sent) {
  return exchange(ours, { middleware, cookie: sent }, ({ session }) => ({
    isNew: session.isNew,
    isChanged: session.isChanged,
    json: JSON.stringify(session)
  }))
}

/** A cookie that opens gives the session that it holds. @returns {Promise<string[]>} the Set-Cookie lines */
async function opens(middleware, sent, json) {
  const { seen, setCookie } = await read(middleware, sent)
  assert.deepEqual(seen, { isNew: false, isChanged: false, json })
  return setCookie
}

/** A refused cookie gives a new session and sends nothing. */
async function refuses(middleware, sent) {
  const { seen, setCookie } = await read(middleware, sent)
  assert.deepEqual(seen, { isNew: true, isChanged: true, json: '{}' })
  assert.deepEqual(setCookie, [])
}

function throwsType(run, ...words) {
  assert.throws(run, (error) => {
    assert.equal(error.constructor, TypeError)
    for (const word of words) assert.match(error.message, word)
    return true
  })
}

/** HKDF-SHA256 by RFC 5869, for 32 bytes: one block. */
function deriveKey(key, name, purpose) {
  const info = `cookie-session-native/v1\0${purpose}\0${name}`
  const prk = crypto.createHmac('sha256', Buffer.alloc(32)).update(key).digest()
  return crypto.createHmac('sha256', prk).update(`${info}\x01`).digest()
}

const untouched = () => {}

const standStill = (run) => () => atTime(NOW, run)

module.exports = {
  deriveKey,
  linesOf,
  opens,
  read,
  refuses,
  sentBack,
  standStill,
  throwsType,
  untouched,
  valuesOf
}
