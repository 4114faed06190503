'use strict'

// One request each, told in the words of what cookie-session lets an app observe. Every scenario runs on every
// server of sockets.test.js, and the answer must be the original's, byte for byte. `cookies` is how many
// Set-Cookie lines the original sends: a scenario that compares nothing with nothing is caught by it.

const assert = require('node:assert')
const { KEYS } = require('./app')
const { besides, reading, when, written } = require('./scenarios-cookies')
const { assigned, onReq, sessionObject } = require('./scenarios-session')

const scenarios = [
  ['On req', onReq],
  ['Session object', sessionObject],
  ['Assigning', assigned],
  ['Reading the Cookie header', reading],
  ['Writing', when],
  ['Writing', written],
  ['Writing', besides]
].flatMap(([section, list]) =>
  list.map((scenario) => ({ ...scenario, line: `${section} — ${scenario.line}` }))
)

/** The middlewares of a scenario, in the order they are mounted. */
function mount(scenario, cookieSession) {
  const list = scenario.mount || [{ keys: [...KEYS], ...scenario.options }]
  return list.map((options) => cookieSession({ ...options }))
}

/** Checks on the original's answer that keep a scenario from passing empty. */
function check(scenario, reply, { tls, h2 }) {
  const expected = typeof scenario.cookies === 'function' ? scenario.cookies(tls, h2) : scenario.cookies
  if (expected !== undefined) assert.strictEqual(reply.cookies.length, expected, reply.raw)
  if (scenario.informational) {
    assert.ok(reply.informational.length > 0, reply.raw)
    for (const part of reply.informational) assert.doesNotMatch(part, /set-cookie/i)
  }
}

module.exports = { check, mount, scenarios }
