'use strict'

// Everything that tests with made-up req and res objects cannot show: real servers, real sockets, and the bytes
// that leave them. The original and ours run in identical servers, and every response must be the same.

process.env.NODE_ENV = 'test'
process.env.NO_DEPRECATION = 'cookies'

const assert = require('node:assert')
const { after, before, test } = require('node:test')

const { freezeTime, ours } = require('../support/sockets/harness')
const { ON_BOTH, describeStacks } = require('../support/sockets/stacks')

let thaw
before(() => {
  thaw = freezeTime()
})
after(() => thaw())

describeStacks((name) => ON_BOTH.includes(name))

test('the engine under test is the one that was asked for', () => {
  const asked = process.env.COOKIE_SESSION_ENGINE
  assert.ok(ours.engine === 'native' || ours.engine === 'node')
  if (asked) assert.strictEqual(ours.engine, asked)
})
