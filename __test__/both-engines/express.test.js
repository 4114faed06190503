// The apps people write with cookie-session, the examples of its README among them, in Express 5 and 4: a browser
// with a cookie jar walks through each, once with the original and once with ours, and sees the same bytes.
'use strict'

process.env.NODE_ENV = 'test'
process.env.NO_DEPRECATION = 'cookies'
const assert = require('node:assert')
const { after, before, describe, test } = require('node:test')
const express4 = require('express4')
const express5 = require('express')
const OriginalKeygrip = require('keygrip')
const { Jar, NOW, ask, compare, decode, ours } = require('../support/sockets/harness')
let now = NOW
const { now: realNow } = Date
before(() => {
  Date.now = () => now
})
after(() => {
  Date.now = realNow
})

/** Asks for one page after another as one browser does; returns the replies. */
async function browse(server, steps) {
  const jar = new Jar()
  const replies = []
  for (const step of steps) {
    if (typeof step === 'function') {
      step(jar)
      continue
    }
    const [method, path, form, more = []] = step
    const headers = [...jar.headers, ...more]
    if (form !== undefined) headers.push(['Content-Type', 'application/x-www-form-urlencoded'])
    const reply = await ask(server, { method, path, headers, body: form })
    jar.take(reply.cookies)
    replies.push(reply)
  }
  return replies
}

/** Runs the walk with both packages; what the original answered comes back. */
function walk(build, steps) {
  return compare(
    'http',
    (cookieSession) => build(cookieSession),
    (server) => {
      now = NOW
      return browse(server, steps)
    }
  )
}
const bodies = (replies) => replies.map((reply) => reply.body)
const counts = (replies) => replies.map((reply) => reply.cookies.length)
const later = (ms) => () => {
  now += ms
}

/** Its page shows the message alone, for the frames of the two packages are not the same. */
function failure(message) {
  const err = new Error(message)
  err.stack = `Error: ${message}`
  return err
}

