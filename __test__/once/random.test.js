'use strict'

// Random input, hostile on purpose, for the three places that take what a browser sends apart: the value's base64 and
// UTF-8, the Cookie header, and the times of the formats `v1.` and `e1.`. Each answer of both engines is compared with
// Buffer's, with the package `cookies`, or with a slow reading of docs/format.md.
//
// RANDOM_SEED=1       the seed of the run (else a random one, printed)
// RANDOM_CASES=20000  how many of each kind; a million take some minutes
// COOKIE_SESSION_ENGINE  that engine alone

const assert = require('node:assert/strict')
const { channel } = require('node:diagnostics_channel')
const crypto = require('node:crypto')
const http = require('node:http')
const { createRequire } = require('node:module')
const net = require('node:net')
const { test } = require('node:test')
const { loadOriginal, loadOurs } = require('../support/differential/implementations')
const { Random } = require('../support/differential/random')
const { findCookie } = require('../../lib/cookies/cookie-header')
const { openSession } = require('../../lib/session/session')
const { OUTCOMES, TIMES_SHAPES, randomClaim, read, seal } = require('../support/random/claims')
const { NAMES, randomHeader } = require('../support/random/headers')
const { DAMAGES, randomText, randomValue } = require('../support/random/values')

const Cookies = createRequire(require.resolve('cookie-session'))('cookies')

