'use strict'

// The options `ttl`, `maxLifetime`, `rolling` and `digest`: when a session ends by the server's own clock,
// when it is issued again, and what stands on the wire. The clock stands still in here; the format with times
// is made and verified a second time with node:crypto alone; `digest` is compared with cookie-session and
// keygrip.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const http = require('node:http')
const { describe, it } = require('node:test')
const Keygrip = require('keygrip')
const harness = require('../support/contract/harness')

const { EXPIRED, NOW, PLAIN, ask, atTime, base64, cookie, exchange, header, original, ours, serve, sign } =
  harness
const FIRST = 'first key, of 32 bytes and more: 0123456789'
const SECOND = 'second key, of 32 bytes and more: 012345678'
const TTL = 1_000_000
const SKEW = 60_000
const CONTENT = '{"a":"é€𝄞"}'

// --- the format, once more ---------------------------------------------------------------------------

/** HKDF-SHA256 by RFC 5869, for 32 bytes: one block. */
function deriveKey(key, name, purpose) {
  const prk = crypto.createHmac('sha256', Buffer.alloc(32)).update(key).digest()
  const info = `cookie-session-native/v1\0${purpose}\0${name}`
  return crypto.createHmac('sha256', prk).update(`${info}\x01`).digest()
}

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

/** The values of a response's cookies, by name. */
function valuesOf(setCookie) {
  return Object.fromEntries(setCookie.map((line) => line.split('; ')[0].split(/=(.*)/s, 2)))
}

/** The attributes of the one cookie of a name. */
function attributesOf(setCookie, name = 'session') {
  const lines = setCookie.filter((line) => line.startsWith(`${name}=`))
  assert.equal(lines.length, 1)
  return lines[0].slice(lines[0].indexOf(';'))
}

