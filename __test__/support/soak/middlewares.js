'use strict'

// Middlewares that are made, used once and dropped, a new one with keys of its own each time, as in an app with one for
// each tenant. Prints the size of the process at the start and at the end.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const cookieSession = require('../../..')
const { Browser, exchange } = require('./exchange')
const { soak } = require('./memory')

const SEED = Number(process.env.SEED)
const TOTAL = Number(process.env.TOTAL)
const DAY = 24 * 60 * 60 * 1000
/** How often what one wrote is read by another of the same keys. */
const READ_AGAIN = 20

const KINDS = [
  (keys) => ({ keys }),
  (keys) => ({ secret: keys[0] }),
  (keys) => ({ keys: keys.map((key) => Buffer.from(key)) }),
  (keys) => ({ keys: new cookieSession.Keygrip(keys) }),
  (keys) => ({ keys: new cookieSession.Keygrip(keys, 'sha512', 'hex') }),
  (keys) => ({ keys, encrypt: true }),
  (keys) => ({ keys, ttl: DAY }),
  (keys) => ({ keys: new cookieSession.Keygrip(keys), encrypt: true, legacy: true, sessionMethods: true })
]

function keysOf(number) {
  const key = createHash('sha256').update(`${SEED} ${number}`).digest('hex')
  return [`${key} new`, key]
}

let made = 0

function one() {
  const keys = keysOf(made)
  const kind = KINDS[made % KINDS.length]
  const lines = exchange(cookieSession(kind(keys)), '', (req) => {
    req.session.number = made
  })
  assert.ok(lines.length > 0)
  // The number of kinds divides no step of this one, so that each kind has its turn.
  if (made % (READ_AGAIN + 1) === 0) {
    const { header } = new Browser().take(lines)
    exchange(cookieSession(kind(keys)), header, (req) => assert.equal(req.session.number, made))
    exchange(cookieSession(kind(keysOf(-1))), header, (req) => assert.equal(req.session.number, undefined))
  }
  made++
}

async function work(count) {
  for (let i = 0; i < count; i++) {
    one()
    if (made % 500 === 0) await new Promise(setImmediate)
  }
}

soak(TOTAL, work).then((result) => {
  console.log(JSON.stringify({ engine: cookieSession.engine, ...result, kinds: KINDS.length }))
})
