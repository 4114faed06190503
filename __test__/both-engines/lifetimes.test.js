'use strict'

// How long a session lasts by its own cookie: `ttl: true`, "remember me" and "do not", in the browser and on the server;
// and what an app is told of a cookie's times.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const { describe, it } = require('node:test')
const { NOW, atTime, cookie: cookieOf, exchange, header, ours } = require('../support/contract/harness')

const KEY = 'a key of the app, of 32 bytes and more'
const OLD = 'an old key of the app, of 32 bytes and more'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const pairs = (setCookie) => setCookie.map((line) => line.split(';')[0]).join('; ')
const login = (change) => (req) => {
  req.session.user = 'ada'
  change?.(req.sessionOptions, req)
}
/** When the browser is to drop the session's cookie, ms after `NOW`; undefined where it stays until the browser is closed. */
function expiry(setCookie) {
  const [, date] = /; expires=([^;]+)/.exec(setCookie.find((line) => line.startsWith('session='))) ?? []
  return date && Date.parse(date) - Math.floor(NOW / 1000) * 1000
}
const user = async (middleware, cookie) =>
  (await exchange(ours, { middleware, cookie }, (req) => req.session.user)).seen
const standStill = (run) => () => atTime(NOW, run)

for (const encrypt of [false, true]) {
  const make = (options) => ours({ keys: [KEY, OLD], encrypt, ...options })

  describe(`ttl: true, ${encrypt ? 'encrypted' : 'signed'}`, () => {
    it(
      'the server ends a session with its cookie: by maxAge, by expires, and by what the request says',
      standStill(async (at) => {
        for (const [options, change, ends] of [
          [{ maxAge: HOUR }, undefined, HOUR],
          [{ maxage: HOUR }, undefined, HOUR],
          [{ expires: new Date(NOW + HOUR) }, undefined, HOUR],
          [{ maxAge: HOUR, expires: new Date(NOW + DAY) }, undefined, HOUR],
          [{ maxAge: HOUR }, (own) => Object.assign(own, { maxAge: 30 * DAY }), 30 * DAY],
          [{ maxAge: HOUR }, (own) => Object.assign(own, { maxage: MINUTE }), MINUTE],
          [{ expires: new Date(NOW + HOUR) }, (own) => Object.assign(own, { maxAge: DAY }), DAY],
          [
            { expires: new Date(NOW + HOUR) },
            (own) => Object.assign(own, { expires: new Date(NOW + DAY) }),
            DAY
          ],
          [
            { maxAge: HOUR },
            (_, req) => {
              req.sessionOptions = { maxAge: DAY }
            },
            DAY
          ],
          [
            { maxAge: HOUR },
            (_, req) => {
              req.sessionOptions = null
            },
            HOUR
          ],
          [{ maxAge: HOUR }, (own) => Object.assign(own, { maxAge: undefined }), HOUR]
        ]) {
          at(NOW)
          const middleware = make({ ttl: true, ...options })
          const { setCookie } = await exchange(ours, { middleware }, login(change))
          assert.equal(Math.round(expiry(setCookie) / 1000), Math.round(ends / 1000))
          at(NOW + ends)
          assert.equal(await user(middleware, pairs(setCookie)), 'ada')
          at(NOW + ends + 1)
          assert.equal(await user(middleware, pairs(setCookie)), undefined)
        }
      })
    )

    it(
      'a cookie without an end of its own has that of the middleware, on the server alone',
      standStill(async (at) => {
        for (const none of [{ maxAge: null }, { maxAge: 0 }, { expires: undefined }, { expires: null }]) {
          for (const options of [{ maxAge: HOUR }, { expires: new Date(NOW + HOUR) }]) {
            at(NOW)
            const middleware = make({ ttl: true, ...options })
            const { setCookie } = await exchange(
              ours,
              { middleware },
              login((own) => Object.assign(own, none))
            )
            assert.equal(expiry(setCookie), undefined)
            at(NOW + HOUR)
            assert.equal(await user(middleware, pairs(setCookie)), 'ada')
            at(NOW + HOUR + 1)
            assert.equal(await user(middleware, pairs(setCookie)), undefined)
          }
        }
      })
    )

    it(
      'the time stands in the cookie: another lifetime of the middleware changes none that there is',
      standStill(async (at) => {
        const { setCookie } = await exchange(ours, { middleware: make({ ttl: true, maxAge: DAY }) }, login())
        const shorter = make({ ttl: true, maxAge: MINUTE })
        at(NOW + DAY)
        assert.equal(await user(shorter, pairs(setCookie)), 'ada')
        at(NOW + DAY + 1)
        assert.equal(await user(make({ ttl: true, maxAge: 30 * DAY }), pairs(setCookie)), undefined)
      })
    )

    it(
      'a cookie from before `ttl: true` is read, until it would have ended',
      standStill(async (at) => {
        const { setCookie } = await exchange(ours, { middleware: make({ ttl: 30 * DAY }) }, login())
        const middleware = make({ ttl: true, maxAge: DAY })
        at(NOW + DAY)
        assert.equal(await user(middleware, pairs(setCookie)), 'ada')
        at(NOW + DAY + 1)
        assert.equal(await user(middleware, pairs(setCookie)), undefined)
        assert.equal(await user(make({ ttl: 30 * DAY }), pairs(setCookie)), 'ada')
      })
    )

    it(
      'rolling: true issues it again after a tenth of its own lifetime, with that lifetime',
      standStill(async (at) => {
        const middleware = make({ ttl: true, maxAge: HOUR, rolling: true })
        const remembered = await exchange(
          ours,
          { middleware },
          login((own) => Object.assign(own, { maxAge: 10 * DAY }))
        )
        at(NOW + DAY - 1)
        assert.deepEqual(
          (await exchange(ours, { middleware, cookie: pairs(remembered.setCookie) })).setCookie,
          []
        )
        at(NOW + DAY)
        const { setCookie } = await exchange(ours, { middleware, cookie: pairs(remembered.setCookie) })
        assert.equal(expiry(setCookie), 11 * DAY)
        at(NOW + 11 * DAY)
        assert.equal(await user(middleware, pairs(setCookie)), 'ada')
        at(NOW + 11 * DAY + 1)
        assert.equal(await user(middleware, pairs(setCookie)), undefined)
      })
    )

    it(
      'a newer key changes no end',
      standStill(async (at) => {
        const options = { ttl: true, maxAge: HOUR, keys: [OLD] }
        const { setCookie } = await exchange(ours, { middleware: make(options) }, login())
        at(NOW + MINUTE)
        const reissued = await exchange(
          ours,
          { middleware: make({ ...options, keys: [KEY, OLD] }), cookie: pairs(setCookie) },
          (req) => req.session.user
        )
        assert.equal(expiry(reissued.setCookie), HOUR)
        at(NOW + HOUR + 1)
        assert.equal(await user(make(options), pairs(setCookie)), undefined)
        assert.equal(await user(make({ ttl: true, maxAge: HOUR }), pairs(reissued.setCookie)), undefined)
      })
    )

    it('neither maxAge nor expires: a TypeError when the middleware is made', () => {
      for (const options of [
        {},
        { maxAge: 0 },
        { maxAge: null },
        { maxAge: undefined, expires: undefined },
        { maxAge: '1000' },
        { maxAge: Number.NaN },
        { maxAge: -1 },
        { expires: 'tomorrow' },
        { expires: new Date(Number.NaN) }
      ]) {
        assert.throws(() => make({ ttl: true, ...options }), {
          name: 'TypeError',
          message: /ttl.*maxAge.*expires/
        })
      }
    })

    it(
      'outside a middleware it is the same',
      standStill(async (at) => {
        const codec = ours.codec({ keys: [KEY], encrypt, ttl: true, maxAge: HOUR })
        const cookie = codec.cookieHeader({ user: 'ada' })
        at(NOW + HOUR)
        assert.deepEqual(codec.unseal(cookie), { user: 'ada' })
        at(NOW + HOUR + 1)
        assert.equal(codec.unseal(cookie), null)
      })
    )

    it(
      'beside an `expires` that cannot be read in a cookie: it is malformed',
      standStill(async () => {
        if (encrypt) return
        const [, purpose] = ['encrypt', 'sign']
        const derived = Buffer.from(
          crypto.hkdfSync('sha256', KEY, '', `cookie-session-native/v1\0${purpose}\0session`, 32)
        )
        const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
        for (const [times, isGood] of [
          [{ issued: NOW, created: NOW }, true],
          [{ issued: NOW, created: NOW, expires: NOW + HOUR, maxAge: null }, true],
          [{ issued: NOW, created: NOW, maxAge: 0, later: 'members' }, true],
          [{ issued: NOW, created: NOW, expires: -1 }, false],
          [{ issued: NOW, created: NOW, expires: '1' }, false],
          [{ issued: NOW, created: NOW, maxAge: -1 }, false],
          [{ issued: NOW, created: NOW, maxAge: null }, false],
          [{ issued: NOW, created: NOW, maxAge: true }, false]
        ]) {
          const value = `v1.${encode(times)}.${encode({ user: 'ada' })}`
          const text = `\0cookie-session-native/v1\0session=${value}`
          const signature = crypto.createHmac('sha256', derived).update(text).digest('base64url')
          const middleware = make({ ttl: true, maxAge: HOUR })
          assert.equal(
            await user(middleware, `session=${value}; session.sig=${signature}`),
            isGood ? 'ada' : undefined,
            JSON.stringify(times)
          )
        }
      })
    )
  })

  describe(`do not remember me, ${encrypt ? 'encrypted' : 'signed'}`, () => {
    const NONE = [{ maxAge: null }, { maxAge: 0 }, { expires: undefined }, { maxAge: null, expires: null }]
    for (const base of [
      { ttl: HOUR },
      { ttl: HOUR, maxAge: HOUR },
      { ttl: HOUR, expires: new Date(NOW + HOUR) },
      { ttl: true, maxAge: HOUR },
      { maxLifetime: DAY, maxAge: HOUR }
    ]) {
      for (const none of NONE) {
        it(
          `${Object.keys(base)}, ${JSON.stringify(none)} ${'expires' in none}: no Expires, and it stays so`,
          standStill(async (at) => {
            const middleware = make({ ...base, rolling: 1, keys: [OLD] })
            const { setCookie } = await exchange(
              ours,
              { middleware },
              login((own) => Object.assign(own, none))
            )
            assert.equal(expiry(setCookie), undefined)

            at(NOW + MINUTE)
            const rolled = await exchange(ours, { middleware, cookie: pairs(setCookie) })
            assert.ok(rolled.setCookie.length > 0)
            assert.equal(expiry(rolled.setCookie), undefined, 'rolled')

            at(NOW + 2 * MINUTE)
            const again = await exchange(ours, { middleware, cookie: pairs(rolled.setCookie) })
            assert.equal(expiry(again.setCookie), undefined, 'rolled twice')

            const newer = make({ ...base, keys: [KEY, OLD], reissue: true })
            const reissued = await exchange(
              ours,
              { middleware: newer, cookie: pairs(rolled.setCookie) },
              (req) => {
                void req.session.user
              }
            )
            assert.equal(expiry(reissued.setCookie), undefined, 'reissued')

            const changed = await exchange(ours, { middleware, cookie: pairs(rolled.setCookie) }, (req) => {
              req.session.views = 1
            })
            assert.equal(expiry(changed.setCookie), undefined, 'changed')
          })
        )
      }
    }

    it(
      'another word of a request, or another session, ends it',
      standStill(async () => {
        const middleware = make({ ttl: DAY, maxAge: HOUR })
        const { setCookie } = await exchange(
          ours,
          { middleware },
          login((own) => Object.assign(own, { maxAge: null }))
        )
        const cookie = pairs(setCookie)
        const said = await exchange(
          ours,
          { middleware, cookie },
          login((own, req) => {
            own.maxAge = 2 * HOUR
            req.session.n = 1
          })
        )
        assert.equal(expiry(said.setCookie), 2 * HOUR)
        const another = await exchange(ours, { middleware, cookie }, (req) => {
          req.session = { user: 'bob' }
        })
        assert.equal(expiry(another.setCookie), HOUR)
      })
    )

    it(
      'remember me stays as well',
      standStill(async (at) => {
        const middleware = make({ ttl: 60 * DAY, maxAge: HOUR, rolling: 1 })
        for (const [remember, ends] of [
          [{ maxAge: 30 * DAY }, 30 * DAY + MINUTE],
          [{ maxAge: null, expires: new Date(NOW + 30 * DAY) }, 30 * DAY]
        ]) {
          at(NOW)
          const { setCookie } = await exchange(
            ours,
            { middleware },
            login((own) => Object.assign(own, remember))
          )
          at(NOW + MINUTE)
          const rolled = await exchange(ours, { middleware, cookie: pairs(setCookie) })
          assert.equal(Math.round(expiry(rolled.setCookie) / 1000), Math.round(ends / 1000))
        }
      })
    )
  })

  describe(`what an app is told of a cookie, ${encrypt ? 'encrypted' : 'signed'}`, () => {
    it(
      'accept and unsealWithInfo get its times, its key and its format',
      standStill(async (at) => {
        const told = []
        const accept = (_session, _req, info) => {
          told.push(info)
          return true
        }
        const options = { ttl: DAY, encrypt }
        const cookie = ours.cookieHeader({ user: 'ada' }, { keys: [OLD], ...options })
        at(NOW + MINUTE)
        const middleware = make({ ...options, accept })
        const { setCookie } = await exchange(ours, { middleware, cookie }, (req) => {
          req.session.n = 1
        })
        at(NOW + HOUR)
        await user(middleware, pairs(setCookie))
        const format = encrypt ? 'e1' : 'v1'
        assert.deepEqual(told, [
          { issued: NOW, created: NOW, keyIndex: 1, format },
          { issued: NOW + MINUTE, created: NOW, keyIndex: 0, format }
        ])
        assert.deepEqual(ours.unsealWithInfo(cookie, { keys: [KEY, OLD], ...options }), {
          session: { user: 'ada' },
          info: { issued: NOW, created: NOW, keyIndex: 1, format }
        })
        assert.equal(ours.unsealWithInfo(cookie, { keys: [KEY], ...options }), null)
        assert.equal(ours.codec({ keys: [KEY], ...options }).unsealWithInfo(undefined), null)
      })
    )

    it(
      "in the original's format there are no times",
      standStill(async () => {
        const told = []
        const accept = (_session, _req, info) => told.push(info) > 0
        const cookie = cookieOf('{"user":"ada"}', { key: OLD })
        await user(ours({ keys: [KEY, OLD], accept }), cookie)
        await user(make({ ttl: DAY, legacy: true, accept }), cookie)
        await user(ours({ keys: [KEY, OLD], signed: false, accept }), header('e30='))
        const info = { issued: undefined, created: undefined, format: 'cookie-session' }
        assert.deepEqual(told, [
          { ...info, keyIndex: 1 },
          { ...info, keyIndex: 1 },
          { ...info, keyIndex: undefined }
        ])
      })
    )

    it(
      'nothing from before a change of the password: one line',
      standStill(async (at) => {
        const passwordChangedAt = (name) => (name === 'ada' ? NOW + MINUTE : 0)
        const options = {
          ttl: DAY,
          rolling: 1,
          encrypt,
          accept: (session, _req, { created }) => !session.user || created >= passwordChangedAt(session.user)
        }
        const middleware = make(options)
        const before = await exchange(ours, { middleware }, login())
        const bob = await exchange(ours, { middleware }, (req) => {
          req.session.user = 'bob'
        })
        at(NOW + 2 * MINUTE)
        const after = await exchange(ours, { middleware }, login())
        assert.equal(await user(middleware, pairs(before.setCookie)), undefined)
        assert.equal(await user(middleware, pairs(bob.setCookie)), 'bob')
        assert.equal(await user(middleware, pairs(after.setCookie)), 'ada')
      })
    )

    it(
      'nothing that a leaked key made: one line',
      standStill(async () => {
        const accept = (_session, _req, { keyIndex }) => keyIndex === 0
        const options = { ttl: DAY, encrypt }
        const forged = ours.cookieHeader({ user: 'admin' }, { keys: [OLD], ...options })
        const { setCookie, seen } = await exchange(
          ours,
          { middleware: make({ ...options, accept }), cookie: forged },
          (req) => JSON.stringify(req.session)
        )
        assert.deepEqual([setCookie, seen], [[], '{}'])
      })
    )
  })
}

