// Everything that tests with made-up req and res objects cannot show: real servers, real sockets, and the bytes
// that leave them. The original and ours run in identical servers, and every response must be the same.
'use strict'

process.env.NODE_ENV = 'test'
process.env.NO_DEPRECATION = 'cookies'

const assert = require('node:assert')
const { after, before, describe, test } = require('node:test')

const connect = require('connect')
const express4 = require('express4')
const express5 = require('express')

const { Random } = require('../support/differential/random')
const {
  Jar,
  KeepAlive,
  PATIENCE,
  ask,
  compare,
  connect: openSocket,
  connect2,
  decode,
  encode,
  freezeTime,
  listen,
  ours,
  packages,
  parse,
  raw,
  requestText,
  signed,
  stream2
} = require('../support/sockets/harness')
const {
  CURRENT,
  FORMER,
  KEYS,
  TAMPERED,
  VALID,
  VALUE,
  attempt,
  check,
  mount,
  scenarios,
  tell
} = require('../support/sockets/scenarios')

let thaw
before(() => {
  thaw = freezeTime()
})
after(() => thaw())

// --- the frameworks an app may be written in, each as handlers -> listener --------------------------------

function bare(handlers) {
  return (req, res) => {
    let i = 0
    const next = (err) => {
      if (err) {
        res.statusCode = 500
        return res.end(`caught ${err.message}`)
      }
      const handler = handlers[i++]
      try {
        handler(req, res, next)
      } catch (err) {
        next(err)
      }
    }
    next()
  }
}

const framework = {
  bare,
  connect(handlers) {
    const app = connect()
    for (const handler of handlers) app.use(handler)
    return app
  },
  express4(handlers) {
    const app = express4()
    for (const handler of handlers) app.use(handler)
    return app
  },
  express5(handlers) {
    const app = express5()
    for (const handler of handlers) app.use(handler)
    return app
  }
}

const stacks = [
  { name: 'node:http', transport: 'http', build: framework.bare },
  { name: 'Connect', transport: 'http', build: framework.connect },
  { name: 'Express 4', transport: 'http', build: framework.express4 },
  { name: 'Express 5', transport: 'http', build: framework.express5 },
  { name: 'node:https', transport: 'https', build: framework.bare, tls: true },
  { name: 'Express 5 over https', transport: 'https', build: framework.express5, tls: true },
  { name: 'HTTP/1.1 to node:http2 over TLS', transport: 'h2+1', build: framework.bare, tls: true },
  { name: 'node:http2, h2c', transport: 'h2c', build: framework.bare, h2: true },
  { name: 'node:http2 over TLS', transport: 'h2', build: framework.bare, tls: true, h2: true },
  { name: 'Connect over http2 and TLS', transport: 'h2', build: framework.connect, tls: true, h2: true }
]

/** The frames of the two packages are not the same, and some error pages show them. */
function shortStack(run) {
  return (req, res) => {
    try {
      run(req, res)
    } catch (err) {
      err.stack = String(err)
      throw err
    }
  }
}

for (const stack of stacks) {
  describe(stack.name, () => {
    for (const scenario of scenarios) {
      if (scenario.http1 && stack.h2) continue
      test(scenario.line, async () => {
        const reply = await compare(
          stack.transport,
          (cookieSession) => {
            const handlers = mount(scenario, cookieSession)
            if (scenario.between) {
              handlers.splice(1, 0, (req, _res, next) => {
                scenario.between(req)
                next()
              })
            }
            return stack.build([...handlers, shortStack(scenario.run)])
          },
          (server) =>
            ask(server, {
              method: scenario.method,
              body: scenario.body,
              headers: scenario.cookie === undefined ? [] : [['Cookie', scenario.cookie]]
            })
        )
        check(scenario, reply, stack)
      })
    }
  })
}

// --- what an Express app does besides ---------------------------------------------------------------------

/** An error whose page does not show the frames of the middleware it went through. */
function failure(message, status) {
  const err = new Error(message)
  err.stack = `Error: ${message}`
  if (status) err.status = status
  return err
}

function count(req) {
  req.session.n = (req.session.n || 0) + 1
  return req.session
}

