'use strict'

// The calls that boundary.test.js makes, in a process that they may not end. Prints what it counted.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const { loadBinding } = require('../../../lib/binding')

const binding = loadBinding()
const LONGEST = require('node:buffer').constants.MAX_STRING_LENGTH
const OURS = {
  name: 'TypeError',
  message:
    /^cookie-session-native: (\w+) must be (a string|an array of at most 16384 numbers and Uint8Arrays)$/
}

function keyring(keys = ['newest', 'older'], algorithm = 'sha1', encoding = 'base64') {
  const functions = binding.createKeyring(algorithm, encoding)
  functions.change(keys.map((key) => Buffer.from(key)))
  return functions
}

function vault(keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]) {
  const functions = binding.createVault()
  functions.change(keys)
  return functions
}

const signed = (data, key = 'newest') => crypto.createHmac('sha1', key).update(data).digest('base64url')

/** A function by name, with arguments that are right. */
function everything() {
  const ring = keyring()
  const safe = vault()
  const { open, seal } = ring.codec('session')
  const header = `session=e30=; session.sig=${signed('session=e30=')}`
  return {
    createKeyring: [binding.createKeyring, ['sha1', 'base64']],
    change: [ring.change, [[0, 1]]],
    sign: [ring.sign, ['data']],
    index: [ring.index, ['data', signed('data')]],
    codec: [ring.codec, ['session']],
    open: [open, [header]],
    seal: [seal, ['{}']],
    'vault.change': [safe.change, [[0, 1]]],
    'vault.seal': [safe.seal, ['{}']],
    'vault.open': [safe.open, [safe.seal('{}')]]
  }
}

function stillWorks({ open, seal, sign, index, 'vault.open': reveal, 'vault.seal': hide }) {
  assert.equal(open[0](open[1][0]).slice(7), '{}')
  assert.equal(seal[0]('{}'), `e30=${signed('session=e30=')}`)
  assert.equal(index[0]('data', sign[0]('data')), 0)
  assert.equal(reveal[0](hide[0]('{}')), '\0\0{}')
}

function wrongValues() {
  const detached = new ArrayBuffer(8)
  const bytes = new Uint8Array(detached)
  structuredClone(detached, { transfer: [detached] })
  const revoked = Proxy.revocable([], {})
  revoked.revoke()
  const fail = () => {
    throw new Error('was read')
  }
  return {
    undefined: undefined,
    null: null,
    true: true,
    number: 1,
    NaN: Number.NaN,
    bigint: 1n,
    symbol: Symbol('text'),
    object: {},
    'a boxed string': Object('text'),
    'an object without prototype': Object.create(null),
    'an object whose conversion throws': { toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail },
    'an object whose getter throws': Object.defineProperty({}, 'length', { get: fail }),
    function: fail,
    Date: new Date(0),
    'a detached ArrayBuffer': detached,
    'a view of detached memory': bytes,
    Proxy: new Proxy([], { get: fail }),
    'a proxy of a string': new Proxy(Object('text'), {}),
    'a revoked Proxy': revoked.proxy,
    'an array of objects': [{}],
    'an array of strings': ['key'],
    'an array of null': [null],
    'an array with a hole': new Array(1),
    'the longest array': new Array(2 ** 32 - 1),
    'an array with a revoked Proxy': [revoked.proxy]
  }
}

