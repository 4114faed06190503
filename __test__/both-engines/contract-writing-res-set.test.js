'use strict'

// The contract's section on what is written as tests: when, with which attributes in which order, what
// is swallowed and what it leaves behind, and what becomes of res.writeHead. Each test runs the
// original and ours, and says what both do.

const assert = require('node:assert')
const http = require('node:http')
const { describe, test } = require('node:test')
const {
  KEYS,
  PLAIN,
  base64,
  both,
  cookie,
  exchange,
  lines,
  look,
  outcome,
  overHttp2,
  sign
} = require('../support/contract/harness')
const { ONE, write, saved } = require('../support/contract-writing')

describe('Writing', () => {
  describe('where res.set exists', () => {
    const withSet =
      (app, set = () => {}) =>
      async (cookieSession) => {
        const calls = []
        const reply = await exchange(
          cookieSession,
          { cookie: cookie('{"b":2}', { key: 'older' }) },
          (req, res) => {
            res.set = set
            res.setHeader = function (...args) {
              calls.push(args[0])
              return http.OutgoingMessage.prototype.setHeader.apply(this, args)
            }
            app(req, res)
          }
        )
        return { ...reply, calls }
      }

    test("http.OutgoingMessage.prototype.setHeader is used for a save, not the response's own", () =>
      both(withSet(write), { calls: [], setCookie: lines('{"b":2,"a":1}') }))

    test("http.OutgoingMessage.prototype.setHeader is used at a read, not the response's own", () =>
      both(
        withSet((req) => look(req.session)),
        { calls: [], setCookie: [`session.sig=${sign(`session=${base64('{"b":2}')}`)}${PLAIN}`] }
      ))

    test("where it does not, the response's own is used", () =>
      both(withSet(write, null), { calls: ['Set-Cookie', 'Set-Cookie'] }))

    test('it is looked up at the time: one put in its place is used', () =>
      both(
        async (cookieSession) => {
          const { setHeader } = http.OutgoingMessage.prototype
          const calls = []
          http.OutgoingMessage.prototype.setHeader = function (...args) {
            calls.push(args[0])
            return setHeader.apply(this, args)
          }
          try {
            const reply = await withSet(write)(cookieSession)
            return { ...reply, calls: calls.filter((name) => name === 'Set-Cookie') }
          } finally {
            http.OutgoingMessage.prototype.setHeader = setHeader
          }
        },
        { calls: ['Set-Cookie', 'Set-Cookie'] }
      ))

    test('so on http2 such a cookie is lost', () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, {}, (req, res) => {
            res.set = () => {}
            write(req)
            res.end()
          }),
        { setCookie: [] }
      ))

    test('so on http2 a signature cleared at a read is lost', () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, { cookie: cookie(ONE, { key: 'none' }) }, (req, res) => {
            res.set = () => {}
            const seen = outcome(() => look(req.session))
            res.end()
            return seen
          }),
        { setCookie: [] }
      ))
  })

  describe('the signature', () => {
    test('covers NAME=VALUE: base64 of the HMAC-SHA1', () =>
      both(
        async (cookieSession) => {
          const { setCookie } = await saved({ keys: ['keyboard cat'], name: 'id' })(cookieSession)
          return { setCookie }
        },
        {
          setCookie: [
            'id=eyJhIjoxfQ==; path=/; httponly',
            `id.sig=${sign('id=eyJhIjoxfQ==', 'keyboard cat')}; path=/; httponly`
          ]
        }
      ))

    test('`/` is `_`, `+` is `-`, and there is no `=`', () =>
      both(async (cookieSession) => {
        const middleware = cookieSession({ keys: [...KEYS] })
        const signatures = []
        for (let i = 0; i < 64; i++) {
          const { setCookie } = await exchange(cookieSession, { middleware }, (req) => {
            req.session.i = i
          })
          assert.deepStrictEqual(setCookie, lines(JSON.stringify({ i })))
          signatures.push(setCookie[1].slice('session.sig='.length, -PLAIN.length))
        }
        assert.ok(signatures.every((signature) => /^[\w-]{27}$/.test(signature)))
        assert.ok(signatures.some((signature) => signature.includes('_')))
        assert.ok(signatures.some((signature) => signature.includes('-')))
        return { signatures }
      }))

    test('has the attributes of the cookie it signs', () =>
      both(saved({ path: '/p', domain: 'example.com', httpOnly: false }), {
        setCookie: lines(ONE, '; path=/p; domain=example.com')
      }))
  })
})