for (const [name, express] of [
  ['Express 5', express5],
  ['Express 4', express4]
]) {
  describe(`${name}, its own replies`, () => {
    /** One app for all of them; the settings are the app's, the options the middleware's. */
    function build(options, settings) {
      return (cookieSession) => {
        const app = express()
        for (const [setting, value] of Object.entries(settings || {})) app.set(setting, value)
        app.use(cookieSession({ keys: [...KEYS], ...options }))
        app.get('/send', (req, res) => res.send(`n is ${count(req).n}`))
        app.get('/json', (req, res) => res.json(count(req)))
        app.get('/status', (req, res) => {
          count(req)
          res.sendStatus(418)
        })
        app.get('/redirect', (req, res) => {
          count(req)
          res.redirect('/send')
        })
        app.get('/throw', (req) => {
          count(req)
          throw failure('thrown')
        })
        app.get('/next', (req, _res, next) => {
          count(req)
          next(failure('passed on', 503))
        })
        app.get('/cookies', (req, res) => {
          res.cookie('theirs', 'one', { path: '/x' })
          count(req)
          res.clearCookie('session')
          res.append('Set-Cookie', 'more=1')
          res.end()
        })
        app.get('/file', (req, res) => {
          count(req)
          res.sendFile('localhost-cert.pem', {
            root: `${__dirname}/../support/sockets`,
            lastModified: false,
            etag: false
          })
        })
        app.get('/getter', (req, res) => {
          res.flushHeaders()
          res.end(attempt(() => JSON.stringify(req.session)))
        })
        app.get('/protocol', (req, res) => {
          count(req)
          res.send(`${req.protocol} ${req.secure}`)
        })
        app.use('/touched', (req, _res, next) => {
          count(req)
          next()
        })
        return app
      }
    }

    const get = (path, headers = [], method = 'GET') => ({
      path,
      method,
      headers: [['Cookie', VALID], ...headers]
    })

    for (const [line, request, status, cookies] of [
      ['Writing — at res.send', get('/send'), 200, 2],
      ['Writing — at res.json', get('/json'), 200, 2],
      ['Writing — at res.sendStatus', get('/status'), 418, 2],
      ['Writing — with a redirect', get('/redirect'), 302, 2],
      ['Writing — error replies: a throw in the handler', get('/throw'), 500, 2],
      ['Writing — error replies: next(err)', get('/next'), 503, 2],
      ['Writing — error replies: 404, session untouched', get('/nowhere'), 404, 0],
      ['Writing — error replies: 404 behind a middleware that touched', get('/touched/x'), 404, 2],
      ['Writing — HEAD', get('/send', [], 'HEAD'), 200, 2],
      ['Writing — OPTIONS', get('/send', [], 'OPTIONS'), 200, 0],
      ['Writing — beside res.cookie and res.clearCookie', get('/cookies'), 200, 4],
      ['Writing — with res.sendFile', get('/file'), 200, 2],
      ['Writing — with a range of res.sendFile', get('/file', [['Range', 'bytes=0-9']]), 206, 2],
      ['On req — read late, in the handler of a stream', get('/getter'), 200, 0]
    ]) {
      test(line, async () => {
        const reply = await compare('http', build(), (server) => ask(server, request))
        assert.strictEqual(reply.status, status, reply.raw)
        assert.strictEqual(reply.cookies.length, cookies, reply.raw)
      })
    }

    test('Writing — 304 to a conditional request still carries the cookie', async () => {
      const reply = await compare('http', build(), async (server) => {
        const first = await ask(server, get('/send'))
        const etag = first.head.find((line) => line.startsWith('ETag: ')).slice('ETag: '.length)
        return ask(server, get('/send', [['If-None-Match', etag]]))
      })
      assert.strictEqual(reply.status, 304, reply.raw)
      assert.strictEqual(reply.cookies.length, 2, reply.raw)
    })

    const forwarded = [['X-Forwarded-Proto', 'https']]
    for (const [line, options, settings, headers, cookies, secure] of [
      [
        'secure true behind a trusted proxy that speaks https',
        { secure: true },
        { 'trust proxy': 1 },
        forwarded,
        2,
        true
      ],
      [
        'secure true behind a trusted proxy that speaks http',
        { secure: true },
        { 'trust proxy': 1 },
        [],
        0,
        false
      ],
      ['secure true behind a proxy nobody trusts is dropped', { secure: true }, {}, forwarded, 0, false],
      ['secure true on plain http is dropped', { secure: true }, {}, [], 0, false],
      ['secure undefined behind a trusted proxy', {}, { 'trust proxy': true }, forwarded, 2, true],
      ['secure undefined behind a proxy nobody trusts', {}, {}, forwarded, 2, false],
      ['secure false behind a trusted proxy', { secure: false }, { 'trust proxy': 1 }, forwarded, 2, false],
      ['secureProxy behind a trusted proxy', { secureProxy: true }, { 'trust proxy': 1 }, forwarded, 2, true]
    ]) {
      test(`Writing — ${line}`, async () => {
        const reply = await compare('http', build(options, settings), (server) =>
          ask(server, get('/protocol', headers))
        )
        assert.strictEqual(reply.cookies.length, cookies, reply.raw)
        assert.strictEqual(/; secure/.test(reply.cookies.join()), secure, reply.raw)
      })
    }

    test('Reading — a bad signature behind a trusted proxy: the expired .sig is secure', async () => {
      const reply = await compare('http', build({}, { 'trust proxy': 1 }), (server) =>
        ask(server, { path: '/send', headers: [['Cookie', TAMPERED], ...forwarded] })
      )
      assert.strictEqual(reply.cookies.length, 2, reply.raw)
      assert.match(reply.cookies.join(), /session\.sig=.*; secure/)
    })
  })
}