const parts = {
  wrong() {
    let calls = 0
    const functions = everything()
    for (const [name, [call, right]] of Object.entries(functions)) {
      for (const [kind, value] of Object.entries(wrongValues())) {
        for (const place of right.keys()) {
          const values = [...right]
          values[place] = value
          assert.throws(() => call(...values), OURS, `${name} with ${kind}`)
          calls++
        }
      }
      assert.throws(() => call(), OURS, `${name} without arguments`)
      // As a constructor, with another `this`, and with more arguments than there are.
      call.call(null, ...right)
      call.apply(Symbol('this'), [...right, {}, {}, {}])
      Reflect.construct(call, right)
      calls += 4
      stillWorks(functions)
    }
    // Takes no argument.
    for (const value of Object.values(wrongValues())) binding.createVault(value)
    // Names that are strings, and no names of anything.
    for (const name of ['', 'SHA1', 'md5', 'base64url', 'sha1\0', '\ud800', 'x'.repeat(1 << 20)]) {
      assert.equal(binding.createKeyring(name, 'base64'), undefined)
      assert.equal(binding.createKeyring('sha1', name), undefined)
    }
    for (const name of ['', 'a b', 'a=b', 'a;b', '\ud800', '\u00e9', '\0']) {
      assert.equal(keyring().codec(name), undefined)
    }
    return { calls, functions: Object.keys(functions).length }
  },

  surrogates() {
    const ring = keyring()
    const { open, seal } = ring.codec('session')
    for (const text of [
      '\ud800',
      'a\udc00b',
      '\udc00\ud800',
      '{"a":"\ud83d"}',
      '\ud83d\ude00\ud83d',
      '\0',
      '\ufeff'
    ]) {
      assert.equal(ring.sign(text), signed(text))
      assert.equal(ring.index(text, signed(text)), 0)
      assert.equal(ring.index('text', text), -1)
      const value = Buffer.from(text).toString('base64')
      assert.equal(seal(text), value + signed(`session=${value}`))
      // No header of Node's is like it; what is not ASCII is left to the exact way.
      if (/[^\0-\x7f]/.test(text)) assert.equal(open(`session=${text}`), null)
      const safe = vault()
      assert.equal(safe.open(safe.seal(text)), `\0\0${Buffer.from(text)}`)
      assert.equal(safe.open(text), undefined)
    }
  },

  keys() {
    const hmac = (key) => crypto.createHmac('sha1', key).update('data').digest('base64url')
    const bytes = crypto.randomBytes(64)
    const memory = new ArrayBuffer(64)
    Buffer.from(memory).set(bytes)
    const detached = new Uint8Array(new ArrayBuffer(8))
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    const shared = Buffer.from(new SharedArrayBuffer(64))
    shared.set(bytes)
    for (const [key, same] of [
      [bytes.subarray(3, 40), bytes.subarray(3, 40)],
      [new Uint8Array(memory, 5, 7), bytes.subarray(5, 12)],
      [new DataView(memory, 8, 24), bytes.subarray(8, 32)],
      [new Float64Array(memory, 16, 2), bytes.subarray(16, 32)],
      [new Uint8ClampedArray(memory), bytes],
      [shared, bytes],
      [detached, Buffer.alloc(0)],
      [new Uint8Array(0), Buffer.alloc(0)],
      [Buffer.alloc(1 << 24, 7), Buffer.alloc(1 << 24, 7)]
    ]) {
      const ring = binding.createKeyring('sha1', 'base64')
      ring.change([key])
      assert.equal(ring.sign('data'), hmac(same))
    }
    // A copy was made: what becomes of the memory later is nothing to the keyring.
    const ring = binding.createKeyring('sha1', 'base64')
    const key = Buffer.from('a key')
    ring.change([key])
    key.fill(0)
    assert.equal(ring.sign('data'), hmac('a key'))
    // Places that never were, and no keys at all.
    for (const changes of [[], [0], [7], [-1], [1.5], [Number.NaN], [2 ** 32]]) {
      const empty = binding.createKeyring('sha1', 'base64')
      empty.change(changes)
      assert.equal(empty.sign('data'), undefined)
      assert.equal(empty.index('data', ''), -1)
      const { open, seal } = empty.codec('session')
      assert.equal(open('session=e30=; session.sig=x'), false)
      assert.throws(
        () => seal('{}'),
        /^Error: cookie-session-native: no key, or no memory, to seal a session$/
      )
    }
    const many = binding.createVault()
    many.change(Array.from({ length: 16384 }, (_, i) => Buffer.alloc(32, String(i))))
    const last = binding.createVault()
    last.change([Buffer.alloc(32, '16383')])
    const packed = many.open(last.seal('text'))
    assert.equal(packed.charCodeAt(0) | (packed.charCodeAt(1) << 7), 16383)
    assert.throws(() => many.change(new Array(16385).fill(0)), OURS)
    // Keys of another length neither seal nor open.
    for (const length of [0, 16, 31, 33, 64]) {
      const short = vault([Buffer.alloc(length, 1)])
      assert.throws(() => short.seal('{}'), /no key, no memory, or no randomness/)
      assert.equal(short.open(vault().seal('{}')), undefined)
    }
  },

  arrays() {
    const ring = keyring(['a', 'b'])
    const withGetter = (get) => Object.defineProperty([0, 1], 1, { get, enumerable: true })
    // A getter that throws leaves the keys as they were.
    const error = new Error('of the getter')
    assert.throws(
      () =>
        ring.change(
          withGetter(() => {
            throw error
          })
        ),
      (thrown) => thrown === error
    )
    assert.equal(ring.sign('data'), signed('data', 'a'))
    // One that uses the same keyring finds it as it was, and does not get in the way.
    ring.change(
      withGetter(() => {
        assert.equal(ring.sign('data'), signed('data', 'a'))
        ring.change([1])
        assert.equal(ring.sign('data'), signed('data', 'b'))
        return Buffer.from('c')
      })
    )
    assert.equal(ring.sign('data'), signed('data', 'b'))
    assert.equal(ring.index('data', signed('data', 'c')), 1)
    // One that shortens the array, or lengthens it without end.
    const shrinking = [Buffer.from('d'), 0, 0]
    Object.defineProperty(shrinking, 0, {
      get() {
        shrinking.length = 1
        return Buffer.from('d')
      },
      configurable: true
    })
    assert.throws(() => ring.change(shrinking), OURS)
    const growing = [0, 0]
    Object.defineProperty(growing, 1, {
      get() {
        for (let i = 0; i < 100; i++) growing.push(0)
        return 0
      }
    })
    ring.change(growing)
    assert.equal(ring.sign('data'), signed('data', 'b'))
    // One that takes away the memory of a key that was read before it.
    const memory = new ArrayBuffer(8)
    const key = new Uint8Array(memory).fill(65)
    const taking = [key, 0]
    Object.defineProperty(taking, 1, {
      get() {
        structuredClone(memory, { transfer: [memory] })
        return Buffer.from('e')
      }
    })
    ring.change(taking)
    assert.equal(ring.sign('data'), signed('data', 'AAAAAAAA'))
    // Functions that outlive what they were made with.
    let { open, seal } = keyring(['a']).codec('session')
    for (let i = 0; i < 20; i++) {
      global.gc()
      keyring([`another ${i}`])
    }
    assert.equal(seal('{}'), `e30=${signed('session=e30=', 'a')}`)
    assert.equal(open(`session=e30=; session.sig=${signed('session=e30=', 'a')}`).slice(7), '{}')
    open = seal = undefined
    global.gc()
  },

  huge() {
    const ring = keyring()
    const { open, seal } = ring.codec('session')
    const safe = vault()
    const half = Buffer.alloc(1 << 29, 'x').latin1Slice(0, LONGEST)
    const same = Buffer.from(half.slice(0, 1 << 20))
    assert.equal(half.length, LONGEST)
    const hmac = crypto.createHmac('sha1', 'newest')
    for (let at = 0; at < LONGEST; at += same.length)
      hmac.update(same.subarray(0, Math.min(same.length, LONGEST - at)))
    assert.equal(ring.sign(half), hmac.digest('base64url'))
    assert.equal(ring.index(half, half), -1)
    assert.equal(ring.index('data', half), -1)
    assert.equal(open(half), null)
    assert.equal(safe.open(half), undefined)
    const tooLong = /^Error: cookie-session-native: Node refused, as it does a string that is too long$/
    assert.throws(() => seal(half), tooLong)
    assert.throws(() => safe.seal(half), tooLong)
    assert.throws(
      () => binding.createKeyring(half, half) ?? assert.fail('no such algorithm'),
      /no such algorithm/
    )
    assert.equal(ring.codec(half).open('session=e30='), undefined)
    stillWorks(everything())
  }
}

const result = parts[process.argv[2]]() ?? {}
console.log(JSON.stringify(result))
