// Passport 0.7 asks of a session what only express-session had: that it can be regenerated and saved. Here
// passport and passport-local log people in and out of a real Express app over sockets, with sessionMethods
// switched on.
'use strict'

const assert = require('node:assert')
const { after, before, describe, test } = require('node:test')

const express4 = require('express4')
const express5 = require('express')
const { Passport } = require('passport')
const { Strategy } = require('passport-local')

const { Jar, ask, decode, encode, listen, ours, signed } = require('../support/sockets/harness')

const KEY = 'a key of the app that is long enough for each format there is'
const USERS = { ann: 'secret of ann', bob: 'secret of bob' }
const PLANTED = { planted: true, passport: { user: 'eve' } }

/** The app of passport's own guide, as far as its session goes. */
function appOf(express, options, errors) {
  const passport = new Passport()
  passport.use(
    new Strategy((username, password, done) => {
      if (USERS[username] !== password) return done(null, false, { message: 'Wrong name or password.' })
      return done(null, { name: username })
    })
  )
  passport.serializeUser((user, done) => process.nextTick(done, null, user.name))
  passport.deserializeUser((name, done) => process.nextTick(done, null, name in USERS && { name }))

  const app = express()
  app.use(ours({ keys: [KEY], sessionMethods: true, ...options }))
  app.use(passport.authenticate('session'))
  app.use(express.urlencoded({ extended: false }))
  app.get('/', (req, res) => {
    res.json({ user: req.user?.name ?? null, in: req.isAuthenticated(), session: req.session })
  })
  app.get('/quiet', (_req, res) => res.send('quiet'))
  app.get('/put/:text', (req, res) => {
    req.session.note = req.params.text
    res.send('put')
  })
  app.post(
    '/login',
    passport.authenticate('local', {
      successRedirect: '/',
      failureRedirect: '/login',
      failureMessage: true
    })
  )
  app.post(
    '/login/keep',
    passport.authenticate('local', { keepSessionInfo: true, failWithError: true }),
    (_req, res) => res.redirect('/')
  )
  app.get('/login', (req, res) => {
    const { messages = [] } = req.session
    if (messages.length > 0) req.session.messages = undefined
    res.json(messages)
  })
  app.post('/logout', (req, res, next) => req.logout((err) => (err ? next(err) : res.redirect('/'))))
  app.post('/logout/keep', (req, res, next) =>
    req.logout({ keepSessionInfo: true }, (err) => (err ? next(err) : res.redirect('/')))
  )
  // Express asks for four parameters.
  app.use((err, _req, res, _next) => {
    errors.push(err)
    res.status(500).send(err.name)
  })
  return app
}

/** One browser: what it asks for, and the cookies it keeps. */
class Browser {
  constructor(server, jar = new Jar()) {
    this.server = server
    this.jar = jar
  }

  async ask(method, path, form) {
    const headers = [...this.jar.headers]
    if (form !== undefined) headers.push(['Content-Type', 'application/x-www-form-urlencoded'])
    const body = form && String(new URLSearchParams(form))
    const reply = await ask(this.server, { method, path, headers, body })
    this.jar.take(reply.cookies)
    return reply
  }

  get(path) {
    return this.ask('GET', path)
  }

  post(path, form = {}) {
    return this.ask('POST', path, form)
  }

  logIn(path = '/login', username = 'ann') {
    return this.post(path, { username, password: USERS[username] })
  }

  /** What the app sees of the visitor. */
  async look() {
    return JSON.parse((await this.get('/')).body)
  }

  /** What the session's cookie holds in the original's format. */
  get content() {
    return decode(this.jar.cookies.get('session'))
  }

  copy() {
    const jar = new Jar()
    jar.cookies = new Map(this.jar.cookies)
    return new Browser(this.server, jar)
  }
}

function locationOf(reply) {
  return /^location: (.*)$/im.exec(reply.head.join('\n'))?.[1]
}