// --- one socket, many requests ----------------------------------------------------------------------------

/** The answer is the session, after one more visit. */
function visits(cookieSession, options) {
  return framework.bare([
    cookieSession({ keys: [...KEYS], ...options }),
    (req, res) => {
      const [, what, who] = req.url.split('/')
      if (what === 'clear') req.session = null
      else if (what === 'visit') {
        req.session.who = req.session.who || who
        count(req)
      }
      tell(req, res)
    }
  ])
}

/** A cookie of somebody who has been here n times. */
function visitor(i, secret = CURRENT) {
  return signed('session', encode({ who: `visitor ${i}`, n: i }), secret)
}

for (const transport of ['http', 'https']) {
  describe(`many requests on one ${transport} socket`, () => {
    test('On req — each request has its own session: five jars by turns', async () => {
      const replies = await compare(transport, visits, async (server) => {
        const socket = new KeepAlive(server)
        const jars = Array.from({ length: 5 }, () => new Jar())
        const transcript = []
        try {
          for (let round = 0; round < 12; round++) {
            for (const [who, jar] of jars.entries()) {
              const what = (round + who) % 4 === 3 ? 'clear' : (round * who) % 3 === 1 ? 'look' : 'visit'
              const reply = await socket.request({ path: `/${what}/${who}`, headers: jar.headers })
              jar.take(reply.cookies)
              transcript.push(reply.raw)
              const { session } = JSON.parse(reply.body)
              if (session?.who) assert.strictEqual(session.who, String(who))
            }
          }
        } finally {
          socket.end()
        }
        return transcript
      })
      assert.ok(replies.filter((text) => text.includes('"n":2')).length > 3)
    })

    test('On req — each request has its own session: a hundred of them pipelined', async () => {
      const cookies = Array.from(
        { length: 100 },
        (_, i) => [visitor(i), visitor(i, FORMER), visitor(i, 'nobody'), undefined][i % 4]
      )
      const reply = await compare(transport, visits, (server) =>
        raw(
          server,
          cookies
            .map((cookie, i) =>
              requestText(
                {
                  path: ['/visit/x', '/look', '/clear'][i % 3],
                  headers: cookie ? [['Cookie', cookie]] : []
                },
                i === cookies.length - 1
              )
            )
            .join('')
        )
      )
      assert.strictEqual(reply.split('HTTP/1.1 200 OK').length - 1, 100)
      assert.ok(reply.includes('"who":"visitor 96"') && reply.includes('"who":"visitor 1"'))
    })

    test('Writing — HEAD, 204, chunks and 100 Continue in between', async () => {
      const replies = await compare(
        transport,
        (cookieSession) =>
          framework.bare([
            cookieSession({ keys: [...KEYS] }),
            (req, res) => {
              count(req)
              if (req.url === '/none') res.statusCode = 204
              if (req.url === '/chunks') res.write('some ')
              req.resume()
              req.on('end', () => res.end(req.url === '/none' ? undefined : JSON.stringify(req.session)))
            }
          ]),
        async (server) => {
          const socket = new KeepAlive(server)
          const jar = new Jar()
          const transcript = []
          try {
            for (let round = 0; round < 5; round++) {
              for (const request of [
                { path: '/none' },
                { path: '/chunks' },
                { path: '/', method: 'HEAD' },
                { path: '/', method: 'POST', body: 'body', more: [['Expect', '100-continue']] }
              ]) {
                const headers = [...jar.headers, ...(request.more || [])]
                const reply = await socket.request({ ...request, headers })
                jar.take(reply.cookies)
                transcript.push(reply.raw)
              }
            }
          } finally {
            socket.end()
          }
          return transcript
        }
      )
      assert.strictEqual(decode(/session=([^;]*)/.exec(replies.at(-1))[1]).n, 20)
      assert.ok(replies.at(-1).startsWith('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200'))
    })
  })
}

