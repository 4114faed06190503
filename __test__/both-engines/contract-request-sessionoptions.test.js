'use strict'

// The contract's section on what the middleware puts on a request, as tests: the accessor, the options
// of the request, what throws and when, and two instances on one request. Each test runs the original
// and ours, and says what both do.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const {
  KEYS,
  PLAIN,
  base64,
  both,
  cookie,
  exchange,
  lines,
  overHttp2,
  sign,
  thrown
} = require('../support/contract/harness')
const { ONE, CLEARED, read, write } = require('../support/contract-request')

describe('On req', () => {
  describe('req.sessionOptions', () => {
    test('is Object.create(options)', () =>
      both(
        (cookieSession) => {
          const options = { keys: [...KEYS] }
          return exchange(cookieSession, { options }, (req) => [
            Object.getPrototypeOf(req.sessionOptions) === options,
            Reflect.ownKeys(req.sessionOptions)
          ])
        },
        { seen: [true, []] }
      ))

    test('is one object for each request', () =>
      both(
        async (cookieSession) => {
          const middleware = cookieSession({ keys: [...KEYS] })
          const first = await exchange(cookieSession, { middleware }, (req) => {
            req.sessionOptions.path = '/one'
            write(req)
          })
          const second = await exchange(cookieSession, { middleware }, write)
          return { first: first.setCookie, second: second.setCookie }
        },
        { first: lines(ONE, '; path=/one; httponly'), second: lines(ONE) }
      ))

    test('is writable (and enumerable and configurable)', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req) => {
            const { value, ...flags } = Object.getOwnPropertyDescriptor(req, 'sessionOptions')
            return { value: typeof value, ...flags }
          }),
        { seen: { value: 'object', writable: true, enumerable: true, configurable: true } }
      ))

    test('is replaceable', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { options: { keys: [...KEYS], path: '/given' } }, (req) => {
            req.sessionOptions = { path: '/replaced' }
            write(req)
          }),
        { setCookie: lines(ONE, '; path=/replaced; httponly') }
      ))

    test('what a replacement inherits counts', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req) => {
            req.sessionOptions = Object.create(Object.create({ path: '/inherited', httpOnly: false }))
            write(req)
          }),
        { setCookie: lines(ONE, '; path=/inherited') }
      ))

    test('what it inherits from the options counts', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { options: { keys: [...KEYS], path: '/given', httpOnly: false } }, write),
        { setCookie: lines(ONE, '; path=/given') }
      ))

    for (const nothing of [null, undefined, false, 0, '']) {
      const is = `sessionOptions = ${JSON.stringify(nothing)}`

      test(`${is}: the cookie is read unverified`, () =>
        both(
          async (cookieSession) => {
            const seen = []
            for (const came of [`session=${base64(ONE)}`, `session=${base64(ONE)}; session.sig=bad`]) {
              const reply = await exchange(cookieSession, { cookie: came }, (req) => {
                req.sessionOptions = nothing
                return read(req).content
              })
              seen.push(reply.seen, reply.setCookie)
            }
            return { seen }
          },
          { seen: [ONE, [], ONE, []] }
        ))

      test(`${is}: the cookie is written unsigned`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, {}, (req) => {
              req.sessionOptions = nothing
              write(req)
            }),
          { setCookie: [lines(ONE)[0]] }
        ))

      test(`${is}: all other options are ignored as well`, () =>
        both(
          (cookieSession) => {
            const options = {
              keys: [...KEYS],
              name: 'id',
              path: '/p',
              domain: 'example.com',
              maxAge: 1000,
              httpOnly: false,
              secure: true,
              sameSite: 'lax',
              overwrite: true
            }
            return exchange(cookieSession, { options }, (req, res) => {
              res.setHeader('Set-Cookie', ['id=kept'])
              req.sessionOptions = nothing
              write(req)
            })
          },
          { setCookie: ['id=kept', `id=${base64(ONE)}${PLAIN}`] }
        ))
    }

    for (const signed of [false, null, 0, '']) {
      const is = `signed = ${JSON.stringify(signed)}`

      test(`${is}: the cookie is read unverified`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: `session=${base64(ONE)}; session.sig=bad` }, (req) => {
              req.sessionOptions.signed = signed
              return read(req).content
            }),
          { seen: ONE, setCookie: [] }
        ))

      test(`${is}: the cookie is written unsigned, all other options kept`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { options: { keys: [...KEYS], path: '/p' } }, (req) => {
              req.sessionOptions.signed = signed
              write(req)
            }),
          { setCookie: [lines(ONE, '; path=/p; httponly')[0]] }
        ))
    }

    test('signed = undefined, which is falsy too, still verifies and signs', () =>
      both(
        async (cookieSession) => {
          const unsigned = (req) => {
            req.sessionOptions.signed = undefined
          }
          const loaded = await exchange(
            cookieSession,
            { cookie: `session=${base64(ONE)}; session.sig=bad` },
            (req) => {
              unsigned(req)
              return read(req).content
            }
          )
          const saved = await exchange(cookieSession, {}, (req) => {
            unsigned(req)
            write(req)
          })
          return { seen: loaded.seen, cleared: loaded.setCookie, saved: saved.setCookie }
        },
        { seen: '{}', cleared: CLEARED, saved: lines(ONE) }
      ))

    test('{} still verifies and signs', () =>
      both(
        async (cookieSession) => {
          const loaded = await exchange(
            cookieSession,
            { cookie: `session=${base64(ONE)}; session.sig=bad` },
            (req) => {
              req.sessionOptions = {}
              return read(req).content
            }
          )
          const saved = await exchange(cookieSession, { options: { keys: [...KEYS], path: '/p' } }, (req) => {
            req.sessionOptions = {}
            write(req)
          })
          return { seen: loaded.seen, cleared: loaded.setCookie, saved: saved.setCookie }
        },
        { seen: '{}', cleared: CLEARED, saved: lines(ONE) }
      ))

    test('one that throws when it is read throws from the getter, and its save is dropped', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
            Object.defineProperty(req, 'sessionOptions', {
              get() {
                throw new RangeError('of the app')
              }
            })
            return [thrown(() => req.session).message, thrown(() => req.session).message]
          }),
        { seen: ['of the app', 'of the app'], setCookie: [] }
      ))
  })

  describe('all enumerable keys of req.sessionOptions land on the cookie', () => {
    /** What is written for options that a request changes. */
    const saved = (change) => (cookieSession) =>
      exchange(cookieSession, {}, (req) => {
        change(req.sessionOptions, req)
        write(req)
      })

    test("name among them: sessionOptions.name = 'x' renames the cookie written", () =>
      both(
        saved((options) => {
          options.name = 'x'
        }),
        { setCookie: lines(ONE, PLAIN, { name: 'x' }) }
      ))

    test('such a name is unchecked', () =>
      both(
        saved((options) => {
          options.name = 'a;b =c'
        }),
        { setCookie: lines(ONE, PLAIN, { name: 'a;b =c' }) }
      ))

    test('value among them, unchecked', () =>
      both(
        saved((options) => {
          options.value = 'v;w'
        }),
        { setCookie: [`session=v;w${PLAIN}`, `session.sig=${sign('session=v;w')}${PLAIN}`] }
      ))

    test('a value where a session is removed', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req) => {
            req.sessionOptions.value = 'v'
            req.session = null
          }),
        { setCookie: [`session=v${PLAIN}`, `session.sig=${sign('session=v')}${PLAIN}`] }
      ))

    test('inherited ones, too', () =>
      both(
        saved((_options, req) => {
          req.sessionOptions = Object.create({ name: 'x', value: 'v', partitioned: true })
        }),
        {
          setCookie: [
            `x=v; path=/; httponly; partitioned`,
            `x.sig=${sign('x=v')}; path=/; httponly; partitioned`
          ]
        }
      ))

    test('those that are not enumerable do not', () =>
      both(
        saved((options) => {
          Object.defineProperty(options, 'path', { value: '/hidden' })
        }),
        { setCookie: lines(ONE) }
      ))

    test('methods, too: toHeader among them', () =>
      both(
        saved((options) => {
          options.toHeader = function () {
            return `${this.name}-by-the-app=1`
          }
        }),
        { setCookie: ['session-by-the-app=1', 'session.sig-by-the-app=1'] }
      ))

    test('methods, too: toString among them', () =>
      both(
        saved((options) => {
          options.toString = function () {
            return `${this.name}:${this.value}`
          }
        })
      ))

    test('a getter is asked at the time of the write', () =>
      both(
        async (cookieSession) => {
          let asked = 0
          const reply = await saved((options) => {
            Object.defineProperty(options, 'path', { enumerable: true, get: () => `/${++asked}` })
          })(cookieSession)
          return { ...reply, asked }
        },
        { asked: 1, setCookie: lines(ONE, '; path=/1; httponly') }
      ))

    for (const path of [undefined, null, false, 0, '']) {
      test(`path ${JSON.stringify(path)}: no path is written`, () =>
        both(
          saved((options) => {
            options.path = path
          }),
          { setCookie: lines(ONE, '; httponly') }
        ))
    }

    for (const httpOnly of [undefined, null, false, 0, '']) {
      test(`httpOnly ${JSON.stringify(httpOnly)}: no httponly is written`, () =>
        both(
          saved((options) => {
            options.httpOnly = httpOnly
          }),
          { setCookie: lines(ONE, '; path=/') }
        ))
    }
  })

  describe('exceptions in the getter', () => {
    const request = () => ({ options: { keys: [undefined, 'k1'] }, cookie: cookie(ONE, { key: 'k1' }) })

    test('are synchronous, not swallowed', () =>
      both(
        async (cookieSession) => {
          const { seen } = await exchange(cookieSession, request(), (req) => thrown(() => req.session))
          return { ...seen }
        },
        { type: TypeError, code: 'ERR_INVALID_ARG_TYPE' }
      ))

    test('come again on each access', () =>
      both(
        async (cookieSession) => {
          let asked = 0
          const keys = {
            sign: () => 'made',
            index() {
              throw new RangeError(`number ${++asked}`)
            }
          }
          return exchange(cookieSession, { options: { keys }, cookie: cookie(ONE) }, (req) =>
            [1, 2, 3].map(() => thrown(() => req.session).message)
          )
        },
        { seen: ['number 1', 'number 2', 'number 3'], setCookie: [] }
      ))

    test('leave the session untouched: nothing is sent', () =>
      both(
        (cookieSession) => exchange(cookieSession, request(), (req) => [thrown(() => req.session)].length),
        { seen: 1, setCookie: [] }
      ))

    test('end where the reason ends', () =>
      both(
        (cookieSession) => {
          const { options, cookie: came } = request()
          return exchange(cookieSession, { options, cookie: came }, (req) => {
            const { code } = thrown(() => req.session)
            options.keys.shift()
            return [code, read(req).content]
          })
        },
        { seen: ['ERR_INVALID_ARG_TYPE', ONE] }
      ))

    test('do not keep an app from assigning', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, request(), (req) => {
            const { code } = thrown(() => req.session)
            req.session = { b: 2 }
            return [code, read(req).content]
          }),
        { seen: ['ERR_INVALID_ARG_TYPE', '{"b":2}'], setCookie: [] }
      ))

    test('are those of res.setHeader as well', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { cookie: cookie(ONE, { key: 'none' }) }, (req, res) => {
            res.setHeader = () => {
              throw new RangeError('of setHeader')
            }
            const { message } = thrown(() => req.session)
            delete res.setHeader
            return [message, read(req).content]
          }),
        { seen: ['of setHeader', '{}'], setCookie: CLEARED }
      ))
  })

  describe('after the headers went out', () => {
    const sentBefore = (came, app) => (cookieSession) =>
      exchange(cookieSession, { cookie: came }, (req, res) => {
        res.flushHeaders()
        assert.ok(res.headersSent)
        return app(req, res)
      })

    for (const [which, key] of [
      ['a bad signature', 'none'],
      ['a signature of a later key', 'older']
    ]) {
      test(`${which} throws ERR_HTTP_HEADERS_SENT, on each access`, () =>
        both(
          sentBefore(cookie(ONE, { key }), (req) =>
            [1, 2, 3].map(() => {
              const { type, code, message } = thrown(() => req.session)
              assert.match(message, /^Cannot set headers after they are sent/)
              return [type, code]
            })
          ),
          { seen: new Array(3).fill([Error, 'ERR_HTTP_HEADERS_SENT']), setCookie: [] }
        ))
    }

    test('a valid cookie reads well', () =>
      both(
        sentBefore(cookie(ONE), (req) => read(req).content),
        { seen: ONE, setCookie: [] }
      ))

    test('no cookie, or one without a signature, reads as a new session', () =>
      both(
        async (cookieSession) => ({
          none: (await sentBefore(undefined, read)(cookieSession)).seen,
          unsigned: (await sentBefore(`session=${base64(ONE)}`, read)(cookieSession)).seen.content
        }),
        { unsigned: '{}' }
      ))

    test('changes are silently lost', () =>
      both(
        sentBefore(cookie(ONE), (req) => {
          req.session.b = 2
          return read(req).content
        }),
        { seen: '{"a":1,"b":2}', setCookie: [] }
      ))

    test('assignments are silently lost, of null too', () =>
      both(
        sentBefore(cookie(ONE), (req) => {
          req.session = { c: 3 }
          const seen = [read(req).content]
          req.session = null
          return [...seen, req.session]
        }),
        { seen: ['{"c":3}', null], setCookie: [] }
      ))

    test('a Set-Cookie array that was there is added to before it throws', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { cookie: cookie(ONE, { key: 'none' }) }, (req, res) => {
            const values = ['other=1']
            res.setHeader('Set-Cookie', values)
            res.flushHeaders()
            const { code } = thrown(() => req.session)
            return [code, values]
          }),
        { seen: ['ERR_HTTP_HEADERS_SENT', ['other=1', ...CLEARED]], setCookie: ['other=1'] }
      ))

    test("over http2's compatibility API a bad signature throws ERR_HTTP2_HEADERS_SENT", () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, { cookie: cookie(ONE, { key: 'none' }) }, (req, res) => {
            res.flushHeaders()
            const { code } = thrown(() => req.session)
            res.end()
            return code
          }),
        { seen: 'ERR_HTTP2_HEADERS_SENT', setCookie: [] }
      ))
  })
})
