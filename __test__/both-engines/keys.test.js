'use strict'

// Keys: hashed once and again only where they changed, and seen by nobody who prints what holds them.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const crypto = require('node:crypto')
const path = require('node:path')
const { beforeEach, describe, it } = require('node:test')
const { inspect } = require('node:util')

const ROOT = path.join(__dirname, '..', '..')

const engine = require('../../lib/engine')
const { createKeyring } = engine
/** What each change of a keyring took over and what it had to hash. */
const changes = []
engine.createKeyring = (...args) => {
  const keyring = createKeyring(...args)
  return keyring && { ...keyring, change: (list) => changes.push(list.map(kindOf)) && keyring.change(list) }
}
const kindOf = (change) => (typeof change === 'number' ? change : 'hashed')

const cookieSession = require('../..')
const { Keygrip } = cookieSession
const Original = require('keygrip')

function agrees(ours, keys) {
  const theirs = new Original(keys)
  assert.equal(ours.sign('data'), theirs.sign('data'))
  for (const key of keys) {
    const digest = new Original([key]).sign('data')
    assert.equal(ours.index('data', digest), theirs.index('data', digest))
  }
}

describe('a live array of keys', () => {
  beforeEach(() => changes.splice(0))

  it('is hashed at the first use, and not again while it stays as it is', () => {
    const keys = ['a', Buffer.from('b'), crypto.createSecretKey(Buffer.from('c'))]
    const keygrip = new Keygrip(keys)
    assert.deepEqual(changes, [])
    for (let i = 0; i < 100; i++) agrees(keygrip, keys)
    assert.deepEqual(changes, [['hashed', 'hashed', 'hashed']])
  })

  it('is not hashed again where it is filled with equal strings', () => {
    const keys = ['some key', 'another']
    const keygrip = new Keygrip(keys)
    agrees(keygrip, keys)
    for (let i = 0; i < 2; i++) keys[i] = Array.from(keys[i]).join('')
    agrees(keygrip, keys)
    assert.equal(changes.length, 1)
  })

  it('has only the new key hashed in a rotation', () => {
    const keys = ['b', 'a']
    const keygrip = new Keygrip(keys)
    agrees(keygrip, keys)
    keys.unshift('c')
    agrees(keygrip, keys)
    keys.pop()
    agrees(keygrip, keys)
    keys[0] = 'd'
    agrees(keygrip, keys)
    assert.deepEqual(changes, [
      ['hashed', 'hashed'],
      ['hashed', 0, 1],
      [0, 1],
      ['hashed', 1]
    ])
  })

  it('is looked at byte by byte where a key is a Buffer or a typed array', () => {
    const keys = [
      Buffer.from('abc'),
      new Uint16Array([1, 2]),
      new DataView(new ArrayBuffer(4)),
      new ArrayBuffer(3)
    ]
    const keygrip = new Keygrip(keys)
    agrees(keygrip, keys)
    keys[0][1] ^= 1
    agrees(keygrip, keys)
    keys[1][1] = 9
    agrees(keygrip, keys)
    keys[2].setUint8(3, 1)
    agrees(keygrip, keys)
    new Uint8Array(keys[3])[0] = 7
    agrees(keygrip, keys)
    assert.deepEqual(changes.slice(1), [
      ['hashed', 1, 2, 3],
      [0, 'hashed', 2, 3],
      [0, 1, 'hashed', 3],
      [0, 1, 2, 'hashed']
    ])
  })

  it('works again once a key that is none has gone, without hashing the others again', () => {
    const keys = ['a', 'b']
    const keygrip = new Keygrip(keys)
    agrees(keygrip, keys)
    keys[1] = 5
    assert.throws(() => keygrip.index('data', 'x'), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.equal(keygrip.sign('data'), new Original(['a']).sign('data'))
    keys[1] = 'b'
    agrees(keygrip, keys)
    assert.equal(changes.length, 1)
  })
})

describe('a key', () => {
  const KEY = 'a-key-that-nobody-may-see'
  const forms = [
    KEY,
    Buffer.from(KEY).toString('hex'),
    Buffer.from(KEY).join(', '),
    Buffer.from(KEY).toString('base64')
  ]
  const hidesKey = (text) => forms.every((form) => !text.includes(form)) && !/61 2d 6b 65 79/.test(text)

  it('is not shown by util.inspect of a Keygrip or a middleware', () => {
    const keygrip = new Keygrip([KEY, Buffer.from(KEY)])
    keygrip.sign('data')
    const shown = inspect(keygrip, { depth: null, showHidden: true })
    assert.ok(hidesKey(shown), shown)
    const middleware = cookieSession({ keys: [KEY] })
    assert.ok(hidesKey(inspect(middleware, { depth: null, showHidden: true })))
  })

  it('is not in the debug output', () => {
    const script = `
      const options = { keys: [${JSON.stringify(KEY)}], secret: ${JSON.stringify(KEY)}, maxAge: 5 }
      require('cookie-session-native')(options)`
    const { stderr } = spawnSync(process.execPath, ['-e', script], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, DEBUG: 'cookie-session' }
    })
    assert.match(stderr, /session options .*"maxAge":5/)
    assert.ok(hidesKey(stderr), stderr)
  })

  it('is not in an error about a key beside it', () => {
    for (const bad of [5, null, {}, Symbol('x')]) {
      assert.throws(
        () => new Keygrip([KEY, bad]).index('data', 'x'),
        (error) => hidesKey(error.message) && hidesKey(inspect(error, { depth: null }))
      )
    }
  })
})