for (const transport of ['h2', 'h2c']) {
  test(`On req — each request has its own session: a hundred ${transport} streams at once`, async () => {
    const replies = await compare(transport, visits, async (server) => {
      const session = connect2(server)
      try {
        return await Promise.all(
          Array.from({ length: 100 }, (_, i) =>
            stream2(session, {
              path: ['/visit/x', '/look', '/clear'][i % 3],
              headers: [['Cookie', visitor(i, [CURRENT, FORMER, 'nobody'][i % 5] || CURRENT)]]
            })
          )
        )
      } finally {
        await new Promise((resolve) => session.close(resolve))
      }
    })
    assert.strictEqual(JSON.parse(replies[90].body).session.who, 'visitor 90')
  })

  test(`Reading — several cookie fields on ${transport} are one Cookie header`, async () => {
    const reply = await compare(transport, visits, (server) =>
      ask(server, {
        path: '/visit/x',
        headers: visitor(7)
          .split('; ')
          .map((pair) => ['cookie', pair])
      })
    )
    assert.strictEqual(JSON.parse(reply.body).session.n, 8)
  })
}

// --- many clients -----------------------------------------------------------------------------------------

test('On req — two hundred clients at once, no session in another one', async () => {
  const build = (cookieSession) =>
    framework.bare([
      cookieSession({ keys: [...KEYS] }),
      async (req, res) => {
        const { session } = req
        const who = req.url.slice(1)
        const before = session.who
        // give way to others a few times, each client in its own rhythm
        for (let i = 0; i < (Number(who) * 7) % 5; i++) await new Promise(setImmediate)
        session.who = who
        session.trail = `${session.trail || ''}${who}.`
        await new Promise(setImmediate)
        res.end(`${before}/${req.session.who}/${req.session.trail}`)
      }
    ])
  const jars = await compare('http', build, (server) =>
    Promise.all(
      Array.from({ length: 200 }, async (_, who) => {
        const jar = new Jar()
        const socket = new KeepAlive(server)
        try {
          for (let visit = 1; visit <= 5; visit++) {
            const reply = await socket.request({ path: `/${who}`, headers: jar.headers })
            jar.take(reply.cookies)
            const before = visit === 1 ? 'undefined' : who
            assert.strictEqual(reply.body, `${before}/${who}/${`${who}.`.repeat(visit)}`)
          }
        } finally {
          socket.end()
        }
        return jar.text
      })
    )
  )
  assert.strictEqual(new Set(jars).size, 200)
})

// --- two apps on one site ---------------------------------------------------------------------------------

for (const [name, express] of [
  ['Express 5', express5],
  ['Express 4', express4]
]) {
  test(`${name}: two apps with their own names and keys on one site`, async () => {
    const build = (cookieSession) => {
      const site = express()
      for (const [path, options] of [
        ['/shop', { name: 'shop', keys: ['shop key'] }],
        ['/blog', { name: 'blog', keys: ['blog key'], path: '/blog' }],
        // the same name as the shop's, with a key that is not its own
        ['/thief', { name: 'shop', keys: ['blog key'] }]
      ]) {
        const app = express()
        app.use(cookieSession(options))
        app.use((req, res) => res.json(count(req)))
        site.use(path, app)
      }
      site.get('/', (req, res) => res.send(String(Object.hasOwn(req, 'session'))))
      return site
    }
    const replies = await compare('http', build, async (server) => {
      const jar = new Jar()
      const transcript = []
      for (const path of ['/shop', '/blog', '/', '/shop', '/shop', '/blog', '/thief', '/shop']) {
        const reply = await ask(server, { path, headers: jar.headers })
        jar.take(reply.cookies)
        transcript.push(reply)
      }
      return transcript
    })
    assert.deepStrictEqual(
      replies.map((reply) => reply.body),
      ['{"n":1}', '{"n":1}', 'false', '{"n":2}', '{"n":3}', '{"n":2}', '{"n":1}', '{"n":1}']
    )
  })
}

