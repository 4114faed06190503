'use strict'

// Encryption by itself: C2SP's vectors, each engine's values read by the other, and nothing else read by either.
// The Rust side of the vectors is tested beside src/encryption.rs.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const { describe, it } = require('node:test')
const engine = require('../../lib/engine')
const fallback = require('../../lib/engine/node')
const { XaesKey } = require('../../lib/engine/xaes')

const NONCE = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX')

const TIMES = [1893553445678, 1893549845678]

/** What encrypts sessions under some keys. */
function codecOf({ createCodec }, ...keys) {
  const codec = createCodec({ name: 'session', timed: 'e1', current: [], legacy: [], encoding: 'base64' })
  codec.change(keys.map((key) => Uint8Array.from(key)))
  return codec
}

const seal = (codec, text) => codec.sealTimed(text, ...TIMES)

/** The text of a value, and the key that sealed it; undefined where none did. */
function open(codec, value) {
  const { json, keyIndex, reason } = codec.open(`session=${value}`, false) ?? { reason: 'none' }
  return reason === undefined ? { json, keyIndex } : undefined
}

describe('XAES-256-GCM over node:crypto', () => {
  // The most significant bit of L is 0 in the first and 1 in the second.
  for (const [byte, data, expected] of [
    [1, '', 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271'],
    [3, 'c2sp.org/XAES-256-GCM', '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d']
  ]) {
    it(`gives the vector of C2SP for a key of bytes ${byte}`, () => {
      const key = new XaesKey(Buffer.alloc(32, byte))
      const sealed = key.encrypt(NONCE, Buffer.from('XAES-256-GCM'), Buffer.from(data)).subarray(NONCE.length)
      assert.equal(sealed.toString('hex'), expected)
      assert.equal(String(key.decrypt(NONCE, sealed, Buffer.from(data))), 'XAES-256-GCM')
    })
  }

  it('gives the accumulated vectors of C2SP, 10,000 iterations', () => {
    // 32 + 24 + 1 + 255 + 1 + 255 bytes at most for each.
    const random = crypto
      .createHash('shake128', { outputLength: 10_000 * 568 })
      .update('')
      .digest()
    let at = 0
    const read = (length) => {
      at += length
      return random.subarray(at - length, at)
    }
    const hash = crypto.createHash('shake128', { outputLength: 32 })
    for (let i = 0; i < 10_000; i++) {
      const key = new XaesKey(read(32))
      const nonce = read(24)
      const text = read(read(1)[0])
      hash.update(key.encrypt(nonce, text, read(read(1)[0])).subarray(nonce.length))
    }
    assert.equal(hash.digest('hex'), 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939')
  })
})

describe(`sessions encrypted by the engine '${engine.name}'`, () => {
  const texts = ['a', '{"a":"é€𝄞"}', '\0'.repeat(3), 'x'.repeat(5000)]

  it('opens what either engine sealed, and says with which key', () => {
    const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    for (const text of texts) {
      for (const [from, to] of [
        [engine, fallback],
        [fallback, engine],
        [engine, engine]
      ]) {
        assert.deepEqual(open(codecOf(to, two, one), seal(codecOf(from, one), text)), {
          keyIndex: 1,
          json: text
        })
      }
    }
  })

  it('seals with another nonce each time', () => {
    const codec = codecOf(engine, Buffer.alloc(32))
    assert.equal(new Set(Array.from({ length: 1000 }, () => seal(codec, 'a').slice(0, 35))).size, 1000)
  })

  it('opens no value with one bit, one character more or less, or another spelling', () => {
    const codec = codecOf(engine, Buffer.alloc(32, 7))
    const value = seal(codec, 'a session')
    assert.deepEqual(open(codec, value), { keyIndex: 0, json: 'a session' })
    for (let place = 0; place < value.length; place++) {
      assert.equal(open(codec, value.slice(0, place) + value.slice(place + 1)), undefined)
      for (let bit = 0; bit < 8; bit++) {
        const other = Buffer.from(value)
        other[place] ^= 1 << bit
        // What ends a cookie makes another header of it, which is looked at elsewhere.
        if (other[place] !== 0x3b) assert.equal(open(codec, other.toString('latin1')), undefined)
      }
    }
    for (const other of [
      '',
      `${value}=`,
      `${value} `,
      ` ${value}`,
      `${value}A`,
      `${value}\n`,
      value.toUpperCase()
    ]) {
      assert.equal(open(codec, other), undefined)
    }
  })

  it('keeps keys that stay, and forgets others', () => {
    const codec = codecOf(engine, Buffer.alloc(32, 1), Buffer.alloc(32, 2))
    const value = seal(codec, 'text')
    codec.change([new Uint8Array(32).fill(3), 0])
    assert.deepEqual(open(codec, value), { keyIndex: 1, json: 'text' })
    codec.change([0])
    assert.equal(open(codec, value), undefined)
  })

  it('has no use for a key of less than 32 bytes', () => {
    const codec = codecOf(engine, Buffer.alloc(31), Buffer.alloc(32, 2))
    assert.throws(() => seal(codec, 'text'), /no key/)
    const other = seal(codecOf(engine, Buffer.alloc(32, 2)), 'text')
    assert.deepEqual(open(codec, other), { keyIndex: 1, json: 'text' })
  })
})
