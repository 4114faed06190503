// The options that say which request counts and whose session it is: proxy, requestKey, reissue and accept,
// next to express-session and the original where they do the same. And what a wrong value of any new option
// leads to.
'use strict'

const assert = require('node:assert')
const http = require('node:http')
const { after, before, describe, test } = require('node:test')

const express4 = require('express4')
const express5 = require('express')
const expressSession = require('express-session')
const OriginalKeygrip = require('keygrip')

const { Jar, ask, decode, encode, listen, original, ours, signed } = require('../support/sockets/harness')

const KEY = 'a key of the app that is long enough for each format there is'
const FORMER = 'a former key of the app that is long enough for each format'
const ANN = { user: 'ann', n: 1 }
const VALUE = encode(ANN)
const VALID = signed('session', VALUE, KEY)
const ROTATED = signed('session', VALUE, FORMER)
const FORGED = VALID.replace(VALUE, encode({ user: 'eve', n: 1 }))
const GONE = /^session=; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT/

const warnings = []
const onWarning = (warning) => warnings.push(warning)
before(() => process.on('warning', onWarning))
after(() => process.off('warning', onWarning))

/** Lets middlewares and `run` handle one request. What `run` throws fails the test. */
async function serve(middlewares, run, { cookie, headers = [], transport = 'http' } = {}) {
  let failure
  const server = await listen(transport, (req, res) => {
    const rest = [].concat(middlewares)
    const next = async () => {
      const middleware = rest.shift()
      if (middleware) return middleware(req, res, next)
      try {
        await run(req, res)
      } catch (err) {
        failure = err
      }
      if (!res.writableEnded) res.end('done')
    }
    next()
  })
  try {
    const reply = await ask(server, { headers: cookie ? [...headers, ['Cookie', cookie]] : headers })
    if (failure) throw failure
    return reply
  } finally {
    await server.close()
  }
}

function once(options, run, more) {
  return serve(ours({ keys: [KEY, FORMER], ...options }), run, more)
}

function onceOriginal(options, run, more) {
  return serve(original({ keys: [KEY, FORMER], ...options }), run, more)
}

/** What the reply's cookie of that name holds; undefined where none was sent. */
function sent(reply, name = 'session') {
  const line = reply.cookies.find((cookie) => cookie.startsWith(`${name}=`))
  return line && decode(line.slice(name.length + 1).split(';')[0])
}

function fill(req) {
  req.session.user = 'bob'
}

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