test('On req — both packages on one request, each with its own cookie', async () => {
  const build = (cookieSession) => {
    const other = packages.map(([, fn]) => fn).find((fn) => fn !== cookieSession) || cookieSession
    return framework.bare([
      cookieSession({ name: 'one', keys: ['a'] }),
      (req, _res, next) => {
        count(req)
        next()
      },
      other({ name: 'two', keys: ['b'] }),
      (req, res) => tell(req, res, count(req))
    ])
  }
  const reply = await compare('http', build, (server) =>
    ask(server, { headers: [['Cookie', signed('one', VALUE, 'a')]] })
  )
  assert.strictEqual(reply.cookies.length, 2)
})

// --- a session that one package wrote and the other reads -------------------------------------------------

test('a session goes from the original to ours and back: written, modified, rotated, tampered, cleared', async () => {
  /** One site, on which the key is changed in two steps. */
  const site = (cookieSession) => {
    const steps = Object.fromEntries(
      Object.entries({ before: ['old'], during: ['new', 'old'], after: ['new'] }).map(([step, keys]) => [
        step,
        cookieSession({ keys, maxAge: 60_000 })
      ])
    )
    return (req, res) => {
      const [, step, what] = req.url.split('/')
      steps[step](req, res, () => {
        if (what === 'clear') req.session = null
        if (what === 'add') count(req)
        tell(req, res)
      })
    }
  }
  const walk = async (first, second) => {
    const jar = new Jar()
    const transcript = []
    const visit = async (server, path) => {
      const reply = await ask(server, { path, headers: jar.headers })
      jar.take(reply.cookies)
      transcript.push(reply)
      return JSON.parse(reply.body)
    }
    assert.strictEqual((await visit(first, '/before/add')).session.n, 1)
    assert.strictEqual((await visit(second, '/before/add')).session.n, 2)
    assert.strictEqual((await visit(first, '/before/look')).session.n, 2)
    assert.strictEqual((await visit(second, '/during/look')).session.n, 2)
    assert.strictEqual((await visit(first, '/after/add')).session.n, 3)
    assert.strictEqual((await visit(second, '/after/look')).session.n, 3)
    // a key that has gone: nothing left of the session, and the signature expires
    assert.deepStrictEqual((await visit(first, '/before/look')).session, {})
    assert.ok(!jar.cookies.has('session.sig'))
    assert.deepStrictEqual((await visit(second, '/after/look')).session, {})
    assert.strictEqual((await visit(second, '/after/add')).session.n, 1)
    jar.cookies.set('session', encode({ n: 100 }))
    assert.deepStrictEqual((await visit(first, '/after/look')).session, {})
    assert.strictEqual((await visit(first, '/after/add')).session.n, 1)
    assert.strictEqual((await visit(second, '/after/clear')).session, null)
    assert.strictEqual(jar.cookies.size, 0)
    return transcript
  }
  const servers = await Promise.all(packages.map(([, cookieSession]) => listen('http', site(cookieSession))))
  const [original, ours] = servers
  try {
    const expected = await walk(original, original)
    assert.deepStrictEqual(await walk(original, ours), expected)
    assert.deepStrictEqual(await walk(ours, original), expected)
    assert.deepStrictEqual(await walk(ours, ours), expected)
  } finally {
    for (const server of servers) await server.close()
  }
})

test('keys — the array is live: a key put in front and one taken away while the server runs', async () => {
  let keys
  const build = (cookieSession) => {
    keys = ['first']
    return framework.bare([
      cookieSession({ keys }),
      (req, res) => {
        if (req.url === '/add') count(req)
        // read with the keys there were, written with those there are
        if (req.url === '/turn') {
          count(req)
          keys.unshift('in the middle')
        }
        tell(req, res)
      }
    ])
  }
  const replies = await compare('http', build, async (server) => {
    const jar = new Jar()
    const transcript = []
    const visit = async (path) => {
      const reply = await ask(server, { path, headers: jar.headers })
      jar.take(reply.cookies)
      transcript.push(reply)
    }
    await visit('/add')
    keys.unshift('second')
    await visit('/look')
    await visit('/look')
    keys.pop()
    await visit('/add')
    await visit('/turn')
    keys[0] = 'replaced'
    await visit('/look')
    keys.length = 0
    await visit('/look')
    return transcript
  })
  assert.deepStrictEqual(
    replies.map((reply) => [reply.cookies.length, reply.status]),
    [2, 1, 0, 2, 2, 1, 0].map((n, i) => [n, i === 6 ? 500 : 200])
  )
})

