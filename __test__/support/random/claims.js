'use strict'

// Random cookies of the formats `v1.` and `e1.`, made by hand with a key of the app: what only somebody with the key
// can send, or an app's older or newer version. And a slow, obvious reading of docs/format.md, to say what they hold.

const crypto = require('node:crypto')
const { XaesKey } = require('../../../lib/engine/xaes')
const { randomJson, randomText } = require('./values')

const NAME = 'session'
const VERSION = 'cookie-session-native/v1'
const NOW = Date.UTC(2030, 0, 2, 3, 4, 5, 678)
const TTL = 3_600_000
const MAX_LIFETIME = 2 * TTL
const AHEAD = 60_000

/** Options by format: one object each, since the keys are derived once for each. */
const LIMITS = [{ ttl: TTL }, { maxLifetime: MAX_LIFETIME }, { ttl: TTL, maxLifetime: MAX_LIFETIME }]
const MADE = new Map()
function optionsFor(format, limits, key) {
  const id = `${format} ${LIMITS.indexOf(limits)} ${key}`
  if (!MADE.has(id)) MADE.set(id, { keys: [key], ...limits, ...(format === 'e1' && { encrypt: true }) })
  return MADE.get(id)
}

// --- what is claimed -----------------------------------------------------------------------------------------

/** Where something becomes of a time, and a step to either side. */
const BORDERS = [0, TTL, MAX_LIFETIME, -AHEAD].flatMap((age) => [age - 1, age, age + 1])

function randomTime(random) {
  if (random.chance(0.5)) return NOW - random.pick(BORDERS)
  if (random.chance(0.5)) return NOW - random.below(TTL)
  return random.pick([0, 1, NOW * 2, Number.MAX_SAFE_INTEGER])
}

/** What stands where a number should: in JSON, or nearly. */
const NO_TIMES = [
  ...[
    '-1',
    '-0',
    '1.5',
    '1e3',
    '1E3',
    '1.0',
    '1893553445678.0',
    '18935534456780e-1',
    '1e400',
    '-1e400',
    '1e-400'
  ],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '9223372036854775808', '1e21', '5e-324'],
  ...['NaN', 'Infinity', 'undefined', '0x10', '01', '+1', '1_000', '1n', '.5', '5.', '--1', '1 2', "'1'", ''],
  ...[
    'null',
    'true',
    'false',
    '""',
    '"1893553445678"',
    '[]',
    '[1893553445678]',
    '{}',
    '{"valueOf":1}',
    '"\\u0031"'
  ]
]

const SHAPES = {
  'as written': (random) => JSON.stringify({ issued: randomTime(random), created: randomTime(random) }),
  'no time': (random) => {
    const other = random.chance(0.5) ? String(randomTime(random)) : random.pick(NO_TIMES)
    const times = random.chance(0.5) ? [random.pick(NO_TIMES), other] : [other, random.pick(NO_TIMES)]
    return `{"issued":${times[0]},"created":${times[1]}}`
  },
  'other members': (random) => {
    const names = [
      'issued',
      'created',
      '\\u0069ssued',
      'Issued',
      '__proto__',
      'constructor',
      'toString',
      'a',
      ''
    ]
    const members = []
    for (let i = random.below(6); i > 0; i--) {
      const value = random.pick([randomTime(random), '{"issued":1,"created":1}', 'null', '[1,[2]]', '"x"'])
      members.push(`"${random.pick(random.chance(0.6) ? names.slice(0, 3) : names)}":${value}`)
    }
    return `{${members.join(',')}}`
  },
  'another value': (random) => {
    const times = `"issued":${NOW},"created":${NOW}`
    const others = [`[{${times}}]`, `[${NOW},${NOW}]`, `{"times":{${times}}}`, `{"__proto__":{${times}}}`]
    return random.pick([
      ...others,
      'null',
      'true',
      '5',
      '"text"',
      '[]',
      '{}',
      '',
      JSON.stringify(`{${times}}`)
    ])
  },
  'spaces and the like': (random) => {
    const space = () =>
      random.text(
        [' ', '\n', '\t', '\r', '', '\f', '\v', '\u00a0', '\ufeff', '\0'].slice(0, random.pick([5, 5, 10])),
        2
      )
    const parts = ['{', '"issued"', ':', String(randomTime(random)), ',', '"created"', ':', String(NOW), '}']
    return parts.map((part) => space() + part).join('') + space()
  },
  damaged: (random) => {
    const text = JSON.stringify({ issued: NOW, created: NOW, text: randomText(random, 3) })
    const at = random.below(text.length + 1)
    const end = at + random.below(3)
    return (
      text.slice(0, at) +
      random.pick(['', ',', '}', '{', '"', '\\', '0', '//', '/**/', '\0', '.', "'"]) +
      text.slice(end)
    )
  },
  'followed by more': (random) =>
    JSON.stringify({ issued: NOW, created: NOW }) +
    random.pick([' ', '\n', '{}', ',', '}', '\0', 'x', '//', ';']),
  'no UTF-8': (random) => {
    const bytes = Buffer.from(JSON.stringify({ issued: NOW, created: NOW, text: 'xxxx' }))
    // In the text, a member that nobody reads, or anywhere.
    const at = random.chance(0.5) ? bytes.length - 4 : random.below(bytes.length)
    const hex = random.pick(['ff', '80', 'c3', 'e282', 'eda080', 'f09f98', 'f4908080', 'c080'])
    Buffer.from(hex, 'hex').copy(bytes, at)
    return bytes
  },
  'random text': (random) => randomText(random, random.below(40)),
  'random JSON': (random) => randomJson(random)
}
const TIMES_SHAPES = Object.keys(SHAPES)

