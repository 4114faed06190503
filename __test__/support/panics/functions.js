'use strict'

// Panics at every step of every function of the addon. Prints how many there were.

const assert = require('node:assert/strict')
const { loadBinding } = require('../../../lib/binding')

const { panicAfter, ...binding } = loadBinding()
const NEVER = 2 ** 32 - 1
const PANIC = { name: 'Error', message: 'cookie-session-native: a panic in native code' }

const ring = binding.createKeyring('sha1', 'base64')
const vault = binding.createVault()
const cookie = ring.codec('session')
const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
ring.change(keys)
vault.change(keys)
const value = cookie.seal('{}')
const header = `session=${value.slice(0, 4)}; session.sig=${value.slice(4)}`
const sealed = vault.seal('{}')

const functions = {
  createKeyring: () => binding.createKeyring('sha1', 'base64'),
  createVault: () => binding.createVault(),
  change: () => ring.change([0, keys[1]]),
  sign: () => ring.sign('data'),
  index: () => ring.index('data', 'digest'),
  codec: () => ring.codec('session'),
  open: () => cookie.open(header),
  seal: () => cookie.seal('{}'),
  'vault.change': () => vault.change([0, keys[1]]),
  'vault.seal': () => vault.seal('{}'),
  'vault.open': () => vault.open(sealed)
}

function stillWorks() {
  panicAfter(NEVER)
  assert.equal(cookie.seal('{}'), value)
  assert.equal(cookie.open(header).slice(7), '{}')
  assert.equal(ring.index('data', ring.sign('data')), 0)
  assert.equal(vault.open(sealed), '\0\0{}')
  assert.equal(vault.open(vault.seal('{}')), '\0\0{}')
  ring.change([0, 1])
  vault.change([0, 1])
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
