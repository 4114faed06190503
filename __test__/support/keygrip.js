'use strict'

// What the tests of keygrip share.

const assert = require('node:assert')
const crypto = require('node:crypto')
const { inspect } = require('node:util')
const Original = require('keygrip')
const { Keygrip: Ours } = require('../..')

const SEED = Number(process.env.SEED) || crypto.randomInt(2 ** 31)

const CASES = Number(process.env.KEYGRIP_WALKS) || 1500

const sides = [
  ['original', Original],
  ['ours', Ours]
]

/** What a call comes to: its value, or the error by class, message and code. */
function outcome(fn) {
  try {
    const value = fn()
    return { value: value === null || typeof value !== 'object' ? value : inspect(value) }
  } catch (err) {
    if (!(err instanceof Error)) return { thrown: err }
    return { error: err.constructor.name, message: err.message, code: err.code }
  }
}

/** Runs the same steps with both, and wants the same outcomes; the original's come back. */
function same(steps, what) {
  const [expected, actual] = sides.map(([, Keygrip]) => ({ what, outcomes: steps(Keygrip) }))
  assert.deepStrictEqual(actual, expected)
  return expected.outcomes
}

const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })

const TEXTS = ['', 'k', 'key with blanks', 'żółć 🍪', '\ud800', 'a\udc00b', '\0', 'é'.repeat(20)]

const LENGTHS = [0, 1, 20, 55, 56, 63, 64, 65, 100, 127, 128, 129, 200, 1000]

function bytes(seed, length) {
  return Buffer.from(Array.from({ length }, (_, i) => (seed * 31 + i * 7) & 255))
}

/** An ArrayBuffer of its own, not a part of Node's pool. */
function alone(buffer) {
  return new Uint8Array(buffer).buffer
}

const goodKeys = {
  text: (r) => {
    const text = r.pick(TEXTS)
    return () => text
  },
  longText: (r) => {
    const text = r.text('abcdefé漢', r.pick(LENGTHS))
    return () => text
  },
  buffer: (r) => {
    const [seed, length] = [r.below(256), r.pick(LENGTHS)]
    return () => bytes(seed, length)
  },
  uint8: (r) => {
    const [seed, length] = [r.below(256), r.pick(LENGTHS)]
    return () => new Uint8Array(bytes(seed, length))
  },
  // a window on more bytes than it shows
  window: (r) => {
    const [seed, from, length] = [r.below(256), r.below(9), r.below(70)]
    return () => new Uint8Array(alone(bytes(seed, 100)), from, length)
  },
  float64: (r) => {
    const seed = r.below(256)
    return () => new Float64Array([seed / 3, -seed, Number.NaN])
  },
  uint16: (r) => {
    const seed = r.below(256)
    return () => new Uint16Array([seed, seed * 256, 65535])
  },
  dataView: (r) => {
    const [seed, from, length] = [r.below(256), r.below(9), r.below(70)]
    return () => new DataView(alone(bytes(seed, 100)), from, length)
  },
  arrayBuffer: (r) => {
    const [seed, length] = [r.below(256), r.pick(LENGTHS)]
    return () => alone(bytes(seed, length))
  },
  sharedBytes: (r) => {
    const seed = r.below(256)
    return () => {
      const view = new Uint8Array(new SharedArrayBuffer(40))
      view.set(bytes(seed, 40))
      return view
    }
  },
  // its bytes have gone elsewhere; what is left counts as an empty key
  detached: () => () => {
    const buffer = alone(bytes(1, 20))
    structuredClone(buffer, { transfer: [buffer] })
    return buffer
  },
  sharedArrayBuffer: () => () => new SharedArrayBuffer(8),
  keyObject: (r) => {
    const [seed, length] = [r.below(256), r.pick(LENGTHS.slice(1))]
    return () => crypto.createSecretKey(bytes(seed, length))
  }
}

const badKeys = {
  undefined: () => undefined,
  null: () => null,
  number: () => 5,
  NaN: () => Number.NaN,
  true: () => true,
  bigint: () => 5n,
  symbol: () => Symbol('key'),
  object: () => ({}),
  array: () => ['k'],
  boxed: () => Object('k'),
  function: () => () => {},
  date: () => new Date(0),
  privateKey: () => privateKey,
  publicKey: () => publicKey
}

