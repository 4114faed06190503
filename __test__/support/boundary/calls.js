'use strict'

// The calls that boundary.test.js makes, in a process that they may not end: the parts that its arguments name. Prints what
// they counted.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const { loadBinding } = require('../../../lib/engine/binding')

const binding = loadBinding()
const LONGEST = require('node:buffer').constants.MAX_STRING_LENGTH
const OURS = {
  name: 'TypeError',
  message:
    /^cookie-session-native: (\w+) must be (a string|a boolean|a time|an array of at most 16384 numbers and Uint8Arrays)$/
}
const TOO_LONG = /^Error: cookie-session-native: Node refused, as it does a string that is too long$/
const TIMES = [3, 2, 4, null]
/** What are right for an argument that is no string, by its kind. */
const ALSO_RIGHT = {
  readsLegacy: ['true'],
  expires: ['undefined', 'number'],
  maxAge: ['undefined', 'null', 'number'],
  time: ['number']
}

function keyring(keys = ['newest', 'older'], algorithm = 'sha1', encoding = 'base64') {
  const functions = binding.createKeyring(algorithm, encoding)
  functions.change(keys.map((key) => Buffer.from(key)))
  return functions
}

const timedOf = (timed) => (timed === 'v1' ? 'v1 sha256' : timed)

function codec(timed, keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]) {
  const functions = binding.createCodec('session', 'session', timedOf(timed), 'sha1', '', 'base64')
  functions.change(keys)
  return functions
}

/** A codec of the original's format alone. */
function original(keys = ['newest', 'older']) {
  const { open, ...functions } = binding.createCodec('session', 'session', '', 'sha1', '', 'base64')
  functions.change(keys.map((key) => Buffer.from(key)))
  return { ...functions, open: (header) => open(header, false) }
}

const signed = (data, key = 'newest') => crypto.createHmac('sha1', key).update(data).digest('base64url')

/** A function by name, with arguments that are right. */
function everything() {
  const ring = keyring()
  const header = `session=e30=; session.sig=${signed('session=e30=')}`
  const both = codec('v1', [Buffer.from('newest'), Buffer.alloc(32, 2)])
  const hidden = codec('e1')
  return {
    createKeyring: [binding.createKeyring, ['sha1', 'base64']],
    createCodec: [binding.createCodec, ['session', 'session', 'v1 sha256', 'sha1', '', 'base64']],
    change: [ring.change, [[0, 1]]],
    sign: [ring.sign, ['data']],
    index: [ring.index, ['data', signed('data')]],
    'codec.change': [both.change, [[0, 1]]],
    'codec.open': [both.open, [header, false], { 1: ALSO_RIGHT.readsLegacy }],
    'codec.seal': [both.seal, ['{}']],
    'codec.sealTimed': [
      hidden.sealTimed,
      ['{}', ...TIMES],
      { 1: ALSO_RIGHT.time, 2: ALSO_RIGHT.time, 3: ALSO_RIGHT.expires, 4: ALSO_RIGHT.maxAge }
    ],
    'codec.sign': [both.sign, ['data']],
    'codec.index': [both.index, ['data', signed('data')]]
  }
}

