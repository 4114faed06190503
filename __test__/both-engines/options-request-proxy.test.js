'use strict'

// The options that say which request counts and whose session it is: proxy, requestKey, reissue and accept,
// next to express-session and the original where they do the same. And what a wrong value of any new option
// leads to.

const assert = require('node:assert')
const http = require('node:http')
const { after, before, describe, test } = require('node:test')
const express4 = require('express4')
const express5 = require('express')
const expressSession = require('express-session')
const OriginalKeygrip = require('keygrip')
const { Jar, ask, encode, listen, original, ours, signed } = require('../support/sockets/harness')
const {
  KEY,
  FORMER,
  ANN,
  VALUE,
  VALID,
  ROTATED,
  FORGED,
  GONE,
  onWarning,
  serve,
  once,
  onceOriginal,
  sent,
  fill
} = require('../support/options-request')

before(() => process.on('warning', onWarning))
after(() => process.off('warning', onWarning))

describe('proxy', () => {
  const values = [
    ['https'],
    ['HTTPS'],
    ['https, http'],
    ['https,http'],
    ['http, https'],
    ['http,https'],
    [' https '],
    ['http'],
    [''],
    [','],
    [',https'],
    ['httpsx'],
    ['xhttps'],
    ['wss'],
    ['"https"'],
    ['https', 'http'],
    ['http', 'https'],
    []
  ]
  for (const transport of ['http', 'https']) {
    for (const value of values) {
      test(`${transport}, X-Forwarded-Proto ${JSON.stringify(value)}: as in express-session`, async () => {
        const headers = value.map((one) => ['X-Forwarded-Proto', one])
        const theirs = await serve(
          expressSession({
            secret: KEY,
            proxy: true,
            resave: false,
            saveUninitialized: true,
            cookie: { secure: true }
          }),
          fill,
          { headers, transport }
        )
        const isSecure = theirs.cookies.length > 0

        const errors = []
        const options = { proxy: true, secure: true, onError: (err) => errors.push(err.code) }
        const reply = await once(options, fill, { headers, transport })
        assert.strictEqual(reply.cookies.length, isSecure ? 2 : 0)
        assert.deepStrictEqual(errors, isSecure ? [] : ['ERR_SESSION_INSECURE'])
        for (const line of reply.cookies) assert.match(line, /; secure/)

        const auto = await once({ proxy: true }, fill, { headers, transport })
        assert.strictEqual(auto.cookies.length, 2)
        for (const line of auto.cookies) assert.strictEqual(/; secure/.test(line), isSecure)
      })
    }
  }

  test('off or unset, the header does not count, and the bytes are those of the original', async () => {
    const headers = [['X-Forwarded-Proto', 'https']]
    for (const options of [{}, { secure: true }]) {
      const expected = await onceOriginal(options, fill, { headers })
      for (const proxy of [false, undefined]) {
        for (const sessionMethods of [true, undefined]) {
          const reply = await once({ ...options, proxy, sessionMethods }, fill, { headers })
          assert.strictEqual(reply.raw, expected.raw)
        }
      }
    }
  })

  test("Express's trust proxy counts with and without it", async () => {
    for (const express of [express4, express5]) {
      for (const proxy of [true, false, undefined]) {
        const app = express()
        app.set('trust proxy', true)
        app.use(ours({ keys: [KEY], secure: true, proxy, sessionMethods: true }))
        app.get('/', (req, res) => {
          fill(req)
          res.end()
        })
        const server = await listen('http', app)
        const secure = await ask(server, { headers: [['X-Forwarded-Proto', 'https']] })
        const plain = await ask(server, { headers: [['X-Forwarded-Proto', 'http']] })
        await server.close()
        assert.deepStrictEqual([secure.cookies.length, plain.cookies.length], [2, 0])
      }
    }
  })

  test('what is sent when the session is read is secure, too', async () => {
    const headers = [['X-Forwarded-Proto', 'https']]
    for (const cookie of [ROTATED, FORGED]) {
      const reply = await once({ proxy: true }, (req) => void req.session, { cookie, headers })
      assert.strictEqual(reply.cookies.length, 1)
      assert.match(reply.cookies[0], /^session\.sig=.*; secure/)
    }
  })

  test('a request cannot switch it on', async () => {
    const headers = [['X-Forwarded-Proto', 'https']]
    const reply = await once(
      { sessionMethods: true },
      (req) => {
        req.sessionOptions.proxy = true
        fill(req)
      },
      { headers }
    )
    for (const line of reply.cookies) assert.doesNotMatch(line, /; secure/)
  })
})

