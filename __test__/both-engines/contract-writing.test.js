'use strict'

// The contract's section on what is written as tests: when, with which attributes in which order, what
// is swallowed and what it leaves behind, and what becomes of res.writeHead. Each test runs the
// original and ours, and says what both do.

const assert = require('node:assert')
const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const path = require('node:path')
const { Readable } = require('node:stream')
const { describe, test } = require('node:test')

// Connect prints the errors that it sends, but not here.
process.env.NODE_ENV = 'test'
const connect = require('connect')
const {
  EXPIRED,
  KEYS,
  NOW,
  PLAIN,
  ask,
  atTime,
  base64,
  both,
  clearing,
  cookie,
  exchange,
  lines,
  look,
  outcome,
  overHttp2,
  serve,
  sign,
  thrown
} = require('../support/contract/harness')

const ONE = '{"a":1}'
const VALUE = base64(ONE)
const write = (req) => {
  req.session.a = 1
}

/** What is sent for a session that has {"a":1}, under options. */
const saved =
  (options = {}, { app, ...request } = {}) =>
  (cookieSession) =>
    exchange(cookieSession, { options: { keys: [...KEYS], ...options }, ...request }, (req, res) => {
      const seen = app && app(req, res)
      write(req)
      return seen
    })

/** Names of a test's values, as a reader would write them. */
function told(value) {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date'
  return typeof value === 'object' && value !== null ? `an object, ${JSON.stringify(value)}` : String(value)
}

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

  describe('res.writeHead', () => {
    test('becomes an own enumerable function writeHead, length 1', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (_req, res) => {
            const { value, ...flags } = Object.getOwnPropertyDescriptor(res, 'writeHead')
            return [typeof value, value.name, value.length, flags]
          }),
        {
          seen: ['function', 'writeHead', 1, { writable: true, enumerable: true, configurable: true }]
        }
      ))

    test('gives the response back', () =>
      both((cookieSession) => exchange(cookieSession, {}, (_req, res) => res.writeHead(200) === res), {
        seen: true
      }))

    test('calls the one that was there, on the response, with what is left of its arguments', () =>
      both(
        (cookieSession) =>
          exchange(
            cookieSession,
            {
              before(_req, res) {
                res.calls = []
                res.writeHead = function (...args) {
                  res.calls.push([this === res, ...args])
                  return http.ServerResponse.prototype.writeHead.apply(this, args)
                }
              }
            },
            (_req, res) => {
              res.writeHead(201, 'Made', { 'x-app': '1' })
              return res.calls
            }
          ),
        { seen: [[true, 201, 'Made']] }
      ))

    /** The calls that reach the response's own methods, in order. */
    function recorded(res) {
      const calls = []
      for (const method of ['setHeader', 'appendHeader', 'removeHeader']) {
        if (!(method in res)) continue
        const real = res[method]
        res[method] = function (...args) {
          calls.push([method, ...args])
          return real.apply(this, args)
        }
      }
      return calls
    }

    const flat = ['x-app', '1', 'x-more', '2', 'x-app', '3']
    const argumentLists = {
      'no headers': [[200], {}],
      'an object': [[200, { 'X-App': '1', 'x-list': ['2', '3'] }], { 'x-app': '1', 'x-list': ['2', '3'] }],
      'an object with an empty name': [[200, { '': '1', 'x-app': '2' }], { 'x-app': '2' }],
      'a reason phrase': [[200, 'Fine'], {}],
      'a reason phrase and an object': [[200, 'Fine', { 'x-app': '1' }], { 'x-app': '1' }],
      'a reason phrase that is undefined, and an object': [[200, undefined, { 'x-app': '1' }], {}],
      'a flat array': [[200, ['x-app', '1', 'x-more', '2']], { 'x-app': '1', 'x-more': '2' }],
      'a flat array with a name twice': [[200, flat], undefined],
      'a reason phrase and a flat array': [[200, 'Fine', ['x-app', '1']], { 'x-app': '1' }],
      'a 2-D array': [
        [
          200,
          [
            ['x-app', '1'],
            ['x-more', ['2', '3']]
          ]
        ],
        { 'x-app': '1', 'x-more': ['2', '3'] }
      ],
      'a 2-D array with a name twice: the last': [
        [
          200,
          [
            ['x-app', '1'],
            ['x-app', '2']
          ]
        ],
        { 'x-app': '2' }
      ],
      'a reason phrase and a 2-D array': [[200, 'Fine', [['x-app', '1']]], { 'x-app': '1' }],
      'an empty array': [[200, []], {}],
      null: [[200, null], {}],
      'a status as a string': [['200'], {}],
      'a status of 304': [[304, { etag: '"1"' }], { etag: '"1"' }]
    }

    for (const [name, [args, headers]] of Object.entries(argumentLists)) {
      for (const touched of [true, false]) {
        test(`header arguments go through setHeader first, ${name}, ${touched ? 'a' : 'an untouched'} session`, () =>
          both(
            async (cookieSession) => {
              let calls
              const reply = await exchange(cookieSession, {}, (req, res) => {
                if (touched) write(req)
                calls = recorded(res)
                const result = outcome(() => res.writeHead(...args) === res)
                const found = { ...res.getHeaders() }
                delete found['set-cookie']
                return { result, found, message: res.statusMessage, status: res.statusCode }
              })
              return { ...reply, calls, found: reply.seen.found }
            },
            { ...(headers && { found: headers }), setCookie: touched ? lines(ONE) : [] }
          ))
      }
    }

    test('the order of an object: setHeader for each, then the session', () =>
      both(
        async (cookieSession) => {
          let calls
          await exchange(cookieSession, {}, (req, res) => {
            write(req)
            calls = recorded(res)
            res.writeHead(200, { 'x-one': '1', 'x-two': '2' })
          })
          return { calls }
        },
        {
          calls: [
            ['setHeader', 'x-one', '1'],
            ['setHeader', 'x-two', '2'],
            ['setHeader', 'Set-Cookie', lines(ONE)]
          ]
        }
      ))

    test('the order of a 2-D array: setHeader for each, then the session', () =>
      both(
        async (cookieSession) => {
          let calls
          await exchange(cookieSession, {}, (req, res) => {
            write(req)
            calls = recorded(res)
            res.writeHead(200, [
              ['x-one', '1'],
              ['x-two', '2']
            ])
          })
          return { calls }
        },
        {
          calls: [
            ['setHeader', 'x-one', '1'],
            ['setHeader', 'x-two', '2'],
            ['setHeader', 'Set-Cookie', lines(ONE)]
          ]
        }
      ))

    test('a flat array replaces what was there, by appendHeader where there is one', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (_req, res) => {
            res.setHeader('x-app', 'old')
            res.writeHead(200, ['x-app', '1', 'x-app', '2'])
            return res.getHeader('x-app')
          }),
        { seen: 'appendHeader' in http.ServerResponse.prototype ? ['1', '2'] : '2' }
      ))

    for (const [name, headers, kept] of [
      ['an object', { 'Set-Cookie': 'app=1' }, ['app=1']],
      ['an object with an array', { 'set-cookie': ['app=1', 'app=2'] }, ['app=1', 'app=2']],
      ['a flat array', ['Set-Cookie', 'app=1', 'Set-Cookie', 'app=2'], ['app=1', 'app=2']],
      ['a 2-D array', [['Set-Cookie', ['app=1', 'app=2']]], ['app=1', 'app=2']]
    ]) {
      const skip =
        name === 'a flat array' && !('appendHeader' in http.ServerResponse.prototype)
          ? 'no appendHeader'
          : false
      test(`a Set-Cookie given to writeHead stays, and the session's come behind: ${name}`, { skip }, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, {}, (req, res) => {
              write(req)
              res.writeHead(200, headers)
            }),
          { setCookie: [...kept, ...lines(ONE)] }
        )
      )
    }

    test('a flat array of odd length throws, also for an untouched session', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (_req, res) => thrown(() => res.writeHead(200, ['x-app']))),
        { seen: { type: TypeError, message: 'headers array is malformed', code: undefined } }
      ))

    test('a reason phrase goes out', () =>
      both(async (cookieSession) => {
        const reply = await exchange(cookieSession, {}, (_req, res) => {
          res.writeHead(200, 'Fine by me')
        })
        assert.match(reply.wire, /^HTTP\/1\.1 200 Fine by me\r\n/)
        return reply
      }))

    test('res.statusCode that is set while headers are set wins', () =>
      both(async (cookieSession) => {
        const reply = await exchange(cookieSession, {}, (req, res) => {
          req.session.a = {
            toJSON() {
              res.statusCode = 202
              return 1
            }
          }
          res.writeHead(200, 'Fine', { 'x-app': '1' })
        })
        assert.match(reply.wire, /^HTTP\/1\.1 202 Accepted\r\n/)
        return reply
      }))
  })

  describe('attributes', () => {
    const expires = new Date(Date.UTC(2031, 1, 3, 4, 5, 6))

    test('order and case: path, expires, domain, priority, samesite, secure, httponly, partitioned', () =>
      both(
        saved(
          {
            partitioned: true,
            httpOnly: true,
            secure: true,
            sameSite: 'Lax',
            priority: 'HIGH',
            domain: 'Example.COM',
            expires,
            path: '/P'
          },
          { encrypted: true }
        ),
        {
          setCookie: lines(
            ONE,
            '; path=/P; expires=Mon, 03 Feb 2031 04:05:06 GMT; domain=Example.COM; priority=high; samesite=lax; secure; httponly; partitioned'
          )
        }
      ))

    test('none but path and httponly where no option asks for more', () =>
      both(saved(), { setCookie: lines(ONE, '; path=/; httponly') }))

    for (const [value, text] of [
      [true, '; samesite=strict'],
      ['strict', '; samesite=strict'],
      ['STRICT', '; samesite=strict'],
      ['none', '; samesite=none'],
      [false, ''],
      [null, ''],
      ['', ''],
      [undefined, '']
    ]) {
      test(`sameSite ${told(value)}`, () =>
        both(saved({ sameSite: value }), { setCookie: lines(ONE, `; path=/${text}; httponly`) }))
    }

    for (const [value, text] of [
      ['low', '; priority=low'],
      ['Medium', '; priority=medium'],
      ['', ''],
      [null, ''],
      [false, '']
    ]) {
      test(`priority ${told(value)}`, () =>
        both(saved({ priority: value }), { setCookie: lines(ONE, `; path=/${text}; httponly`) }))
    }

    for (const value of ['/a;b', '/a b', '/\u00e9', 'no slash', 5, true]) {
      test(`path ${told(value)} is let through`, () =>
        both(saved({ path: value }), {
          setCookie: lines(ONE, `; path=${value}; httponly`)
        }))
    }

    for (const value of ['a;b', '.example.com', ' ', 5]) {
      test(`domain ${told(value)} is let through`, () =>
        both(saved({ domain: value }), {
          setCookie: lines(ONE, `; path=/; domain=${value}; httponly`)
        }))
    }

    describe('maxAge', () => {
      test('becomes expires at send time', () =>
        both(
          (cookieSession) =>
            atTime(NOW, (move) =>
              exchange(cookieSession, { options: { keys: [...KEYS], maxAge: 60_000 } }, (req) => {
                write(req)
                move(NOW + 1_000_000)
              })
            ),
          {
            setCookie: lines(ONE, `; path=/; expires=${new Date(NOW + 1_060_000).toUTCString()}; httponly`)
          }
        ))

      for (const maxAge of [1, 321, 322, 1000, 86_400_000, 1.5, -1, -1000, 1e14, -1e14]) {
        test(`${maxAge}`, () =>
          atTime(NOW, () =>
            both(saved({ maxAge }), {
              setCookie: lines(ONE, `; path=/; expires=${new Date(NOW + maxAge).toUTCString()}; httponly`)
            })
          ))
      }

      test('beyond what a Date can be: an invalid one is written', () =>
        atTime(NOW, () =>
          both(saved({ maxAge: 1e16 }), { setCookie: lines(ONE, '; path=/; expires=Invalid Date; httponly') })
        ))

      test('the date moves on with the clock, from request to request', () =>
        both(
          (cookieSession) =>
            atTime(NOW, async (move) => {
              const middleware = cookieSession({ keys: [...KEYS], maxAge: 1000 })
              const seen = []
              for (const time of [0, 1, 321, 322, 1321, 1322, 500, -5000, 0.5]) {
                move(NOW + time)
                seen.push((await exchange(cookieSession, { middleware }, write)).setCookie[0])
              }
              return { seen }
            }),
          {
            seen: [0, 1, 321, 322, 1321, 1322, 500, -5000, 0.5].map(
              (time) =>
                lines(ONE, `; path=/; expires=${new Date(NOW + time + 1000).toUTCString()}; httponly`)[0]
            )
          }
        ))

      test('fractions of a millisecond are cut off towards 1970, from request to request', () =>
        both(
          async (cookieSession) => {
            const middleware = cookieSession({ keys: [...KEYS], maxAge: 0.5 })
            const seen = []
            for (const time of [-1000, -1, 0, 999, -1001]) {
              await atTime(time, async () => {
                seen.push((await exchange(cookieSession, { middleware }, write)).setCookie[0])
              })
            }
            return { seen }
          },
          {
            seen: ['31 Dec 1969 23:59:59', '01 Jan 1970 00:00:00', '01 Jan 1970 00:00:00']
              .concat('01 Jan 1970 00:00:00', '31 Dec 1969 23:59:59')
              .map(
                (date) =>
                  `session=${VALUE}; path=/; expires=${date.startsWith('31') ? 'Wed' : 'Thu'}, ${date} GMT; httponly`
              )
          }
        ))

      test('wins over expires', () =>
        atTime(NOW, () =>
          both(saved({ maxAge: 1000, expires }), {
            setCookie: lines(ONE, `; path=/; expires=${new Date(NOW + 1000).toUTCString()}; httponly`)
          })
        ))

      for (const maxAge of [0, -0, null, undefined, false, '']) {
        test(`${told(maxAge)} leaves expires as given`, () =>
          both(saved({ maxAge, expires }), {
            setCookie: lines(ONE, '; path=/; expires=Mon, 03 Feb 2031 04:05:06 GMT; httponly')
          }))

        test(`${told(maxAge)} writes no expires where none is given`, () =>
          both(saved({ maxAge }), { setCookie: lines(ONE) }))
      }

      test('maxage is an alias', () =>
        atTime(NOW, () =>
          both(saved({ maxage: 1000 }), {
            setCookie: lines(ONE, `; path=/; expires=${new Date(NOW + 1000).toUTCString()}; httponly`)
          })
        ))

      test('of maxAge and its alias the one that comes last wins', () =>
        atTime(NOW, () =>
          both(
            async (cookieSession) => ({
              alias: (await saved({ maxAge: 5000, maxage: 1000 })(cookieSession)).setCookie[0],
              other: (await saved({ maxage: 5000, maxAge: 1000 })(cookieSession)).setCookie[0]
            }),
            {
              alias: lines(ONE, `; path=/; expires=${new Date(NOW + 1000).toUTCString()}; httponly`)[0],
              other: lines(ONE, `; path=/; expires=${new Date(NOW + 1000).toUTCString()}; httponly`)[0]
            }
          )
        ))

      test('a bad maxage is swallowed', () => both(saved({ maxage: '1000' }), { setCookie: [] }))
    })

    test('an expires that is an invalid Date is written as such', () =>
      both(saved({ expires: new Date(NaN) }), {
        setCookie: lines(ONE, '; path=/; expires=Invalid Date; httponly')
      }))

    test('an expires that is no Date but has toUTCString is asked', () =>
      both(saved({ expires: { toUTCString: () => 'some day' } }), {
        setCookie: lines(ONE, '; path=/; expires=some day; httponly')
      }))
  })

  describe('throws inside and is swallowed: nothing is sent, and the response is whole', () => {
    const bad = {
      name: ['a;b', 'a=b', ';', '\u0416', 'a\nb', 'a\u0000b', '\u007f', 'a\u2028'],
      maxAge: ['1000', 'x', NaN, Infinity, -Infinity, true, {}, new Date(1000), 5n],
      priority: ['urgent', 'high ', 5, true, {}],
      sameSite: ['loose', 'lax ', 5, {}],
      expires: ['Thu, 01 Jan 1970 00:00:00 GMT', 5, true, {}],
      path: ['/\n', '/\u0416', '/\u0000'],
      domain: ['\r\n', '\u0416', 'a\u007f']
    }

    for (const [option, values] of Object.entries(bad)) {
      for (const value of values) {
        const name = typeof value === 'bigint' ? `${value}n` : value instanceof Date ? 'a Date' : told(value)
        test(`${option} ${name}, for a session that is saved`, () =>
          both(
            async (cookieSession) => {
              const reply = await saved({ [option]: value })(cookieSession)
              return { ...reply, status: reply.wire.slice(0, 15) }
            },
            { setCookie: [], status: 'HTTP/1.1 200 OK' }
          ))

        // A cookie that is to go has its expires and maxAge replaced before they are looked at.
        const checked = option !== 'maxAge' && option !== 'expires'
        test(`${option} ${name}, for a session that is removed${checked ? '' : ': not looked at'}`, () =>
          both(
            (cookieSession) =>
              exchange(cookieSession, { options: { keys: [...KEYS], [option]: value } }, (req) => {
                req.session = null
              }),
            { setCookie: checked ? [] : clearing() }
          ))
      }
    }

    test('a bad name counts as given at construction: a good one later does not help', () =>
      both(
        saved(
          { name: 'a;b' },
          {
            app(req) {
              req.sessionOptions.name = 'good'
            }
          }
        ),
        { setCookie: [] }
      ))

    test('a good name at construction: a bad one later is let through', () =>
      both(
        saved(
          { name: 'good' },
          {
            app(req) {
              req.sessionOptions.name = 'a;b'
            }
          }
        ),
        { setCookie: lines(ONE, PLAIN, { name: 'a;b' }) }
      ))

    test('a later name that no header can hold is swallowed', () =>
      both(
        saved(
          {},
          {
            app(req) {
              req.sessionOptions.name = 'a\nb'
            }
          }
        ),
        { setCookie: [] }
      ))

    // A session's value is base64 and never bad. The one value that is checked is a renewed signature.
    test('a bad value, a signature by an object with sign: throws from the getter that renews it', () =>
      both(
        (cookieSession) =>
          exchange(
            cookieSession,
            { options: { keys: { sign: () => 'a;b', index: () => 1 } }, cookie: cookie(ONE) },
            (req) => thrown(() => req.session)
          ),
        { seen: { type: TypeError, message: 'argument value is invalid', code: undefined }, setCookie: [] }
      ))

    test('a bad value, a signature by an object with sign: is let through where a session is saved', () =>
      both(saved({ keys: { sign: () => 'a;b', index: () => 0 } }), {
        setCookie: [`session=${VALUE}${PLAIN}`, `session.sig=a;b${PLAIN}`]
      }))

    test('a bad value, given as an option, is let through, but for what no header can hold', () =>
      both(
        async (cookieSession) => ({
          through: (await saved({ value: 'a;b' })(cookieSession)).setCookie[0],
          swallowed: (await saved({ value: 'a\nb' })(cookieSession)).setCookie
        }),
        { through: `session=a;b${PLAIN}`, swallowed: [] }
      ))

    test('a path that is a symbol', () => both(saved({ path: Symbol('p') }), { setCookie: [] }))
  })

  describe('swallowed does not mean untouched', () => {
    /** A save that throws inside, with Set-Cookie as an app left it. */
    const withValues =
      (values, options, app = write, request = {}) =>
      async (cookieSession) => {
        const given = Array.isArray(values) ? values.slice() : values
        const reply = await exchange(
          cookieSession,
          { options: { keys: [...KEYS], ...options }, ...request },
          (req, res) => {
            res.setHeader('Set-Cookie', given)
            app(req)
          }
        )
        return { ...reply, given }
      }
    const old = ['session=old', 'other=1', 'session.sig=old']

    test('Set-Cookie already an array is mutated before the throw: the old cookie removed', () =>
      both(withValues(old, { expires: 'tomorrow' }), {
        given: ['other=1', 'session.sig=old'],
        setCookie: ['other=1', 'session.sig=old']
      }))

    test('where sign threw, the new one is left unsigned', () =>
      both(
        withValues(old, {
          keys: {
            index: () => 0,
            sign() {
              throw new Error('of the app')
            }
          }
        }),
        {
          given: ['other=1', 'session.sig=old', `session=${VALUE}${PLAIN}`],
          setCookie: ['other=1', 'session.sig=old', `session=${VALUE}${PLAIN}`]
        }
      ))

    test('where sign threw for its keys, the new one is left unsigned', () =>
      both(withValues(old, { keys: [undefined] }), {
        setCookie: ['other=1', 'session.sig=old', `session=${VALUE}${PLAIN}`]
      }))

    test('where there are no keys to sign with, the new one is left unsigned', () =>
      both(
        withValues(old, { keys: undefined, signed: false }, (req) => {
          req.sessionOptions.signed = true
          write(req)
        }),
        { setCookie: ['other=1', 'session.sig=old', `session=${VALUE}${PLAIN}`] }
      ))

    test('where sign threw for a removal, the clearing cookie is left unsigned', () =>
      both(
        withValues(old, { keys: [undefined] }, (req) => {
          req.session = null
        }),
        { setCookie: ['other=1', 'session.sig=old', `session=${EXPIRED}`] }
      ))

    test('without overwrite the old cookie stays', () =>
      both(withValues(old, { keys: [undefined], overwrite: false }), {
        setCookie: [...old, `session=${VALUE}${PLAIN}`]
      }))

    for (const [what, options] of Object.entries({
      'a bad name': { name: 'session;' },
      'a bad maxAge': { maxAge: '1000' },
      'a bad priority': { priority: 'urgent' },
      'a bad sameSite': { sameSite: 'loose' },
      'secure on a plain connection': { secure: true }
    })) {
      test(`what is checked before, ${what}, leaves the array as it was`, () =>
        both(withValues(old, options), { given: old, setCookie: old }))
    }

    test('a session that cannot be stringified leaves the array as it was', () =>
      both(
        withValues(old, {}, (req) => {
          req.session.big = 1n
        }),
        { given: old, setCookie: old }
      ))

    test('a string stays', () =>
      both(
        async (cookieSession) => ({
          expires: (await withValues('session=old', { expires: 'tomorrow' })(cookieSession)).setCookie,
          sign: (await withValues('session=old', { keys: [undefined] })(cookieSession)).setCookie
        }),
        { expires: ['session=old'], sign: ['session=old'] }
      ))

    test('a frozen array drops the save', () =>
      both(withValuesFrozen(['other=1'], {}), { setCookie: ['other=1'] }))

    test('a frozen array that holds the old cookie drops the save', () =>
      both(withValuesFrozen(old, {}), { setCookie: old }))

    test('a sealed array drops the save', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            res.setHeader('Set-Cookie', Object.seal(['other=1']))
            write(req)
          }),
        { setCookie: ['other=1'] }
      ))

    test('a frozen empty array drops the save', () => both(withValuesFrozen([], {}), { setCookie: [] }))

    test('a frozen array drops a removal', () =>
      both(
        withValuesFrozen(['other=1'], {}, (req) => {
          req.session = null
        }),
        { setCookie: ['other=1'] }
      ))

    /** As `withValues`, with an array that cannot be mutated. */
    function withValuesFrozen(values, options, app = write) {
      return (cookieSession) =>
        exchange(cookieSession, { options: { keys: [...KEYS], ...options } }, (req, res) => {
          res.setHeader('Set-Cookie', Object.freeze(values.slice()))
          app(req)
        })
    }

    test('an array with a non-string drops the save', () =>
      both(withValues(['other=1', 5], {}), { given: ['other=1', 5], setCookie: ['other=1', '5'] }))

    test('an array with a non-string drops the save; what is behind it may be gone', () =>
      both(withValues([5, 'session=old', 'other=1'], {}), {
        given: [5, 'other=1'],
        setCookie: ['5', 'other=1']
      }))

    test('an array with a non-string is no matter without overwrite', () =>
      both(withValues(['other=1', 5], { overwrite: false }), { setCookie: ['other=1', '5', ...lines(ONE)] }))

    test('an array in an array has an indexOf of its own', () =>
      both(withValues([['other=1', 'session=old']], {})))
  })

  describe('secure', () => {
    const secured = lines(ONE, '; path=/; secure; httponly')
    const plain = lines(ONE)
    const connections = {
      'a plain connection': [{}, false],
      'an encrypted socket': [{ encrypted: true }, true],
      "req.protocol === 'https'": [{ protocol: 'https' }, true],
      "req.protocol === 'http'": [{ protocol: 'http' }, false],
      "req.protocol === 'HTTPS'": [{ protocol: 'HTTPS' }, false]
    }

    for (const [name, [request, isSecure]] of Object.entries(connections)) {
      test(`undefined follows the connection: ${name}`, () =>
        both(saved({ secure: undefined }, request), { setCookie: isSecure ? secured : plain }))

      test(`not given at all follows the connection: ${name}`, () =>
        both(saved({}, request), { setCookie: isSecure ? secured : plain }))

      for (const secure of [null, false, 0, '']) {
        test(`${told(secure)} suppresses it: ${name}`, () =>
          both(saved({ secure }, request), { setCookie: plain }))
      }

      for (const secure of [true, 1, 'auto']) {
        test(`${told(secure)} ${isSecure ? 'is written' : 'throws inside'}: ${name}`, () =>
          both(saved({ secure }, request), { setCookie: isSecure ? secured : [] }))
      }

      test(`secureProxy overrides: true, ${name}`, () =>
        both(saved({ secureProxy: true }, request), { setCookie: secured }))

      test(`secureProxy overrides: false, ${name}`, () =>
        both(saved({ secureProxy: false }, request), { setCookie: plain }))

      test(`secureProxy overrides, even as undefined: ${name}`, () =>
        both(saved({ secureProxy: undefined }, request), { setCookie: plain }))

      test(`secureProxy overrides a secure of false: ${name}`, () =>
        both(saved({ secureProxy: true, secure: false }, request), { setCookie: secured }))

      test(`secure true with secureProxy ${isSecure ? 'is written' : 'throws inside all the same'}: ${name}`, () =>
        both(saved({ secureProxy: true, secure: true }, request), { setCookie: isSecure ? secured : [] }))

      test(`secureProxy false overrides a secure of true, where that does not throw: ${name}`, () =>
        both(saved({ secureProxy: false, secure: true }, request), { setCookie: isSecure ? plain : [] }))
    }

    test('a removal follows the connection as well', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { encrypted: true }, (req) => {
            req.session = null
          }),
        { setCookie: clearing().map((line) => line.replace('; httponly', '; secure; httponly')) }
      ))

    test('what socket.encrypted is, where it is not true, is written if truthy', () =>
      both(
        saved(
          {},
          {
            app(req) {
              req.socket.encrypted = 'yes'
            }
          }
        ),
        { setCookie: secured }
      ))

    test('a request without a socket is asked for its connection', () =>
      both(
        saved(
          {},
          {
            app(req) {
              Object.defineProperty(req, 'socket', { value: undefined })
              Object.defineProperty(req, 'connection', { value: { encrypted: true } })
            }
          }
        ),
        { setCookie: secured }
      ))

    test('a request with neither: the save is dropped', () =>
      both(
        saved(
          {},
          {
            app(req) {
              Object.defineProperty(req, 'socket', { value: undefined })
              Object.defineProperty(req, 'connection', { value: undefined })
            }
          }
        ),
        { setCookie: [] }
      ))

    test('over a real TLS connection', () => {
      const pem = (name) => fs.readFileSync(path.join(__dirname, '..', 'support', 'sockets', name))
      const [cert, key] = [pem('localhost-cert.pem'), pem('localhost-key.pem')]
      return both(
        (cookieSession) => {
          const middleware = cookieSession({ keys: [...KEYS] })
          const server = https.createServer({ cert, key }, (req, res) =>
            middleware(req, res, () => {
              write(req)
              res.end()
            })
          )
          return serve(server, (port) => ask(https, port, { ca: cert, servername: 'localhost' }))
        },
        { status: 200, setCookie: secured }
      )
    })
  })

  describe('Set-Cookie there before', () => {
    const behind = (values, options = {}, app = write) =>
      saved(options, {
        app(req, res) {
          res.setHeader('Set-Cookie', values)
          app(req)
        }
      })

    test('a string is kept', () => both(behind('other=1'), { setCookie: ['other=1', ...lines(ONE)] }))

    test('an array is kept', () =>
      both((cookieSession) => behind(['other=1', 'more=2'])(cookieSession), {
        setCookie: ['other=1', 'more=2', ...lines(ONE)]
      }))

    test('an empty string is not', () => both(behind(''), { setCookie: lines(ONE) }))

    test('the array is mutated in place, and stays the header', () =>
      both(
        async (cookieSession) => {
          const values = ['other=1']
          let same
          const reply = await exchange(cookieSession, {}, (req, res) => {
            res.setHeader('Set-Cookie', values)
            write(req)
            res.flushHeaders()
            same = res.getHeader('Set-Cookie') === values
          })
          return { ...reply, same, values }
        },
        { same: true, values: ['other=1', ...lines(ONE)], setCookie: ['other=1', ...lines(ONE)] }
      ))

    const earlier = [
      'session=1',
      'x=1',
      'session.sig=1',
      'session=2',
      'sessions=1',
      ' session=1',
      'Session=1'
    ]
    const rest = ['x=1', 'sessions=1', ' session=1', 'Session=1']

    test('overwrite removes earlier ones that start with NAME=', () =>
      both((cookieSession) => behind([...earlier])(cookieSession), { setCookie: [...rest, ...lines(ONE)] }))

    test('overwrite: false leaves them', () =>
      both((cookieSession) => behind([...earlier], { overwrite: false })(cookieSession), {
        setCookie: [...earlier, ...lines(ONE)]
      }))

    test('overwrite removes a string that starts with NAME=', () =>
      both(behind('session=1'), { setCookie: lines(ONE) }))

    test('a removal overwrites as well', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            res.setHeader('Set-Cookie', [...earlier])
            req.session = null
          }),
        { setCookie: [...rest, ...clearing()] }
      ))

    test('an unsigned session leaves an earlier signature', () =>
      both((cookieSession) => behind([...earlier], { signed: false })(cookieSession), {
        setCookie: ['x=1', 'session.sig=1', 'sessions=1', ' session=1', 'Session=1', lines(ONE)[0]]
      }))

    test('a renamed cookie removes earlier ones of its new name', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            res.setHeader('Set-Cookie', ['session=1', 'x=1', 'x.sig=1'])
            req.sessionOptions.name = 'x'
            write(req)
          }),
        { setCookie: ['session=1', ...lines(ONE, PLAIN, { name: 'x' })] }
      ))
  })

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
