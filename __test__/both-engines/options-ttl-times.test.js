'use strict'

// The options `ttl`, `maxLifetime`, `rolling` and `digest`: when a session ends by the server's own clock,
// when it is issued again, and what stands on the wire. The clock stands still in here; the format with times
// is made and verified a second time with node:crypto alone; `digest` is compared with cookie-session and
// keygrip.

const assert = require('node:assert/strict')
const { describe, it } = require('node:test')
const Keygrip = require('keygrip')
const {
  EXPIRED,
  NOW,
  atTime,
  base64,
  cookie,
  exchange,
  header,
  ours,
  sign,
  FIRST,
  SECOND,
  TTL,
  SKEW,
  CONTENT,
  timedValue,
  timed,
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
  standStill
} = require('../support/options-ttl')

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

  it('of ttl or more it is ignored, with a process warning: a session that old is over', async () => {
    const warnings = await warningsOf(() => {
      make({ rolling: TTL - 1 })
      make({ rolling: TTL })
    })
    assert.deepEqual(
      warnings.map(({ code, message }) => [code, message.replace(/\.? .*repeated.*$/, '')]),
      [
        [
          'COOKIE_SESSION_OPTION_IGNORED',
          `option rolling is the number ${TTL} and ignored; expected less than ttl, which is ${TTL}: a session that old is over`
        ]
      ]
    )
  })

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
