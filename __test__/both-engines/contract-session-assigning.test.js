'use strict'

// The contract's sections on the session object and on what may be assigned, as tests: what an app and
// a debugger see of a session, what loads and what counts as changed, how often an app's own toJSON
// and getters run. Each test runs the original and ours, and says what both do.

const { describe, test } = require('node:test')
const {
  KEYS,
  both,
  clearing,
  connection,
  cookie,
  exchange,
  lines,
  outcome,
  sent,
  thrown
} = require('../support/contract/harness')
const { ONE, read } = require('../support/contract-session')

describe('Session object', () => {
  describe('Assigning', () => {
    const assigned =
      (make, came, app = read) =>
      (cookieSession) =>
        exchange(cookieSession, { cookie: came }, (req) => {
          req.session = make(req)
          return app(req)
        })

    for (const nothing of [null, undefined]) {
      test(`${nothing}: the getter then gives null`, () =>
        both(
          assigned(
            () => nothing,
            cookie(ONE),
            (req) => req.session
          ),
          { seen: null }
        ))

      test(`${nothing}: a clearing cookie (empty, epoch) with its .sig is sent`, () =>
        both(
          assigned(() => nothing, cookie(ONE)),
          { setCookie: clearing() }
        ))

      test(`${nothing}: the clearing cookie is sent even where the request had none`, () =>
        both(
          assigned(() => nothing),
          { setCookie: clearing() }
        ))

      test(`${nothing}: the clearing cookie has the attributes of the options, but for expires and maxAge`, () =>
        both(
          (cookieSession) => {
            const options = {
              keys: [...KEYS],
              path: '/p',
              domain: 'example.com',
              maxAge: 1000,
              sameSite: 'lax',
              expires: new Date(1e12)
            }
            return exchange(cookieSession, { options }, (req) => {
              req.session = nothing
            })
          },
          {
            setCookie: clearing().map((line) =>
              line.replace('path=/', 'path=/p').replace('GMT', 'GMT; domain=example.com; samesite=lax')
            )
          }
        ))

      test(`${nothing}: after a session was read and changed`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
              req.session.b = 2
              req.session = nothing
              return req.session
            }),
          { seen: null, setCookie: clearing() }
        ))

      test(`${nothing}: an object assigned then is a session again`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
              req.session = nothing
              req.session = { b: 2 }
              return read(req).content
            }),
          { seen: '{"b":2}', setCookie: lines('{"b":2}') }
        ))
    }

    describe('a shallow copy of enumerable own and inherited keys into a new Session', () => {
      const values = {
        'an object': [() => ({ a: 1, b: { c: 2 } }), '{"a":1,"b":{"c":2}}'],
        'an object that inherits': [() => Object.assign(Object.create({ b: 2 }), { a: 1 }), '{"a":1,"b":2}'],
        'an object without a prototype': [() => Object.assign(Object.create(null), { a: 1 }), ONE],
        'an array': [() => ['x', ['y']], '{"0":"x","1":["y"]}'],
        'an array with more': [() => Object.assign(['x'], { a: 1 }), '{"0":"x","a":1}'],
        'a boxed string': [() => new String('ab'), '{"0":"a","1":"b"}'],
        'a Map': [() => Object.assign(new Map([['x', 1]]), { a: 1 }), ONE],
        'a class instance': [
          () => {
            class Cart {
              items = []
              get total() {
                return 5
              }
            }
            return new Cart()
          },
          '{"items":[]}'
        ],
        'a Proxy': [() => new Proxy({ a: 1 }, {}), ONE],
        "a getter's value": [
          () => ({
            get a() {
              return 1
            }
          }),
          ONE
        ]
      }

      for (const [name, [make, content]] of Object.entries(values)) {
        test(name, () =>
          both(
            async (cookieSession) => {
              const reply = await assigned(make)(cookieSession)
              return { ...reply, content: reply.seen.content, isNew: reply.seen.isNew }
            },
            { content, isNew: true, setCookie: lines(content) }
          )
        )
      }

      for (const [name, make] of Object.entries({
        'a boxed number': () => new Number(5),
        'a boxed boolean': () => new Boolean(false),
        'a boxed symbol': () => Object(Symbol('s')),
        'a Date': () => new Date(0),
        'a regular expression': () => /x/,
        'an Error': () => new Error('x'),
        'an empty array': () => [],
        'an empty object': () => ({}),
        'symbol keys alone': () => ({ [Symbol('s')]: 1 }),
        'keys that are not enumerable': () => Object.defineProperty({}, 'a', { value: 1 })
      })) {
        test(`${name}: nothing to copy, an empty session, nothing sent`, () =>
          both(
            async (cookieSession) => {
              const reply = await assigned(make)(cookieSession)
              return { ...reply, content: reply.seen.content }
            },
            { content: '{}', setCookie: [] }
          ))
      }

      for (const [name, make] of Object.entries({
        'a Buffer': () => Buffer.from('ab'),
        'a typed array': () => Uint8Array.of(1, 2),
        'a URL': () => new URL('http://localhost/'),
        'an IncomingMessage': () => connection().req
      })) {
        test(`${name}, whose methods are enumerable or not: what the original makes of it`, () =>
          both(
            assigned(make, undefined, (req) => [
              Object.keys(req.session),
              outcome(() => req.session.isPopulated),
              outcome(() => JSON.stringify(req.session)).code
            ])
          ))
      }

      test('it is a copy: what is done to the object later is not seen', () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, {}, (req) => {
              const given = { a: 1 }
              req.session = given
              given.b = 2
              return [req.session === given, read(req).content]
            }),
          { seen: [false, ONE] }
        ))

      test('it is shallow: values are the same objects', () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, {}, (req) => {
              const given = { a: {} }
              req.session = given
              given.a.b = 2
              return [req.session.a === given.a, read(req).content]
            }),
          { seen: [true, '{"a":{"b":2}}'], setCookie: lines('{"a":{"b":2}}') }
        ))

      test('req.session = req.session too: a new Session of the same keys', () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
              const { session } = req
              req.session = session
              return [req.session === session, read(req)]
            }),
          {
            seen: [
              false,
              { class: 'Session', isNew: true, isPopulated: true, isChanged: true, content: ONE }
            ],
            setCookie: lines(ONE)
          }
        ))

      test('a getter of the object that throws leaves the session as it was', () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
              const { message } = thrown(() => {
                req.session = {
                  get b() {
                    throw new Error('of the app')
                  }
                }
              })
              return [message, read(req).content]
            }),
          { seen: ['of the app', ONE], setCookie: [] }
        ))

      test('the cookie that came is not looked at', () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: 'session=x; session.sig=bad' }, (req) => {
              req.session = { a: 1 }
            }),
          { setCookie: lines(ONE) }
        ))
    })

    test('{} sends nothing', () =>
      both(
        assigned(() => ({})),
        { setCookie: [] }
      ))

    test('{} sends nothing, even where the request had a session', () =>
      both(
        assigned(() => ({}), cookie(ONE)),
        { setCookie: [] }
      ))

    const others = [5, 0, NaN, 'text', '', true, false, 5n, Symbol('s'), () => {}, class {}]

    for (const other of others) {
      test(`other values throw: ${typeof other} ${String(other)}`, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, { cookie: cookie(ONE) }, (req) => {
              const error = thrown(() => {
                req.session = other
              })
              return [error, read(req).content]
            }),
          {
            seen: [
              { type: Error, message: 'req.session can only be set as null or an object.', code: undefined },
              ONE
            ],
            setCookie: []
          }
        ))
    }

    test('assigning and giving up again, in any order: the last counts', () =>
      both(
        async (cookieSession) => {
          const seen = []
          for (const steps of [
            [{ a: 1 }, null, { b: 2 }],
            [null, { a: 1 }, {}],
            [{ a: 1 }, {}, null]
          ]) {
            const middleware = cookieSession({ keys: [...KEYS] })
            const { req, res, wire } = connection({ cookie: cookie(ONE) })
            middleware(req, res, () => {})
            for (const step of steps) req.session = step
            seen.push((await sent(res, wire)).setCookie)
          }
          return { seen }
        },
        { seen: [lines('{"b":2}'), [], clearing()] }
      ))
  })
})