describe('requestKey', () => {
  test('names the property, its options, and the cookie', async () => {
    const reply = await once({ requestKey: 'admin', path: '/admin' }, (req) => {
      assert.deepStrictEqual({ ...req.admin }, {})
      assert.strictEqual(req.adminOptions.path, '/admin')
      assert.strictEqual(req.session, undefined)
      assert.strictEqual(req.sessionOptions, undefined)
      req.adminOptions.sameSite = 'lax'
      req.admin.level = 1
    })
    assert.deepStrictEqual(sent(reply, 'admin'), { level: 1 })
    assert.strictEqual(reply.cookies.length, 2)
    assert.match(reply.cookies[1], /^admin\.sig=/)
    for (const line of reply.cookies) assert.match(line, /; path=\/admin; samesite=lax; httponly$/)
  })

  test('is the cookie of the original given that name', async () => {
    const reply = await once({ requestKey: 'admin' }, (req) => {
      req.admin.level = 1
    })
    const other = await onceOriginal({ name: 'admin' }, (req) => {
      req.session.level = 1
    })
    assert.strictEqual(reply.raw, other.raw)
  })

  test('with a name of its own the cookie has that one', async () => {
    const cookie = signed('a', VALUE, KEY)
    const reply = await once(
      { requestKey: 'admin', name: 'a' },
      (req) => {
        assert.deepStrictEqual({ ...req.admin }, ANN)
        req.admin.n = 2
      },
      { cookie }
    )
    assert.deepStrictEqual(sent(reply, 'a'), { user: 'ann', n: 2 })
  })

  test("'session' is what it is without the option", async () => {
    const run = (req) => {
      assert.ok(req.sessionOptions)
      req.session.n = 2
    }
    for (const cookie of [undefined, VALID, ROTATED, FORGED]) {
      const reply = await once({ requestKey: 'session' }, run, { cookie })
      assert.strictEqual(reply.raw, (await onceOriginal({}, run, { cookie })).raw)
    }
  })

  test('the property is as req.session is: own, an accessor, seen through what inherits', async () => {
    await once({ requestKey: 'admin' }, (req) => {
      const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(req, 'admin')
      assert.deepStrictEqual([typeof get, typeof set], ['function', 'function'])
      assert.deepStrictEqual([enumerable, configurable], [true, true])
      assert.strictEqual(Object.create(req).admin, req.admin)
      assert.strictEqual(new Proxy(req, {}).admin, req.admin)
      assert.throws(() => {
        req.admin = 'text'
      }, /req\.admin can only be set as null or an object/)
    })
  })

  const stack = (more = {}) => [
    ours({ keys: [KEY], ...more }),
    ours({ keys: [FORMER], requestKey: 'admin', maxAge: 60_000, ...more }),
    ours({ keys: [KEY], requestKey: 'cart', path: '/cart', ...more })
  ]

  for (const more of [{}, { sessionMethods: true, onError() {} }]) {
    for (const [line, order] of [
      ['', (list) => list],
      [', mounted the other way round', (list) => list.reverse()]
    ]) {
      test(`several sessions know nothing of each other${line} (${Object.keys(more)})`, async () => {
        const middlewares = order(stack(more))
        const cookie = [
          signed('session', encode({ of: 'session' }), KEY),
          signed('admin', encode({ of: 'admin' }), FORMER),
          signed('cart', encode({ of: 'cart' }), KEY)
        ].join('; ')
        const reply = await serve(
          middlewares,
          (req) => {
            for (const key of ['session', 'admin', 'cart']) {
              assert.deepStrictEqual({ ...req[key] }, { of: key })
              const view = Object.create(new Proxy(req, {}))
              assert.strictEqual(view[key], req[key])
            }
            assert.strictEqual(req.sessionOptions.maxAge, undefined)
            assert.strictEqual(req.adminOptions.maxAge, 60_000)
            assert.strictEqual(req.cartOptions.path, '/cart')
            req.admin.level = 1
            req.cart = null
          },
          { cookie }
        )
        assert.strictEqual(reply.cookies.length, 4)
        assert.strictEqual(sent(reply), undefined)
        assert.deepStrictEqual(sent(reply, 'admin'), { of: 'admin', level: 1 })
        const cart = reply.cookies.filter((one) => one.startsWith('cart'))
        assert.match(cart[0], /^cart=; path=\/cart; expires=Thu, 01 Jan 1970/)
        assert.ok(reply.cookies.filter((one) => one.startsWith('admin')).every((one) => /expires=/.test(one)))
      })
    }
  }

  test('beside a session without any new option', async () => {
    for (const list of [
      [ours({ keys: [KEY] }), ours({ keys: [KEY], requestKey: 'admin' })],
      [ours({ keys: [KEY], requestKey: 'admin' }), ours({ keys: [KEY] })],
      [original({ keys: [KEY] }), ours({ keys: [KEY], requestKey: 'admin' })],
      [ours({ keys: [KEY], requestKey: 'admin' }), original({ keys: [KEY] })]
    ]) {
      const reply = await serve(
        list,
        (req) => {
          assert.deepStrictEqual({ ...req.session }, ANN)
          assert.deepStrictEqual({ ...req.admin }, {})
          req.session.n = 2
          req.admin.level = 3
        },
        { cookie: VALID }
      )
      assert.strictEqual(reply.cookies.length, 4)
      assert.deepStrictEqual(sent(reply), { user: 'ann', n: 2 })
      assert.deepStrictEqual(sent(reply, 'admin'), { level: 3 })
    }
  })

  test("regenerating one leaves the other's alone", async () => {
    const cookie = `${VALID}; ${signed('admin', VALUE, FORMER)}`
    const reply = await serve(
      stack({ sessionMethods: true }),
      async (req) => {
        await req.admin.regenerate()
        assert.deepStrictEqual({ ...req.admin }, {})
        assert.deepStrictEqual({ ...req.session }, ANN)
        req.admin.fresh = true
      },
      { cookie }
    )
    assert.strictEqual(reply.cookies.length, 2)
    assert.deepStrictEqual(sent(reply, 'admin'), { fresh: true })
  })

  test("one's cookie moved to the other's name does not open", async () => {
    for (const format of [{}, { ttl: 60_000 }, { encrypt: true }]) {
      const list = () => [
        ours({ keys: [KEY], ...format }),
        ours({ keys: [KEY], requestKey: 'admin', ...format })
      ]
      const put = await serve(list(), (req) => {
        req.session.user = 'ann'
      })
      const moved = put.cookies.map((one) => one.split(';')[0].replace(/^session/, 'admin')).join('; ')
      await serve(list(), (req) => assert.deepStrictEqual({ ...req.admin }, {}), { cookie: moved })
    }
  })

  test('in a browser over several requests', async () => {
    const jar = new Jar()
    for (let n = 1; n <= 3; n++) {
      const reply = await serve(
        stack(),
        (req) => {
          req.session.n = (req.session.n ?? 0) + 1
          req.admin.n = (req.admin.n ?? 10) + 1
        },
        { cookie: jar.text }
      )
      jar.take(reply.cookies)
      assert.deepStrictEqual([sent(reply), sent(reply, 'admin')], [{ n }, { n: n + 10 }])
    }
  })

  /** All that a request in an app has, by name, its prototypes' included. */
  async function keysOfRequests() {
    const keys = new Set()
    const note = (req) => {
      for (let one = req; one; one = Object.getPrototypeOf(one)) {
        for (const key of Object.getOwnPropertyNames(one)) keys.add(key)
      }
    }
    for (const make of [express4, express5]) {
      const app = make()
      app.use(make.json())
      app.get('/', (req, res) => {
        note(req)
        res.end()
      })
      const server = await listen('http', app)
      await ask(server, {})
      await server.close()
    }
    const server = await listen('http', (req, res) => {
      note(req)
      res.end()
    })
    await ask(server, {})
    await server.close()
    return keys
  }

  function isRefused(requestKey) {
    assert.throws(
      () => ours({ keys: [KEY], requestKey }),
      (err) => err instanceof TypeError && /\brequestKey\b/.test(err.message) && /expected/.test(err.message),
      String(requestKey)
    )
  }

  test('what a request of Node or Express has already throws', async () => {
    const keys = await keysOfRequests()
    for (const key of ['headers', 'socket', 'url', 'method', 'on', 'pipe', 'app', 'route', 'ip']) {
      assert.ok(keys.has(key), key)
    }
    for (const key of keys) isRefused(key)
  })

  test('what is put on requests by custom throws', () => {
    for (const key of ['body', 'params', 'query', 'cookies', 'signedCookies', 'user']) isRefused(key)
    for (const key of Object.getOwnPropertyNames(http.IncomingMessage.prototype)) isRefused(key)
  })

  test('a name whose options would fall on what there is throws', () => {
    isRefused('sessionOptions')
    isRefused('__proto__')
    isRefused('constructor')
    isRefused('hasOwnProperty')
  })
})

