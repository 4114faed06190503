'use strict'

// The contract's section on what the middleware puts on a request, as tests: the accessor, the options
// of the request, what throws and when, and two instances on one request. Each test runs the original
// and ours, and says what both do.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const {
  KEYS,
  both,
  connection,
  cookie,
  exchange,
  lines,
  look,
  original,
  ours,
  outcome,
  sent,
  thrown
} = require('../support/contract/harness')
const { ONE, read, write } = require('../support/contract-request')

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
})
