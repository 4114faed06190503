'use strict'

// Sessions without a request: what `seal`, `unseal`, `cookieHeader` and `codec` write and read is what the middleware
// reads and writes, shown with a WebSocket server that knows its user and a test that needs one.

const assert = require('node:assert/strict')
const http = require('node:http')
const { describe, it } = require('node:test')
const express = require('express')
const request = require('supertest')
const { WebSocket, WebSocketServer } = require('ws')
const original = require('cookie-session')
const cookieSession = require('../..')

const KEY = 'a key that has thirty-two bytes, or more'
const MODES = {
  'no new option': { keys: ['k', 'older'] },
  digest: { keys: ['k'], digest: 'sha256' },
  ttl: { keys: [KEY], ttl: 60_000 },
  encrypt: { keys: [KEY], encrypt: true },
  'a name of its own': { keys: [KEY], encrypt: true, name: 'shop.sid' },
  requestKey: { keys: ['k'], requestKey: 'admin' },
  unsigned: { signed: false }
}

/** An app that counts, and gives what it has. */
function counter(middleware, key = 'session') {
  const app = express()
  app.use(middleware)
  app.get('/', (req, res) => {
    req[key].views = (req[key].views ?? 0) + 1
    res.json(req[key])
  })
  return app
}

const cookieOf = (setCookie) => setCookie.map((line) => line.split(';')[0]).join('; ')

for (const [mode, options] of Object.entries(MODES)) {
  describe(`with ${mode}`, () => {
    const copy = () => ({ ...options })

    it('cookieHeader gives what the middleware reads', async () => {
      const header = cookieSession.cookieHeader({ views: 41, user: 'é' }, copy())
      const app = counter(cookieSession(copy()), options.requestKey)
      const { body } = await request(app).get('/').set('Cookie', header)
      assert.deepEqual(body, { views: 42, user: 'é' })
    })

    it('unseal reads what the middleware wrote, and seal writes as it does', async () => {
      const { headers } = await request(counter(cookieSession(copy()), options.requestKey)).get('/')
      const setCookie = headers['set-cookie']
      assert.deepEqual(cookieSession.unseal(cookieOf(setCookie), copy()), { views: 1 })
      const sealed = cookieSession.seal({ views: 1 }, copy())
      if (options.encrypt || options.ttl) assert.equal(sealed.length, setCookie.length)
      else assert.deepEqual(sealed, setCookie)
    })

    it('unseal gives null for nothing, another cookie, and one that was changed', () => {
      const header = cookieSession.cookieHeader({ a: 1 }, copy())
      for (const none of [undefined, null, '', 'a=b', header.replace('=', 'x=')]) {
        assert.equal(cookieSession.unseal(none, copy()), null)
      }
      if (options.signed === false) return
      const changed = header.replace(/=(.{6}).(.*)$/, (_, before, after) => `=${before}~${after}`)
      assert.equal(cookieSession.unseal(changed, copy()), null)
    })

    it('seal of null makes a browser drop all that there is', () => {
      for (const line of cookieSession.seal(null, copy())) {
        assert.match(line, /^[\w.]+=[^;]*; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT/)
      }
    })

    it('leaves the options as they are', () => {
      const given = Object.freeze(copy())
      const codec = cookieSession.codec(given)
      assert.deepEqual(codec.unseal(codec.cookieHeader({ a: 1 })), { a: 1 })
      assert.deepEqual(given, options)
      assert.equal(cookieSession.codec(given), codec)
    })
  })
}

