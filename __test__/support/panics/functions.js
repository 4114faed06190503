'use strict'

// Panics at every step of every function of the addon. Prints how many there were.

const assert = require('node:assert/strict')
const { loadBinding } = require('../../../lib/engine/binding')

const { panicAfter, ...binding } = loadBinding()
const NEVER = 2 ** 32 - 1
const PANIC = { name: 'Error', message: 'cookie-session-native: a panic in native code' }

const ring = binding.createKeyring('sha1', 'base64')
const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const createCodec = (timed) => binding.createCodec('session', 'session', timed, 'sha1', '', 'base64')
const [signs, encrypts] = ['v1 sha256', 'e1'].map(createCodec)
for (const one of [ring, signs, encrypts]) one.change(keys)
const value = signs.seal('{}')
const header = `session=${value.slice(0, 4)}; session.sig=${value.slice(4)}`
const times = [3, 2, 4, null]
const timedHeader = signs
  .sealTimed('{}', ...times)
  .replace(/^(.*\..*\.e30)(.*)$/, 'session=$1; session.sig=$2')
const encryptedHeader = `session=${encrypts.sealTimed('{}', ...times)}`

const functions = {
  createKeyring: () => binding.createKeyring('sha1', 'base64'),
  createCodec: () => createCodec('v1 sha256'),
  change: () => ring.change([0, keys[1]]),
  sign: () => ring.sign('data'),
  index: () => ring.index('data', 'digest'),
  'codec.change': () => signs.change([0, keys[1]]),
  'codec.open': () => signs.open(header, false),
  'codec.open v1': () => signs.open(timedHeader, false),
  'codec.open e1': () => encrypts.open(encryptedHeader, false),
  'codec.open, refused': () => encrypts.open('session=', false),
  'codec.seal': () => signs.seal('{}'),
  'codec.sealTimed v1': () => signs.sealTimed('{}', ...times),
  'codec.sealTimed e1': () => encrypts.sealTimed('{}', ...times),
  'codec.sign': () => signs.sign('data'),
  'codec.index': () => signs.index('data', 'digest')
}

function stillWorks() {
  panicAfter(NEVER)
  assert.equal(signs.seal('{}'), value)
  assert.equal(signs.open(header, false).slice(0, 2), '{}')
  assert.equal(signs.open(timedHeader, false).slice(0, 2), '{}')
  assert.equal(encrypts.open(encryptedHeader, false).slice(0, 2), '{}')
  assert.equal(ring.index('data', ring.sign('data')), 0)
  for (const one of [ring, signs, encrypts]) one.change([0, 1])
}

let panics = 0
for (const [name, call] of Object.entries(functions)) {
  const before = panics
  for (let steps = 0; ; steps++) {
    panicAfter(steps)
    let error
    try {
      call()
    } catch (thrown) {
      error = thrown
    }
    stillWorks()
    if (error === undefined) break
    assert.deepEqual({ name: error.name, message: error.message }, PANIC, name)
    panics++
  }
  assert.ok(panics > before + 1, `${name} has steps`)
}

/** Node calls what gives back a function's memory after the function is collected. */
async function finalizers() {
  for (let i = 0; i < 100; i++) binding.createKeyring('sha1', 'base64')
  panicAfter(0)
  global.gc()
  await new Promise(setImmediate)
  // The next step is this one, unless a finalizer took it.
  assert.equal(typeof ring.sign('data'), 'string')
  stillWorks()
}

finalizers().then(() => console.log(JSON.stringify({ panics, functions: Object.keys(functions).length })))