test('Module and options — what construction makes of its options, or throws', () => {
  const made = {
    none: () => undefined,
    null: () => null,
    'no keys': () => ({}),
    'no keys, signed false': () => ({ signed: false }),
    'empty secret': () => ({ secret: '' }),
    'empty keys': () => ({ keys: [] }),
    frozen: () => Object.freeze({ keys: ['k'] }),
    'frozen, nothing to set': () =>
      Object.freeze({ keys: ['k'], overwrite: false, httpOnly: false, signed: true }),
    'on the prototype': () => Object.create({ keys: ['k'], httpOnly: false }),
    'null where there are defaults': () => ({ keys: ['k'], overwrite: null, httpOnly: null, signed: null })
  }
  for (const [what, make] of Object.entries(made)) {
    const [expected, actual] = packages.map(([, cookieSession]) => {
      const options = make()
      const result = attempt(() => {
        const middleware = cookieSession(options)
        return [middleware.name, middleware.length, Object.getOwnPropertyNames(middleware)]
      })
      return { what, result, options: { ...options } }
    })
    assert.deepStrictEqual(actual, expected)
  }
  const [expected, actual] = packages.map(([, fn]) => [typeof fn, fn.name, fn.length])
  assert.deepStrictEqual(actual, expected)
})

test('Module and options — next is called at once and with nothing, and nothing is returned', async () => {
  const reply = await compare(
    'http',
    (cookieSession) => {
      const middleware = cookieSession({ keys: ['k'] })
      return (req, res) => {
        const order = []
        const returned = middleware(req, res, (...args) => order.push(args.length, 'session' in req))
        order.push(String(returned))
        res.end(JSON.stringify(order))
      }
    },
    (server) => ask(server, {})
  )
  assert.strictEqual(reply.body, '[0,true,"undefined"]')
})

test('Module and options — path, maxAge and name changed on the options while the server runs', async () => {
  let options
  const build = (cookieSession) => {
    options = { keys: ['k'], name: 'first' }
    return framework.bare([
      cookieSession(options),
      (req, res) => {
        count(req)
        tell(req, res)
      }
    ])
  }
  const replies = await compare('http', build, async (server) => {
    const transcript = [await ask(server, {})]
    for (const change of [
      { path: '/p' },
      { maxAge: 90_000 },
      { name: 'second' },
      { signed: false },
      { path: null }
    ]) {
      Object.assign(options, change)
      transcript.push(await ask(server, { headers: [['Cookie', signed('first', VALUE, 'k')]] }))
    }
    return transcript
  })
  assert.match(
    replies[3].cookies[0],
    /^second=.*; path=\/p; expires=Wed, 02 Jan 2030 03:05:35 GMT; httponly$/
  )
})

// --- clients that go away ---------------------------------------------------------------------------------

/** Waits for what the server notes of a client that left. */
function gone(log) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the server never noticed')), PATIENCE)
    const push = log.push
    log.push = (...items) => {
      const length = push.apply(log, items)
      if (items.includes('over')) {
        clearTimeout(late)
        delete log.push
        resolve()
      }
      return length
    }
  })
}

