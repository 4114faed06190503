'use strict'

// What an Express app does besides: its own replies, behind proxies, and two apps on one site.

process.env.NODE_ENV = 'test'
process.env.NO_DEPRECATION = 'cookies'

const assert = require('node:assert')
const { after, before, describe, test } = require('node:test')
const express4 = require('express4')
const express5 = require('express')

const { Jar, ask, compare, freezeTime } = require('../support/sockets/harness')
const { KEYS, TAMPERED, VALID, attempt } = require('../support/sockets/app')
const { count } = require('../support/sockets/visits')

let thaw
before(() => {
  thaw = freezeTime()
})
after(() => thaw())

/** An error whose page does not show the frames of the middleware it went through. */
function failure(message, status) {
  const err = new Error(message)
  err.stack = `Error: ${message}`
  if (status) err.status = status
  return err
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