describe('accept', () => {
  test('is called once, with the session and the request, when it is looked at first', async () => {
    const calls = []
    const accept = (...args) => {
      calls.push(args)
      return true
    }
    const reply = await once(
      { accept },
      (req) => {
        assert.strictEqual(calls.length, 0)
        const { session } = req
        assert.deepStrictEqual({ ...session }, ANN)
        assert.strictEqual(req.session, session)
        assert.strictEqual(calls.length, 1)
        assert.strictEqual(calls[0].length, 3)
        assert.deepStrictEqual({ ...calls[0][0] }, ANN)
        assert.strictEqual(calls[0][0].isNew, false)
        assert.strictEqual(calls[0][1], req)
        session.n = 2
      },
      { cookie: VALID }
    )
    assert.strictEqual(calls.length, 1)
    assert.deepStrictEqual(sent(reply), { user: 'ann', n: 2 })
  })

  test('is not called where there is nothing to accept', async () => {
    const accept = () => assert.fail('it was called')
    for (const cookie of [
      undefined,
      FORGED,
      `session=${VALUE}`,
      'other=1',
      signed('session', 'bm8ganNvbg==', KEY)
    ]) {
      await once({ accept }, (req) => assert.deepStrictEqual({ ...req.session }, {}), { cookie })
    }
    await once({ accept }, () => {}, { cookie: VALID })
    await once(
      { accept },
      (req) => {
        req.session = { a: 1 }
      },
      { cookie: VALID }
    )
  })

  test('false means a new session, and nothing is sent by itself', async () => {
    for (const format of [{}, { ttl: 60_000 }, { encrypt: true }]) {
      const put = await once(format, (req) => Object.assign(req.session, ANN))
      const cookie = put.cookies.map((line) => line.split(';')[0]).join('; ')
      const accept = () => false
      const reply = await once(
        { ...format, accept },
        (req) => {
          assert.deepStrictEqual({ ...req.session }, {})
          assert.deepStrictEqual([req.session.isNew, req.session.isPopulated], [true, false])
          assert.strictEqual(req.session, req.session)
        },
        { cookie }
      )
      assert.deepStrictEqual(reply.cookies, [])
      const rolled = await once({ ...format, accept, rolling: true }, () => {}, { cookie })
      assert.deepStrictEqual(rolled.cookies, [])
    }
  })

  test('is called once for a cookie that is to roll, and is looked at after the headers', async () => {
    for (const answer of [true, false]) {
      const accept = () => {
        calls++
        return answer
      }
      let calls = 0
      await once(
        { accept, rolling: true },
        (req, res) => {
          res.flushHeaders()
          assert.deepStrictEqual({ ...req.session }, answer ? ANN : {})
        },
        { cookie: VALID }
      )
      assert.strictEqual(calls, 1, String(answer))
    }
  })

  test('refused and filled, the new session alone is sent', async () => {
    const reply = await once({ accept: () => false }, fill, { cookie: VALID })
    assert.deepStrictEqual(sent(reply), { user: 'bob' })
  })

  test('refused and regenerated, the cookie is cleared', async () => {
    const reply = await once(
      { accept: () => false, sessionMethods: true },
      (req) => void req.session.regenerate(),
      { cookie: VALID }
    )
    assert.match(reply.cookies[0], GONE)
  })

  test('a refused cookie of an older key is not signed anew', async () => {
    for (const reissue of [true, undefined]) {
      const reply = await once({ accept: () => false, reissue }, (req) => void req.session, {
        cookie: ROTATED
      })
      assert.deepStrictEqual(reply.cookies, [])
    }
  })

  test('anything but a boolean is an error of the app, a promise first of all', async () => {
    for (const value of [undefined, null, 1, 'yes', Promise.resolve(true)]) {
      await once(
        { accept: () => value },
        (req) => {
          assert.throws(
            () => req.session,
            (err) => err instanceof TypeError && /accept/.test(err.message) && /boolean/.test(err.message)
          )
        },
        { cookie: VALID }
      )
    }
  })

  test('a log-out everywhere, by a version number of the user', async () => {
    const versions = new Map([['ann', 1]])
    const accept = ({ user, version }) => user === undefined || versions.get(user) === version
    const cookie = signed('session', encode({ user: 'ann', version: 1 }), KEY)
    await once({ accept }, (req) => assert.strictEqual(req.session.user, 'ann'), { cookie })
    versions.set('ann', 2)
    await once({ accept }, (req) => assert.strictEqual(req.session.user, undefined), { cookie })
  })
})

describe('what a request says does not weaken it', () => {
  const loosen = [
    [
      'null',
      (req) => {
        req.sessionOptions = null
      }
    ],
    [
      'signed: false',
      (req) => {
        req.sessionOptions.signed = false
      }
    ],
    [
      'a replaced object',
      (req) => {
        req.sessionOptions = { signed: false }
      }
    ]
  ]
  for (const [line, more] of [
    ['digest', { digest: 'sha1' }],
    ['digest and legacy', { digest: 'sha256', legacy: true }],
    ['ttl', { ttl: 60_000 }],
    ['encrypt and legacy', { encrypt: true, legacy: true }],
    ['sessionMethods', { sessionMethods: true }],
    ['onError', { onError() {} }],
    ['accept', { accept: () => true }],
    ['reissue', { reissue: true }],
    ['maxSize', { maxSize: 4096 }],
    ['proxy', { proxy: true }],
    ['requestKey', { requestKey: 'session' }],
    ['rolling', { rolling: true }]
  ]) {
    test(`a forged cookie is not read as genuine with ${line}`, async () => {
      for (const [how, change] of loosen) {
        await once(
          more,
          (req) => {
            change(req)
            assert.deepStrictEqual({ ...req.session }, {}, how)
          },
          { cookie: FORGED }
        )
      }
    })
  }

  test('the new options are read once, when the middleware is made', async () => {
    const calls = []
    const options = {
      keys: [KEY],
      sessionMethods: true,
      maxSize: 200,
      onError: (err) => calls.push(err.code),
      accept: () => true
    }
    const middleware = ours(options)
    Object.assign(options, { sessionMethods: false, maxSize: 1, accept: () => false, onError: undefined })
    await serve(
      middleware,
      (req) => {
        Object.assign(req.sessionOptions, { sessionMethods: false, maxSize: 1e6, accept: () => false })
        req.sessionOptions.onError = undefined
        assert.deepStrictEqual({ ...req.session }, ANN)
        assert.strictEqual(typeof req.session.save, 'function')
        req.session.text = 'x'.repeat(300)
      },
      { cookie: VALID }
    )
    assert.deepStrictEqual(calls, ['ERR_SESSION_TOO_LARGE'])
  })
})