for (const transport of ['http', 'https']) {
  test(`a client on ${transport} that leaves in the middle of its request`, async () => {
    const build = (cookieSession, log) =>
      framework.bare([
        cookieSession({ keys: [...KEYS] }),
        (req, res) => {
          if (req.url === '/well') return tell(req, res, count(req).n)
          count(req)
          req.on('error', () => {})
          req.on('data', (chunk) => log.push(chunk.length))
          res.on('close', () => {
            log.push(attempt(() => typeof res.end(JSON.stringify(req.session))))
            log.push(String(res.getHeader('Set-Cookie')), 'over')
          })
          req.once('data', () => log.socket.destroy())
        }
      ])
    const reply = await compare(transport, build, async (server, log) => {
      const over = gone(log)
      const socket = openSocket(server)
      Object.defineProperty(log, 'socket', { value: socket, configurable: true })
      socket.on('error', () => {})
      socket.write(
        `POST / HTTP/1.1\r\nHost: localhost\r\nCookie: ${VALID}\r\nContent-Length: 1000\r\n\r\nonly this`
      )
      await over
      delete log.socket
      return ask(server, { path: '/well', headers: [['Cookie', VALID]] })
    })
    assert.strictEqual(reply.cookies.length, 2)
  })

  test(`a client on ${transport} that leaves in the middle of the response`, async () => {
    const build = (cookieSession, log) =>
      framework.bare([
        cookieSession({ keys: [...KEYS] }),
        (req, res) => {
          if (req.url === '/well') return tell(req, res, count(req).n)
          count(req)
          res.on('close', () => {
            req.session.n = 100
            log.push(
              res.headersSent,
              attempt(() => typeof res.write('more')),
              attempt(() => JSON.stringify(req.session))
            )
            log.push(
              attempt(() => typeof res.end()),
              'over'
            )
          })
          res.write('first')
        }
      ])
    const [head, reply] = await compare(transport, build, async (server, log) => {
      const over = gone(log)
      const socket = openSocket(server)
      socket.on('error', () => {})
      socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${VALID}\r\n\r\n`)
      const head = await new Promise((resolve) => {
        let text = ''
        socket.on('data', (chunk) => {
          text += chunk.toString('latin1')
          if (text.includes('first')) resolve(parse(text))
        })
      })
      socket.destroy()
      await over
      return [head.cookies, await ask(server, { path: '/well', headers: [['Cookie', VALID]] })]
    })
    assert.strictEqual(head.length, 2)
    assert.strictEqual(reply.cookies.length, 2)
  })
}

// --- Cookie headers as no well-behaved client sends them --------------------------------------------------

function cookieLines(lines, close, path = '/visit/x') {
  const head = [`GET ${path} HTTP/1.1`, 'Host: localhost', ...lines.map((line) => `Cookie: ${line}`)]
  if (close) head.push('Connection: close')
  return `${head.join('\r\n')}\r\n\r\n`
}

const utf8 = (text) => Buffer.from(text).toString('latin1')
const big = encode({ who: 'big', pad: 'y'.repeat(11_000) })

/** What the header holds, and what `who` the session then has: undefined where it is new. */
const messy = [
  ['latin1 bytes beside the session', [`other=\xe9\xff\x80; ${visitor(1)}`], 'visitor 1'],
  ['non-ASCII text in the session', [signed('session', `${encode({ who: 'é' })}`, CURRENT)], 'é'],
  ['UTF-8 bytes beside the session', [`other=${utf8('żółć🍪')}; ${visitor(2)}`], 'visitor 2'],
  ['UTF-8 bytes in the value', [`session=${utf8('żółć')}; session.sig=x`], undefined],
  [
    'latin1 bytes in the value, signed, which base64 skips',
    [signed('session', `${encode({ who: 'caf\xe9' })}\xe9`, CURRENT)],
    'caf\xe9'
  ],
  [
    'latin1 bytes in the value, signed as the text that they are',
    [signed('session', 'caf\xe9', CURRENT)],
    undefined
  ],
  ['latin1 bytes at the end of a good value, unsigned', [visitor(1).replace(';', '\xa0;')], undefined],
  ['latin1 bytes in the signature', [`${visitor(3)}\xe9`], undefined],
  ['quotes around the value', [visitor(4).replace(/=([^;]*);/, '="$1";')], 'visitor 4'],
  ['quotes around both', [visitor(4).replace(/=([^;]*)/g, '="$1"')], 'visitor 4'],
  ['a quote and no other', [visitor(4).replace('=', '="')], undefined],
  ['the same name twice', [`${visitor(5)}; session=x; session.sig=y`], 'visitor 5'],
  ['the same name twice, the bad one first', [`session=x; ${visitor(5)}`], undefined],
  ['two sessions, all four pairs good', [`${visitor(6)}; ${visitor(7)}`], 'visitor 6'],
  ['two lines', visitor(8).split('; '), 'visitor 8'],
  [
    'three lines, an empty one between',
    [visitor(8).split('; ')[0], '', visitor(8).split('; ')[1]],
    'visitor 8'
  ],
  ['two lines of the same name', [visitor(9), visitor(10)], 'visitor 9'],
  ['15 KB', [signed('session', big, CURRENT)], 'big'],
  ['15 KB of other cookies before it', [`junk=${'j'.repeat(15_000)}; ${visitor(11)}`], 'visitor 11'],
  [
    '2,000 other cookies',
    [`${Array.from({ length: 2000 }, (_, i) => `a${i}=`).join(';')};${visitor(12)}`],
    'visitor 12'
  ],
  ['semicolons only', [';;;; ;;'], undefined],
  ['blanks only', ['   '], undefined],
  ['an equals sign only', ['='], undefined],
  ['no equals sign', ['session'], undefined],
  ['a name in another', [`notsession=x; mysession.sig=y; ${visitor(13)}`], 'visitor 13'],
  ['comma in place of semicolon', [visitor(14).replace(';', ',')], undefined],
  ['tabs', [visitor(15).replace('; ', ';\t')], undefined],
  ['$Version of old', [`$Version=1; ${visitor(16)}; $Path=/`], 'visitor 16'],
  ['percent signs are text', [visitor(17).replace('=', '=%20')], undefined]
]

describe('Reading the Cookie header — as no well-behaved client sends it', () => {
  for (const [line, lines, who] of messy) {
    test(line, async () => {
      const reply = await compare('http', visits, async (server) => {
        const parts = []
        for (const path of ['/look', '/visit/x', '/clear'])
          parts.push(parse(await raw(server, cookieLines(lines, true, path))))
        return parts
      })
      assert.strictEqual(reply[0].status, 200, reply[0].raw)
      assert.strictEqual(JSON.parse(Buffer.from(reply[0].body, 'latin1').toString()).session.who, who)
    })
  }

  test('bytes that end the connection are the server’s to refuse, and it goes on', async () => {
    const replies = await compare('http', visits, async (server) => {
      const parts = []
      for (const bad of ['a\0b', 'a\rb', 'a\x01b', 'x'.repeat(20_000)]) {
        parts.push((await raw(server, cookieLines([`${visitor(1)}; junk=${bad}`], true))).split('\r\n')[0])
      }
      parts.push(await raw(server, cookieLines([visitor(1)], true)))
      return parts
    })
    assert.match(replies[0], / 400 /)
    assert.match(replies[3], / 431 /)
    assert.match(replies[4], /visitor 1/)
  })

  test('a thousand headers put together at random', async (t) => {
    const seed = Number(process.env.SEED) || Math.floor(Math.random() * 2 ** 31)
    t.diagnostic(`SEED=${seed}`)
    const words = new Random(seed, 0)
    const random = () => words.word() / 2 ** 32
    const pick = (list) => list[Math.floor(random() * list.length)]
    const byte = () =>
      String.fromCharCode(pick([0x20 + Math.floor(random() * 95), 0x80 + Math.floor(random() * 128)]))
    const pair = () => {
      const i = Math.floor(random() * 50)
      const text = visitor(i, pick([CURRENT, CURRENT, FORMER, 'nobody']))
      const at = Math.floor(random() * text.length)
      return pick([
        () => text,
        () => text,
        () =>
          text
            .split('; ')
            .reverse()
            .join(pick(['; ', ';', ';  '])),
        () => text.slice(0, at) + byte() + text.slice(at),
        () => text.slice(0, at) + text.slice(at + 1),
        () => text.slice(0, at),
        () => text.replace(/=([^;]*)/, '="$1"'),
        () => text.replace('session', pick(['Session', 'xsession', 'session2', '', 'sess'])),
        () => text.split('; ')[pick([0, 1])],
        () => `${pick(['session', 'session.sig', 'a', ''])}=${Array.from({ length: 6 }, byte).join('')}`,
        () =>
          signed(
            'session',
            encode(pick(['{', '5', '"text"', '[]', '{"a":1,"a":2}', '{"b":1,"1":2}'])),
            CURRENT
          ),
        () => signed('session', encode({ who: text }).slice(0, pick([undefined, -1, -2, 5])), CURRENT)
      ])()
    }
    const requests = Array.from({ length: 1000 }, () => {
      const lines = Array.from({ length: pick([1, 1, 1, 2, 3]) }, () =>
        Array.from({ length: pick([1, 1, 2, 3]) }, pair).join(
          pick(['; ', '; ', ';', ' ; ', ';;', ';   ', ', ', ';\t'])
        )
      )
      return { lines, path: pick(['/look', '/visit/x', '/clear']) }
    })
    const text = await compare('http', visits, (server) =>
      raw(
        server,
        requests.map(({ lines, path }, i) => cookieLines(lines, i === requests.length - 1, path)).join('')
      ).then((reply) => reply.split(/(?=HTTP\/1\.1 \d)/))
    )
    assert.strictEqual(text.length, requests.length)
    assert.ok(text.filter((reply) => reply.includes('visitor')).length > 50)
    assert.ok(text.filter((reply) => reply.includes('session.sig=; path=/; expires=')).length > 50)
  })
})

test('the engine under test is the one that was asked for', () => {
  const asked = process.env.COOKIE_SESSION_ENGINE
  assert.ok(ours.engine === 'native' || ours.engine === 'node')
  if (asked) assert.strictEqual(ours.engine, asked)
})