function someKey(r) {
  if (r.chance(0.05)) return badKeys[r.pick(Object.keys(badKeys))]
  return goodKeys[r.pick(Object.keys(goodKeys))](r)
}

const ALGORITHMS = [
  undefined,
  null,
  '',
  'sha1',
  'sha256',
  'sha384',
  'sha512',
  'md5',
  'sha512-256',
  'SHA256',
  'Sha1'
]

const ODD_ALGORITHMS = [
  'RSA-SHA256',
  'sha3-256',
  'ripemd160',
  'shake128',
  'sha224',
  'SHA-1',
  'sha1 ',
  'unknown',
  5,
  {}
]

const ENCODINGS = [undefined, null, '', 'base64', 'hex', 'base64url', 'latin1', 'binary']

const ODD_ENCODINGS = ['buffer', 'BASE64', 'Hex', 'utf8', 'ascii', 'ucs2', 'utf16le', 'nonsense', 5, {}]

const DATA = [
  '',
  'session=e30=',
  'session=żółć',
  'caf\xe9',
  '\ud800',
  'lone \udfff here',
  'nul \0 byte',
  '🍪'.repeat(40),
  'x'.repeat(63),
  'x'.repeat(1000)
].map((text) => () => text)

const BYTES = [
  () => Buffer.from('session=e30='),
  () => new Uint8Array(bytes(3, 70)),
  () => new Uint16Array([1, 500, 65535]),
  () => new DataView(alone(bytes(4, 30)), 3, 9),
  () => Buffer.alloc(0)
]

const ODD_DATA = [
  () => undefined,
  () => null,
  () => 5,
  () => Number.NaN,
  () => true,
  () => 5n,
  () => Symbol('data'),
  () => ({}),
  () => ['a'],
  () => Object('session=e30='),
  () => new ArrayBuffer(4),
  () => new Date(0)
]

/** Digests that are none, or not quite, made of a right one. */
const NEARLY = {
  right: (digest) => digest,
  truncated: (digest) => digest.slice(0, -1),
  extended: (digest) => `${digest}A`,
  padded: (digest) => `${digest}=`,
  'padded twice': (digest) => `${digest}==`,
  'a blank after': (digest) => `${digest} `,
  'a NUL after': (digest) => `${digest}\0`,
  'case flipped': (digest) =>
    digest.replace(/[a-zA-Z]/, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())),
  'all upper case': (digest) => digest.toUpperCase(),
  'standard alphabet': (digest) => digest.replace(/[-_]/g, (c) => (c === '-' ? '+' : '/')),
  'last character another': (digest) => digest.slice(0, -1) + (digest.endsWith('A') ? 'B' : 'A'),
  'first character another': (digest) => (digest[0] === 'A' ? 'B' : 'A') + digest.slice(1),
  'a character beyond latin1 that ends alike': (digest) =>
    digest && String.fromCharCode(digest.charCodeAt(0) + 0x100) + digest.slice(1),
  empty: () => '',
  'a lone surrogate': () => '\ud800',
  'boxed, which is not the string': (digest) => Object(digest),
  'in an array, which prints alike': (digest) => [digest],
  'an object that prints alike': (digest) => ({ toString: () => digest }),
  bytes: (digest) => Buffer.from(digest)
}

const NONE = {
  undefined: () => undefined,
  null: () => null,
  number: () => 5,
  NaN: () => Number.NaN,
  bigint: () => 5n,
  true: () => true,
  object: () => ({}),
  'no prototype, so no toString': () => Object.create(null),
  symbol: () => Symbol('digest'),
  'toString that throws': () => ({
    toString() {
      throw new RangeError('asked')
    }
  }),
  'toString that gives an object': () => ({ toString: () => ({}), valueOf: () => ({}) })
}

