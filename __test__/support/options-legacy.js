'use strict'

// What the tests of options-legacy share.

const assert = require('node:assert/strict')
const harness = require('../support/contract/harness')
const { linesOf, sentBack, standStill, throwsType, untouched } = require('../support/options-checks')

const { EXPIRED, NOW, ask, atTime, base64, cookie, exchange, header, original, ours, serve, sign } = harness

const FIRST = 'first key, of 32 bytes and more: 0123456789'

const SECOND = 'second key, of 32 bytes and more: 012345678'

const SHORT = 'a key of 16 byte'

const TTL = 1_000_000

const CONTENT = '{"a":"é€𝄞","b":[1,2.5]}'

const FORGED = '{"admin":true}'

/** What is switched on, and how the cookies that it writes are told from the original's. */
const TARGETS = [
  { what: 'encrypt', set: { encrypt: true }, isNew: isEncrypted },
  { what: 'encrypt and ttl', set: { encrypt: true, ttl: TTL }, isNew: isEncrypted },
  { what: 'ttl', set: { ttl: TTL }, isNew: isTimed },
  { what: 'maxLifetime and sha512', set: { maxLifetime: TTL, digest: 'sha512' }, isNew: isTimed },
  { what: 'digest', set: { digest: 'sha256' }, isNew: isDigested }
]

function isEncrypted(sent) {
  return /^session=e1\.[\w-]+(; session\.sig=)?$/.test(sent)
}

function isTimed(sent) {
  return /^session=v1\.[\w-]+\.[\w-]+; session\.sig=[\w-]{43,86}$/.test(sent)
}

function isDigested(sent) {
  const [pair, signature] = sent.split('; session.sig=')
  return signature === sign(pair, FIRST, 'sha256')
}

/** The Cookie header of a session that the original wrote, by hand. */
function byOriginal(json = CONTENT, key = FIRST) {
  return cookie(json, { key })
}

function make(set, options = {}) {
  return ours({ keys: [FIRST], legacy: true, ...set, ...options })
}

/** What an app sees of a session that a Cookie header holds, and what the response sends. */
function read(middleware, sent) {
  return exchange(ours, { middleware, cookie: sent }, ({ session }) => ({
    isNew: session.isNew,
    json: JSON.stringify(session)
  }))
}

async function opens(middleware, sent, json = CONTENT) {
  const { seen, setCookie } = await read(middleware, sent)
  assert.deepEqual(seen, { isNew: false, json })
  return setCookie
}

/** No session comes of a cookie, and at most a signature that is none is dropped, as the original does it. */
async function refuses(middleware, sent) {
  const { seen, setCookie } = await read(middleware, sent)
  assert.deepEqual(seen, { isNew: true, json: '{}' })
  for (const line of setCookie) assert.equal(line, `session.sig=${EXPIRED}`)
  return setCookie
}

function fill(req) {
  req.session = JSON.parse(CONTENT)
}

module.exports = {
  EXPIRED,
  NOW,
  ask,
  atTime,
  base64,
  cookie,
  exchange,
  header,
  original,
  ours,
  serve,
  sign,
  FIRST,
  SECOND,
  SHORT,
  TTL,
  CONTENT,
  FORGED,
  TARGETS,
  isEncrypted,
  isTimed,
  isDigested,
  byOriginal,
  sentBack,
  make,
  read,
  opens,
  refuses,
  linesOf,
  fill,
  throwsType,
  untouched,
  standStill
}