const SESSIONS = [
  ...[
    '{"user":4711,"name":"Zoë"}',
    '{}',
    'null',
    '5',
    'true',
    '"ab"',
    '[1,{"a":2}]',
    '',
    '{',
    '{"a":1',
    '\ufeff{}',
    '\0'
  ],
  ...[
    '{"a":1}\0',
    '{"a":1} ',
    ' {"a":1}',
    '{"isNew":1,"_ctx":2,"constructor":3,"__proto__":{"x":1},"a":4}',
    'undefined'
  ]
]

function randomSession(random) {
  if (random.chance(0.4)) return SESSIONS[0]
  if (random.chance(0.4)) return random.pick(SESSIONS)
  if (random.chance(0.3)) return randomText(random, random.below(30))
  if (random.chance(0.2))
    return Buffer.from(random.pick(['7b2261223a22ff227d', 'ff', '7b2261223a22eda080f09f227d']), 'hex')
  return randomJson(random)
}

/** Changes to a part in base64url. */
const SPELLINGS = [
  (part) => `${part}=`,
  (part) => part + '='.repeat((4 - (part.length % 4)) % 4),
  (part) => part.replaceAll('-', '+').replaceAll('_', '/'),
  (part, random) => part.slice(0, -1) + random.text('ABCDEFGHQRghw-_', 1),
  (part, random) => insert(part, random, random.pick([' ', '\n', '.', '~', '%', '\0', 'é', '"', 'A'])),
  (part) => part.slice(0, -1),
  () => ''
]

function insert(part, random, what) {
  const at = random.below(part.length + 1)
  return part.slice(0, at) + what + part.slice(at)
}

function spelt(part, random) {
  return random.chance(0.12) ? random.pick(SPELLINGS)(part, random) : part
}

/**
 * What a cookie claims, and how it is to be read.
 *
 * @param {import('../differential/random').Random} random
 */
function randomClaim(random) {
  const shape = random.chance(0.25) ? TIMES_SHAPES[0] : random.pick(TIMES_SHAPES)
  const format = random.pick(['v1', 'e1'])
  const limits = random.pick(LIMITS)
  const times = Buffer.from(SHAPES[shape](random))
  const session = Buffer.from(randomSession(random))
  const claim = { shape, format, limits, now: NOW, key: random.chance(0.97) ? 'own' : 'another' }
  // Read by an app that expects the other format.
  claim.readAs = random.chance(0.97) ? format : { v1: 'e1', e1: 'v1' }[format]
  claim.options = (key) => optionsFor(claim.readAs, limits, key)
  if (format === 'v1') {
    claim.parts = [times, session].map((bytes) => spelt(bytes.toString('base64url'), random))
    if (random.chance(0.03)) claim.parts.push(random.pick(['', 'AAAA', claim.parts[1]]))
    if (random.chance(0.03)) claim.parts.pop()
  } else {
    claim.plaintext = Buffer.concat([times, Buffer.from(random.chance(0.95) ? '\0' : ''), session])
    claim.nonce = Buffer.from(random.hex(24), 'hex')
    claim.spell = random.chance(0.1) ? random.pick(SPELLINGS) : (value) => value
    claim.random = random
  }
  return claim
}

// --- as a cookie ---------------------------------------------------------------------------------------------

const derived = new Map()
function derive(key, purpose) {
  const id = `${purpose} ${key}`
  if (!derived.has(id)) {
    derived.set(id, Buffer.from(crypto.hkdfSync('sha256', key, '', `${VERSION}\0${purpose}\0${NAME}`, 32)))
  }
  return derived.get(id)
}

