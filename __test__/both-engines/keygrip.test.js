// cookieSession.Keygrip stands in for the keygrip package, whose instances apps pass around and whose oddities
// they may have come to rely on. Here both are given the same keys, data and digests, thousands of times.
'use strict'

const assert = require('node:assert')
const crypto = require('node:crypto')
const { describe, test } = require('node:test')
const { inspect } = require('node:util')

const Original = require('keygrip')
const { Keygrip: Ours } = require('../..')
const { Random } = require('../support/differential/random')

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

// --- what keys may be: each a maker, so that neither side sees the other's ---------------------------------

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

// --- algorithms, encodings, data, digests ------------------------------------------------------------------

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

// --- random walks ------------------------------------------------------------------------------------------

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

describe('random keys, settings, data, digests', () => {
  test(`${CASES} walks`, (t) => {
    t.diagnostic(`SEED=${SEED}`)
    const seen = { found: 0, none: 0, signed: 0, errors: new Set() }
    for (let i = 0; i < CASES; i++) {
      const script = makeCase(new Random(SEED, i))
      const lines = same((Keygrip) => runCase(script, Keygrip), `SEED=${SEED}, walk ${i}`)
      for (const [, { value, code, error }] of lines.slice(1)) {
        if (value === true || (typeof value === 'number' && value >= 0)) seen.found++
        if (value === false || value === -1) seen.none++
        if (typeof value === 'string') seen.signed++
        if (error) seen.errors.add(code || error)
      }
    }
    // none of it says anything if the walks never get anywhere
    assert.ok(Math.min(seen.found, seen.none, seen.signed) > CASES / 2, inspect(seen))
    for (const code of [
      'ERR_INVALID_ARG_TYPE',
      'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE',
      'TypeError',
      'RangeError'
    ]) {
      assert.ok(seen.errors.has(code), `${code} in ${inspect(seen.errors)}`)
    }
  })

  test('every algorithm with every encoding, every kind of key', () => {
    const r = new Random(1, 1)
    const kinds = Object.entries({
      ...goodKeys,
      ...Object.fromEntries(Object.entries(badKeys).map(([k, v]) => [`bad ${k}`, () => v]))
    })
    for (const algorithm of [...ALGORITHMS, ...ODD_ALGORITHMS]) {
      for (const encoding of [...ENCODINGS, ...ODD_ENCODINGS]) {
        for (const [kind, make] of kinds) {
          const maker = make(r)
          same(
            (Keygrip) => {
              const kg = new Keygrip(['another', maker()], algorithm, encoding)
              const turned = new Keygrip([maker(), 'another'], algorithm, encoding)
              const digest = outcome(() => turned.sign('data')).value
              return [
                digest,
                outcome(() => turned.sign('data')),
                outcome(() => kg.index('data', digest)),
                outcome(() => turned.index('data', digest)),
                outcome(() => kg.verify('data', 'no'))
              ]
            },
            `${inspect(algorithm)} ${inspect(encoding)} ${kind}`
          )
        }
      }
    }
  })

  for (const [what, digest] of Object.entries({ ...NEARLY, ...NONE })) {
    test(`digest: ${what}`, () => {
      for (const encoding of ENCODINGS) {
        for (let i = 0; i < 40; i++) {
          const data = `session=${i}`
          same(
            (Keygrip) => {
              const kg = new Keygrip(['new', 'old'], 'sha1', encoding)
              const right = new Keygrip(['old'], 'sha1', encoding).sign(data)
              return [
                outcome(() => kg.index(data, digest(right))),
                outcome(() => kg.verify(data, digest(right)))
              ]
            },
            `${inspect(encoding)} ${data}`
          )
        }
      }
    })
  }

  test('a digest of an object is asked for its text once for each key, and never matches', () => {
    const [asked] = same((Keygrip) => {
      let asked = 0
      const digest = {
        toString() {
          asked++
          return '34Sr3OIsheUYWKL5_w--zJsdSNk'
        }
      }
      const index = outcome(() => new Keygrip(['a', 'SEKRIT1', 'b']).index('Keyboard Cat has a hat.', digest))
      return [asked, index]
    })
    assert.strictEqual(asked, 3)
  })

  test('data: a megabyte of text, of bytes, and text that is not ASCII', () => {
    for (const data of ['x'.repeat(2 ** 20), 'é漢🍪\ud800'.repeat(2 ** 17), Buffer.alloc(2 ** 20, 7)]) {
      for (const algorithm of ['sha1', 'sha256', 'sha512']) {
        const [digest, index] = same((Keygrip) => {
          const digest = new Keygrip(['old'], algorithm).sign(data)
          return [digest, new Keygrip(['new', 'old'], algorithm).index(data, digest)]
        })
        assert.ok(digest.length > 20)
        assert.strictEqual(index, 1)
      }
    }
  })
})

