'use strict'

// The apps that forged cookies are shown to, and who issues genuine ones. What makes a cookie genuine is worked out
// here from docs/format.md and docs/options.md over node:crypto, so that no verdict rests on the code it judges.

const crypto = require('node:crypto')
const { XaesKey } = require('../../../lib/engine/xaes')
const { loadOriginal } = require('../differential/implementations')
const { loadOurs } = require('../differential/implementations')
const { drive, pairsOf } = require('./request')

const HOUR = 3_600_000
const TTL = 10 * HOUR
const MAX_LIFETIME = 12 * HOUR

/** Newest first, as an app lists them. */
const KEYS = ['newest', 'older', 'oldest'].map((age) => `the ${age} key of this app, of 32 bytes and more`)
const STRANGER = 'the only key of some other app, also of 32 bytes'
const OTHER_NAME = 'other'
const DIGESTS = ['sha1', 'sha256', 'sha384', 'sha512']

const notBanned = (session) => session.role !== 'banned'

/**
 * `format` is what the app writes once `legacy` is over; `digest` that of its signatures.
 *
 * @type {{ label: string, name: string, format: 'original' | 'v1' | 'e1', digest: string, options: object,
 *   isDefault?: boolean, keygrip?: boolean, legacy?: boolean, accept?: boolean }[]}
 */
const MODES = [
  { label: 'default', name: 'session', format: 'original', digest: 'sha1', options: {}, isDefault: true },
  {
    label: 'default, name s.i+d',
    name: 's.i+d',
    format: 'original',
    digest: 'sha1',
    options: {},
    isDefault: true
  },
  {
    label: 'default, Keygrip sha256',
    name: '__Host-session',
    format: 'original',
    digest: 'sha256',
    options: {},
    isDefault: true,
    keygrip: true
  },
  { label: 'ttl', name: 'session', format: 'v1', digest: 'sha256', options: { ttl: TTL } },
  {
    label: 'ttl, maxLifetime, sha512',
    name: '__Host-session',
    format: 'v1',
    digest: 'sha512',
    options: { ttl: TTL, maxLifetime: MAX_LIFETIME, digest: 'sha512' }
  },
  { label: 'digest', name: 'session', format: 'original', digest: 'sha256', options: { digest: 'sha256' } },
  { label: 'encrypt', name: 'session', format: 'e1', options: { encrypt: true } },
  {
    label: 'encrypt, maxLifetime',
    name: '__Secure-s.i+d',
    format: 'e1',
    options: { encrypt: true, maxLifetime: MAX_LIFETIME }
  },
  {
    label: 'ttl, legacy',
    name: 'session',
    format: 'v1',
    digest: 'sha256',
    options: { ttl: TTL, legacy: true },
    legacy: true
  },
  {
    label: 'maxLifetime, sha384, legacy write',
    name: 'session',
    format: 'v1',
    digest: 'sha384',
    options: { maxLifetime: MAX_LIFETIME, digest: 'sha384', legacy: 'write' },
    legacy: true
  },
  {
    label: 'digest, legacy',
    name: 'session',
    format: 'original',
    digest: 'sha512',
    options: { digest: 'sha512', legacy: true },
    legacy: true
  },
  {
    label: 'encrypt, legacy',
    name: 'session',
    format: 'e1',
    options: { encrypt: true, legacy: true },
    legacy: true
  },
  {
    label: 'encrypt, legacy over',
    name: 'session',
    format: 'e1',
    options: { encrypt: true, legacy: new Date(0) }
  },
  {
    label: 'encrypt, ttl, legacy write',
    name: 'session',
    format: 'e1',
    options: { encrypt: true, ttl: TTL, legacy: 'write' },
    legacy: true
  },
  {
    label: 'accept',
    name: 'session',
    format: 'original',
    digest: 'sha1',
    options: { accept: notBanned },
    accept: true
  },
  {
    label: 'ttl, accept',
    name: 'session',
    format: 'v1',
    digest: 'sha256',
    options: { ttl: TTL, accept: notBanned },
    accept: true
  },
  {
    label: 'encrypt, legacy, accept',
    name: 'session',
    format: 'e1',
    options: { encrypt: true, legacy: true, accept: notBanned },
    legacy: true,
    accept: true
  }
]