for (const [name, express] of [
  ['Express 5', express5],
  ['Express 4', express4]
]) {
  describe(`${name}, the README's examples`, () => {
    test('Simple view counter example', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.set('trust proxy', 1)
          app.use(cookieSession({ name: 'session', keys: ['key1', 'key2'] }))
          app.get('/', (req, res) => {
            req.session.views = (req.session.views || 0) + 1
            res.end(`${req.session.views} views`)
          })
          return app
        },
        [
          ['GET', '/'],
          ['GET', '/'],
          ['GET', '/', undefined, [['X-Forwarded-Proto', 'https']]]
        ]
      )
      assert.deepStrictEqual(bodies(replies), ['1 views', '2 views', '3 views'])
      assert.deepStrictEqual(
        replies.map((reply) => reply.cookies.every((line) => line.includes('; secure'))),
        [false, false, true]
      )
    })

    test('Per-user sticky max age', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ name: 'session', keys: ['key1', 'key2'], maxAge: 60_000 }))
          app.use((req, _res, next) => {
            req.sessionOptions.maxAge = req.session.maxAge || req.sessionOptions.maxAge
            next()
          })
          app.get('/', (req, res) => {
            req.session.views = (req.session.views || 0) + 1
            res.end()
          })
          app.get('/remember', (req, res) => {
            req.session.maxAge = 3_600_000
            res.end()
          })
          return app
        },
        [
          ['GET', '/'],
          ['GET', '/remember'],
          ['GET', '/']
        ]
      )
      assert.deepStrictEqual(
        replies.map((reply) => /expires=\w+, ([^;]*)/.exec(reply.cookies[0])[1]),
        ['02 Jan 2030 03:05:05 GMT', '02 Jan 2030 03:05:05 GMT', '02 Jan 2030 04:04:05 GMT']
      )
    })

    test('Extending the session expiration', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ name: 'session', keys: ['key1', 'key2'], maxAge: 60_000 }))
          app.use((req, _res, next) => {
            req.session.nowInMinutes = Math.floor(Date.now() / 60e3)
            next()
          })
          app.use((req, res) => res.json(req.session))
          return app
        },
        [['GET', '/'], later(10_000), ['GET', '/'], later(60_000), ['GET', '/'], ['GET', '/']]
      )
      assert.deepStrictEqual(counts(replies), [2, 0, 2, 0])
    })

    for (const [whose, pick] of [
      ["each its own package's", (own) => own],
      ['the keygrip package', () => OriginalKeygrip],
      ['ours', () => ours.Keygrip]
    ]) {
      test(`Using a custom signature algorithm, Keygrip: ${whose}`, async () => {
        const replies = await walk(
          (cookieSession) => {
            const Keygrip = pick(cookieSession.Keygrip || OriginalKeygrip)
            const app = express()
            app.use(
              cookieSession({ name: 'session', keys: new Keygrip(['key1', 'key2'], 'SHA384', 'base64') })
            )
            app.get('/', (req, res) => {
              req.session.views = (req.session.views || 0) + 1
              res.end(`${req.session.views} views`)
            })
            return app
          },
          [
            ['GET', '/'],
            ['GET', '/'],
            (jar) => jar.cookies.set('session.sig', jar.cookies.get('session.sig').slice(0, 27)),
            ['GET', '/']
          ]
        )
        assert.deepStrictEqual(bodies(replies), ['1 views', '2 views', '1 views'])
        // 48 bytes in base64
        assert.match(replies[0].cookies[1], /^session\.sig=[\w-]{64}; path=\//)
      })
    }

    test('Destroying a session, isNew, isChanged, isPopulated, req.sessionOptions', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ secret: 'only one' }))
          app.get('/destroy', (req, res) => {
            req.session = null
            res.send(String(req.session))
          })
          app.get('/set', (req, res) => {
            req.session.a = 1
            res.send([req.session.isNew, req.session.isChanged, req.session.isPopulated])
          })
          app.get('/', (req, res) =>
            res.send([req.session.isNew, req.session.isChanged, req.session.isPopulated, req.sessionOptions])
          )
          return app
        },
        [
          ['GET', '/'],
          ['GET', '/set'],
          ['GET', '/'],
          ['GET', '/destroy'],
          ['GET', '/']
        ]
      )
      assert.deepStrictEqual(bodies(replies), [
        '[true,true,false,{}]',
        '[true,true,true]',
        '[false,false,true,{}]',
        'null',
        '[true,true,false,{}]'
      ])
      assert.deepStrictEqual(counts(replies), [0, 2, 0, 2, 0])
    })
  })

  describe(`${name}, apps`, () => {
    test('login, a page for members, logout, with forms and redirects', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ name: 'site', keys: ['k'], maxAge: 86_400_000, sameSite: 'lax' }))
          app.use(express.urlencoded({ extended: false }))
          app.post('/login', (req, res) => {
            if (req.body.password !== 'secret') return res.status(401).send('no')
            req.session = { user: req.body.user, since: Date.now() }
            res.redirect('/members')
          })
          app.get('/members', (req, res) => {
            if (!req.session.user) return res.redirect('/login')
            res.send(`hello ${req.session.user}`)
          })
          app.post('/logout', (req, res) => {
            req.session = null
            res.redirect(303, '/')
          })
          return app
        },
        [
          ['GET', '/members'],
          ['POST', '/login', 'user=ann&password=guess'],
          ['POST', '/login', `user=${encodeURIComponent('żółć 🍪')}&password=secret`],
          ['GET', '/members'],
          ['HEAD', '/members'],
          ['POST', '/logout', ''],
          ['GET', '/members']
        ]
      )
      assert.deepStrictEqual(
        replies.map((reply) => reply.status),
        [302, 401, 302, 200, 200, 303, 302]
      )
      assert.deepStrictEqual(counts(replies), [0, 0, 2, 0, 0, 2, 0])
      assert.strictEqual(Buffer.from(replies[3].body, 'latin1').toString(), 'hello żółć 🍪')
    })

    test('messages shown once, in a router', async () => {
      const replies = await walk(
        (cookieSession) => {
          const router = express.Router({ mergeParams: true })
          router.use((req, res, next) => {
            res.locals.messages = req.session.messages || []
            delete req.session.messages
            next()
          })
          router.post('/say', (req, res) => {
            req.session.messages = [
              ...res.locals.messages,
              `in ${req.params.room}`,
              `also in ${req.params.room}`
            ]
            res.redirect(req.baseUrl)
          })
          router.get('/', (_req, res) => res.json(res.locals.messages))
          const app = express()
          app.use(cookieSession({ keys: ['k'] }))
          app.use('/rooms/:room', router)
          return app
        },
        [
          ['GET', '/rooms/red'],
          ['POST', '/rooms/red/say'],
          ['GET', '/rooms/blue'],
          ['GET', '/rooms/blue']
        ]
      )
      assert.deepStrictEqual(bodies(replies).slice(2), ['["in red","also in red"]', '[]'])
    })

    test('the middleware on some routes only', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          const session = cookieSession({ keys: ['k'] })
          app.get('/with', session, (req, res) => {
            req.session.seen = true
            res.send(String('session' in req))
          })
          app.get('/without', (req, res) => res.send(String('session' in req)))
          app.get(
            '/twice',
            session,
            (req, _res, next) => {
              req.session.first = true
              next()
            },
            session,
            (req, res) => res.json(req.session)
          )
          return app
        },
        [
          ['GET', '/without'],
          ['GET', '/with'],
          ['GET', '/twice'],
          ['GET', '/without']
        ]
      )
      assert.deepStrictEqual(bodies(replies), ['false', 'true', '{"seen":true}', 'false'])
    })

    test('req.session in the error middleware, which counts and explains', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ keys: ['k'] }))
          app.get('/throw', (req) => {
            req.session.before = 'thrown'
            throw failure('thrown')
          })
          app.get('/next', (_req, _res, next) => next(failure('passed on')))
          app.get('/cleared', (req, _res, next) => {
            req.session = null
            next(failure('cleared'))
          })
          app.get('/sent', (req, res, next) => {
            req.session.sent = true
            res.write('half a page, ')
            next(failure('too late'))
          })
          app.use((err, req, res, next) => {
            if (res.headersSent) return res.end(`then ${err.message}`)
            if (req.session === null) return next(err)
            req.session.errors = (req.session.errors || 0) + 1
            res.status(500).json({ message: err.message, session: req.session })
          })
          return app
        },
        [
          ['GET', '/throw'],
          ['GET', '/next'],
          ['GET', '/sent'],
          ['GET', '/cleared'],
          ['GET', '/next']
        ]
      )
      assert.deepStrictEqual(
        replies.map((reply) => [reply.status, reply.cookies.length]),
        [
          [500, 2],
          [500, 2],
          [200, 2],
          [500, 2],
          [500, 2]
        ]
      )
      assert.match(replies[4].body, /"errors":1/)
    })

    test('a cookie that cannot be read lands in the error middleware', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ keys: [undefined, 'k'] }))
          app.get('/', (req, res) => res.json(req.session))
          app.use((err, _req, res, _next) => res.status(500).send(`${err.name} ${err.code}`))
          return app
        },
        [
          ['GET', '/'],
          ['GET', '/', undefined, [['Cookie', 'session=e30=; session.sig=x']]]
        ]
      )
      assert.deepStrictEqual(bodies(replies), ['{}', 'TypeError ERR_INVALID_ARG_TYPE'])
    })

    test('without keys in time: the request fails, the next one with keys does not', async () => {
      let keys
      const replies = await walk(
        (cookieSession) => {
          keys = []
          const app = express()
          app.use(cookieSession({ keys }))
          app.get('/', (req, res) => {
            req.session.n = 1
            res.json(req.session)
          })
          app.use((err, req, res, _next) => res.status(500).send(`${err.message} ${'session' in req}`))
          return app
        },
        [['GET', '/'], () => keys.push('now'), ['GET', '/']]
      )
      assert.deepStrictEqual(bodies(replies), ['Keys must be provided. false', '{"n":1}'])
    })

    test('sub-apps: one inherits the session of its parent, one has its own', async () => {
      const replies = await walk(
        (cookieSession) => {
          const shared = express()
          shared.get('/', (req, res) => {
            req.session.shared = (req.session.shared || 0) + 1
            res.json(req.session)
          })
          const own = express()
          own.use(cookieSession({ name: 'admin', keys: ['admin key'], path: '/own', httpOnly: false }))
          own.get('/', (req, res) => {
            req.session.own = (req.session.own || 0) + 1
            res.json(req.session)
          })
          const app = express()
          app.use(cookieSession({ keys: ['k'] }))
          app.use((req, _res, next) => {
            req.outer = req.session
            next()
          })
          app.use('/shared', shared)
          app.use('/own', own)
          app.get('/', (req, res) => res.json([req.session, req.outer === req.session]))
          return app
        },
        [
          ['GET', '/shared'],
          ['GET', '/own'],
          ['GET', '/shared'],
          ['GET', '/own'],
          ['GET', '/']
        ]
      )
      assert.deepStrictEqual(bodies(replies), [
        '{"shared":1}',
        '{"own":1}',
        '{"shared":2}',
        '{"own":2}',
        '[{"shared":2},true]'
      ])
    })

    test('async handlers, with the session read before and after they wait', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ keys: ['k'] }))
          app.get('/', async (req, res) => {
            const { session } = req
            await new Promise(setImmediate)
            req.session.steps = [...(session.steps || []), 'one']
            await new Promise(setImmediate)
            session.steps.push('two')
            res.json(session === req.session && session.steps)
          })
          app.get('/rejects', async (req, _res, next) => {
            req.session.rejected = true
            await new Promise(setImmediate)
            const err = failure('rejected')
            if (express === express4) return next(err)
            throw err
          })
          return app
        },
        [
          ['GET', '/'],
          ['GET', '/rejects'],
          ['GET', '/']
        ]
      )
      assert.deepStrictEqual(counts(replies), [2, 2, 2])
      assert.strictEqual(replies[1].status, 500)
      assert.strictEqual(replies[2].body, '["one","two","one","two"]')
    })

    test('app.param, res.locals, res.format and a view engine see the same session', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.engine('txt', (_file, locals, done) => done(null, `page of ${locals.session.user}`))
          app.set('views', __dirname)
          app.set('view engine', 'txt')
          app.set('view', fixedView)
          app.use(cookieSession({ keys: ['k'] }))
          app.param('user', (req, _res, next, user) => {
            req.session.user = user
            next()
          })
          app.use((req, res, next) => {
            Object.defineProperty(res.locals, 'session', { get: () => req.session, enumerable: true })
            next()
          })
          app.get('/view/:user', (_req, res) => res.render('page'))
          app.get('/format/:user', (req, res) =>
            res.format({ text: () => res.send(req.session.user), json: () => res.json(req.session) })
          )
          return app
        },
        [
          ['GET', '/view/ann'],
          ['GET', '/format/bob', undefined, [['Accept', 'application/json']]],
          ['GET', '/format/bob', undefined, [['Accept', 'text/plain']]]
        ]
      )
      assert.deepStrictEqual(bodies(replies), ['page of ann', '{"user":"bob"}', 'bob'])
      assert.deepStrictEqual(counts(replies), [2, 2, 0])
    })

    test('functions hung on the session, as authentication packages want them, are not sent', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ keys: ['k'] }))
          app.use((req, _res, next) => {
            if (req.session && !req.session.regenerate) req.session.regenerate = (done) => done()
            if (req.session && !req.session.save) req.session.save = (done) => done()
            next()
          })
          app.get('/login', (req, res, next) => {
            req.session.regenerate((err) => {
              if (err) return next(err)
              req.session.passport = { user: 7 }
              req.session.save(() => res.json(Object.keys(req.session)))
            })
          })
          app.get('/', (req, res) => res.json(req.session))
          return app
        },
        [
          ['GET', '/'],
          ['GET', '/login'],
          ['GET', '/']
        ]
      )
      assert.deepStrictEqual(bodies(replies), [
        '{}',
        '["regenerate","save","passport"]',
        '{"passport":{"user":7}}'
      ])
      const [value] = /session=([^;]*)/.exec(replies[1].cookies[0]).slice(1)
      assert.deepStrictEqual(decode(value), { passport: { user: 7 } })
    })

    test('a session too big for a browser is sent all the same', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ keys: ['k'] }))
          app.get('/:size', (req, res) => {
            req.session.pad = 'p'.repeat(Number(req.params.size))
            res.send(String(req.session.pad.length))
          })
          return app
        },
        [
          ['GET', '/2800'],
          ['GET', '/4000'],
          ['GET', '/10000']
        ]
      )
      assert.deepStrictEqual(counts(replies), [2, 2, 2])
    })

    test('static files, not found and untouched routes send no cookie', async () => {
      const replies = await walk(
        (cookieSession) => {
          const app = express()
          app.use(cookieSession({ keys: ['k'] }))
          app.use(
            '/static',
            express.static(`${__dirname}/../support/sockets`, { lastModified: false, etag: false })
          )
          app.get('/touch', (req, res) => {
            req.session.a = 1
            res.end()
          })
          return app
        },
        [
          ['GET', '/touch'],
          ['GET', '/static/localhost-cert.pem'],
          ['GET', '/static/nothing'],
          ['GET', '/static']
        ]
      )
      assert.deepStrictEqual(counts(replies), [2, 0, 0, 0])
      assert.deepStrictEqual(
        replies.map((reply) => reply.status),
        [200, 200, 404, 301]
      )
    })
  })
}

/** A view that needs no file. */
function fixedView(name, options) {
  this.name = name
  this.path = name
  this.render = (locals, done) => options.engines['.txt'](name, locals, done)
}
