'use strict'

// What the tests of options-ttl share.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const harness = require('../support/contract/harness')
const checks = require('../support/options-checks')

const { deriveKey, linesOf, read, refuses, sentBack, standStill, throwsType, untouched, valuesOf } = checks

const { EXPIRED, NOW, PLAIN, ask, atTime, base64, cookie, exchange, header, original, ours, serve, sign } =
  harness

const FIRST = 'first key, of 32 bytes and more: 0123456789'

const SECOND = 'second key, of 32 bytes and more: 012345678'

const TTL = 1_000_000

const SKEW = 60_000

const CONTENT = '{"a":"é€𝄞"}'

function signTimed(value, { key = FIRST, name = 'session', digest = 'sha256', purpose = 'sign' } = {}) {
  const hmac = crypto.createHmac(digest, deriveKey(key, name, purpose))
  return hmac.update(`\0cookie-session-native/v1\0${name}=${value}`).digest('base64url')
}

function timedValue(json, { issued = NOW, created = issued } = {}) {
  const parts = [JSON.stringify({ issued, created }), json]
  return `v1.${parts.map((part) => Buffer.from(part).toString('base64url')).join('.')}`
}

/** The Cookie header for a session with times. */
function timed(json, settings = {}) {
  const { name = 'session' } = settings
  const value = timedValue(json, settings)
  return `${name}=${value}; ${name}.sig=${signTimed(value, settings)}`
}

/** The attributes of the one cookie of a name. */
function attributesOf(setCookie, name = 'session') {
  const lines = setCookie.filter((line) => line.startsWith(`${name}=`))
  assert.equal(lines.length, 1)
  return lines[0].slice(lines[0].indexOf(';'))
}

/** What a response's session with times holds; its signature has to be right. */
function opened(setCookie, settings = {}) {
  const { name = 'session' } = settings
  assert.deepEqual(Object.keys(valuesOf(setCookie)), [name, `${name}.sig`])
  const { [name]: value, [`${name}.sig`]: signature } = valuesOf(setCookie)
  assert.equal(signature, signTimed(value, settings))
  assert.match(value, /^v1\.[\w-]+\.[\w-]+$/)
  const [times, json] = value
    .slice(3)
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString())
  return { ...JSON.parse(times), json }
}

function make(options = {}) {
  return ours({ keys: [FIRST], ttl: TTL, ...options })
}

function opens(middleware, sent, json = CONTENT) {
  return checks.opens(middleware, sent, json)
}

function fill(req) {
  req.session = JSON.parse(CONTENT)
}

const look = (req) => void req.session.a

/** The process warnings that a piece of work brings. */
async function warningsOf(work) {
  const seen = []
  const emit = process.emitWarning
  process.emitWarning = (message, { code } = {}) => seen.push({ message, code })
  try {
    await work()
  } finally {
    process.emitWarning = emit
  }
  return seen
}

/** The Cookie header of a session that our own middleware wrote at some moments; `created` first. */
async function writtenBy(encrypt, at, issued, created = issued) {
  const middleware = make({ encrypt, ttl: 1e12 })
  at(created)
  let sent = sentBack(await linesOf(middleware, undefined, fill))
  if (issued !== created) {
    at(issued)
    sent = sentBack(
      await linesOf(middleware, sent, (req) => {
        delete req.session.a
        Object.assign(req.session, JSON.parse(CONTENT), { b: 1 })
      })
    )
  }
  return sent
}

module.exports = {
  EXPIRED,
  NOW,
  PLAIN,
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
  TTL,
  SKEW,
  CONTENT,
  deriveKey,
  signTimed,
  timedValue,
  timed,
  valuesOf,
  attributesOf,
  sentBack,
  opened,
  make,
  read,
  opens,
  refuses,
  linesOf,
  fill,
  untouched,
  look,
  throwsType,
  warningsOf,
  standStill,
  writtenBy
}
