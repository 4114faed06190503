'use strict'

// Sessions after the headers went, and on responses that are none, such as a socket's handshake has: what throws, what is
// lost, and who hears of it.

const assert = require('node:assert/strict')
const http = require('node:http')
const net = require('node:net')
const { describe, it } = require('node:test')
const { connection, original, ours, sent, serve, thrown } = require('../support/contract/harness')
const { warningsOf } = require('../support/contract/warnings')

const NEW = 'a new key of the app, of 32 bytes and more'
const OLD = 'an old key of the app, of 32 bytes and more'

/** Each opt-in option by itself, and then several. */
const OPTIONS = [
  { sessionMethods: true },
  { encrypt: true },
  { digest: 'sha512' },
  { ttl: 1000 },
  { maxLifetime: 1000 },
  { rolling: true },
  { encrypt: true, legacy: true },
  { encrypt: true, legacy: 'write' },
  { onError() {} },
  { maxSize: 4096 },
  { proxy: true },
  { requestKey: 'admin' },
  { reissue: true },
  { accept: () => true },
  { accept: () => false },
  {
    encrypt: true,
    ttl: 1000,
    rolling: true,
    sessionMethods: true,
    reissue: true,
    onError() {},
    maxSize: 4096
  }
]

/** Cookies of which the original mends the signature when it reads them. */
const MENDED = {
  'by no key': (options) =>
    ours.cookieHeader({ user: 'ada' }, { ...options, keys: ['another key, of 32 bytes and more!!'] }),
  'by an older key': (options) => ours.cookieHeader({ user: 'ada' }, { ...options, keys: [OLD] }),
  'by no key, in the format of the original': ({ requestKey: name = 'session' }) =>
    ours.cookieHeader({ user: 'ada' }, { name, keys: ['another'] }),
  'by an older key, in the format of the original': ({ requestKey: name = 'session' }) =>
    ours.cookieHeader({ user: 'ada' }, { name, keys: [OLD] })
}
const shown = (options) =>
  Object.entries(options)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')
const keyOf = ({ requestKey = 'session' }) => requestKey
const sealing = ({ legacy: _, rolling: __, accept: ___, ...options }) => options

describe('a session that is read first when the headers went', () => {
  for (const options of OPTIONS) {
    for (const [what, cookieFor] of Object.entries(MENDED)) {
      it(`${shown(options)}, signed ${what}: nothing is thrown`, async () => {
        const middleware = ours({ keys: [NEW, OLD], ...options })
        const { req, res, wire } = connection({ cookie: cookieFor(sealing(options)) })
        middleware(req, res, () => {})
        res.flushHeaders()
        void req[keyOf(options)].user
        const { wire: text } = await sent(res, wire)
        if (options.rolling === undefined) assert.doesNotMatch(text, /set-cookie/i)
      })
    }
  }

  it('in a finish listener of a server, the process serves the next request', async () => {
    const middleware = ours({ keys: [NEW], maxSize: 4096 })
    const seen = []
    const server = http.createServer((req, res) =>
      middleware(req, res, () => {
        res.on('finish', () => seen.push(req.session.user))
        res.end()
      })
    )
    const cookie = MENDED['by no key']({})
    await serve(server, async (port) => {
      for (let i = 0; i < 2; i++) await fetch(`http://127.0.0.1:${port}`, { headers: { cookie } })
    })
    assert.deepEqual(seen, [undefined, undefined])
  })

  it('in default mode, it throws as the original does', () => {
    for (const [key, throws] of [
      ['another', true],
      [OLD, true],
      [NEW, false]
    ]) {
      const run = (cookieSession) => {
        const { req, res } = connection({ cookie: ours.cookieHeader({ user: 'ada' }, { keys: [key] }) })
        cookieSession({ keys: [NEW, OLD] })(req, res, () => {})
        res.flushHeaders()
        return throws ? thrown(() => req.session) : req.session.user
      }
      assert.deepEqual(run(ours), run(original))
      if (throws) assert.equal(run(ours).code, 'ERR_HTTP_HEADERS_SENT')
    }
  })
})