describe('seal and unseal', () => {
  it('agree with the real cookie-session', async () => {
    const header = cookieSession.cookieHeader({ views: 1 }, { keys: ['k'] })
    const { body, headers } = await request(counter(original({ keys: ['k'] })))
      .get('/')
      .set('Cookie', header)
    assert.deepEqual(body, { views: 2 })
    assert.deepEqual(cookieSession.unseal(cookieOf(headers['set-cookie']), { keys: ['k'] }), { views: 2 })
  })

  it('keep the keys that req.session would', () => {
    const header = cookieSession.cookieHeader({ a: 1, isNew: 2, toString: 3 }, { keys: ['k'] })
    assert.deepEqual(cookieSession.unseal(header, { keys: ['k'] }), { a: 1 })
  })

  it('take secure from the option, as there is no connection', () => {
    assert.match(cookieSession.seal({ a: 1 }, { keys: ['k'], secure: true })[0], /; secure/)
    assert.doesNotMatch(cookieSession.seal({ a: 1 }, { keys: ['k'] })[0], /; secure/)
  })

  it('throw what onError would hear', () => {
    const cyclic = {}
    cyclic.self = cyclic
    for (const [code, data, options] of [
      ['ERR_SESSION_NOT_SERIALIZABLE', cyclic, {}],
      ['ERR_SESSION_NOT_SERIALIZABLE', { toJSON: () => undefined }, {}],
      ['ERR_SESSION_TOO_LARGE', { a: 'x'.repeat(200) }, { maxSize: 100 }],
      ['ERR_SESSION_INVALID_ATTRIBUTE', { a: 1 }, { sameSite: 'sometimes' }],
      ['ERR_SESSION_INVALID_ATTRIBUTE', { a: 1 }, { name: '__Host-session' }],
      ['ERR_SESSION_KEYS', { a: 1 }, { keys: [5] }]
    ]) {
      assert.throws(() => cookieSession.seal(data, { keys: ['k'], ...options }), {
        code,
        name: 'SessionError'
      })
    }
  })

  it('say what is wrong with their arguments', () => {
    assert.throws(() => cookieSession.seal({}, undefined), {
      name: 'TypeError',
      message: /options is undefined/
    })
    assert.throws(() => cookieSession.seal('a', { keys: ['k'] }), {
      name: 'TypeError',
      message: /data is string/
    })
    assert.throws(() => cookieSession.unseal(5, { keys: ['k'] }), {
      name: 'TypeError',
      message: /cookieHeader is/
    })
    assert.throws(() => cookieSession.seal({}, {}), { message: '.keys required.' })
    assert.throws(() => cookieSession.seal({}, { keys: [] }), { message: 'Keys must be provided.' })
  })

  it('ask accept', () => {
    const options = { keys: ['k'], accept: (session, req) => req === undefined && session.version === 2 }
    assert.equal(cookieSession.unseal(cookieSession.cookieHeader({ version: 1 }, options), options), null)
    assert.deepEqual(cookieSession.unseal(cookieSession.cookieHeader({ version: 2 }, options), options), {
      version: 2
    })
  })
})

describe('a WebSocket server', () => {
  it('knows the user', async () => {
    const sessions = cookieSession.codec({ keys: [KEY], encrypt: true })
    const server = http.createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket, req) => {
      const session = sessions.unseal(req.headers.cookie)
      socket.send(session ? `hello ${session.user}` : 'who are you?')
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    const greeting = (headers) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`, { headers })
        socket.on('error', reject).on('message', (data) => {
          socket.close()
          resolve(String(data))
        })
      })
    assert.equal(await greeting({ cookie: sessions.cookieHeader({ user: 'ada' }) }), 'hello ada')
    assert.equal(await greeting({ cookie: 'session=e1.forged' }), 'who are you?')
    assert.equal(await greeting({}), 'who are you?')
    sockets.close()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a protected route', () => {
  it('is tested with a user who is logged in', async () => {
    const options = { keys: [KEY], encrypt: true, ttl: 60_000 }
    const app = express()
    app.use(cookieSession(options))
    app.get('/account', (req, res) => {
      if (!req.session.user) return res.status(401).end()
      return res.send(req.session.user)
    })
    await request(app).get('/account').expect(401)
    const cookie = cookieSession.cookieHeader({ user: 'ada' }, options)
    await request(app).get('/account').set('Cookie', cookie).expect(200, 'ada')
  })
})