describe('reissue', () => {
  const attributes = { maxAge: 3_600_000, domain: 'localhost', path: '/app', sameSite: 'lax' }
  const look = (req) => void req.session

  test('a cookie of an older key is written whole; the original sends a bare signature', async () => {
    const reply = await once({ ...attributes, reissue: true }, look, { cookie: ROTATED })
    assert.strictEqual(reply.cookies.length, 2)
    assert.deepStrictEqual(sent(reply), ANN)
    const [, signature] = signed('session', VALUE, KEY).split('; ')
    assert.ok(reply.cookies[1].startsWith(`${signature};`))
    for (const line of reply.cookies) {
      assert.match(line, /; path=\/app; expires=[^;]+; domain=localhost; samesite=lax; httponly$/)
    }

    const theirs = await onceOriginal(attributes, look, { cookie: ROTATED })
    assert.deepStrictEqual(theirs.cookies, [`${signature}; path=/; httponly`])
    const unset = await once({ ...attributes, sessionMethods: true }, look, { cookie: ROTATED })
    assert.deepStrictEqual(unset.cookies, theirs.cookies)
  })

  test('over TLS it keeps secure', async () => {
    const reply = await once({ reissue: true, secure: true }, look, { cookie: ROTATED, transport: 'https' })
    assert.strictEqual(reply.cookies.length, 2)
    for (const line of reply.cookies) assert.match(line, /; secure/)
  })

  test('the original reads it with the new key alone, and it is not written again', async () => {
    const reply = await once({ reissue: true }, look, { cookie: ROTATED })
    const cookie = reply.cookies.map((line) => line.split(';')[0]).join('; ')
    const theirs = await onceOriginal(
      { keys: [KEY] },
      (req) => assert.deepStrictEqual({ ...req.session }, ANN),
      {
        cookie
      }
    )
    assert.deepStrictEqual(theirs.cookies, [])
    assert.deepStrictEqual((await once({ reissue: true }, look, { cookie })).cookies, [])
  })

  test('the content is the same, though its JSON was written oddly', async () => {
    for (const text of ['{"n":1,"user":"ann"}', '{"2":1,"1":2,"é":"\\u2028"}', '{"n":1e3}', '{"a": 1}']) {
      const cookie = signed('session', encode(text), FORMER)
      const reply = await once({ reissue: true }, look, { cookie })
      assert.deepStrictEqual(sent(reply), JSON.parse(text))
      assert.strictEqual(reply.cookies.length, 2)
    }
  })

  test('nobody looked at it: nothing is sent', async () => {
    assert.deepStrictEqual((await once({ reissue: true }, () => {}, { cookie: ROTATED })).cookies, [])
  })

  test('of the newest key: nothing is sent', async () => {
    assert.deepStrictEqual((await once({ reissue: true }, look, { cookie: VALID })).cookies, [])
  })

  test('none, a forged one, one without a signature: as with the original', async () => {
    for (const cookie of [undefined, FORGED, `session=${VALUE}`]) {
      for (const run of [look, fill]) {
        const reply = await once({ reissue: true }, run, { cookie })
        assert.strictEqual(reply.raw, (await onceOriginal({}, run, { cookie })).raw)
      }
    }
  })

  test('changed, it is sent once, with its change', async () => {
    const reply = await once({ reissue: true, ...attributes }, fill, { cookie: ROTATED })
    assert.deepStrictEqual(sent(reply), { user: 'bob', n: 1 })
    assert.strictEqual(reply.cookies.length, 2)
  })

  test('cleared, it is cleared and no more', async () => {
    const reply = await once(
      { reissue: true },
      (req) => {
        void req.session
        req.session = null
      },
      { cookie: ROTATED }
    )
    assert.strictEqual(reply.cookies.length, 2)
    assert.match(reply.cookies[0], GONE)
  })

  test('an empty session of an older key is written anew, too', async () => {
    const cookie = signed('session', encode({}), FORMER)
    assert.deepStrictEqual(sent(await once({ reissue: true }, look, { cookie })), {})
  })

  test('with any Keygrip', async () => {
    for (const Keygrip of [OriginalKeygrip, ours.Keygrip]) {
      const keys = new Keygrip([KEY, FORMER])
      const reply = await once({ keys, reissue: true, maxAge: 1000 }, look, { cookie: ROTATED })
      assert.strictEqual(reply.cookies.length, 2)
      for (const line of reply.cookies) assert.match(line, /expires=/)
    }
  })

  test('where it cannot be written, onError hears of it and nothing is sent', async () => {
    const errors = []
    const options = { reissue: true, secure: true, onError: (err) => errors.push(err.code) }
    const reply = await once(options, look, { cookie: ROTATED })
    assert.deepStrictEqual(reply.cookies, [])
    assert.deepStrictEqual(errors, ['ERR_SESSION_INSECURE'])
  })
})