describe('a response that is none', () => {
  for (const options of [{}, ...OPTIONS]) {
    it(`${shown(options)}: the session is read`, () => {
      const key = keyOf(options)
      const { req } = connection({
        cookie: ours.cookieHeader({ user: 'ada' }, { keys: [NEW], ...sealing(options) })
      })
      let called = 0
      ours({ keys: [NEW, OLD], ...options })(req, {}, () => {
        called++
      })
      assert.equal(called, 1)
      const isRefused = options.accept?.() === false
      assert.equal(req[key].user, isRefused ? undefined : 'ada')
      req[key].user = 'eve'
      assert.equal(req[key].user, 'eve')
    })

    it(`${shown(options)}: a signature is left as it is where it cannot be mended`, () => {
      if (Object.keys(options).length === 0) return
      for (const cookieFor of Object.values(MENDED)) {
        const { req } = connection({ cookie: cookieFor(sealing(options)) })
        ours({ keys: [NEW, OLD], ...options })(req, {}, () => {})
        void req[keyOf(options)].user
      }
    })
  }

  it('what cannot be kept is an error of the methods that would keep it', async () => {
    const { req } = connection({})
    ours({ keys: [NEW], sessionMethods: true })(req, {}, () => {})
    for (const method of ['save', 'regenerate', 'destroy']) {
      await assert.rejects(() => (req.session ?? {})[method](), { code: 'ERR_SESSION_HEADERS_SENT' })
    }
  })

  it('a handshake of a WebSocket is read through the middleware', async () => {
    const options = { keys: [NEW], ttl: 60_000, onError() {}, sessionMethods: true }
    const middleware = ours(options)
    const server = http.createServer()
    const user = new Promise((resolve) => {
      server.on('upgrade', (req, socket) =>
        middleware(req, {}, () => {
          resolve(req.session.user)
          socket.destroy()
        })
      )
    })
    await serve(server, async (port) => {
      const socket = net.connect(port, '127.0.0.1')
      const cookie = ours.cookieHeader({ user: 'ada' }, options)
      socket.write(
        `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ${cookie}\r\n\r\n`
      )
      socket.on('error', () => {})
      assert.equal(await user, 'ada')
      socket.destroy()
    })
  })
})

describe('a session that is changed when the headers went', () => {
  const run = (options, app, before = '') => `
    const options = ${options}
    const middleware = ours({ keys: ['k'.repeat(32)], ...options })
    const { req, res, wire } = connection({})
    middleware(req, res, () => {})
    ${before}
    res.end()
    ${app}
    await new Promise(setImmediate)
  `
  const changes = {
    'a property is set': "req.session.user = 'ada'",
    'a property is set that was another': "req.session.user = 'ada'",
    'a property is deleted': 'delete req.session.before',
    'it is replaced': "req.session = { user: 'ada' }",
    'it is given up': 'req.session = null'
  }
  for (const options of ['{}', '{ ttl: 1000 }', '{ encrypt: true, sessionMethods: true }']) {
    for (const [what, change] of Object.entries(changes)) {
      it(`${options}, ${what}: warned of, once`, async () => {
        const body = run(options, `${change}; ${change}`, 'req.session.before = 1')
        const warnings = await warningsOf(`${body}\n${'{'}${body}${'}'}`)
        assert.equal(warnings.length, 1)
        assert.equal(warnings[0].code, 'COOKIE_SESSION_NOT_SAVED')
        assert.match(warnings[0].message, /ERR_SESSION_HEADERS_SENT/)
        assert.deepEqual(await warningsOf(body, { NODE_ENV: 'production' }), [])
      })
    }

    it(`${options}: not where it is only read, or changed in time`, async () => {
      const body = run(
        options,
        'void req.session.user; Object.keys(req.session); JSON.stringify(req.session)',
        'req.session.a = 1'
      )
      assert.deepEqual(await warningsOf(body), [])
    })
  }

  it('the warning is had without a listener, a getter, a toJSON or a header', () => {
    for (const env of ['', 'production']) {
      const before = process.env.NODE_ENV
      process.env.NODE_ENV = env
      try {
        const { req, res } = connection({})
        ours({ keys: [NEW] })(req, res, () => {})
        const events = res.eventNames().length
        req.session.a = 1
        res.end()
        const fail = () => assert.fail('code of the app was run')
        const { session } = req
        Object.defineProperty(session, 'getter', { enumerable: true, get: fail })
        session.inner = new Proxy({}, { get: fail, ownKeys: fail, getOwnPropertyDescriptor: fail })
        session.toJSON = fail
        void req.session
        assert.equal(res.eventNames().length, events)
      } finally {
        if (before === undefined) delete process.env.NODE_ENV
        else process.env.NODE_ENV = before
      }
    }
  })

  it('with onError, that hears of it and no warning is made', async () => {
    const body = run('{ onError() {} }', "req.session.user = 'ada'")
    assert.deepEqual(await warningsOf(body), [])
  })
})