describe("legacy: 'write'", () => {
  for (const options of [
    { ttl: HOUR },
    { ttl: true, maxAge: HOUR },
    { maxLifetime: HOUR },
    { encrypt: true, ttl: HOUR }
  ]) {
    it(
      `${Object.keys(options)}: the times of a cookie that has them hold, and it rolls`,
      standStill(async (at) => {
        const phase2 = ours({ keys: [KEY], ...options, legacy: true })
        const phase1 = ours({ keys: [KEY], ...options, legacy: 'write', ...(options.ttl && { rolling: 1 }) })
        const { setCookie } = await exchange(ours, { middleware: phase2 }, login())
        at(NOW + HOUR / 2)
        const changed = await exchange(ours, { middleware: phase1, cookie: pairs(setCookie) }, (req) => {
          req.session.n = 1
        })
        assert.match(changed.setCookie[0], /^session=[ve]1\./)
        assert.deepEqual(
          ours.unsealWithInfo(pairs(changed.setCookie), { keys: [KEY], ...options }).info.created,
          NOW
        )
        if (options.ttl) {
          const rolled = await exchange(ours, { middleware: phase1, cookie: pairs(setCookie) })
          assert.match(rolled.setCookie[0], /^session=[ve]1\./)
        }
        at(NOW + 2 * HOUR)
        assert.equal(await user(phase1, pairs(changed.setCookie)), undefined)
      })
    )
  }
})
