'use strict'

// Random texts, and what is nearly a cookie's value: base64 as Node writes it, and everything that Node reads besides.

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const CHARACTERS = [
  ...'abc019 {}[]:,"\\/.-',
  '\0',
  '\n',
  '\x7f',
  'é',
  'ß',
  'Ω',
  '€',
  '\u2028',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udfff',
  '😀',
  '\u{10ffff}'
]
/** UTF-8 that is none: cut off, too long for its character, of surrogates, past the last character, and stray. */
const NOT_UTF8 = ['ff', 'fe', '80', 'bf', 'c3', 'c080', 'c1bf', 'e28', 'e282', 'e08080', 'eda080', 'edbfbf']
const NOT_UTF8_EITHER = ['f09f98', 'f0808080', 'f4908080', 'f888808080', 'c328', 'e228a1', 'f09f28']
const INVALID = [...NOT_UTF8, ...NOT_UTF8_EITHER].map((hex) =>
  Buffer.from(hex.padEnd(hex.length & 1, '0'), 'hex')
)

/** @param {import('../differential/random').Random} random */
function randomText(random, length) {
  let text = ''
  for (let i = 0; i < length; i++) text += random.pick(CHARACTERS)
  return text
}

/** A JSON text, as JSON.stringify writes it. */
function randomJson(random) {
  const value = (depth) => {
    const kind = random.below(depth > 2 ? 5 : 8)
    if (kind === 0) return random.between(-5, 1e9)
    if (kind === 1) return randomText(random, random.below(12))
    if (kind === 2) return random.chance(0.5)
    if (kind === 3) return null
    if (kind === 4) return random.word() / 1000
    if (kind === 5) return Array.from({ length: random.below(4) }, () => value(depth + 1))
    return object(depth)
  }
  const object = (depth) => {
    const made = {}
    for (let i = random.below(5); i > 0; i--) {
      const key = random.chance(0.8) ? random.text('abcdefgh', 3) : randomText(random, 2)
      made[key] = value(depth + 1)
    }
    return made
  }
  return JSON.stringify(random.chance(0.9) ? object(0) : value(0))
}

/** Bytes: of a JSON text, of one that is damaged, or any. */
function randomBytes(random) {
  const way = random.below(10)
  if (way < 4) return Buffer.from(randomJson(random))
  if (way < 5) return Buffer.from(randomText(random, random.below(90)))
  if (way < 6) return Buffer.from(random.hex(random.below(90)), 'hex')
  const bytes = Buffer.from(randomJson(random))
  const at = random.below(bytes.length + 1)
  if (way < 8) return Buffer.concat([bytes.subarray(0, at), random.pick(INVALID), bytes.subarray(at)])
  if (way < 9) return Buffer.concat([bytes, random.pick(INVALID)])
  bytes[Math.min(at, bytes.length - 1)] = random.below(256)
  return bytes
}

const STRAY = [
  '=',
  '==',
  '===',
  ' ',
  '\t',
  '\n',
  '\r',
  '\0',
  '-',
  '_',
  '.',
  '%',
  '"',
  '\\',
  ',',
  '*',
  '\x7f',
  '~'
]
const NOT_ASCII = ['\x80', 'é', 'ÿ', 'Ā', '\u2028', '＝', '\ud800', '😀']

/** Changes to base64, of which most leave something that Node still reads. */
const DAMAGE = {
  none: (value) => value,
  'no padding': (value) => value.replace(/=+$/, ''),
  'less padding': (value) => value.replace(/=$/, ''),
  'more padding': (value, random) => value + '='.repeat(random.between(1, 4)),
  'URL-safe': (value) => value.replaceAll('+', '-').replaceAll('/', '_'),
  'URL-safe without padding': (value) => value.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
  'a stray character': (value, random) => insert(value, random, random.pick(STRAY)),
  'stray characters': (value, random) => {
    let changed = value
    for (let i = random.between(2, 6); i > 0; i--) changed = insert(changed, random, random.pick(STRAY))
    return changed
  },
  'bits left over': (value, random) =>
    value.replace(/.(?==*$)/, () => random.pick(value.endsWith('=') ? BASE64 : BASE64URL)),
  'another character': (value, random) => {
    const at = random.below(value.length + 1)
    return value.slice(0, at) + random.pick(BASE64URL) + value.slice(at + 1)
  },
  'cut off': (value, random) => value.slice(0, random.below(value.length + 1)),
  'two values': (value) => value + value,
  quoted: (value) => `"${value}"`,
  'a quote in front': (value) => `"${value}`,
  'not ASCII': (value, random) => insert(value, random, random.pick(NOT_ASCII)),
  'characters of the alphabet': (_value, random) => random.text(BASE64, random.below(80)),
  'characters of any kind': (_value, random) => {
    let made = ''
    for (let i = random.below(40); i > 0; i--) made += random.pick(random.chance(0.7) ? BASE64 : STRAY)
    return made
  }
}
const DAMAGES = Object.keys(DAMAGE)

function insert(value, random, what) {
  const at = random.chance(0.3) ? value.length : random.below(value.length + 1)
  return value.slice(0, at) + what + value.slice(at)
}

/** A value as a Cookie header may hold it: without a `;`. */
function randomValue(random) {
  const value = randomBytes(random).toString('base64')
  const damage = random.chance(0.25) ? 'none' : random.pick(DAMAGES)
  return { damage, raw: DAMAGE[damage](value, random) }
}

module.exports = { DAMAGES, randomBytes, randomJson, randomText, randomValue }
