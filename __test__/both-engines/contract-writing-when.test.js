'use strict'

// The contract's section on what is written as tests: when, with which attributes in which order, what
// is swallowed and what it leaves behind, and what becomes of res.writeHead. Each test runs the
// original and ours, and says what both do.

const assert = require('node:assert')
const http = require('node:http')
const { Readable } = require('node:stream')
const { describe, test } = require('node:test')
const connect = require('connect')
const {
  KEYS,
  ask,
  both,
  clearing,
  cookie,
  exchange,
  lines,
  outcome,
  overHttp2,
  serve,
  thrown
} = require('../support/contract/harness')
const { ONE, write } = require('../support/contract-writing')

describe('Writing', () => {
  describe('when: at the first writeHead', () => {
    /** What an app does after its session is as it should be. */
    const ways = {
      'implicit, by end': (res) => res.end(),
      'implicit, by end with a body': (res) => res.end('body'),
      'implicit, by write': (res) => {
        res.write('first')
        res.end('last')
      },
      'implicit, by flushHeaders': (res) => {
        res.flushHeaders()
        res.end('body')
      },
      'explicit, by writeHead': (res) => {
        res.writeHead(204)
        res.end()
      },
      'explicit, by writeHead with headers': (res) => {
        res.writeHead(200, { 'Content-Type': 'text/plain' })
        res.end('body')
      },
      streaming: (res) => Readable.from(['one', 'two', 'three']).pipe(res),
      'for a HEAD request': (res) => res.end('body')
    }

    for (const [name, way] of Object.entries(ways)) {
      test(name, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { method: name.includes('HEAD') ? 'HEAD' : 'GET' }, async (req, res) => {
              write(req)
              way(res)
              if (!res.writableFinished) await new Promise((resolve) => res.once('finish', resolve))
            }),
          { setCookie: lines(ONE) }
        )
      )
    }

    test('what is changed after the first byte of a stream is not sent', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            write(req)
            res.write('first')
            req.session.b = 2
            res.end('last')
          }),
        { setCookie: lines(ONE) }
      ))

    test('error replies: what Connect sends for an error that an app threw', () =>
      both(
        (cookieSession) => {
          const app = connect()
          app.use(cookieSession({ keys: [...KEYS] }))
          app.use((req) => {
            write(req)
            throw Object.assign(new Error('of the app'), { status: 503 })
          })
          const server = http.createServer(app)
          return serve(server, (port) => ask(http, port))
        },
        { status: 503, setCookie: lines(ONE) }
      ))

    test('error replies: a status of 500 that an app sets', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            write(req)
            res.statusCode = 500
            res.end('no')
          }),
        { setCookie: lines(ONE) }
      ))

    test("http2's compatibility API, implicit", () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, {}, (req, res) => {
            write(req)
            res.end('body')
          }),
        { setCookie: lines(ONE) }
      ))

    test("http2's compatibility API, explicit", () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, { cookie: cookie('{"b":2}') }, (req, res) => {
            write(req)
            res.writeHead(201, { 'x-app': '1' })
            res.end()
          }),
        { setCookie: lines('{"b":2,"a":1}') }
      ))

    test("http2's compatibility API, streaming", () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, {}, (req, res) => {
            write(req)
            Readable.from(['one', 'two']).pipe(res)
          }),
        { setCookie: lines(ONE) }
      ))

    test("http2's compatibility API, a removal", () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, { cookie: cookie(ONE) }, (req, res) => {
            req.session = null
            res.end()
          }),
        { setCookie: clearing() }
      ))

    test('over a real connection', () =>
      both(
        (cookieSession) => {
          const middleware = cookieSession({ keys: [...KEYS] })
          const server = http.createServer((req, res) =>
            middleware(req, res, () => {
              write(req)
              res.end('body')
            })
          )
          return serve(server, (port) => ask(http, port, { headers: { cookie: cookie('{"b":2}') } }))
        },
        { status: 200, setCookie: lines('{"b":2,"a":1}') }
      ))
  })

  describe('once', () => {
    /** Counts how often a session is stringified: once for a new one. */
    const counting = (app) => async (cookieSession) => {
      let calls = 0
      const reply = await exchange(cookieSession, {}, (req, res) => {
        req.session.a = { toJSON: () => ++calls }
        return app(req, res)
      })
      return { ...reply, calls }
    }

    test('writeHead and then end: one write', () =>
      both(
        counting((_req, res) => {
          res.writeHead(200)
          res.end()
        }),
        { calls: 1, setCookie: lines(ONE) }
      ))

    test('a second writeHead throws ERR_HTTP_HEADERS_SENT and writes nothing', () =>
      both(
        counting((_req, res) => {
          res.writeHead(200)
          return outcome(() => typeof res.writeHead(201)).code
        }),
        { calls: 1, seen: 'ERR_HTTP_HEADERS_SENT', setCookie: lines(ONE) }
      ))

    const failing = {
      'a status that is none': [(res) => res.writeHead(99), 'ERR_HTTP_INVALID_STATUS_CODE'],
      'a reason that cannot be sent': [(res) => res.writeHead(200, 'a\nb'), 'ERR_INVALID_CHAR']
    }

    for (const [name, [fail, code]] of Object.entries(failing)) {
      test(`even where that writeHead then fails, ${name}: changes made then are lost`, () =>
        both(
          counting((req, res) => {
            const error = thrown(() => fail(res))
            res.statusCode = 200
            res.statusMessage = undefined
            req.session.b = 2
            return error.code
          }),
          { calls: 1, seen: code, setCookie: lines(ONE) }
        ))
    }

    test('a writeHead that fails before it: malformed headers. It is still to come', () =>
      both(
        counting((req, res) => {
          const { message } = thrown(() => res.writeHead(200, ['x-odd']))
          req.session.b = 2
          return message
        }),
        { calls: 1, seen: 'headers array is malformed', setCookie: lines('{"a":1,"b":2}') }
      ))

    test('a writeHead that fails before it: a header that cannot be sent. It is still to come', () =>
      both(
        counting((req, res) => {
          const { code } = thrown(() => res.writeHead(200, { 'x-app': 'a\nb' }))
          req.session.b = 2
          return code
        }),
        { calls: 1, seen: 'ERR_INVALID_CHAR', setCookie: lines('{"a":1,"b":2}') }
      ))
  })

  describe('not at 1xx', () => {
    const informational = {
      writeContinue: (res) => res.writeContinue(),
      writeProcessing: (res) => res.writeProcessing(),
      writeEarlyHints: (res) => res.writeEarlyHints({ link: '</style.css>; rel=preload' }),
      writeInformation: (res) => res.writeInformation(104)
    }

    for (const [method, call] of Object.entries(informational)) {
      const skip = method in http.ServerResponse.prototype ? false : 'not in this version of Node.js'
      test(`${method}: a change made after it is sent`, { skip }, () =>
        both(
          async (cookieSession) => {
            const reply = await exchange(cookieSession, {}, (req, res) => {
              req.session.b = 0
              call(res)
              req.session.b = 2
            })
            assert.match(reply.wire, /^HTTP\/1\.1 10[0-9] /)
            const head = reply.wire.slice(0, reply.wire.indexOf('\r\n\r\n'))
            return { ...reply, early: /set-cookie/i.test(head) }
          },
          { early: false, setCookie: lines('{"b":2}') }
        )
      )
    }

    test("on http2's compatibility API: a change made after early hints is sent", () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, {}, (req, res) => {
            req.session.b = 0
            res.writeContinue()
            if (res.writeEarlyHints) res.writeEarlyHints({ link: '</style.css>; rel=preload' })
            req.session.b = 2
            res.end()
          }),
        { setCookie: lines('{"b":2}') }
      ))

    test('a writeHead of 101 is a writeHead', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            write(req)
            res.writeHead(101, { Upgrade: 'x', Connection: 'upgrade' })
          }),
        { setCookie: lines(ONE) }
      ))
  })

  describe('only if touched, changed, and populated or not new', () => {
    const cases = {
      'untouched, no cookie: nothing': [undefined, () => {}, []],
      'untouched, a cookie: nothing': [cookie(ONE), () => {}, []],
      'read, no cookie: nothing': [undefined, (req) => void req.session, []],
      'read, a cookie: nothing': [cookie(ONE), (req) => void req.session.a, []],
      'new and populated: written': [undefined, write, lines(ONE)],
      'new and emptied again: nothing': [
        undefined,
        (req) => {
          write(req)
          delete req.session.a
        },
        []
      ],
      'loaded and changed: written': [
        cookie(ONE),
        (req) => {
          req.session.a = 2
        },
        lines('{"a":2}')
      ],
      'loaded and changed deep inside: written': [
        cookie('{"a":{"b":[1]}}'),
        (req) => req.session.a.b.push(2),
        lines('{"a":{"b":[1,2]}}')
      ],
      'loaded, changed and changed back: nothing': [
        cookie(ONE),
        (req) => {
          req.session.a = 2
          req.session.a = 1
        },
        []
      ],
      'loaded and emptied: written': [cookie(ONE), (req) => delete req.session.a, lines('{}')],
      'loaded empty and left so: nothing': [cookie('{}'), (req) => void req.session, []],
      'assigned and populated: written, though the same': [
        cookie(ONE),
        (req) => {
          req.session = { a: 1 }
        },
        lines(ONE)
      ],
      'assigned and empty: nothing': [
        cookie(ONE),
        (req) => {
          req.session = {}
        },
        []
      ],
      'removed: a clearing cookie': [
        cookie(ONE),
        (req) => {
          req.session = null
        },
        clearing()
      ],
      'removed where there was none: a clearing cookie': [
        undefined,
        (req) => {
          req.session = null
        },
        clearing()
      ]
    }

    for (const [name, [came, app, setCookie]] of Object.entries(cases)) {
      test(name, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: came }, (req) => {
              app(req)
            }),
          { setCookie }
        )
      )
    }
  })
})
