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
  connection,
  cookie,
  exchange,
  lines,
  look,
  original,
  ours,
  outcome,
  overHttp2,
  sent,
  sign,
  thrown
} = require('../support/contract/harness')

const ONE = '{"a":1}'
const CLEARED = ['session.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly']
const read = (req) => look(req.session)
const write = (req) => {
  req.session.a = 1
}

describe('On req', () => {
  test('there are sessionOptions and session, in that order, and nothing else that was not there', () =>
    both(
      async (cookieSession) => {
        const { req, res } = connection({ cookie: cookie(ONE) })
        const [before, resBefore] = [Reflect.ownKeys(req), Reflect.ownKeys(res)]
        cookieSession({ keys: [...KEYS] })(req, res, () => {})
        write(req)
        const added = (object, keys) => Reflect.ownKeys(object).filter((key) => !keys.includes(key))
        return { req: added(req, before), res: added(res, resBefore) }
      },
      { req: ['sessionOptions', 'session'], res: ['writeHead'] }
    ))

  test('a request that cannot be added to throws', () =>
    both(
      (cookieSession) => {
        const { req, res } = connection()
        Object.preventExtensions(req)
        return thrown(() => cookieSession({ keys: [...KEYS] })(req, res, () => {}))
      },
      { type: TypeError, message: 'Cannot add property sessionOptions, object is not extensible' }
    ))

  test('a request whose session cannot be defined throws', () =>
    both(
      (cookieSession) => {
        const { req, res } = connection()
        Object.defineProperty(req, 'session', { value: 1 })
        return thrown(() => cookieSession({ keys: [...KEYS] })(req, res, () => {}))
      },
      { type: TypeError, message: 'Cannot redefine property: session' }
    ))

  test('a call without a response throws', () =>
    both((cookieSession) => thrown(() => cookieSession({ keys: [...KEYS] })(connection().req)), {
      type: TypeError,
      message: 'argument res is required'
    }))

  test('a call without next throws, with the session in place', () =>
    both(
      async (cookieSession) => {
        const { req, res, wire } = connection()
        const error = thrown(() => cookieSession({ keys: [...KEYS] })(req, res))
        write(req)
        return { ...error, ...(await sent(res, wire)) }
      },
      { type: TypeError, message: 'next is not a function', setCookie: lines(ONE) }
    ))

  describe('req.session', () => {
    test('is an own accessor, configurable, enumerable', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req) => {
            const { get, set, ...flags } = Object.getOwnPropertyDescriptor(req, 'session')
            return { get: typeof get, set: typeof set, ...flags }
          }),
        { seen: { get: 'function', set: 'function', configurable: true, enumerable: true } }
      ))

    test('its getter and setter are named getSession and setSession', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req) => {
            const { get, set } = Object.getOwnPropertyDescriptor(req, 'session')
            return [get.name, get.length, set.name, set.length]
          }),
        { seen: ['getSession', 0, 'setSession', 1] }
      ))

    test('is lazy: the cookie is looked for at the first access', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req) => {
            req.headers.cookie = cookie(ONE)
            const first = read(req).content
            req.headers.cookie = cookie('{"a":2}')
            return [first, read(req).content]
          }),
        { seen: [ONE, ONE] }
      ))

    test('is the same object at each access', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
            const { session } = req
            return session === req.session
          }),
        { seen: true }
      ))

    test('can be deleted and defined anew', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
            const deleted = delete req.session
            req.session = 'of the app'
            return [deleted, req.session]
          }),
        { seen: [true, 'of the app'], setCookie: [] }
      ))

    test('untouched: the request is not looked into', () =>
      both(
        async (cookieSession) => {
          let looks = 0
          const before = (req) => {
            const { headers } = req
            Object.defineProperty(req, 'headers', {
              get() {
                looks++
                return headers
              }
            })
          }
          const reply = await exchange(cookieSession, { before, cookie: cookie(ONE) })
          return { ...reply, looks }
        },
        { looks: 0, setCookie: [] }
      ))

    test('untouched: nothing is parsed', () =>
      both(
        async (cookieSession) => {
          const { parse } = JSON
          let parsed = 0
          JSON.parse = (...args) => {
            parsed++
            return parse(...args)
          }
          try {
            const reply = await exchange(cookieSession, { cookie: cookie(ONE) })
            return { ...reply, parsed }
          } finally {
            JSON.parse = parse
          }
        },
        { parsed: 0 }
      ))

    test('untouched: nothing is verified, nothing signed', () =>
      both(
        async (cookieSession) => {
          const calls = []
          const keys = { sign: () => calls.push('sign'), index: () => calls.push('index') }
          const reply = await exchange(cookieSession, { options: { keys }, cookie: cookie(ONE) })
          return { ...reply, calls }
        },
        { calls: [], setCookie: [] }
      ))

    test('untouched: nothing is sent, whatever came', () =>
      both(
        async (cookieSession) => {
          const seen = []
          for (const came of [
            undefined,
            cookie(ONE),
            cookie(ONE, { key: 'older' }),
            'session=x; session.sig=y'
          ]) {
            seen.push((await exchange(cookieSession, { cookie: came })).setCookie)
          }
          return { seen }
        },
        { seen: [[], [], [], []] }
      ))
  })

  describe('req.session through a Proxy over req, and on objects that inherit from req, at any depth', () => {
    const inherit = (object, depth) => (depth === 0 ? object : inherit(Object.create(object), depth - 1))
    const views = {
      'a Proxy over req': (req) => new Proxy(req, {}),
      'a Proxy over a Proxy over req': (req) => new Proxy(new Proxy(req, {}), {}),
      'a Proxy that answers with Reflect.get and its receiver': (req) =>
        new Proxy(req, { get: (target, key, receiver) => Reflect.get(target, key, receiver) }),
      'a Proxy that answers with its target': (req) =>
        new Proxy(req, {
          get: (target, key) => target[key],
          set: (target, key, value) => {
            target[key] = value
            return true
          }
        }),
      'Object.create(req)': (req) => Object.create(req),
      'Object.create(req), 2 deep': (req) => inherit(req, 2),
      'Object.create(req), 10 deep': (req) => inherit(req, 10),
      'Object.create(req), 100 deep': (req) => inherit(req, 100),
      'Object.create of a Proxy': (req) => Object.create(new Proxy(req, {})),
      'a Proxy over Object.create(req)': (req) => new Proxy(Object.create(req), {}),
      'a Proxy over Object.create of a Proxy, 3 deep': (req) => new Proxy(inherit(new Proxy(req, {}), 3), {})
    }

    for (const [name, view] of Object.entries(views)) {
      test(`${name}: the first access reads the request's session`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
              const seen = view(req).session
              return [look(seen).content, seen === req.session]
            }),
          { seen: [ONE, true] }
        ))

      test(`${name}: what is changed there is sent`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
              view(req).session.b = 2
            }),
          { setCookie: lines('{"a":1,"b":2}') }
        ))

      test(`${name}: an assignment is the request's`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
              const seen = view(req)
              seen.session = { c: 3 }
              return [look(req.session).content, seen.session === req.session, typeof req.session.isNew]
            }),
          { seen: ['{"c":3}', true, 'boolean'], setCookie: lines('{"c":3}') }
        ))

      test(`${name}: null removes the request's session`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, {}, (req) => {
              const seen = view(req)
              seen.session = null
              return [seen.session, req.session]
            }),
          { seen: [null, null] }
        ))
    }

    test('an assignment makes no own property on an object that inherits', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req) => {
            const view = Object.create(req)
            view.session = { a: 1 }
            return Object.keys(view)
          }),
        { seen: [] }
      ))

    test('two requests in flight keep apart, through views as well', () =>
      both(
        (cookieSession) => {
          const middleware = cookieSession({ keys: [...KEYS] })
          const [one, two] = [cookie(ONE), cookie('{"a":2}')].map((came) => connection({ cookie: came }))
          for (const { req, res } of [one, two]) middleware(req, res, () => {})
          const views = [new Proxy(one.req, {}), Object.create(two.req)]
          return { seen: [...views.map(read), read(one.req), read(two.req)].map((seen) => seen.content) }
        },
        { seen: [ONE, '{"a":2}', ONE, '{"a":2}'] }
      ))

    test('a copy of the request with all its properties reads the same session', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
            const copy = Object.create(Object.getPrototypeOf(req), Object.getOwnPropertyDescriptors(req))
            return copy.session === req.session
          }),
        { seen: true }
      ))

    // The one use that may be given up: so it either works or says that it does not.
    test('a getter torn off and called bare gives the session, or throws a TypeError', async () => {
      const bare = (cookieSession) =>
        exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
          const { get } = Object.getOwnPropertyDescriptor(req, 'session')
          return outcome(() => get() === req.session)
        })
      assert.deepStrictEqual((await bare(original)).seen, { value: true })
      const { seen } = await bare(ours)
      assert.ok(seen.value === true || seen.type === TypeError)
    })

    test('a getter torn off and called on the request gives its session', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
            const { get } = Object.getOwnPropertyDescriptor(req, 'session')
            return get.call(req) === req.session
          }),
        { seen: true }
      ))

    test('a request that is no stream has its session as well', () =>
      both(
        async (cookieSession) => {
          const { res, wire } = connection()
          const req = { headers: { cookie: cookie(ONE) }, socket: {} }
          cookieSession({ keys: [...KEYS] })(req, res, () => {})
          const seen = Object.create(new Proxy(req, {})).session === req.session && read(req).content
          req.session.b = 2
          return { seen, ...(await sent(res, wire)) }
        },
        { seen: ONE, setCookie: lines('{"a":1,"b":2}') }
      ))
  })

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

  describe('two instances on one request', () => {
    /** The request passes the first, then `between`, then the second, then `app`. */
    const inTurn = (first, second, between, app, came) => async (cookieSession) => {
      const { req, res, wire } = connection({ cookie: came })
      let seen
      cookieSession(first())(req, res, () => {
        between(req, res)
        cookieSession(second())(req, res, () => {
          seen = app(req, res)
        })
      })
      return { seen, ...(await sent(res, wire)) }
    }
    const named = (name, more) => () => ({ keys: [...KEYS], name, ...more })
    const setA = (req) => {
      req.session.a = 1
    }
    const setB = (req) => {
      req.session.b = 2
    }

    test('share req.sessionOptions: the last wins', () =>
      both(
        inTurn(
          named('one', { path: '/one' }),
          named('two', { path: '/two' }),
          () => {},
          (req) => req.sessionOptions.path
        ),
        { seen: '/two' }
      ))

    test('so both cookies have the attributes and the name of the last, and the first instance overwrites', () =>
      both(inTurn(named('one', { path: '/one' }), named('two', { path: '/two' }), setA, setB), {
        setCookie: lines(ONE, '; path=/two; httponly', { name: 'two' })
      }))

    test('hooks fire last registered first', () =>
      both(inTurn(named('one'), named('two', { overwrite: false }), setA, setB), {
        setCookie: [...lines('{"b":2}', PLAIN, { name: 'two' }), ...lines('{"a":1}', PLAIN, { name: 'two' })]
      }))

    test('req.session is that of the last', () =>
      both(
        inTurn(
          named('one'),
          named('two'),
          (req) => assert.strictEqual(read(req).content, '{"in":"one"}'),
          (req) => read(req).content,
          `${cookie('{"in":"one"}', { name: 'one' })}; ${cookie('{"in":"two"}', { name: 'two' })}`
        ),
        { seen: '{"in":"two"}' }
      ))

    test("the first's accessor, kept by an app, still is the first's", () => {
      let kept
      return both(
        inTurn(
          named('one'),
          named('two'),
          (req) => {
            kept = Object.getOwnPropertyDescriptor(req, 'session')
          },
          (req) => {
            Object.defineProperty(req, 'first', kept)
            return [req.first, req.session, Object.create(req).first].map((seen) => look(seen).content)
          },
          `${cookie('{"in":"one"}', { name: 'one' })}; ${cookie('{"in":"two"}', { name: 'two' })}`
        ),
        { seen: ['{"in":"one"}', '{"in":"two"}', '{"in":"one"}'] }
      )
    })

    test('one middleware twice on a request: both sessions are read from the same cookie', () =>
      both(
        async (cookieSession) => {
          const middleware = cookieSession({ keys: [...KEYS] })
          const { req, res, wire } = connection({ cookie: cookie('{"n":0}') })
          const seen = []
          middleware(req, res, () => {
            req.session.n = 1
            seen.push(read(req).content)
            middleware(req, res, () => {
              seen.push(read(req).content)
              req.session.n = 2
            })
          })
          return { seen, ...(await sent(res, wire)) }
        },
        { seen: ['{"n":1}', '{"n":0}'], setCookie: lines('{"n":1}') }
      ))

    test('three instances, each with a session: views read the last', () =>
      both(
        async (cookieSession) => {
          const { req, res, wire } = connection()
          for (const name of ['one', 'two', 'three']) {
            cookieSession({ keys: [...KEYS], name, overwrite: false })(req, res, () => {
              req.session.of = name
            })
          }
          const seen = [new Proxy(req, {}), Object.create(req)].map((view) => view.session.of)
          return { seen, ...(await sent(res, wire)) }
        },
        {
          seen: ['three', 'three'],
          setCookie: ['three', 'two', 'one'].flatMap((of) =>
            lines(JSON.stringify({ of }), PLAIN, { name: 'three' })
          )
        }
      ))
  })
})
