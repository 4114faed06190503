'use strict'

// The options `ttl`, `maxLifetime`, `rolling` and `digest`: when a session ends by the server's own clock,
// when it is issued again, and what stands on the wire. The clock stands still in here; the format with times
// is made and verified a second time with node:crypto alone; `digest` is compared with cookie-session and
// keygrip.

const assert = require('node:assert/strict')
const http = require('node:http')
const { describe, it } = require('node:test')
const {
  NOW,
  PLAIN,
  ask,
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
  opens,
  refuses,
  linesOf,
  fill,
  untouched,
  look,
  standStill,
  writtenBy
} = require('../support/options-ttl')

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