/** One case: keys, settings, and steps that sign, verify and change the keys while doing so. */
function makeCase(r) {
  const keys = Array.from(
    {
      length: r.weighted([
        [1, 0],
        [10, 1],
        [10, 2],
        [5, 3],
        [2, 8]
      ])
    },
    () => someKey(r)
  )
  const algorithm = r.chance(0.85) ? r.pick(ALGORITHMS) : r.pick(ODD_ALGORITHMS)
  const encoding = r.chance(0.85) ? r.pick(ENCODINGS) : r.pick(ODD_ENCODINGS)
  const steps = Array.from({ length: r.between(3, 10) }, () => makeStep(r))
  return { keys, algorithm, encoding, steps }
}

function makeStep(r) {
  const data = r.pick(
    r.weighted([
      [12, DATA],
      [3, BYTES],
      [1, ODD_DATA]
    ])
  )
  const place = r.below(4)
  return r.weighted([
    [4, () => ['sign', (kg) => kg.sign(data())]],
    [
      8,
      () => {
        const how = r.pick([...Object.keys(NEARLY), 'right', 'right', 'right', 'right', 'right', 'right'])
        const method = r.pick(['index', 'verify'])
        return [
          `${method} of a digest: ${how}`,
          (kg, keys, remember) => {
            // the right digest of the key at that place comes from node:crypto, so that both get the same
            const digest = remember(() => digestOf(keys, place, data(), kg.settings))
            return kg[method](data(), NEARLY[how](digest))
          }
        ]
      }
    ],
    [
      2,
      () => {
        const [what, method] = [r.pick(Object.keys(NONE)), r.pick(['index', 'verify'])]
        return [`${method} of ${what}`, (kg) => kg[method](data(), NONE[what]())]
      }
    ],
    [
      4,
      () => {
        const key = someKey(r)
        return r.pick([
          ['push', (_kg, keys) => keys.push(key())],
          ['unshift', (_kg, keys) => keys.unshift(key())],
          ['replace', (_kg, keys) => Boolean(keys.splice(place, 1, key()))],
          ['pop', (_kg, keys) => void keys.pop()],
          ['shift', (_kg, keys) => void keys.shift()],
          ['reverse', (_kg, keys) => void keys.reverse()],
          ['delete', (_kg, keys) => delete keys[place]],
          ['length + 1', (_kg, keys) => void keys.length++],
          ['the same twice', (_kg, keys) => keys.push(keys[0])],
          ['fill bytes', (_kg, keys) => fill(keys[place], 7)],
          ['one byte', (_kg, keys) => fill(keys[place], 9, 1)]
        ])
      }
    ]
  ])()
}

function fill(key, value, length) {
  let view = key
  if (ArrayBuffer.isView(key)) view = new Uint8Array(key.buffer, key.byteOffset, key.byteLength)
  else if (key instanceof ArrayBuffer) view = new Uint8Array(key)
  else return 'nothing'
  view.fill(value, 0, length)
  return view.length
}

/** The digest that a key gives, or some text where it gives none. */
function digestOf(keys, place, data, { algorithm, encoding }) {
  try {
    return crypto
      .createHmac(algorithm || 'sha1', keys[place])
      .update(data)
      .digest(encoding || 'base64')
      .replace(/[/+=]/g, (c) => ({ '/': '_', '+': '-', '=': '' })[c])
  } catch {
    return '_jl9qXYgk5AgBiKFOPYK073FMEQ'
  }
}

function runCase({ keys: makers, algorithm, encoding, steps }, Keygrip) {
  const keys = makers.map((make) => make())
  const lines = []
  let kg
  lines.push(
    outcome(() => {
      kg = new Keygrip(keys, algorithm, encoding)
      return typeof kg
    })
  )
  if (!kg) return lines
  Object.defineProperty(kg, 'settings', { value: { algorithm, encoding } })
  for (const [what, step] of steps) lines.push([what, outcome(() => step(kg, keys, (make) => make()))])
  return lines
}

module.exports = {
  SEED,
  CASES,
  sides,
  outcome,
  same,
  privateKey,
  publicKey,
  TEXTS,
  LENGTHS,
  bytes,
  alone,
  goodKeys,
  badKeys,
  someKey,
  ALGORITHMS,
  ODD_ALGORITHMS,
  ENCODINGS,
  ODD_ENCODINGS,
  DATA,
  BYTES,
  ODD_DATA,
  NEARLY,
  NONE,
  makeCase,
  makeStep,
  fill,
  digestOf,
  runCase
}