function stillWorks({ sign, index, ...others }) {
  assert.equal(others['codec.open'][0](...others['codec.open'][1]).slice(0, 2), '{}')
  assert.equal(others['codec.seal'][0]('{}'), `e30=${signed('session=e30=')}`)
  assert.equal(others['codec.index'][0]('data', others['codec.sign'][0]('data')), 0)
  assert.equal(index[0]('data', sign[0]('data')), 0)
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
    for (const [name, [call, right, alsoRight = {}]] of Object.entries(functions)) {
      for (const [kind, value] of Object.entries(wrongValues())) {
        for (const place of right.keys()) {
          if (alsoRight[place]?.includes(kind)) continue
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
    // Names that are strings, and no names of anything.
    for (const name of ['', 'SHA1', 'md5', 'base64url', 'sha1\0', '\ud800', 'x'.repeat(1 << 20)]) {
      assert.equal(binding.createKeyring(name, 'base64'), undefined)
      assert.equal(binding.createKeyring('sha1', name), undefined)
      assert.equal(binding.createCodec('session', 'session', `v1 ${name}`, '', '', 'base64'), undefined)
      assert.equal(binding.createCodec('session', 'session', '', '', '', name), undefined)
      if (name === '') continue
      assert.equal(binding.createCodec('session', 'session', name, '', '', 'base64'), undefined)
      assert.equal(binding.createCodec('session', 'session', '', name, '', 'base64'), undefined)
      assert.equal(binding.createCodec('session', 'session', '', 'sha1', `sha1,${name}`, 'base64'), undefined)
    }
    assert.equal(binding.createCodec('session', 'session', 'v1 sha1', '', '', 'base64'), undefined)
    for (const name of ['', 'a b', 'a=b', 'a;b', '\ud800', '\u00e9', '\0']) {
      assert.equal(binding.createCodec('session', name, '', 'sha1', '', 'base64'), undefined)
    }
    // Numbers that are no times.
    for (const time of [-1, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 53, 2 ** 64, 1e300, 5e-324]) {
      for (const place of TIMES.keys()) {
        const times = TIMES.with?.(place, time) ?? [...TIMES.slice(0, place), time, ...TIMES.slice(place + 1)]
        assert.throws(() => functions['codec.sealTimed'][0]('{}', ...times), OURS)
      }
    }
    return { calls, functions: Object.keys(functions).length }
  },

  surrogates() {
    const ring = keyring()
    const { open, seal } = original()
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
      assert.equal(open(`session=${text}`), 0)
      assert.equal(open(`session=${text}; session.sig=${text}`), 1)
      const found = open(`${text}; session=${text}; session.sig=${signed(`session=${text}`)}`)
      assert.equal(
        found,
        `${String.fromCharCode(text.length + 10)}\0\0${String.fromCharCode(text.length)}\0\0\0\0\0`
      )
      for (const [timed, end] of [
        ['v1', 43],
        ['e1', 0]
      ]) {
        const cookie = codec(timed)
        const whole = cookie.sealTimed(text, ...TIMES)
        const split = whole.length - end
        const packed = cookie.open(
          `session=${whole.slice(0, split)}; session.sig=${whole.slice(split)}`,
          false
        )
        assert.equal(packed.slice(0, -41), `${Buffer.from(text)}`)
      }
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
    }
    for (const timed of ['', 'v1', 'e1']) {
      const empty = codec(timed, [])
      assert.equal(empty.sign('data'), undefined)
      assert.equal(empty.index('data', ''), -1)
      assert.equal(empty.open('session=e30=; session.sig=x', true), 1)
      assert.throws(
        () => empty.seal('{}'),
        /^Error: cookie-session-native: no key, or no memory, to seal a session$/
      )
      for (const keys of [[], [Buffer.alloc(31, 1)], [Buffer.alloc(0)]]) {
        assert.throws(
          () => codec(timed, keys).sealTimed('{}', ...TIMES),
          /^Error: cookie-session-native: no key, no memory, or no randomness, to seal a session$/
        )
      }
      assert.throws(() => empty.change(new Array(16385).fill(0)), OURS)
    }
    const places = codec(
      'e1',
      Array.from({ length: 16384 }, (_, i) => Buffer.alloc(32, String(i)))
    )
    const cookie = codec('e1', [Buffer.alloc(32, '16383')]).sealTimed('{}', ...TIMES)
    assert.equal(places.open(`session=${cookie}`, false).slice(-3, -1), '\x7f\x7f')
    assert.throws(() => places.change(new Array(16385).fill(0)), OURS)
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
    let { open, seal } = original(['a'])
    for (let i = 0; i < 20; i++) {
      global.gc()
      keyring([`another ${i}`])
    }
    assert.equal(seal('{}'), `e30=${signed('session=e30=', 'a')}`)
    assert.equal(open(`session=e30=; session.sig=${signed('session=e30=', 'a')}`).slice(0, 2), '{}')
    open = seal = undefined
    global.gc()
  },

  huge() {
    const ring = keyring()
    const { open, seal } = original()
    const half = Buffer.alloc(1 << 29, 'x').latin1Slice(0, LONGEST)
    const same = Buffer.from(half.slice(0, 1 << 20))
    assert.equal(half.length, LONGEST)
    const hmac = crypto.createHmac('sha1', 'newest')
    for (let at = 0; at < LONGEST; at += same.length)
      hmac.update(same.subarray(0, Math.min(same.length, LONGEST - at)))
    assert.equal(ring.sign(half), hmac.digest('base64url'))
    assert.equal(ring.index('data', half), -1)
    // Places that need five digits.
    const far = `${half.slice(1000)}; session=e30=; session.sig=${signed('session=e30=')}`
    const packed = open(far)
    assert.deepEqual(
      [packed.length, packed.charCodeAt(14), packed.slice(0, 2)],
      [15, 6, '{}'],
      'flags: it is wide and has a text'
    )
    const place = [...packed.slice(2, 7)].reduceRight(
      (number, digit) => number * 128 + digit.charCodeAt(0),
      0
    )
    assert.equal(place, far.indexOf('session=') + 8)
    assert.throws(() => seal(half), TOO_LONG)
    stillWorks(everything())
  },

  /** The same of the formats with times; it takes several gigabytes. */
  hugeWithTimes() {
    const half = Buffer.alloc(1 << 29, 'x').latin1Slice(0, LONGEST)
    for (const timed of ['v1', 'e1']) {
      assert.throws(() => codec(timed).sealTimed(half, ...TIMES), TOO_LONG)
      assert.equal(codec(timed).open(`session=${timed}.${half.slice(100)}; session.sig=x`, false), 1)
    }
    stillWorks(everything())
  }
}

const counted = process.argv.slice(2).map((part) => parts[part]())
console.log(JSON.stringify(Object.assign({}, ...counted)))