describe('wrong values', () => {
  /** What a message says of a value's type. */
  function typeIn(value) {
    if (value === null) return /\bnull\b/
    if (Array.isArray(value)) return /\barray\b/
    if (Number.isNaN(value)) return /\bNaN\b/
    if (value instanceof Date) return /\bDate\b/
    return new RegExp(`\\b${typeof value}\\b`)
  }

  const show = (value) => (typeof value === 'string' ? `'${value}'` : String(value))
  const noBooleans = [null, 0, 1, 'true', '', {}, [], () => true, NaN, 1n]
  const noFunctions = [null, true, false, 0, 'handler', {}, []]
  const noTtl = [null, false, 0, -1, 1.5, NaN, Infinity, '1000', {}, [], new Date(0), 2 ** 53, 10n]
  const noCounts = [true, ...noTtl]
  const table = {
    sessionMethods: [noBooleans, /boolean/],
    encrypt: [noBooleans, /boolean/],
    reissue: [noBooleans, /boolean/],
    onError: [noFunctions, /function/],
    accept: [noFunctions, /function/],
    ttl: [noTtl, /milliseconds/],
    maxLifetime: [noCounts, /milliseconds/],
    maxSize: [noCounts, /bytes/],
    digest: [
      [null, true, false, 256, '', 'md5', 'SHA256', 'sha3-256', {}, ['sha256']],
      /sha1.*sha256.*sha384.*sha512/
    ],
    legacy: [[null, 0, 1, '', 'read', 'true', {}, [], new Date(NaN), Date.now()], /'write'.*Date/],
    requestKey: [[null, true, false, 1, '', {}, ['admin'], Symbol('admin')], /string/]
  }
  for (const [name, [values, expected]] of Object.entries(table)) {
    for (const value of values) {
      test(`${name}: ${show(value)} (${typeof value}) throws when the middleware is made`, () => {
        assert.throws(
          () => ours({ keys: [KEY], ...(name === 'legacy' && { encrypt: true }), [name]: value }),
          (err) => {
            assert.ok(err instanceof TypeError, err.stack)
            const [given, wanted] = err.message.split('expected')
            assert.match(given, new RegExp(`\\b${name}\\b`))
            assert.match(given, typeIn(value))
            assert.match(String(wanted), expected)
            return true
          }
        )
      })
    }
  }

  test('undefined is not set, and false is off', async () => {
    const off = {
      sessionMethods: false,
      encrypt: false,
      reissue: false,
      legacy: false,
      rolling: false,
      proxy: false
    }
    for (const name of [...Object.keys(table), 'rolling', 'proxy']) {
      const run = (req) => {
        req.session.n = 2
      }
      for (const options of [{ [name]: undefined }, ...(name in off ? [{ [name]: false }] : [])]) {
        for (const cookie of [undefined, VALID, ROTATED, FORGED]) {
          const reply = await once(options, run, { cookie })
          assert.strictEqual(reply.raw, (await onceOriginal({}, run, { cookie })).raw, name)
        }
      }
    }
  })

  const noRolling = [null, 0, -1, 1.5, NaN, Infinity, 'true', '', {}, [], () => true, 10n]
  for (const [name, values, more] of [
    ['rolling', [...noRolling, 1000], {}],
    ['rolling', noRolling, { ttl: 60_000 }],
    ['proxy', noBooleans, {}],
    ['proxy', noBooleans, { ttl: 60_000 }]
  ]) {
    test(`${name}: a wrong value is ignored, with one process warning (${Object.keys(more)})`, async () => {
      const headers = [['X-Forwarded-Proto', 'https']]
      for (const value of values) {
        for (const cookie of [undefined, VALID]) {
          const run = (req) => void req.session
          const reply = await once({ ...more, [name]: value }, run, { cookie, headers })
          assert.deepStrictEqual(reply.cookies, [], show(value))
        }
        const filled = await once({ ...more, [name]: value }, fill, { headers })
        assert.strictEqual(filled.cookies.length, 2)
        for (const line of filled.cookies) assert.doesNotMatch(line, /; secure/)
      }
      await new Promise(setImmediate)
      const about = warnings.filter(({ message }) => message.startsWith(`option ${name} `))
      assert.strictEqual(about.length, 1)
      assert.match(about[0].code, /^COOKIE_SESSION_/)
      assert.match(about[0].message, /ignored/)
    })
  }

  test('signed: false beside what needs a signature throws', () => {
    for (const more of [
      { encrypt: true },
      { ttl: 1000 },
      { maxLifetime: 1000 },
      { digest: 'sha256' },
      { digest: 'sha1' },
      { digest: 'sha256', legacy: true },
      { encrypt: true, legacy: 'write' }
    ]) {
      for (const keys of [[KEY], undefined]) {
        assert.throws(() => ours({ keys, signed: false, ...more }), /signed/, JSON.stringify(more))
      }
    }
  })

  test('signed: false beside any other is as with the original', async () => {
    for (const more of [
      { sessionMethods: true },
      { reissue: true },
      { maxSize: 4096 },
      { accept: () => true }
    ]) {
      const run = (req) => {
        req.session.n = 2
      }
      const cookie = `session=${VALUE}`
      const reply = await once({ ...more, keys: undefined, signed: false }, run, { cookie })
      const theirs = await onceOriginal({ keys: undefined, signed: false }, run, { cookie })
      assert.strictEqual(reply.raw, theirs.raw)
    }
  })

  test('no keys: the error of the original', () => {
    for (const more of [
      {},
      { sessionMethods: true },
      { encrypt: true },
      { ttl: 1000 },
      { requestKey: 'admin' }
    ]) {
      assert.throws(() => ours(more), { message: '.keys required.' })
    }
  })

  test('keys that nothing can be derived from throw and say why', () => {
    const foreign = [new OriginalKeygrip([KEY]), { sign: () => '', index: () => 0 }]
    for (const more of [{ encrypt: true }, { ttl: 1000 }, { maxLifetime: 1000 }]) {
      for (const keys of foreign) assert.throws(() => ours({ keys, ...more }), TypeError)
      for (const keys of foreign) assert.throws(() => ours({ keys, ...more }), /\bkeys\b.*expected/)
      assert.throws(() => ours({ keys: ['short'], ...more }), /32.*keygen/s)
      assert.throws(() => ours({ secret: 'short', ...more }), /32.*keygen/s)
      assert.throws(() => ours({ keys: [], ...more }), TypeError)
      assert.throws(() => ours({ keys: [KEY, 'short'], ...more }), /legacy/)
      assert.throws(() => ours({ keys: ['short', KEY], legacy: true, ...more }), /32/)
      assert.throws(() => ours({ keys: [KEY, 7], ...more }), TypeError)
      ours({ keys: [KEY, 'sixteen bytes ok'], legacy: true, ...more })
      assert.throws(() => ours({ keys: [KEY, 'fifteen bytes..'], legacy: true, ...more }), /keys.*15.*16/)
      ours({ keys: new ours.Keygrip([KEY]), ...more })
      ours({ secret: KEY, ...more })
    }
  })

  test('no message holds a key', () => {
    const secret = 'do-not-tell'
    for (const more of [{ encrypt: true }, { ttl: 1000 }, { encrypt: true, legacy: true }]) {
      for (const keys of [[secret], [KEY, secret, 7]]) {
        assert.throws(
          () => ours({ keys, ...more }),
          (err) => !err.message.includes(secret)
        )
      }
    }
  })

  test('digest beside any Keygrip throws', () => {
    for (const keys of [new OriginalKeygrip([KEY]), new ours.Keygrip([KEY])]) {
      assert.throws(
        () => ours({ keys, digest: 'sha256' }),
        (err) => err instanceof TypeError && /digest/.test(err.message) && /Keygrip/.test(err.message)
      )
    }
  })

  test('legacy without what it leads to throws', () => {
    for (const more of [{}, { digest: 'sha1' }, { sessionMethods: true }]) {
      assert.throws(() => ours({ keys: [KEY], legacy: true, ...more }), TypeError)
    }
  })
})
