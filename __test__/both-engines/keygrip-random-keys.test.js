'use strict'

// cookieSession.Keygrip stands in for the keygrip package, whose instances apps pass around and whose oddities
// they may have come to rely on. Here both are given the same keys, data and digests, thousands of times.

const assert = require('node:assert')
const crypto = require('node:crypto')
const { describe, test } = require('node:test')
const { inspect } = require('node:util')
const Original = require('keygrip')
const { Keygrip: Ours } = require('../..')
const { Random } = require('../support/differential/random')
const {
  SEED,
  CASES,
  outcome,
  same,
  bytes,
  alone,
  goodKeys,
  badKeys,
  ALGORITHMS,
  ODD_ALGORITHMS,
  ENCODINGS,
  ODD_ENCODINGS,
  NEARLY,
  NONE,
  makeCase,
  runCase
} = require('../support/keygrip')

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
    let pairs = 0
    const kinds = Object.entries({
      ...goodKeys,
      ...Object.fromEntries(Object.entries(badKeys).map(([k, v]) => [`bad ${k}`, () => v]))
    })
    for (const algorithm of [...ALGORITHMS, ...ODD_ALGORITHMS]) {
      for (const encoding of [...ENCODINGS, ...ODD_ENCODINGS]) {
        // No engine has either: each such pair is tried with each fourth kind of key.
        const step = ODD_ALGORITHMS.includes(algorithm) && ODD_ENCODINGS.includes(encoding) ? 4 : 1
        pairs++
        for (const [kind, make] of kinds.filter((_, place) => (place + pairs) % step === 0)) {
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
