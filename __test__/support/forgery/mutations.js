'use strict'

// What can be done to a Cookie header by who has no key: every small change of one cookie, and random larger ones
// that mix it with others. None of them says what is to come of it; see pool.js.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_='
const EXTENSIONS = [
  'A',
  'z',
  '0',
  '=',
  '==',
  '-',
  '_',
  '+',
  '/',
  '.',
  ' ',
  '\t',
  '"',
  "'",
  ',',
  '%',
  '%3D',
  '\\',
  '\0'
].concat(['\n', '\x7f', '\xa0', '\xff', '\u0141', ';', '; ', 'e1.', 'v1.', 'AAAA', 'null'])

function headerOf(name, value, signature, separator = '; ') {
  return signature === undefined ? `${name}=${value}` : `${name}=${value}${separator}${name}.sig=${signature}`
}

const headerWith = (cookie, value = cookie.value, signature = cookie.signature) =>
  headerOf(cookie.name, value, signature)

/** The text with one character replaced by that code. */
function withCode(text, place, code) {
  return text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1)
}

// --- every one of a kind ---------------------------------------------------------------------------------------

function* flips(text) {
  for (let place = 0; place < text.length; place++) {
    // Bit 8 makes a character that is the same again where only its low byte is looked at.
    for (let bit = 0; bit <= 8; bit++) yield withCode(text, place, text.charCodeAt(place) ^ (1 << bit))
  }
}

function* truncations(text) {
  for (let length = 0; length < text.length; length++) {
    yield text.slice(0, length)
    yield text.slice(text.length - length)
  }
}

function* extensions(text) {
  for (const extension of EXTENSIONS) {
    yield text + extension
    yield extension + text
  }
}

/** Every small change of a cookie, as [kind, header]. */
function* smallChanges(cookie) {
  const { value, signature } = cookie
  const header = headerWith(cookie)
  for (const one of flips(header)) yield ['bit flip', one]
  for (const change of [truncations, extensions]) {
    const kind = change === truncations ? 'truncation' : 'extension'
    for (const one of change(header)) yield [kind, one]
    for (const one of change(value)) yield [kind, headerWith(cookie, one)]
    if (signature === undefined) continue
    for (const one of change(signature)) yield [kind, headerWith(cookie, value, one)]
  }
  for (let place = 0; place < header.length; place++) {
    yield ['truncation', header.slice(0, place) + header.slice(place + 1)]
    yield ['extension', header.slice(0, place) + header[place] + header.slice(place)]
  }
}

// --- at random ---------------------------------------------------------------------------------------------------

const encode = (text) => Buffer.from(text).toString('base64url')
const decode = (text) => Buffer.from(text, 'base64url')

function splice(random, a, b) {
  const cut = random.below(Math.max(a.length, b.length) + 1)
  const other = random.chance(0.5) ? cut : random.below(b.length + 1)
  return a.slice(0, cut) + b.slice(other)
}