/** The Cookie header of a claim. */
function seal(claim, ownKey) {
  const key = claim.key === 'own' ? ownKey : `${ownKey}, and another`
  if (claim.format === 'v1') {
    const value = `v1.${claim.parts.join('.')}`
    const mac = crypto.createHmac('sha256', derive(key, 'sign')).update(`\0${VERSION}\0${NAME}=${value}`)
    return `${NAME}=${value}; ${NAME}.sig=${mac.digest('base64url')}`
  }
  const sealed = new XaesKey(derive(key, 'encrypt')).encrypt(claim.nonce, claim.plaintext)
  claim.sealed = sealed.toString('base64url')
  claim.sent = claim.spell(claim.sealed, claim.random)
  return `${NAME}=e1.${claim.sent}`
}

// --- as docs/format.md has it read ---------------------------------------------------------------------------

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** base64url, read only as it is written: bit by bit. */
function textOf(part) {
  let bits = ''
  for (const character of part) {
    const digit = DIGITS.indexOf(character)
    if (digit < 0) return undefined
    bits += digit.toString(2).padStart(6, '0')
  }
  const rest = bits.length % 8
  if (rest === 6 || /1/.test(bits.slice(bits.length - rest))) return undefined
  const bytes = []
  for (let at = 0; at + 8 <= bits.length; at += 8) bytes.push(Number.parseInt(bits.slice(at, at + 8), 2))
  return utf8Of(Buffer.from(bytes))
}

/** The text of bytes; undefined for what is no UTF-8. */
function utf8Of(bytes) {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? text : undefined
}

/**
 * Whether the times are written as `JSON.stringify` writes them. An engine may refuse all else, which no server writes:
 * `1e3`, a member that comes twice, blanks.
 */
function isCanonical(text) {
  try {
    return JSON.stringify(JSON.parse(text)) === text
  } catch {
    return false
  }
}

/** A JSON object with two members that are whole milliseconds since 1970. */
function timesOf(text) {
  let parsed
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const members = new Map(Object.entries(parsed))
  const times = { issued: members.get('issued'), created: members.get('created') }
  for (const time of Object.values(times)) {
    if (typeof time !== 'number' || time < 0 || time > 2 ** 53 - 1 || time % 1 !== 0) return undefined
  }
  return times
}

/** The names that a session of the original's hides from what is read. */
const HIDDEN = ['_ctx', 'isNew', 'isChanged', 'isPopulated', ...Object.getOwnPropertyNames(Object.prototype)]

function refused(reason) {
  return { session: null, reason }
}

/** @returns {{ session: object | null, reason: string | undefined }} */
function read(claim) {
  if (claim.readAs !== claim.format) return refused('malformed')
  if (claim.key !== 'own') return refused('signature')
  let times
  let json
  if (claim.format === 'v1') {
    const [first, second, ...more] = claim.parts.join('.').split('.')
    if (second === undefined || more.length > 0) return refused('malformed')
    times = textOf(first)
    json = textOf(second)
    if (times === undefined || json === undefined) return refused('malformed')
  } else {
    if (claim.sent !== claim.sealed) return refused('signature')
    const text = utf8Of(claim.plaintext)
    if (text === undefined) return refused('malformed')
    const end = text.indexOf('\0')
    if (end < 0) return refused('malformed')
    times = text.slice(0, end)
    json = text.slice(end + 1)
  }
  claim.mayBeRefused = !isCanonical(times)
  const claimed = timesOf(times)
  if (claimed === undefined || json === '') return refused('malformed')
  const { ttl, maxLifetime } = claim.limits
  if (claimed.issued - claim.now > AHEAD || claimed.created - claim.now > AHEAD) return refused('future')
  if (ttl !== undefined && claim.now - claimed.issued > ttl) return refused('expired')
  if (maxLifetime !== undefined && claim.now - claimed.created > maxLifetime) return refused('expired')
  return sessionOf(json)
}

function sessionOf(json) {
  let parsed
  try {
    parsed = JSON.parse(json)
  } catch {
    return refused('malformed')
  }
  const kept = Object.entries({ ...parsed }).filter(([name]) => !HIDDEN.includes(name))
  return { session: Object.fromEntries(kept), reason: undefined }
}

const OUTCOMES = ['v1', 'e1'].flatMap((format) =>
  ['read', 'signature', 'malformed', 'expired', 'future'].map((outcome) => `${format} ${outcome}`)
)

module.exports = { OUTCOMES, TIMES_SHAPES, randomClaim, read, seal }