/** A browser whose cookie an attacker had the app sign, or has from elsewhere. */
function plantedJar(content) {
  const jar = new Jar()
  for (const pair of signed('session', encode(content), KEY).split('; ')) {
    const at = pair.indexOf('=')
    jar.cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
  return jar
}

const ANONYMOUS = { user: null, in: false, session: {} }
const COOKIE_GONE = /^session=; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly$/

for (const [name, express] of [
  ['Express 5', express5],
  ['Express 4', express4]
]) {
  describe(`passport in ${name}`, () => {
    let server
    const errors = []
    before(async () => {
      server = await listen('http', appOf(express, {}, errors))
    })
    after(async () => {
      await server.close()
      assert.deepStrictEqual(errors, [])
    })

    test('an anonymous visitor gets no cookie', async () => {
      const browser = new Browser(server)
      for (const path of ['/', '/quiet', '/login']) {
        assert.deepStrictEqual((await browser.get(path)).cookies, [], path)
      }
      assert.deepStrictEqual(await browser.look(), ANONYMOUS)
    })

    test('an anonymous visitor who logs out gets no cookie', async () => {
      for (const path of ['/logout', '/logout/keep']) {
        const reply = await new Browser(server).post(path)
        assert.strictEqual(reply.status, 302)
        assert.deepStrictEqual(reply.cookies, [], path)
      }
    })

    test('logging in: one session of its own, sent with the redirect', async () => {
      const browser = new Browser(server)
      const reply = await browser.logIn()
      assert.strictEqual(reply.status, 302)
      assert.strictEqual(locationOf(reply), '/')
      assert.deepStrictEqual(
        reply.cookies.map((line) => line.split('=')[0]),
        ['session', 'session.sig']
      )
      assert.deepStrictEqual(browser.content, { passport: { user: 'ann' } })
      assert.deepStrictEqual(await browser.look(), {
        user: 'ann',
        in: true,
        session: { passport: { user: 'ann' } }
      })
    })

    test('logged in and only looking around: nothing is sent', async () => {
      const browser = new Browser(server)
      await browser.logIn()
      assert.deepStrictEqual((await browser.get('/')).cookies, [])
      assert.deepStrictEqual((await browser.get('/quiet')).cookies, [])
    })

    test('a session planted before log-in is gone after it', async () => {
      const browser = new Browser(server, plantedJar({ planted: true, cart: [1, 2] }))
      assert.deepStrictEqual((await browser.look()).session, { planted: true, cart: [1, 2] })
      await browser.logIn()
      assert.deepStrictEqual(browser.content, { passport: { user: 'ann' } })
      assert.deepStrictEqual((await browser.look()).session, { passport: { user: 'ann' } })
    })

    test('another one logs in over a session: nothing of it is left', async () => {
      const browser = new Browser(server)
      await browser.logIn()
      await browser.get('/put/of-ann')
      await browser.logIn('/login', 'bob')
      assert.deepStrictEqual(browser.content, { passport: { user: 'bob' } })
    })

    test('keepSessionInfo at log-in keeps what was there, and the new user counts', async () => {
      const browser = new Browser(server, plantedJar(PLANTED))
      const reply = await browser.logIn('/login/keep')
      assert.strictEqual(reply.status, 302)
      assert.deepStrictEqual(browser.content, { planted: true, passport: { user: 'ann' } })
      assert.strictEqual((await browser.look()).user, 'ann')
    })

    test('logging out clears both cookies, and stays', async () => {
      const browser = new Browser(server)
      await browser.logIn()
      await browser.get('/put/kept')
      const reply = await browser.post('/logout')
      assert.strictEqual(reply.status, 302)
      assert.strictEqual(reply.cookies.length, 2, reply.raw)
      assert.match(reply.cookies[0], COOKIE_GONE)
      assert.match(reply.cookies[1], /^session\.sig=.*expires=Thu, 01 Jan 1970/)
      assert.deepStrictEqual([...browser.jar.cookies], [])
      assert.deepStrictEqual(await browser.look(), ANONYMOUS)
    })

    test('logging out with keepSessionInfo keeps all but the user', async () => {
      const browser = new Browser(server)
      await browser.logIn()
      await browser.get('/put/kept')
      await browser.post('/logout/keep')
      assert.deepStrictEqual(browser.content, { note: 'kept', passport: {} })
      assert.deepStrictEqual(await browser.look(), {
        user: null,
        in: false,
        session: { note: 'kept', passport: {} }
      })
    })

    test('in and out many times, each as the first', async () => {
      const browser = new Browser(server)
      for (const user of ['ann', 'bob', 'ann']) {
        await browser.logIn('/login', user)
        assert.strictEqual((await browser.look()).user, user)
        await browser.post('/logout')
        assert.deepStrictEqual(await browser.look(), ANONYMOUS)
      }
    })

    test('a failed log-in redirects with a message in the session, shown once', async () => {
      const browser = new Browser(server)
      const reply = await browser.post('/login', { username: 'ann', password: 'wrong' })
      assert.strictEqual(reply.status, 302)
      assert.strictEqual(locationOf(reply), '/login')
      assert.deepStrictEqual(browser.content, { messages: ['Wrong name or password.'] })
      assert.strictEqual((await browser.get('/login')).body, '["Wrong name or password."]')
      assert.strictEqual((await browser.get('/login')).body, '[]')
      assert.strictEqual((await browser.look()).in, false)
    })

    test('a failed log-in leaves who is logged in logged in', async () => {
      const browser = new Browser(server)
      await browser.logIn()
      await browser.post('/login', { username: 'bob', password: 'wrong' })
      assert.strictEqual((await browser.look()).user, 'ann')
    })

    test('a log-in after a failed one: the message is gone with the old session', async () => {
      const browser = new Browser(server)
      await browser.post('/login', { username: 'ann', password: 'wrong' })
      await browser.logIn()
      assert.deepStrictEqual(browser.content, { passport: { user: 'ann' } })
    })

    test('two browsers do not see each other', async () => {
      const ann = new Browser(server)
      const bob = new Browser(server)
      await Promise.all([ann.logIn('/login', 'ann'), bob.logIn('/login', 'bob')])
      const [one, other] = await Promise.all([ann.look(), bob.look()])
      assert.deepStrictEqual([one.user, other.user], ['ann', 'bob'])
    })

    test('a forged session does not log anyone in, and a log-out drops it', async () => {
      const jar = plantedJar(PLANTED)
      jar.cookies.set('session', encode({ passport: { user: 'bob' } }))
      const browser = new Browser(server, jar)
      assert.strictEqual((await browser.copy().look()).user, null)
      const reply = await browser.post('/logout')
      assert.match(reply.cookies[0], /session/)
      assert.deepStrictEqual([...browser.jar.cookies], [])
    })
  })
}

const unsaved = []
after(() => assert.deepStrictEqual(unsaved, []))

for (const [name, options] of [
  ['encrypt', { encrypt: true }],
  ['ttl', { ttl: 3_600_000 }],
  ['encrypt, ttl and rolling', { encrypt: true, ttl: 3_600_000, rolling: true }],
  ['onError and maxSize', { maxSize: 4096, onError: (err) => unsaved.push(err) }]
]) {
  test(`passport with ${name}: in, a planted session gone, out, and no cookie for strangers`, async () => {
    const errors = []
    const server = await listen('http', appOf(express5, options, errors))
    try {
      const stranger = new Browser(server)
      assert.deepStrictEqual((await stranger.get('/')).cookies, [])
      assert.deepStrictEqual((await stranger.post('/logout')).cookies, [])

      const browser = new Browser(server)
      await browser.get('/put/planted')
      assert.deepStrictEqual((await browser.look()).session, { note: 'planted' })
      await browser.logIn()
      assert.deepStrictEqual((await browser.look()).session, { passport: { user: 'ann' } })
      const reply = await browser.post('/logout')
      assert.match(reply.cookies[0], COOKIE_GONE)
      assert.deepStrictEqual([...browser.jar.cookies], [])
      assert.deepStrictEqual(await browser.look(), ANONYMOUS)
      assert.deepStrictEqual(errors, [])
    } finally {
      await server.close()
    }
  })
}

test('without sessionMethods passport says so, as it does with the original', async () => {
  const errors = []
  const server = await listen('http', appOf(express5, { sessionMethods: undefined }, errors))
  try {
    const reply = await new Browser(server).logIn()
    assert.strictEqual(reply.status, 500)
    assert.match(errors[0].message, /regenerate is not a function/)
  } finally {
    await server.close()
  }
})