/** The Cookie header that a browser would send after a response. */
function sentBack(setCookie) {
  return setCookie.map((line) => line.split('; ')[0]).join('; ')
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

// --- requests ----------------------------------------------------------------------------------------

function make(options = {}) {
  return ours({ keys: [FIRST], ttl: TTL, ...options })
}

/** What an app sees of a session that a Cookie header holds, and what the response sends. */
function read(middleware, sent) {
  return exchange(ours, { middleware, cookie: sent }, ({ session }) => ({
    isNew: session.isNew,
    isChanged: session.isChanged,
    json: JSON.stringify(session)
  }))
}

async function opens(middleware, sent, json = CONTENT) {
  const { seen, setCookie } = await read(middleware, sent)
  assert.deepEqual(seen, { isNew: false, isChanged: false, json })
  return setCookie
}

/** A refused cookie gives a new session and sends nothing. */
async function refuses(middleware, sent) {
  const { seen, setCookie } = await read(middleware, sent)
  assert.deepEqual(seen, { isNew: true, isChanged: true, json: '{}' })
  assert.deepEqual(setCookie, [])
}

/** The Set-Cookie lines after an app did something to the session. */
async function linesOf(middleware, sent, app) {
  const { setCookie } = await exchange(ours, { middleware, cookie: sent }, app)
  return setCookie
}

function fill(req) {
  req.session = JSON.parse(CONTENT)
}

const untouched = () => {}
const look = (req) => void req.session.a

function throwsType(run, ...words) {
  assert.throws(run, (error) => {
    assert.equal(error.constructor, TypeError)
    for (const word of words) assert.match(error.message, word)
    return true
  })
}

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

const standStill = (run) => () => atTime(NOW, run)

describe('ttl: the format', () => {
  for (const [digest, as] of [[undefined, 'sha256'], ['sha256'], ['sha384'], ['sha512']]) {
    it(
      `is v1., times and JSON, signed by ${as ?? digest}`,
      standStill(async () => {
        const setCookie = await linesOf(make({ digest }), undefined, fill)
        assert.deepEqual(opened(setCookie, { digest: as ?? digest }), {
          issued: NOW,
          created: NOW,
          json: CONTENT
        })
        assert.deepEqual(await opens(make({ digest }), sentBack(setCookie)), [])
        assert.deepEqual(await opens(make({ digest }), timed(CONTENT, { digest: as ?? digest })), [])
      })
    )
  }

  it(
    'is signed by no less than SHA-256',
    standStill(async () => {
      opened(await linesOf(make({ digest: 'sha1' }), undefined, fill), { digest: 'sha256' })
    })
  )

  it(
    'is the same under maxLifetime alone, and expires with the browser',
    standStill(async () => {
      const setCookie = await linesOf(make({ ttl: undefined, maxLifetime: TTL }), undefined, fill)
      opened(setCookie)
      assert.equal(attributesOf(setCookie), PLAIN)
      assert.equal(attributesOf(setCookie, 'session.sig'), PLAIN)
    })
  )

  it(
    'is bound to its name, its purpose and its key',
    standStill(async () => {
      const settings = { name: 'admin' }
      await opens(make({ name: 'admin' }), timed(CONTENT, settings))
      const value = timedValue(CONTENT)
      const signatures = [
        signTimed(value, settings),
        signTimed(value, { purpose: 'encrypt' }),
        signTimed(value, { key: SECOND }),
        signTimed(value, { digest: 'sha512' }),
        signTimed(value, { digest: 'sha1' }),
        sign(`session=${value}`, FIRST),
        sign(`session=${value}`, FIRST, 'sha256'),
        sign(`\0cookie-session-native/v1\0session=${value}`, FIRST, 'sha256'),
        sign(`session=${value}`, deriveKey(FIRST, 'session', 'sign'), 'sha256')
      ]
      for (const signature of signatures) {
        for (const legacy of [undefined, true]) {
          await refuses(make({ legacy }), `session=${value}; session.sig=${signature}`)
        }
      }
      await refuses(make(), `session=${value}`)
      await refuses(make(), `session=${value}; session.sig=`)
    })
  )

  it(
    'is verified whole: parts of two cookies make no third, and no bit may be another',
    standStill(async () => {
      const middleware = make()
      const [, oldTimes] = timedValue(CONTENT, { issued: NOW - 5 }).split('.')
      const [, times, json] = timedValue(CONTENT).split('.')
      const signature = signTimed(timedValue(CONTENT))
      await opens(middleware, `session=v1.${times}.${json}; session.sig=${signature}`)
      await refuses(middleware, `session=v1.${oldTimes}.${json}; session.sig=${signature}`)
      await refuses(middleware, `session=v1.${times}${json}; session.sig=${signature}`)
      await refuses(middleware, `session=v1.${times}.${json}.; session.sig=${signature}`)

      const sent = Buffer.from(timed('{"a":1}'))
      const signatureAt = sent.indexOf('; session.sig=') + '; session.sig='.length
      for (let at = 'session='.length; at < sent.length; at++) {
        if (at >= signatureAt - '; session.sig='.length && at < signatureAt) continue
        for (let bit = 0; bit < 8; bit++) {
          const changed = Buffer.from(sent)
          changed[at] ^= 1 << bit
          await refuses(middleware, changed.toString('latin1'))
        }
      }
    })
  )

  it(
    'holds what it should, or is refused though signed',
    standStill(async () => {
      const encode = (text) => Buffer.from(text).toString('base64url')
      const times = encode(JSON.stringify({ issued: NOW, created: NOW }))
      const values = [
        'v1.',
        'v1..',
        `v1.${times}`,
        `v1.${times}.`,
        `v1.${times}.${encode('{')}`,
        `v1.${times}.${encode('{"a":1}')}.`,
        `v1.${times}.${encode('{"a":1}')}.x`,
        `v1.${times}.${encode('{"a":1}')}=`,
        `v1.${times}=.${encode('{"a":1}')}`,
        `v1.${encode('null')}.${encode('{"a":1}')}`,
        `v1.${encode('{"issued":1}')}.${encode('{"a":1}')}`,
        `v1.${encode(`{"issued":"${NOW}","created":${NOW}}`)}.${encode('{"a":1}')}`,
        `v1.${encode(`{"issued":${NOW},"created":-1}`)}.${encode('{"a":1}')}`
      ]
      for (const value of values) {
        await refuses(make(), `session=${value}; session.sig=${signTimed(value)}`)
      }
    })
  )

  it(
    'goes to and fro over a socket',
    standStill(async (at) => {
      const middleware = make()
      const handle = (req, res) => {
        middleware(req, res, () => {
          req.session.views = (req.session.views ?? 0) + 1
          res.end()
        })
      }
      await serve(http.createServer(handle), async (port) => {
        let sent
        for (const views of [1, 2, 3]) {
          at(NOW + views)
          const headers = sent === undefined ? {} : { cookie: sent }
          const { setCookie } = await ask(http, port, { headers })
          assert.deepEqual(opened(setCookie), {
            issued: NOW + views,
            created: NOW + 1,
            json: JSON.stringify({ views })
          })
          sent = sentBack(setCookie)
        }
      })
    })
  )
})

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

for (const encrypt of [false, true]) {
  const keys = encrypt ? 'encrypted' : 'signed'

  const written = (...moments) => writtenBy(encrypt, ...moments)
  const changed = '{"a":"é€𝄞","b":1}'

  describe(`ttl and maxLifetime: the end of a session, ${keys}`, () => {
    it(
      'comes ttl after it was written last, whatever the browser kept',
      standStill(async (at) => {
        const middleware = make({ encrypt, maxAge: 100 * TTL })
        const sent = await written(at, NOW)
        for (const later of [0, 1, TTL - 1, TTL]) {
          at(NOW + later)
          assert.deepEqual(await opens(middleware, sent), [])
        }
        for (const later of [TTL + 1, 2 * TTL, 1000 * TTL]) {
          at(NOW + later)
          await refuses(middleware, sent)
        }
      })
    )

    it(
      'is put off by a write, not by reading',
      standStill(async (at) => {
        const middleware = make({ encrypt })
        let sent = await written(at, NOW)
        at(NOW + TTL)
        assert.deepEqual(await opens(middleware, sent), [])
        const setCookie = await linesOf(middleware, sent, (req) => {
          req.session.b = 1
        })
        sent = sentBack(setCookie)
        at(NOW + 2 * TTL)
        await opens(middleware, sent, changed)
        at(NOW + 2 * TTL + 1)
        await refuses(middleware, sent)
      })
    )

    it(
      'comes maxLifetime after it was created, whenever it was written',
      standStill(async (at) => {
        const sent = await written(at, NOW + 5000, NOW)
        for (const ttl of [undefined, TTL]) {
          const middleware = make({ encrypt, ttl, maxLifetime: 6000 })
          at(NOW + 6000)
          assert.deepEqual(await opens(middleware, sent, changed), [])
          at(NOW + 6001)
          await refuses(middleware, sent)
        }
      })
    )

    it(
      'does not come by ttl where maxLifetime alone is set',
      standStill(async (at) => {
        const sent = await written(at, NOW)
        at(NOW + 10 * TTL)
        await opens(make({ encrypt, ttl: undefined, maxLifetime: 20 * TTL }), sent)
      })
    )

    it(
      'and its beginning: 60 s ahead count as now, later is refused',
      standStill(async (at) => {
        for (const options of [{ ttl: TTL }, { ttl: undefined, maxLifetime: TTL }]) {
          const middleware = make({ encrypt, ...options })
          for (const ahead of [1, SKEW]) {
            const sent = await written(at, NOW + ahead)
            at(NOW)
            assert.deepEqual(await opens(middleware, sent), [])
          }
          const sent = await written(at, NOW + SKEW + 1)
          at(NOW)
          await refuses(middleware, sent)
        }
      })
    )

    it(
      'a refused cookie gives a session that begins now',
      standStill(async (at) => {
        const middleware = make({ encrypt, maxLifetime: 5 * TTL })
        const sent = await written(at, NOW)
        at(NOW + 4 * TTL)
        const setCookie = await linesOf(middleware, sent, fill)
        at(NOW + 5 * TTL + 1)
        await refuses(middleware, sent)
        at(NOW + 5 * TTL)
        await opens(middleware, sentBack(setCookie))
      })
    )
  })

  describe(`rolling, ${keys}`, () => {
    for (const [what, app] of [
      ['read', look],
      ['untouched', untouched]
    ]) {
      it(
        `true: a session that is ${what} is issued again after a tenth of ttl`,
        standStill(async (at) => {
          const middleware = make({ encrypt, rolling: true })
          const sent = await written(at, NOW)
          at(NOW + TTL / 10 - 1)
          assert.deepEqual(await linesOf(middleware, sent, app), [])
          at(NOW + TTL / 10)
          const setCookie = await linesOf(middleware, sent, app)
          assert.equal(setCookie.length, encrypt ? 1 : 2)
          assert.match(attributesOf(setCookie), new RegExp(new Date(NOW + 1.1 * TTL).toUTCString()))
          at(NOW + 1.1 * TTL)
          assert.equal((await opens(middleware, sentBack(setCookie))).length, encrypt ? 1 : 2)
          at(NOW + 1.1 * TTL + 1)
          await refuses(middleware, sentBack(setCookie))
          await refuses(middleware, sent)
        })
      )

      it(
        `a number: a session that is ${what} is issued again after that many ms`,
        standStill(async (at) => {
          for (const options of [{ ttl: TTL }, { ttl: undefined, maxLifetime: TTL }]) {
            const middleware = make({ encrypt, rolling: 7000, ...options })
            const sent = await written(at, NOW)
            at(NOW + 6999)
            assert.deepEqual(await linesOf(middleware, sent, app), [])
            at(NOW + 7000)
            const setCookie = await linesOf(middleware, sent, app)
            assert.equal(setCookie.length, encrypt ? 1 : 2)
            at(NOW + 13_999)
            assert.deepEqual(await linesOf(middleware, sentBack(setCookie), app), [])
          }
        })
      )

      it(
        `does not put off maxLifetime of a session that is ${what}`,
        standStill(async (at) => {
          const middleware = make({ encrypt, rolling: 1000, maxLifetime: 5000 })
          let sent = await written(at, NOW)
          for (const later of [2000, 4000]) {
            at(NOW + later)
            sent = sentBack(await linesOf(middleware, sent, app))
          }
          at(NOW + 5000)
          assert.notDeepEqual(await linesOf(middleware, sent, app), [])
          at(NOW + 5001)
          assert.deepEqual(await linesOf(middleware, sent, app), [])
          await refuses(middleware, sent)
        })
      )

      it(
        `brings no cookie where one did not open, is expired, or was not there, and is ${what}`,
        standStill(async (at) => {
          const middleware = make({ encrypt, rolling: 1 })
          const sent = await written(at, NOW)
          at(NOW + TTL + 1)
          for (const bad of [undefined, '', sent, 'session=', 'session=v1.e30.e30', 'session=e1.AAAA']) {
            assert.deepEqual(await linesOf(middleware, bad, app), [])
          }
          at(NOW + 10)
          for (const bad of [sent.replace(/=(..)...../, '=$1.AAAA'), sent.replace('session=', 'other=')]) {
            assert.deepEqual(await linesOf(middleware, bad, app), [])
          }
        })
      )

      it(
        `not of a session that is ${what}, where the response may be stored for all`,
        standStill(async (at) => {
          const middleware = make({ encrypt, rolling: 1 })
          const sent = await written(at, NOW)
          at(NOW + 10)
          const stored = [
            'public',
            'PUBLIC',
            'max-age=60, public',
            'public,max-age=60',
            's-maxage=5',
            'max-age=1,S-MaxAge=5',
            'max-age=60'
          ]
          for (const value of [...stored, ['max-age=60', 'public']]) {
            const setCookie = await linesOf(middleware, sent, (req, res) => {
              app(req)
              res.setHeader('Cache-Control', value)
            })
            assert.deepEqual(setCookie, [])
            const late = await linesOf(middleware, sent, (req, res) => {
              app(req)
              res.writeHead(200, { 'cache-control': value })
            })
            assert.deepEqual(late, [])
          }
          for (const value of ['private', 'no-store', 'no-cache="x-public"', 'republic', 'publicity']) {
            const setCookie = await linesOf(middleware, sent, (req, res) => {
              app(req)
              res.setHeader('Cache-Control', value)
            })
            assert.equal(setCookie.length, encrypt ? 1 : 2)
          }
        })
      )
    }

    it(
      'not after it was cleared, or replaced by an empty one',
      standStill(async (at) => {
        const middleware = make({ encrypt, rolling: 1 })
        const sent = await written(at, NOW)
        at(NOW + 10)
        for (const first of [untouched, look]) {
          const cleared = await linesOf(middleware, sent, (req) => {
            first(req)
            req.session = null
          })
          assert.deepEqual(Object.values(valuesOf(cleared)), encrypt ? [''] : ['', ''])
          const replaced = await linesOf(middleware, sent, (req) => {
            first(req)
            req.session = {}
          })
          assert.deepEqual(replaced, [])
        }
      })
    )

    it(
      'a change is written where the response is public, too',
      standStill(async (at) => {
        const middleware = make({ encrypt, rolling: 1 })
        const sent = await written(at, NOW)
        at(NOW + 10)
        const setCookie = await linesOf(middleware, sent, (req, res) => {
          req.session.b = 1
          res.setHeader('Cache-Control', 'public')
        })
        assert.equal(setCookie.length, encrypt ? 1 : 2)
      })
    )
  })
}

describe('ttl: the times of a session', () => {
  const early = { issued: NOW - 2000, created: NOW - 9000 }

  it(
    '`created` stays when it is written, `issued` does not',
    standStill(async () => {
      const setCookie = await linesOf(make(), timed('{"a":1}', early), (req) => {
        req.session.a = 2
      })
      assert.deepEqual(opened(setCookie), { issued: NOW, created: NOW - 9000, json: '{"a":2}' })
    })
  )

  it(
    'of a cookie that an older key signed are of now, where it is time to roll',
    standStill(async () => {
      const sent = timed('{"a":1}', { ...early, key: SECOND })
      for (const [rolling, issued] of [
        [2000, NOW],
        [2001, early.issued]
      ]) {
        const middleware = make({ keys: [FIRST, SECOND], rolling })
        const setCookie = await linesOf(middleware, sent, look)
        assert.deepEqual(opened(setCookie), { issued, created: early.created, json: '{"a":1}' })
        const without = await linesOf(middleware, sent, untouched)
        if (rolling === 2001) assert.deepEqual(without, [])
        else assert.deepEqual(opened(without), { issued, created: early.created, json: '{"a":1}' })
        const stored = await linesOf(middleware, sent, (req, res) => {
          look(req)
          res.setHeader('Cache-Control', 'public')
        })
        assert.deepEqual(stored, [])
      }
    })
  )

  it(
    '`created` is new after assignment',
    standStill(async () => {
      for (const first of [untouched, look]) {
        const setCookie = await linesOf(make(), timed('{"a":1}', early), (req) => {
          first(req)
          req.session = { a: 1 }
        })
        assert.deepEqual(opened(setCookie), { issued: NOW, created: NOW, json: '{"a":1}' })
      }
      const again = await linesOf(make(), timed('{"a":1}', early), (req) => {
        const { session } = req
        req.session = null
        req.session = session
      })
      assert.deepEqual(opened(again), { issued: NOW, created: NOW, json: '{"a":1}' })
    })
  )

  it(
    '`created` is new after regenerate and destroy',
    standStill(async () => {
      for (const method of ['regenerate', 'destroy']) {
        const setCookie = await linesOf(
          make({ sessionMethods: true }),
          timed('{"a":1}', early),
          async (req) => {
            await req.session[method]()
            if (method === 'destroy') req.session = {}
            req.session.b = 1
          }
        )
        assert.deepEqual(opened(setCookie), { issued: NOW, created: NOW, json: '{"b":1}' })
      }
    })
  )

  it(
    'of a cookie that an older key signed stay, when reading writes it whole',
    standStill(async () => {
      const middleware = make({ keys: [FIRST, SECOND], domain: 'example.com' })
      const sent = timed('{"a":1}', { ...early, key: SECOND })
      assert.deepEqual(await linesOf(middleware, sent, untouched), [])
      const setCookie = await opens(middleware, sent, '{"a":1}')
      assert.deepEqual(opened(setCookie), { ...early, json: '{"a":1}' })
      const expires = new Date(early.issued + TTL).toUTCString()
      for (const name of ['session', 'session.sig']) {
        assert.equal(
          attributesOf(setCookie, name),
          `; path=/; expires=${expires}; domain=example.com; httponly`
        )
      }
      assert.deepEqual(await opens(middleware, sentBack(setCookie), '{"a":1}'), [])
    })
  )

  it(
    'are no part of what counts as a change',
    standStill(async (at) => {
      at(NOW + 5)
      assert.deepEqual(await opens(make(), timed('{"b":1,"a":"\\ud800"}'), '{"b":1,"a":"\\ud800"}'), [])
      assert.equal((await read(make(), timed('{ "a": 1 }'))).seen.isChanged, true)
    })
  )

  it(
    'ahead of the clock stay as they are',
    standStill(async () => {
      const sent = timed('{"a":1}', { issued: NOW + 1000, created: NOW + 1000 })
      const setCookie = await linesOf(make(), sent, (req) => {
        req.session.a = 2
      })
      assert.equal(opened(setCookie).issued, NOW)
    })
  )

  it(
    'both have to be no more than 60 s ahead',
    standStill(async () => {
      await opens(make(), timed(CONTENT, { issued: NOW, created: NOW + SKEW }))
      await refuses(make(), timed(CONTENT, { issued: NOW, created: NOW + SKEW + 1 }))
      await refuses(make(), timed(CONTENT, { issued: NOW + SKEW + 1, created: NOW }))
    })
  )
})

describe('ttl: when the browser is to drop the cookie', () => {
  const later = (ms) => `; path=/; expires=${new Date(NOW + ms).toUTCString()}; httponly`

  for (const encrypt of [false, true]) {
    for (const [what, options, expected, change] of [
      ['nothing set', {}, later(TTL)],
      ['undefined set', { maxAge: undefined, expires: undefined }, later(TTL)],
      ['maxAge', { maxAge: 5000 }, later(5000)],
      ['maxage', { maxage: 5000 }, later(5000)],
      ['expires', { expires: new Date(NOW + 7000) }, later(7000)],
      ['maxAge of the request', {}, later(5000), (own) => Object.assign(own, { maxAge: 5000 })],
      ['maxage of the request', {}, later(5000), (own) => Object.assign(own, { maxage: 5000 })],
      [
        'maxAge unset by the request',
        { maxAge: 5000 },
        later(TTL),
        (own) => Object.assign(own, { maxAge: undefined })
      ],
      [
        'expires of the request',
        {},
        later(7000),
        (own) => Object.assign(own, { expires: new Date(NOW + 7000) })
      ]
    ]) {
      it(
        `${encrypt ? 'encrypted' : 'signed'}, ${what}`,
        standStill(async () => {
          const given = { keys: [FIRST], ttl: TTL, encrypt, ...options }
          const middleware = ours(given)
          const kept = { ...given }
          let own
          const setCookie = await linesOf(middleware, undefined, (req) => {
            fill(req)
            change?.(req.sessionOptions)
            own = { options: req.sessionOptions, keys: Object.keys(req.sessionOptions) }
          })
          assert.equal(attributesOf(setCookie), expected)
          if (!encrypt) assert.equal(attributesOf(setCookie, 'session.sig'), expected)
          assert.deepEqual({ ...given }, kept)
          assert.deepEqual(Object.keys(own.options), own.keys)
          assert.equal('expires' in given, 'expires' in kept)
        })
      )
    }

    it(
      `${encrypt ? 'encrypted' : 'signed'}, options of the request that are null`,
      standStill(async () => {
        const setCookie = await linesOf(make({ encrypt, maxAge: 5000 }), undefined, (req) => {
          fill(req)
          req.sessionOptions = null
        })
        assert.equal(attributesOf(setCookie), later(TTL))
      })
    )
  }

  it(
    'a cleared session expires at once',
    standStill(async () => {
      const clear = (req) => {
        req.session = null
      }
      const lines = [`session=${EXPIRED}`, `session.sig=${EXPIRED}`]
      assert.deepEqual(await linesOf(make(), timed(CONTENT), clear), lines)
      assert.deepEqual(await linesOf(make(), undefined, clear), lines)
      assert.deepEqual(await linesOf(make({ encrypt: true }), undefined, clear), lines.slice(0, 1))
    })
  )

  it(
    'a ttl longer than a Date reaches names a date, or none',
    standStill(async () => {
      const setCookie = await linesOf(make({ ttl: Number.MAX_SAFE_INTEGER }), undefined, fill)
      assert.doesNotMatch(attributesOf(setCookie), /Invalid/)
    })
  )
})

describe('ttl and maxLifetime: options', () => {
  it('a wrong value throws, and says what was expected', () => {
    for (const name of ['ttl', 'maxLifetime']) {
      for (const [wrong, type] of [
        [0, /number 0/],
        [-1, /number -1/],
        [1.5, /number 1\.5/],
        [Infinity, /Infinity/],
        [NaN, /NaN/],
        [1n, /bigint/],
        ['1d', /a string/],
        [false, /boolean/],
        [null, /null/],
        [new Date(NOW), /Date/]
      ]) {
        throwsType(() => make({ [name]: wrong }), new RegExp(name), type, /milliseconds/)
      }
    }
  })

  it('`signed: false` throws when the middleware is made', () => {
    throwsType(() => make({ signed: false }), /signed/, /ttl/)
    throwsType(() => make({ signed: false, ttl: undefined, maxLifetime: 1 }), /signed/, /maxLifetime/)
  })

  it('keys are as for encrypt', async () => {
    throwsType(() => make({ keys: ['short'] }), /keys/, /32/, /keygen/)
    throwsType(() => make({ keys: [FIRST, 'short'] }), /keys/, /32/, /legacy/)
    throwsType(() => make({ keys: new Keygrip([FIRST]) }), /keys/, /Keygrip/)
    await atTime(NOW, () => opens(make({ keys: new ours.Keygrip([FIRST], 'sha512') }), timed(CONTENT)))
  })

  it(
    'keys that become bad: an error when read, and to onError at write',
    standStill(async () => {
      const keys = [FIRST]
      const heard = []
      const middleware = make({ keys, onError: (error) => heard.push(error.code) })
      keys[0] = 'short'
      const one = await linesOf(middleware, timed(CONTENT), (req) => {
        assert.throws(() => req.session, { code: 'ERR_SESSION_KEYS' })
      })
      assert.deepEqual([one, heard], [[], []])
      assert.deepEqual(await linesOf(middleware, undefined, fill), [])
      assert.deepEqual(heard, ['ERR_SESSION_KEYS'])
    })
  )

  it(
    'are read once',
    standStill(async (at) => {
      const options = { keys: [FIRST], ttl: TTL, maxLifetime: 2 * TTL, rolling: 5 }
      const middleware = ours(options)
      Object.assign(options, { ttl: 10 * TTL, maxLifetime: 10 * TTL, rolling: false })
      at(NOW + TTL)
      const setCookie = await linesOf(middleware, timed(CONTENT), (req) => {
        Object.assign(req.sessionOptions, { ttl: 10 * TTL, rolling: false })
      })
      assert.equal(
        attributesOf(setCookie),
        `; path=/; expires=${new Date(NOW + 2 * TTL).toUTCString()}; httponly`
      )
      at(NOW + TTL + 1)
      const { seen } = await exchange(ours, { middleware, cookie: timed(CONTENT) }, (req) => {
        Object.assign(req.sessionOptions, { ttl: 10 * TTL, maxLifetime: 10 * TTL, signed: false })
        return req.session.isNew
      })
      assert.equal(seen, true)
    })
  )

  for (const [how, change] of [
    ['null', (req) => Object.assign(req, { sessionOptions: null })],
    ['replaced and unsigned', (req) => Object.assign(req, { sessionOptions: { signed: false } })],
    ['unsigned', (req) => Object.assign(req.sessionOptions, { signed: false, ttl: undefined, legacy: true })]
  ]) {
    it(
      `options of the request that are ${how} weaken nothing`,
      standStill(async () => {
        const isNew = async (sent) => {
          const { seen } = await exchange(ours, { middleware: make(), cookie: sent }, (req) => {
            change(req)
            return req.session.isNew
          })
          return seen
        }
        assert.equal(await isNew(timed(CONTENT)), false)
        const value = timedValue('{"admin":true}')
        for (const sent of [
          `session=${value}`,
          `session=${value}; session.sig=AAAA`,
          `session=${base64('{"admin":true}')}`,
          cookie('{"admin":true}', { key: FIRST }),
          timed(CONTENT, { issued: NOW - TTL - 1 }),
          timed(CONTENT, { issued: NOW + SKEW + 1 })
        ]) {
          assert.equal(await isNew(sent), true)
        }
        const setCookie = await linesOf(make(), undefined, (req) => {
          change(req)
          fill(req)
        })
        assert.equal(opened(setCookie).issued, NOW)
      })
    )
  }
})

describe('rolling: options', () => {
  it(
    'a wrong value is ignored, with one process warning',
    standStill(async (at) => {
      const warnings = await warningsOf(async () => {
        at(NOW + 10)
        for (const rolling of ['yes', 0, -1, 1.5, NaN, Infinity, null, {}, 1n]) {
          assert.deepEqual(await opens(make({ rolling }), timed(CONTENT)), [])
        }
        // A number without ttl, maxLifetime or encrypt.
        const middleware = ours({ keys: [FIRST], rolling: 1 })
        assert.deepEqual(await opens(middleware, cookie(CONTENT, { key: FIRST })), [])
      })
      assert.equal(warnings.length, 1)
      assert.match(warnings[0].message, /rolling/)
      assert.match(warnings[0].code, /^COOKIE_SESSION_/)
    })
  )

  it(
    'false rolls nothing',
    standStill(async (at) => {
      at(NOW + TTL - 1)
      assert.deepEqual(await opens(make({ rolling: false }), timed(CONTENT)), [])
    })
  )

  it(
    'true without ttl sends the same cookie again on each response to a valid one',
    standStill(async (at) => {
      for (const digest of [undefined, 'sha256', 'sha512']) {
        const middleware = ours({ keys: [FIRST, SECOND], rolling: true, maxAge: 5000, digest })
        const pair = `session=${base64(CONTENT)}`
        const sent = `${pair}; session.sig=${sign(pair, FIRST, digest)}`
        for (const app of [untouched, look]) {
          for (const moment of [NOW, NOW + 1, NOW + 60_000]) {
            at(moment)
            const setCookie = await linesOf(middleware, sent, app)
            const expires = `; path=/; expires=${new Date(moment + 5000).toUTCString()}; httponly`
            assert.deepEqual(
              setCookie,
              sent.split('; ').map((pair) => pair + expires)
            )
          }
        }
        for (const app of [untouched, look]) {
          assert.deepEqual(await linesOf(middleware, undefined, app), [])
          const forged = await linesOf(middleware, header(base64(CONTENT), { key: 'other' }), app)
          assert.equal(
            forged.some((line) => line.startsWith('session=')),
            false
          )
          const stored = await linesOf(middleware, sent, (req, res) => {
            app(req)
            res.setHeader('Cache-Control', 'public')
          })
          assert.deepEqual(stored, [])
        }
      }
    })
  )

  it(
    'true without ttl: a cookie of an older key is sent whole, by the newest',
    standStill(async () => {
      const middleware = ours({ keys: [FIRST, SECOND], rolling: true, domain: 'example.com' })
      for (const app of [untouched, look]) {
        const setCookie = await linesOf(middleware, cookie(CONTENT, { key: SECOND }), app)
        const attributes = '; path=/; domain=example.com; httponly'
        assert.deepEqual(
          setCookie,
          cookie(CONTENT, { key: FIRST })
            .split('; ')
            .map((pair) => pair + attributes)
        )
      }
    })
  )

  it(
    'true without ttl: an unsigned cookie is never sent back signed, whatever a request said',
    standStill(async () => {
      const middleware = ours({ keys: [FIRST], rolling: true })
      const sent = `session=${base64('{"admin":true}')}`
      for (const change of [
        (req) => Object.assign(req, { sessionOptions: null }),
        (req) => Object.assign(req, { sessionOptions: { signed: false } })
      ]) {
        const setCookie = await linesOf(middleware, sent, (req) => {
          const { sessionOptions } = req
          change(req)
          look(req)
          Object.assign(req, { sessionOptions })
        })
        assert.equal(sentBack(setCookie).includes(cookie('{"admin":true}', { key: FIRST })), false)
      }
    })
  )

  it(
    'true without ttl: the same cookie, though its JSON is written otherwise than here',
    standStill(async () => {
      const middleware = ours({ keys: [FIRST], rolling: true })
      for (const json of ['{ "a": 1 }', '{"a":1,"isNew":2}', '[1,2]']) {
        const sent = cookie(json, { key: FIRST })
        const setCookie = await linesOf(middleware, sent, untouched)
        assert.equal(sentBack(setCookie), sent)
      }
    })
  )
})

describe('digest', () => {
  const DIGESTS = ['sha1', 'sha256', 'sha384', 'sha512']
  const KEYS = ['newest', 'older', 'oldest']

  /** The same request to ours with `digest`, and to the original with a keygrip of that digest. */
  async function both(digest, { keys = KEYS, options = {}, ...request }, app) {
    const sides = [
      [ours, { keys: [...keys], digest, ...options }],
      [original, { keys: new Keygrip([...keys], digest), ...options }]
    ]
    const results = []
    for (const [cookieSession, given] of sides) {
      const { seen, setCookie } = await exchange(cookieSession, { ...request, options: given }, app)
      results.push({ seen, setCookie })
    }
    assert.deepEqual(results[0], results[1])
    return results[0]
  }

  const show = ({ session }) => ({ isNew: session.isNew, json: JSON.stringify(session) })

  for (const digest of DIGESTS) {
    const headerBy = (key, json = CONTENT, algorithm = digest) => {
      const pair = `session=${base64(json)}`
      return `${pair}; session.sig=${sign(pair, key, algorithm)}`
    }

    it(
      `${digest}: on the wire as the original with a keygrip of it`,
      standStill(async () => {
        const first = await both(digest, { options: { maxAge: 5000, sameSite: 'lax' } }, fill)
        assert.equal(sentBack(first.setCookie), headerBy('newest'))
        for (const key of KEYS) {
          const { seen } = await both(digest, { cookie: headerBy(key) }, show)
          assert.deepEqual(seen, { isNew: false, json: CONTENT })
          await both(digest, { cookie: headerBy(key), options: { domain: 'example.com' } }, (req) => {
            req.session.more = 1
          })
          await both(digest, { cookie: headerBy(key), encrypted: true }, show)
        }
        await both(digest, { cookie: headerBy('newest') }, (req) => {
          req.session = null
        })
        await both(digest, { cookie: headerBy('older') }, untouched)
      })
    )

    it(
      `${digest}: what the original refuses, with its answer`,
      standStill(async () => {
        const forged = headerBy('other')
        const pair = `session=${base64(CONTENT)}`
        const others = DIGESTS.filter((other) => other !== digest).map((other) =>
          headerBy('newest', CONTENT, other)
        )
        const hex = crypto.createHmac(digest, 'newest').update(pair).digest('hex')
        for (const bad of [forged, ...others, pair, `${pair}; session.sig=`, `${pair}; session.sig=${hex}`]) {
          const { seen } = await both(digest, { cookie: bad }, show)
          assert.deepEqual(seen, { isNew: true, json: '{}' })
          await both(digest, { cookie: bad }, fill)
        }
        await both(digest, { cookie: headerBy('newest', '{') }, show)
        await both(digest, { cookie: headerBy('newest', '') }, show)
        await both(digest, { cookie: headerBy('newest', 'null') }, show)
      })
    )

    it(`${digest}: any bit that is another is refused`, async () => {
      const middleware = ours({ keys: [...KEYS], digest })
      const sent = Buffer.from(headerBy('newest', '{"a":1}'))
      const [end, start] = [sent.indexOf(';'), sent.indexOf('.sig=') + 5]
      for (let bit = 8 * 'session='.length; bit < sent.length * 8; bit++) {
        const at = bit >> 3
        if (at >= end && at < start) continue
        const changed = Buffer.from(sent)
        changed[at] ^= 1 << (bit & 7)
        const { seen } = await read(middleware, changed.toString('latin1'))
        assert.equal(seen.json, '{}')
      }
    })
  }

  it('read over a socket what the original wrote, and the other way round', async () => {
    for (const digest of DIGESTS) {
      const sides = [ours({ keys: [...KEYS], digest }), original({ keys: new Keygrip([...KEYS], digest) })]
      let turn = 0
      const handle = (req, res) => {
        sides[turn++ % 2](req, res, () => {
          req.session.turn = turn
          res.end()
        })
      }
      await serve(http.createServer(handle), async (port) => {
        let sent = headerOf({ turn: 0 }, digest)
        for (let i = 1; i < 5; i++) {
          const { setCookie } = await ask(http, port, { headers: { cookie: sent } })
          sent = sentBack(setCookie)
          assert.equal(sent, headerOf({ turn: i }, digest))
        }
      })
    }
  })

  function headerOf(content, digest) {
    const pair = `session=${base64(JSON.stringify(content))}`
    return `${pair}; session.sig=${sign(pair, 'newest', digest)}`
  }

  it('nothing of a request lets an unsigned cookie pass', async () => {
    const changes = [
      (req) => Object.assign(req, { sessionOptions: null }),
      (req) => Object.assign(req, { sessionOptions: { signed: false } }),
      (req) => Object.assign(req.sessionOptions, { signed: false, digest: 'sha1' })
    ]
    for (const digest of DIGESTS) {
      for (const change of changes) {
        const middleware = ours({ keys: [...KEYS], digest })
        const forged = `session=${base64('{"admin":true}')}`
        for (const sent of [forged, `${forged}; session.sig=AAAA`]) {
          const { seen } = await exchange(ours, { middleware, cookie: sent }, (req) => {
            change(req)
            return JSON.stringify(req.session)
          })
          assert.equal(seen, '{}')
        }
        const setCookie = await linesOf(middleware, undefined, (req) => {
          change(req)
          req.session.a = 1
        })
        assert.equal(sentBack(setCookie), headerOf({ a: 1 }, digest))
      }
    }
  })

  it('a wrong value throws, and says what was expected', () => {
    for (const [wrong, type] of [
      ['md5', /string/],
      ['SHA256', /string/],
      [256, /number/],
      [null, /null/],
      [true, /boolean/]
    ]) {
      throwsType(() => ours({ keys: [FIRST], digest: wrong }), /digest/, type, /'sha256'/)
    }
  })

  it('beside a Keygrip, throws, as that has its own', () => {
    const signs = { sign: () => 'x', index: () => 0 }
    for (const digest of DIGESTS) {
      for (const keys of [
        new Keygrip([FIRST]),
        new ours.Keygrip([FIRST]),
        new ours.Keygrip([FIRST], digest),
        signs
      ]) {
        for (const more of [{}, { ttl: TTL }, { encrypt: true }]) {
          throwsType(() => ours({ keys, digest, ...more }), /digest/, /Keygrip/)
        }
      }
    }
  })

  it('`signed: false` throws when the middleware is made', () => {
    for (const digest of DIGESTS) {
      throwsType(() => ours({ keys: [FIRST], digest, signed: false }), /signed/, /digest/)
      throwsType(() => ours({ digest, signed: false }), /signed/, /digest/)
    }
  })
})