const seed = (process.env.RANDOM_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0
const cases = Number(process.env.RANDOM_CASES || 20_000)
if (!Number.isSafeInteger(cases) || cases < 1) {
  // A run of no cases would pass.
  throw new TypeError(`RANDOM_CASES is ${process.env.RANDOM_CASES}; expected a whole number from 1`)
}
const chosen = process.env.COOKIE_SESSION_ENGINE
const engineNames = chosen ? [chosen] : ['native', 'node']
/** Below this, what is rare need not occur. */
const ENOUGH = 20_000
console.error(`random input: seed ${seed}, ${cases} cases of each kind, engines ${engineNames.join(', ')}`)

const KEY = 'a key of the test, as thirty-two bytes'

const engines = engineNames.map((name) =>
  name === 'node'
    ? require('../../lib/engine/node')
    : require('../../lib/engine/native')(require('../../lib/engine/binding').loadBinding())
)

function codecOf(engine, name) {
  const codec = engine.createCodec({ name, current: ['sha1'], legacy: [], encoding: 'base64' })
  codec?.change([Uint8Array.from(Buffer.from(KEY))])
  return codec
}

function sign(data) {
  return crypto.createHmac('sha1', KEY).update(data).digest('base64url')
}

/** What the package `cookies` finds. */
function cookieIn(header, name) {
  return new Cookies({ headers: { cookie: header } }, {}).get(name)
}

function isAscii(text) {
  return Buffer.from(text).length === text.length
}

/** Runs all cases, and tells which one failed: a case is known by the seed and its number alone. */
async function each(kind, count, one) {
  for (let index = 0; index < count; index++) {
    // A runner that waits for its turn is to get it.
    if (index % 5000 === 0) await new Promise(setImmediate)
    try {
      one(new Random(seed, kind * 2 ** 27 + index))
    } catch (error) {
      error.message = `case ${index} of RANDOM_SEED=${seed}: ${error.message}`
      throw error
    }
  }
}

class Tally {
  #counts = new Map()

  add(name) {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  /** Whether what was to occur did; else the test says less than it seems to. */
  check(t, names) {
    t.diagnostic([...this.#counts].map(([name, count]) => `${name}: ${count}`).join(', '))
    if (cases >= ENOUGH) {
      assert.deepEqual(
        names.filter((name) => !this.#counts.has(name)),
        []
      )
    }
  }
}

test('base64 and UTF-8: what the engines take for a text is what Buffer takes for it', async (t) => {
  const codecs = engines.map((engine) => [engine.name, codecOf(engine, 'session')])
  const tally = new Tally()
  await each(0, cases, (random) => {
    const { damage, raw } = randomValue(random)
    const value = cookieIn(`session=${raw}`, 'session')
    const header = `session=${raw}; session.sig=${sign(`session=${value}`)}`
    const bytes = Buffer.from(value, 'base64')
    const text = bytes.toString()
    const canonical = bytes.toString('base64') === value && Buffer.from(text).equals(bytes)
    tally.add(damage)
    tally.add(canonical ? 'of one form' : 'of another form')
    for (const [name, codec] of codecs) {
      const opened = codec.open(header, false)
      assert.equal(opened.value, value, name)
      assert.equal(opened.renewed, undefined)
      // Where there is U+FFFD in it, an engine may leave a text to Buffer.
      const mayLeave = !canonical || text.includes('\ufffd')
      if (opened.json !== undefined || !mayLeave)
        assert.equal(opened.json, canonical ? text : undefined, name)
      tally.add(checkSession(value, opened.json))
    }
  })
  tally.check(t, [...DAMAGES, 'of one form', 'of another form', 'changed', 'unchanged', 'no JSON'])
})

/** What a session says of a value, with the text that an engine found, and without. */
function checkSession(value, json) {
  let plain
  try {
    plain = openSession(value)
  } catch (error) {
    assert.ok(error instanceof SyntaxError)
    assert.throws(() => openSession(value, json), SyntaxError)
    return 'no JSON'
  }
  const session = openSession(value, json)
  const content = JSON.stringify(session)
  assert.equal(content, JSON.stringify(plain))
  const isChanged = Buffer.from(content).toString('base64') !== value
  assert.equal(session.isChanged, isChanged)
  return isChanged ? 'changed' : 'unchanged'
}

test('base64 and UTF-8: what the engines write is what Buffer writes', async () => {
  const codecs = engines.map((engine) => codecOf(engine, 'session'))
  await each(1, Math.ceil(cases / 5), (random) => {
    const text = randomText(random, random.below(120))
    const value = Buffer.from(text).toString('base64')
    for (const codec of codecs) assert.equal(codec.seal(text), value + sign(`session=${value}`))
  })
})

/** A request through a middleware, without a socket: what was read, and what was sent. */
function exchange(middleware, cookie) {
  const req = new http.IncomingMessage(new net.Socket())
  if (cookie !== undefined) req.headers.cookie = cookie
  const res = new http.ServerResponse(req)
  let seen
  middleware(req, res, () => {
    const { session } = req
    seen = [JSON.stringify(session), session.isNew, session.isChanged, session.isPopulated]
  })
  res.writeHead(200)
  return { seen, setCookie: res.getHeader('Set-Cookie') }
}

test('req.session, and the cookies after it, are the original’s for random values', async (t) => {
  const options = { keys: [KEY, 'older'] }
  const original = loadOriginal('original').cookieSession({ ...options })
  const ours = engineNames.map((name) => [name, loadOurs(name).cookieSession({ ...options })])
  const tally = new Tally()
  await each(2, Math.ceil(cases / 10), (random) => {
    const { damage, raw } = randomValue(random)
    const key = random.pick([KEY, KEY, KEY, 'older', 'unknown'])
    const value = cookieIn(`session=${raw}`, 'session')
    const signature = crypto.createHmac('sha1', key).update(`session=${value}`).digest('base64url')
    const header = `session=${raw}; session.sig=${signature}`
    const expected = exchange(original, header)
    tally.add(damage)
    tally.add(expected.setCookie === undefined ? 'nothing sent' : 'something sent')
    for (const [name, middleware] of ours)
      assert.deepEqual(exchange(middleware, header), expected, `${name} ${header}`)
  })
  tally.check(t, ['nothing sent', 'something sent', 'not ASCII', 'URL-safe'])
})

test('Cookie headers: the value that is found is the one that the package `cookies` finds', async (t) => {
  const codecs = engines.map((engine) => {
    return [engine.name, new Map(NAMES.map((name) => [name, codecOf(engine, name)]))]
  })
  const tally = new Tally()
  await each(3, cases, (random) => {
    const name = random.pick(NAMES)
    const header = randomHeader(random, name, (draft) => sign(`${name}=${cookieIn(draft, name)}`))
    const value = header === '' ? undefined : cookieIn(header, name)
    const digest = header === '' ? undefined : cookieIn(header, `${name}.sig`)
    assert.equal(findCookie(header, name), value)
    assert.equal(findCookie(header, `${name}.sig`), digest)
    const isOrdinary = /^[!-:<>-~]+$/.test(name)
    tally.add(isOrdinary ? 'an ordinary name' : 'an odd name')
    tally.add(isAscii(header) ? 'ASCII' : 'not ASCII')
    if (header.length > 16_000) tally.add('16 KB')
    let expected = 'refused'
    if (value === undefined || !digest) expected = 'absent'
    else if (digest === sign(`${name}=${value}`)) expected = 'verified'
    tally.add(expected)
    for (const [engine, byName] of codecs) {
      const codec = byName.get(name)
      assert.equal(codec !== undefined, isOrdinary, `${engine} ${name}`)
      if (codec === undefined) continue
      const opened = codec.open(header, false)
      if (expected === 'absent')
        assert.equal(opened?.unsigned, value === undefined ? undefined : true, engine)
      else if (expected === 'refused')
        assert.deepEqual([opened.reason, opened.unsigned], ['signature', false], engine)
      else assert.equal(opened.value, value, engine)
    }
  })
  tally.check(t, [
    'an ordinary name',
    'an odd name',
    'ASCII',
    'not ASCII',
    '16 KB',
    'absent',
    'refused',
    'verified'
  ])
})

test('times: a session is read or refused as docs/format.md says, and nothing is thrown', async (t) => {
  let reason
  const listen = (message) => {
    reason = message.reason
  }
  channel('cookie-session:rejected').subscribe(listen)
  const { now } = Date
  const tally = new Tally()
  try {
    const ours = engineNames.map((name) => [name, loadOurs(name).cookieSession])
    const made = new Map()
    const middlewares = (claim) => {
      const options = claim.options(KEY)
      if (!made.has(options))
        made.set(
          options,
          ours.map(([, cookieSession]) => cookieSession({ ...options }))
        )
      return made.get(options)
    }
    await each(4, Math.ceil(cases / 2), (random) => {
      const claim = randomClaim(random)
      const header = seal(claim, KEY)
      const expected = read(claim)
      tally.add(claim.shape)
      tally.add(`${claim.format} ${expected.reason ?? 'read'}`)
      // The tests stand at one moment, so that those at the border are on one side of it.
      Date.now = () => claim.now
      const throughMiddleware = random.chance(0.05)
      for (const [i, [name, cookieSession]] of ours.entries()) {
        reason = undefined
        const session = cookieSession.unseal(header, claim.options(KEY))
        const what = `${name} ${claim.format} ${JSON.stringify(claim)}`
        const wanted =
          claim.mayBeRefused && reason === 'malformed' ? { session: null, reason: 'malformed' } : expected
        assert.deepEqual({ session, reason }, wanted, what)
        if (!throughMiddleware) continue
        const [content, isNew] = exchange(middlewares(claim)[i], header).seen
        assert.equal(content, JSON.stringify(wanted.session ?? {}))
        assert.equal(isNew, wanted.session === null)
      }
      Date.now = now
    })
  } finally {
    Date.now = now
    channel('cookie-session:rejected').unsubscribe(listen)
  }
  tally.check(t, [...TIMES_SHAPES, ...OUTCOMES])
})