// --- keys --------------------------------------------------------------------------------------------------

describe('keys', () => {
  const holders = {
    'an array-like': () => ({ 0: 'k', length: 1 }),
    'an array-like with one more': () => ({ 0: 'j', 1: 'k', length: 2 }),
    'an array-like without length': () => ({ 0: 'k' }),
    'an array-like whose length is text': () => ({ 0: 'j', 1: 'k', length: '2' }),
    'an array-like whose length is 1.5': () => ({ 0: 'j', 1: 'k', length: 1.5 }),
    'an array-like whose length is negative': () => ({ 0: 'k', length: -1 }),
    'an array-like longer than it is': () => ({ 0: 'j', length: 3 }),
    'a sparse array': () => Object.assign(['j'], { 2: 'k' }),
    'an array that starts with a hole': () => Object.assign([], { 1: 'k' }),
    'an array with undefined in front': () => [undefined, 'k'],
    'an array of arrays': () => [['k']],
    'an empty array': () => [],
    'an empty object': () => ({}),
    'bytes, whose elements are numbers': () => new Uint8Array([1, 2]),
    'a typed array of nothing': () => new Uint8Array(0),
    'a Set': () => new Set(['k']),
    'a Map': () => new Map([[0, 'k']]),
    'a frozen array': () => Object.freeze(['j', 'k']),
    'an array that inherits its keys': () => Object.create(['j', 'k']),
    'a Proxy': () => new Proxy(['j', 'k'], {}),
    'another Keygrip': () => new Original(['k']),
    arguments: () => {
      return (function () {
        // biome-ignore lint/complexity/noArguments: they are the case
        return arguments
      })('j', 'k')
    },
    'a boxed string': () => Object('jk'),
    'a function with a key': () => Object.assign(() => {}, { 0: 'k' }),
    'a string': () => 'secret',
    'an empty string': () => '',
    'a number': () => 5,
    zero: () => 0,
    true: () => true,
    'a symbol': () => Symbol('k'),
    null: () => null,
    undefined: () => undefined,
    'three hundred': () => [...Array.from({ length: 299 }, (_, i) => `key ${i}`), 'k']
  }
  for (const [what, make] of Object.entries(holders)) {
    test(what, () => {
      same((Keygrip) => {
        const lines = []
        for (const how of [(keys) => new Keygrip(keys), (keys) => Keygrip(keys)]) {
          let kg
          lines.push(
            outcome(() => {
              kg = how(make())
            })
          )
          if (!kg) continue
          lines.push(
            outcome(() => kg.sign('data')),
            outcome(() => kg.index('data', new Original(['k']).sign('data'))),
            outcome(() => kg.verify('data', new Original(['j']).sign('data'))),
            outcome(() => kg.verify('data', 'no'))
          )
        }
        return lines
      })
    })
  }

  test('a string as keys is a TypeError, no keys an Error', () => {
    const [text, none] = same((Keygrip) => [
      outcome(() => new Keygrip('secret')),
      outcome(() => new Keygrip())
    ])
    assert.strictEqual(text.error, 'TypeError')
    assert.deepStrictEqual(none, { error: 'Error', message: 'Keys must be provided.', code: undefined })
  })

  for (const [what, make] of Object.entries(badKeys)) {
    test(`a bad key in the middle is an error only when reached: ${what}`, () => {
      const lines = same((Keygrip) => {
        const keys = ['first', make(), 'last']
        const kg = new Keygrip(keys)
        const digest = (key) => new Original([key]).sign('data')
        const lines = [
          outcome(() => kg.sign('data')),
          outcome(() => kg.index('data', digest('first'))),
          outcome(() => kg.index('data', digest('last'))),
          outcome(() => kg.verify('data', 'no'))
        ]
        keys.shift()
        lines.push(
          outcome(() => kg.sign('data')),
          outcome(() => kg.index('data', digest('last')))
        )
        keys.shift()
        lines.push(
          outcome(() => kg.sign('data')),
          outcome(() => kg.index('data', digest('last')))
        )
        return lines
      })
      assert.deepStrictEqual(lines[1], { value: 0 })
      assert.ok(lines[2].error)
      assert.deepStrictEqual(lines[7], { value: 0 })
    })
  }

  test('keys behind getters, which give another key each day', () => {
    const lines = same((Keygrip) => {
      let day = 1
      const keys = Object.defineProperties([], {
        0: { get: () => `day ${day}` },
        1: { get: () => Buffer.from(`day ${day - 1}`) }
      })
      const kg = new Keygrip(keys)
      const lines = []
      for (let before = ''; day < 5; day++) {
        lines.push([kg.index('data', before), kg.index('data', kg.sign('data')), kg.verify('data', 'no')])
        before = kg.sign('data')
      }
      return lines
    })
    assert.deepStrictEqual(lines[1], [1, 0, false])
  })

  test('the array is live: rotated, emptied, refilled', () => {
    same((Keygrip) => {
      const keys = ['one']
      const kg = new Keygrip(keys)
      const digests = Object.fromEntries(
        ['one', 'two', 'three'].map((key) => [key, new Original([key]).sign('data')])
      )
      const look = () => [
        outcome(() => kg.sign('data')),
        ...Object.values(digests).map((digest) => outcome(() => kg.index('data', digest)))
      ]
      const lines = [look()]
      for (const change of [
        () => keys.unshift('two'),
        () => keys.unshift('three'),
        () => keys.pop(),
        () => keys.reverse(),
        () => keys.splice(0, 1, 'one', 'one'),
        () => {
          keys.length = 0
        },
        () => keys.push('two'),
        () => {
          keys[0] = 'three'
        },
        () => {
          keys[3] = 'one'
        },
        () => keys.sort()
      ]) {
        change()
        lines.push(look(), look())
      }
      return lines
    })
  })

  test('bytes are live: a Buffer, a view of other bytes, a DataView, an ArrayBuffer, and their copies', () => {
    for (const make of Object.values({
      buffer: () => bytes(1, 40),
      view: () => new Uint8Array(alone(bytes(1, 40)), 8, 16),
      words: () => new Uint32Array(alone(bytes(1, 40)), 8, 4),
      dataView: () => new DataView(alone(bytes(1, 40)), 8, 16),
      arrayBuffer: () => alone(bytes(1, 40))
    })) {
      const lines = same((Keygrip) => {
        const key = make()
        // the window that the key shows, for a small Buffer is a part of Node's pool
        const all = ArrayBuffer.isView(key)
          ? new Uint8Array(key.buffer, key.byteOffset, key.byteLength)
          : new Uint8Array(key)
        const kg = new Keygrip([key, 'other'])
        const first = kg.sign('data')
        const lines = [first]
        for (const [at, value] of [
          [0, 1],
          [15, 2],
          [7, 3],
          [0, 1]
        ]) {
          all[at] = value
          lines.push(kg.sign('data'), kg.index('data', first), kg.verify('data', kg.sign('data')))
        }
        all.fill(0)
        lines.push(kg.sign('data'))
        return lines
      })
      assert.notStrictEqual(lines[0], lines[1])
      assert.strictEqual(lines[2], -1)
      assert.strictEqual(lines[3], true)
    }
  })

  test('a KeyObject does not follow the bytes it was made of', () => {
    same((Keygrip) => {
      const material = bytes(9, 32)
      const kg = new Keygrip([crypto.createSecretKey(material)])
      const first = kg.sign('data')
      material.fill(0)
      return [first, kg.sign('data') === first]
    })
  })

  test('keys that the digest’s own toString takes away', () => {
    same((Keygrip) => {
      const keys = ['a', 'b', 'c']
      const kg = new Keygrip(keys)
      const digest = {
        toString() {
          keys.length = 1
          return 'x'
        }
      }
      return [outcome(() => kg.index('data', digest)), keys.length, outcome(() => kg.index('data', 'x'))]
    })
  })

  test('two instances on one array, and one array changed between their uses', () => {
    same((Keygrip) => {
      const keys = ['a', 'b']
      const [one, two] = [new Keygrip(keys, 'sha256'), new Keygrip(keys, 'sha512', 'hex')]
      const lines = []
      for (let i = 0; i < 5; i++) {
        lines.push(one.sign('data'), two.sign('data'), one.verify('data', two.sign('data')))
        keys.unshift(`c${i}`)
        lines.push(two.index('data', lines.at(-2)), one.index('data', lines.at(-4)))
      }
      return lines
    })
  })

  test('many instances, thrown away', () => {
    for (let i = 0; i < 3000; i++) {
      const keys = [`key ${i}`, `key ${i + 1}`]
      const next = new Ours([keys[1]]).sign('data')
      assert.strictEqual(new Ours(keys).index('data', next), 1)
      assert.strictEqual(next, i % 100 ? next : new Original([keys[1]]).sign('data'))
    }
  })
})