/** Whether an app of that mode reads a format whose signature is of that digest. */
function reads(mode, format, digest) {
  if (format !== 'original') return mode.format === format && (format === 'e1' || mode.digest === digest)
  const isLegacy = Boolean(mode.legacy) && (digest === 'sha1' || digest === mode.options.digest)
  return isLegacy || (mode.format === 'original' && mode.digest === digest)
}

// --- docs/format.md over node:crypto -------------------------------------------------------------------------

const derivedKeys = new Map()

function derive(key, purpose, name) {
  const info = `cookie-session-native/v1\0${purpose}\0${name}`
  const known = derivedKeys.get(key + info)
  if (known) return known
  const derived = Buffer.from(crypto.hkdfSync('sha256', key, '', info, 32))
  derivedKeys.set(key + info, derived)
  return derived
}

function hmac(digest, key, text) {
  return crypto.createHmac(digest, key).update(text).digest('base64url')
}

/** The signature that a value of that format has. */
function signatureOf(format, digest, key, name, value) {
  if (format === 'original') return hmac(digest, key, `${name}=${value}`)
  return hmac(digest, derive(key, 'sign', name), `\0cookie-session-native/v1\0${name}=${value}`)
}

function sealUnder(derivedKey, text) {
  const nonce = crypto.randomBytes(24)
  return `e1.${new XaesKey(derivedKey).encrypt(nonce, Buffer.from(text)).toString('base64url')}`
}

function openUnder(derivedKey, value) {
  const bytes = Buffer.from(value.slice(3), 'base64url')
  return new XaesKey(derivedKey).decrypt(bytes.subarray(0, 24), bytes.subarray(24))?.toString()
}

// --- who makes what ------------------------------------------------------------------------------------------

const original = loadOriginal('the original')
const engines = ['native', 'node'].map((engine) => loadOurs(engine))
/** The native engine, on the way that requests go where an option of ours is set. */
const longWay = loadOurs('native', { extended: true })

function optionsOf(mode, implementation, more) {
  const keys = mode.keygrip ? new implementation.Keygrip([...KEYS], mode.digest) : [...KEYS]
  return { name: mode.name, keys, ...mode.options, ...more }
}

const issuers = new Map()

/** What issues cookies of one format under one key: the original its own, each engine of ours in turn the others. */
function issuer(format, digest, key, name, turn) {
  const id = [format, digest, key, name, turn].join()
  if (issuers.has(id)) return issuers.get(id)
  let issue
  if (format === 'original') {
    const keys = new original.Keygrip([key], digest)
    const middleware = original.cookieSession({ name, keys })
    issue = (content) =>
      pairsOf(drive(middleware, undefined, { change: (req) => (req.session = content) }).setCookie)
  } else {
    const options = format === 'e1' ? { encrypt: true } : { ttl: TTL, digest }
    const { cookieSession } = engines[turn]
    const middleware = cookieSession({ name, keys: [key], ...options })
    issue = (content, { created, issued }) => {
      const first = at(created, () =>
        drive(middleware, undefined, { change: (req) => (req.session = content) })
      )
      if (created === issued) return pairsOf(first.setCookie)
      const header = first.setCookie.map((line) => line.split(';')[0]).join('; ')
      // Assigned whole, it would be another session, created anew.
      const change = ({ session }) => Object.assign(session, { again: true })
      return pairsOf(at(issued, () => drive(middleware, header, { change })).setCookie)
    }
  }
  issuers.set(id, issue)
  return issue
}

function at(time, run) {
  const now = Date.now
  Date.now = () => time
  try {
    return run()
  } finally {
    Date.now = now
  }
}

module.exports = {
  DIGESTS,
  HOUR,
  KEYS,
  MAX_LIFETIME,
  MODES,
  OTHER_NAME,
  STRANGER,
  TTL,
  derive,
  engines,
  hmac,
  issuer,
  longWay,
  openUnder,
  optionsOf,
  original,
  reads,
  sealUnder,
  signatureOf
}