/** The same bytes, or nearly, in another of the ways that base64 is written. */
function respelled(random, text) {
  const place = random.below(text.length + 1)
  const [before, after] = [text.slice(0, place), text.slice(place)]
  const at = ALPHABET.indexOf(text.at(-1))
  return random.pick([
    () => `${text}${'='.repeat(random.between(1, 3))}`,
    () => text.replace(/=+$/, ''),
    () => text.replace(/-/g, '+').replace(/_/g, '/'),
    () => text.replace(/\+/g, '-').replace(/\//g, '_'),
    () => text.slice(0, -1) + ALPHABET[at ^ 1],
    () => text.slice(0, -1) + ALPHABET[(at + random.between(1, 15)) % 64],
    () => before + random.pick([' ', '\t', '\r\n', '\n', '=', '.', '!', '\xa0', '\ufeff']) + after,
    () => before + after.slice(0, 1).toUpperCase() + after.slice(1),
    () => before + after.slice(0, 1).toLowerCase() + after.slice(1),
    () => text.toLowerCase(),
    () => text.toUpperCase(),
    () => encodeURIComponent(text),
    () => `${before}%${after.slice(0, 1).charCodeAt(0).toString(16)}${after.slice(1)}`,
    () => Buffer.from(text, 'base64').toString('hex'),
    () => Buffer.from(text).toString('base64')
  ])()
}

function quoted(random, text) {
  return random.pick([
    `"${text}"`,
    `"${text}`,
    `${text}"`,
    `""${text}""`,
    `'${text}'`,
    `\\"${text}\\"`,
    ` "${text}" `
  ])
}

function otherTimes(random, { value }) {
  const [prefix, times, ...rest] = value.split('.')
  const now = Date.now()
  const number = () => random.pick([now, now + 50_000, now - 1, 0, 1, 2 ** 53 - 1, -1, 1e308, '"0"', 'null'])
  const text = random.pick([
    `{"issued":${number()},"created":${number()}}`,
    `{"created":${number()},"issued":${number()}}`,
    `{"issued":${number()}}`,
    `${decode(times ?? '')} `,
    String(decode(times ?? '')).replace('{', '{ '),
    String(decode(times ?? '')).replace('}', `,"issued":${number()}}`),
    '[]',
    'null',
    ''
  ])
  return [prefix, encode(text), ...rest].join('.')
}

/** Parts of two values exchanged: nonce, ciphertext and tag of the encrypted format, what is between dots of others. */
function exchangedParts(random, a, b) {
  if (a.format === 'e1' && b.format === 'e1') {
    const [mine, theirs] = [decode(a.value.slice(3)), decode(b.value.slice(3))]
    const parts = (bytes) => [
      bytes.subarray(0, 12),
      bytes.subarray(12, 24),
      bytes.subarray(24, -16),
      bytes.subarray(-16)
    ]
    const from = parts(theirs)
    const choice = random.between(1, 15)
    return `e1.${Buffer.concat(parts(mine).map((part, i) => (choice & (1 << i) ? from[i] : part))).toString('base64url')}`
  }
  const from = b.value.split('.')
  const parts = a.value.split('.').map((part, i) => (random.chance(0.5) ? (from[i] ?? part) : part))
  if (random.chance(0.2)) parts.push(random.pick(from))
  return parts.join('.')
}

function otherPrefix(random, { value }) {
  const bare = value.replace(/^[ev]1\./, '')
  const prefix = random.pick([
    'e1.',
    'v1.',
    '',
    'e1',
    'v1',
    'E1.',
    'V1.',
    'e2.',
    'v0.',
    'v1..',
    '.v1.',
    ' v1.',
    'e1.v1.',
    'v1.e1.'
  ])
  return prefix + random.pick([bare, value, bare.replaceAll('.', '')])
}

function otherName(random, name) {
  const place = random.below(name.length)
  return random.pick([
    name.toUpperCase(),
    name.toLowerCase(),
    `${name} `,
    ` ${name}`,
    `${name}\0`,
    `x${name}`,
    `${name}x`,
    `\t${name}`,
    `${name}[]`,
    `"${name}"`,
    name.replace(/^__(?:Host|Secure)-/, ''),
    name.replace(/^__(Host|Secure)-/, '__$1_'),
    name.replace(/^__(?:Host|Secure)-/i, (prefix) => prefix.toLowerCase()),
    name.replaceAll('.', 'x'),
    encodeURIComponent(name).replace(/^s/, '%73'),
    withCode(name, place, name.charCodeAt(place) + 0x100),
    name.slice(0, place) + name.slice(place + 1)
  ])
}

function around(random, cookie) {
  const { name, value, signature } = cookie
  const pairs = [`${name}=${value}`]
  if (signature !== undefined) pairs.push(`${name}.sig=${signature}`)
  for (let i = random.below(3); i > 0; i--) {
    const pair = random.pick([
      'a=b',
      '',
      ' ',
      `x${name}=1`,
      `${name}x=1`,
      `${name}.sig.sig=1`,
      `${name}`,
      `a=${name}=1`
    ])
    pairs.splice(random.below(pairs.length + 1), 0, pair)
  }
  if (random.chance(0.5)) pairs.reverse()
  const separator = random.pick(['; ', ';', ';  ', ' ; ', ', ', ';\t', '&', ';;', '; ;'])
  return pairs.join(separator) + random.pick(['', ';', '; ', ' ', ';;'])
}

/** Two cookies of a name in one header, the other one changed or not. */
function duplicates(random, a, b) {
  const forged = random.pick([
    `${a.name}=${b.value}`,
    `${a.name}=`,
    `${a.name}.sig=${b.signature ?? ''}`,
    `${a.name}.sig=`,
    headerOf(a.name, b.value, b.signature),
    headerOf(a.name, splice(random, a.value, b.value), a.signature)
  ])
  const pairs = [headerWith(a), forged]
  if (random.chance(0.5)) pairs.reverse()
  return pairs.join('; ')
}

function bytes(random, text) {
  let changed = text
  for (let i = random.between(1, 4); i > 0; i--) {
    const place = random.below(changed.length)
    const code = changed.charCodeAt(place)
    changed = random.pick([
      () => withCode(changed, place, code ^ (1 << random.below(8))),
      () => withCode(changed, place, code + 0x100 * random.between(1, 255)),
      () => withCode(changed, place, random.below(256)),
      () => withCode(changed, place, random.pick(ALPHABET).charCodeAt(0)),
      () => changed.slice(0, place) + random.pick(ALPHABET) + changed.slice(place),
      () => changed.slice(0, place) + changed.slice(place + random.between(1, 5))
    ])()
  }
  return changed
}

/**
 * By kind: a function that makes a header of a genuine cookie `a`, another genuine one `b` of the same app, a cookie
 * `o` of any other app, and the pool.
 *
 * @type {Record<string, (random: object, a: object, b: object, o: object, pool: object) => string>}
 */
const MUTATIONS = {
  'splice of values': (random, a, b) => headerWith(a, splice(random, a.value, b.value)),
  'splice of signatures': (random, a, b) =>
    headerWith(a, a.value, splice(random, a.signature ?? '', b.signature ?? '')),
  'splice of headers': (random, a, b) => splice(random, headerWith(a), headerWith(b)),
  'value of another': (random, a, b, o) => headerWith(a, random.pick([b, o]).value),
  'signature of another': (random, a, b, o) => headerWith(a, a.value, random.pick([b, o]).signature),
  'cookie of another app': (_random, a, _b, o) => headerOf(a.name, o.value, o.signature),
  'other name': (random, a) =>
    random.pick([
      () => headerOf(otherName(random, a.name), a.value, a.signature),
      () => `${otherName(random, a.name)}=${a.value}; ${a.name}.sig=${a.signature}`,
      () => `${a.name}=${a.value}; ${otherName(random, `${a.name}.sig`)}=${a.signature}`
    ])(),
  'other digest': (_random, a, _b, _o, pool) => headerWith(a, a.value, pool.signedAnew(a)),
  'other format': (random, a, b) =>
    headerWith(random.pick([a, b]), otherPrefix(random, a), random.pick([a, b]).signature),
  'key misused': (_random, a, _b, _o, pool) => pool.misusing(a),
  'times changed': (random, a) => headerWith(a, otherTimes(random, a)),
  'parts exchanged': (random, a, b, o) => headerWith(a, exchangedParts(random, a, random.pick([b, o]))),
  'base64 variant': (random, a) =>
    random.chance(0.5) || a.signature === undefined
      ? headerWith(
          a,
          a.value.replace(/[^.]+$/, (part) => respelled(random, part))
        )
      : headerWith(a, a.value, respelled(random, a.signature)),
  quotes: (random, a) =>
    headerWith(
      a,
      random.chance(0.7) ? quoted(random, a.value) : a.value,
      random.chance(0.7) && a.signature !== undefined ? quoted(random, a.signature) : a.signature
    ),
  duplicates: (random, a, b, o) => duplicates(random, a, random.pick([b, o])),
  'order and surroundings': (random, a) => around(random, a),
  'no signature': (random, a) => random.pick([`${a.name}=${a.value}`, headerOf(a.name, a.value, '')]),
  'several bytes': (random, a) => bytes(random, headerWith(a))
}

module.exports = { MUTATIONS, headerWith, smallChanges }