// --- the shape of it ---------------------------------------------------------------------------------------

describe('shape', () => {
  const describeFunction = (fn) => [typeof fn, fn.name, fn.length]

  test('the function: name, length, own properties in their order, prototype', () => {
    same((Keygrip) => [
      describeFunction(Keygrip),
      Object.entries(Object.getOwnPropertyDescriptors(Keygrip)).map(
        ([name, { enumerable, configurable, writable }]) => [name, enumerable, configurable, writable]
      ),
      Object.keys(Keygrip),
      Object.getOwnPropertyNames(Keygrip.prototype),
      Keygrip.prototype.constructor === Keygrip,
      Object.getPrototypeOf(Keygrip) === Function.prototype,
      Object.getPrototypeOf(Keygrip.prototype) === Object.prototype
    ])
  })

  test('statics throw how to use it, and are one function', () => {
    const lines = same((Keygrip) =>
      ['sign', 'verify', 'index'].map((name) => [
        describeFunction(Keygrip[name]),
        Keygrip[name] === Keygrip.sign,
        outcome(() => Keygrip[name]()),
        outcome(() => Keygrip[name]('data', 'digest'))
      ])
    )
    assert.match(lines[0][2].message, /^Usage: /)
  })

  test('an instance: own methods, nothing else', () => {
    const lines = same((Keygrip) => {
      const kg = new Keygrip(['k'])
      return [
        Object.getOwnPropertyNames(kg),
        Object.getOwnPropertySymbols(kg).length,
        Object.values(Object.getOwnPropertyDescriptors(kg)).map(
          ({ value, enumerable, configurable, writable }) => [
            describeFunction(value),
            enumerable,
            configurable,
            writable
          ]
        ),
        kg instanceof Keygrip,
        kg.constructor === Keygrip,
        kg.constructor.name,
        Object.getPrototypeOf(kg) === Keygrip.prototype,
        Object.isExtensible(kg),
        JSON.stringify(kg)
      ]
    })
    assert.deepStrictEqual(lines[0], ['sign', 'verify', 'index'])
  })

  test('without new, on an object that is one already, and by a subclass', () => {
    same((Keygrip) => {
      class Sub extends Keygrip {
        index(...args) {
          return super.index(...args)
        }
      }
      const made = Object.create(Keygrip.prototype)
      const sub = new Sub(['k'])
      return [
        Keygrip(['k']) instanceof Keygrip,
        Keygrip.call({}, ['k']) instanceof Keygrip,
        Keygrip.call(made, ['k']),
        made.sign('data'),
        Object.keys(made),
        Reflect.construct(Keygrip, [['k']], Sub) instanceof Sub,
        sub instanceof Sub,
        sub.sign('data'),
        sub.index('data', made.sign('data'))
      ].map((value) => value)
    })
  })

  test('methods torn off: sign and index work, verify wants its index', () => {
    const lines = same((Keygrip) => {
      const { sign, verify, index } = new Keygrip(['j', 'k'])
      const digest = new Original(['k']).sign('data')
      return [
        outcome(() => sign('data')),
        outcome(() => index('data', digest)),
        outcome(() => verify('data', digest)),
        outcome(() => verify.call({ index: () => 5 }, 'data', digest)),
        outcome(() => verify.call({ index: () => -1 }, 'data', digest)),
        outcome(() => sign.call(null, 'data'))
      ]
    })
    assert.strictEqual(lines[2].error, 'TypeError')
  })

  test('methods replaced: verify asks the index there is', () => {
    same((Keygrip) => {
      const kg = new Keygrip(['k'])
      kg.index = () => 3
      const lines = [outcome(() => kg.verify('data', 'no'))]
      delete kg.index
      lines.push(outcome(() => kg.verify('data', 'no')))
      kg.sign = () => 'mine'
      lines.push(
        outcome(() => kg.sign('data')),
        Object.keys(kg)
      )
      return lines
    })
  })

  test('no key shows: inspect, JSON, keys, in any depth', () => {
    const secret = 'do not show this'
    const keys = [secret, Buffer.from(secret), crypto.createSecretKey(Buffer.from(secret))]
    const kg = new Ours(keys)
    const digest = kg.sign('data')
    assert.strictEqual(kg.index('data', digest), 0)
    for (const options of [
      {},
      { depth: 10 },
      { showHidden: true, depth: 10, showProxy: true, getters: true }
    ]) {
      const text = inspect(kg, options)
      assert.doesNotMatch(text, /do not show|64 6f 20 6e 6f 74|KeyObject/)
      assert.strictEqual(text, inspect(new Original(keys), options))
    }
    assert.strictEqual(JSON.stringify(kg), '{}')
  })
})

// --- what keygrip says of itself ---------------------------------------------------------------------------

test('signatures known from elsewhere', () => {
  for (const [, Keygrip] of sides) {
    const data = 'Keyboard Cat has a hat.'
    assert.strictEqual(new Keygrip(['SEKRIT1']).sign(data), '34Sr3OIsheUYWKL5_w--zJsdSNk')
    assert.strictEqual(
      new Keygrip(['SEKRIT1'], 'sha256').sign(data),
      'pu97aPRZRLKi3-eANtIlTG_CwSc39mAcIZ1c6FxsGCk'
    )
    assert.strictEqual(
      new Keygrip(['SEKRIT1'], null, 'hex').sign(data),
      'df84abdce22c85e51858a2f9ff0fbecc9b1d48d9'
    )
    // RFC 2202, 3: HMAC-SHA1, test case 2
    assert.strictEqual(
      new Keygrip(['Jefe'], 'sha1', 'hex').sign('what do ya want for nothing?'),
      'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'
    )
  }
})
