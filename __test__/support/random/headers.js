'use strict'

// Random Cookie headers, made of what a search for a cookie by its name might mistake for the cookie.

const ORDINARY = [
  'session',
  's',
  'sid',
  'shop.sid',
  'session.sig',
  '__Host-session',
  '__proto__',
  'constructor',
  'a"b'
]
const LONG = [
  'exactly-twenty-four-char',
  'a-name-longer-than-the-prefix-that-is-searched-for',
  'x'.repeat(300),
  'a'.repeat(64)
]
const OF_SIGNS = [
  '$^.*+?()[]{}|\\',
  'a.c',
  '"',
  '""',
  ',',
  "it's",
  '%20',
  '<b>',
  '!#$&',
  'a/b',
  '[a-z]',
  '(?:x)'
]
const ODD = [
  'a b',
  ' a',
  'a ',
  'a=b',
  '=',
  '=a',
  'a;b',
  ';',
  ' ',
  '  ',
  '\t',
  'a\nb',
  '\0',
  'a\0',
  'é',
  'Ω',
  '😀',
  '\ud800',
  'ſession'
]
/** Most ordinary. All non-empty: a middleware given an empty name takes another. */
const NAMES = [...ORDINARY, ...LONG, ...OF_SIGNS, ...ODD]

const SPACES = [
  '',
  '',
  '',
  ' ',
  ' ',
  ' ',
  '  ',
  '   ',
  '\t',
  ' '.repeat(63),
  ' '.repeat(64),
  ' '.repeat(130),
  '\n',
  '\u00a0'
]
const VALUES = [
  '',
  '',
  '""',
  '"',
  'e30=',
  '"e30="',
  '=',
  '==',
  ' ',
  ' e30= ',
  '"a',
  'a"',
  '\0',
  'a\0b',
  'é',
  '"é"',
  '日本',
  '\ud83d',
  'a,b',
  '\u2028'
]

/** What is like the name, and is not it. */
function nearName(random, name) {
  const at = random.below(name.length + 1)
  const ways = [
    () => name.slice(0, -1),
    () => name.slice(1),
    () => name.toUpperCase(),
    () => `${name}${random.pick(['.', '.si', '.sig.sig', '_', ' ', '\t', '\0', 'x', '"', '%'])}`,
    () => `${random.pick(['x', '.', '_', '"', '\t', '\0', '\u00a0', ',', '='])}${name}`,
    () => name.slice(0, at) + random.pick(['x', '\0', 'é', '.', ' ']) + name.slice(at + 1),
    () => name.slice(0, at) + random.pick(['x', '=', ';', ' ', '"']) + name.slice(at),
    () => name + name
  ]
  return random.pick(ways)()
}

function randomValue(random) {
  if (random.chance(0.5)) return random.pick(VALUES)
  return random.text('abcXYZ019+/=-_. "', random.below(random.pick([4, 30, 90])))
}

/** A pair, or what is none. */
function randomPiece(random, name) {
  const way = random.below(12)
  if (way < 3) return `${name}=${randomValue(random)}`
  if (way < 5) return `${nearName(random, name)}=${randomValue(random)}`
  if (way < 6) return `${name}${random.pick([' =', '', '\t=', '==', '.sig', ' '])}${randomValue(random)}`
  // A name amid a value, which a `;` might end.
  if (way < 7)
    return `a=${randomValue(random)}${random.pick([' ', '', ',', '"', '\n'])}${name}=${randomValue(random)}`
  if (way < 8) return `${name}.sig=${randomValue(random)}`
  if (way < 9) return random.pick(['', ' ', '=', ';', '; ', '"', 'é', '\0', '=;=', '"a=b;', '\ud83d'])
  return `${random.text('abcdefgh_', random.between(1, 8))}=${randomValue(random)}`
}

/**
 * A header. A place in it is left for a signature, so that some verify.
 *
 * @param {(draft: string) => string} signatureOf of the value that a header has
 */
function randomHeader(random, name, signatureOf) {
  if (random.chance(0.005)) return ''
  const signed = '<signature>'
  const pieces = []
  for (let i = random.below(8); i > 0; i--) pieces.push(randomPiece(random, name))
  const place = () => random.below(pieces.length + 1)
  const long = random.chance(0.01) ? 'e30='.repeat(random.between(4000, 5000)) : ''
  if (random.chance(0.6)) pieces.splice(place(), 0, `${name}=${randomValue(random)}${long}`)
  if (random.chance(0.7)) {
    const value = random.chance(0.1) ? `"${signed}"` : signed
    pieces.splice(random.chance(0.5) ? 0 : place(), 0, `${name}.sig=${value}`)
  }
  if (random.chance(0.02)) {
    const filler = random.pick(['a=', `${name.slice(0, -1)}=`, ' ', '; ', `;${name}`, ';;', '"', 'é'])
    pieces.splice(place(), 0, filler.repeat(Math.ceil(16_384 / filler.length)))
  }
  let draft = ''
  for (const [i, piece] of pieces.entries()) {
    const separator =
      i === 0 && random.chance(0.9) ? '' : random.pick([';', ';', ';', ';', ';', ';;', ',', ' ', '; ;'])
    draft += separator + (i > 0 || random.chance(0.2) ? random.pick(SPACES) : '') + piece
  }
  // The addon searches ASCII alone.
  if (random.chance(0.75)) draft = draft.replace(/[^\0-\x7f]/g, '~')
  return draft.includes(signed) ? draft.replaceAll(signed, () => signatureOf(draft)) : draft
}

module.exports = { NAMES, randomHeader }
