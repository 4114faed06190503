'use strict'

// The contract's sections on the session object and on what may be assigned, as tests: what an app and
// a debugger see of a session, what loads and what counts as changed, how often an app's own toJSON
// and getters run. Each test runs the original and ours, and says what both do.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { base64, both, clearing, cookie, exchange, lines, thrown } = require('../support/contract/harness')
const { ONE, read, loaded, fresh } = require('../support/contract-session')

describe('Session object', () => {
  describe('nesting', () => {
    const nested = (depth) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`

    test('of 4,000 loads and compares', () =>
      both(
        loaded(nested(4000), (req) => [
          read(req).content === nested(4000),
          read(req).isNew,
          read(req).isChanged
        ]),
        { seen: [true, false, false], setCookie: [] }
      ))

    test('of 4,000 is written', () =>
      both(
        fresh((req) => {
          req.session = JSON.parse(nested(4000))
        }),
        { setCookie: lines(nested(4000)) }
      ))

    /** A value that nests so deep that stringify throws, where it ever does: newer engines need no stack. */
    function tooDeep() {
      // A toJSON in its midst sends all engines the way that needs one.
      let value = { toJSON: () => 1 }
      for (let depth = 1; depth <= 4_000_000; depth++) {
        value = [value]
        if (depth % 500_000 !== 0) continue
        try {
          JSON.stringify(value)
        } catch (error) {
          assert.ok(error instanceof RangeError)
          return value
        }
      }
      return undefined
    }

    test("deeper, stringify's RangeError is swallowed at send, and isChanged throws it", (t) => {
      const value = tooDeep()
      if (value === undefined) return t.skip('stringify takes any depth here')
      return both(
        loaded(ONE, (req) => {
          req.session.b = value
          return thrown(() => req.session.isChanged).type
        }),
        { seen: RangeError, setCookie: [] }
      )
    })

    test("deeper, in a new session, stringify's RangeError is swallowed at send", (t) => {
      const value = tooDeep()
      if (value === undefined) return t.skip('stringify takes any depth here')
      return both(
        fresh((req) => {
          req.session.b = value
          return req.session.isChanged
        }),
        { seen: true, setCookie: [] }
      )
    })

    test('deeper, in a cookie: the same, whatever the engine does', () =>
      both(
        loaded(nested(100_000), (req) => {
          req.session.b = 2
        })
      ))
  })

  describe('isChanged', () => {
    test('is true at once for a new session: nothing is stringified', () =>
      both(
        fresh((req) => {
          let calls = 0
          req.session.a = { toJSON: () => ++calls }
          return [req.session.isChanged, req.session.isChanged, calls]
        }),
        { seen: [true, true, 0] }
      ))

    test('is true at once for an assigned session, even for what cannot be stringified', () =>
      both(
        loaded(ONE, (req) => {
          req.session = { a: 1, big: 1n }
          return req.session.isChanged
        }),
        { seen: true, setCookie: [] }
      ))

    test('else compares the encoded text: the same content is no change', () =>
      both(
        loaded('{"a":1,"b":2}', (req) => {
          const seen = [req.session.isChanged]
          req.session.a = 3
          seen.push(req.session.isChanged)
          req.session.a = 1
          seen.push(req.session.isChanged)
          return seen
        }),
        { seen: [false, true, false], setCookie: [] }
      ))

    test('else compares the encoded text: another order of the keys is a change', () =>
      both(
        loaded('{"a":1,"b":2}', (req) => {
          delete req.session.a
          req.session.a = 1
          return req.session.isChanged
        }),
        { seen: true, setCookie: lines('{"b":2,"a":1}') }
      ))

    test('what cannot be seen in the text is no change', () =>
      both(
        loaded(ONE, (req) => {
          req.session.b = undefined
          req.session.c = () => {}
          req.session[Symbol('d')] = 1
          Object.defineProperty(req.session, 'e', { value: 1 })
          return req.session.isChanged
        }),
        { seen: false, setCookie: [] }
      ))

    const throwing = {
      'a circular structure': [
        (session) => {
          session.self = session
        },
        { type: TypeError, code: undefined }
      ],
      'a bigint': [
        (session) => {
          session.big = 1n
        },
        { type: TypeError, code: undefined }
      ],
      'a toJSON that throws': [
        (session) => {
          session.b = {
            toJSON() {
              throw new RangeError('of the app')
            }
          }
        },
        { type: RangeError, code: undefined }
      ],
      'a getter that throws': [
        (session) => {
          Object.defineProperty(session, 'b', {
            enumerable: true,
            get() {
              throw new RangeError('of the app')
            }
          })
        },
        { type: RangeError, code: undefined }
      ],
      'a toJSON of the session that gives undefined': [
        (session) => {
          session.toJSON = () => undefined
        },
        { type: TypeError, code: 'ERR_INVALID_ARG_TYPE' }
      ],
      'a toJSON of the session that gives a function': [
        (session) => {
          session.toJSON = () => () => {}
        },
        { type: TypeError, code: 'ERR_INVALID_ARG_TYPE' }
      ]
    }

    for (const [what, [change, { type, code }]] of Object.entries(throwing)) {
      test(`throws what JSON.stringify throws, or Buffer.from for its text: ${what}`, () =>
        both(
          async (cookieSession) => {
            const reply = await loaded(ONE, (req) => {
              change(req.session)
              return thrown(() => req.session.isChanged)
            })(cookieSession)
            return { ...reply, type: reply.seen.type, code: reply.seen.code }
          },
          { type, code, setCookie: [] }
        ))

      test(`of a new session is true even then, and the save is dropped: ${what}`, () =>
        both(
          fresh((req) => {
            req.session.a = 1
            change(req.session)
            return req.session.isChanged
          }),
          { seen: true, setCookie: [] }
        ))
    }
  })

  describe('toJSON and getters of an app', () => {
    /** What is counted while `app` has the session, and at the send. */
    const counted = (came, app) => async (cookieSession) => {
      let calls = 0
      const reply = await exchange(cookieSession, { cookie: came }, (req) => {
        app(req, () => ++calls)
      })
      return { ...reply, calls }
    }
    const kinds = {
      'a toJSON of a value': (session, count, text) => {
        session.a = { toJSON: () => text(count()) }
      },
      'a getter of the session': (session, count, text) => {
        Object.defineProperty(session, 'a', { enumerable: true, get: () => text(count()) })
      },
      'a getter of a value': (session, count, text) => {
        session.a = {
          get b() {
            return text(count())
          }
        }
      },
      'a toJSON of the session': (session, count, text) => {
        Object.defineProperty(session, 'toJSON', { value: () => ({ a: text(count()) }) })
        session.a = 'not asked'
      }
    }
    const shown = (kind, value) =>
      kind === 'a getter of a value' ? `{"a":{"b":${value}}}` : `{"a":${value}}`

    for (const [kind, make] of Object.entries(kinds)) {
      test(`${kind} runs once at send if the session is new`, () =>
        both(
          counted(undefined, (req, count) => make(req.session, count, (calls) => calls)),
          { calls: 1, setCookie: lines(shown(kind, 1)) }
        ))

      test(`${kind} runs once at send if the session was loaded and is unchanged`, () =>
        both(
          counted(cookie(shown(kind, '"x"')), (req, count) => make(req.session, count, () => 'x')),
          { calls: 1, setCookie: [] }
        ))

      test(`${kind} runs twice at send if the session was loaded and is changed; the second result is sent`, () =>
        both(
          counted(cookie(shown(kind, '"x"')), (req, count) => make(req.session, count, (calls) => calls)),
          { calls: 2, setCookie: lines(shown(kind, 2)) }
        ))

      test(`${kind} does not run at all if the session is new and then given up`, () =>
        both(
          counted(undefined, (req, count) => {
            make(req.session, count, (calls) => calls)
            req.session = null
          }),
          { calls: 0, setCookie: clearing() }
        ))
    }

    test('a change that is gone at the second run is sent all the same', () =>
      both(
        counted(cookie('{"a":1}'), (req, count) => {
          req.session.a = { toJSON: () => (count() === 1 ? 2 : 1) }
        }),
        { calls: 2, setCookie: lines(ONE) }
      ))

    test('what throws only at the second run drops the save', () =>
      both(
        counted(cookie('{"a":1}'), (req, count) => {
          req.session.a = {
            toJSON() {
              if (count() === 2) throw new Error('of the app')
              return 2
            }
          }
        }),
        { calls: 2, setCookie: [] }
      ))

    test("String.prototype.toJSON and the like count, as they do for JSON.stringify's callers", () =>
      both(
        async (cookieSession) => {
          BigInt.prototype.toJSON = function () {
            return `${this}n`
          }
          try {
            return await fresh((req) => {
              req.session.big = 5n
            })(cookieSession)
          } finally {
            delete BigInt.prototype.toJSON
          }
        },
        { setCookie: lines('{"big":"5n"}') }
      ))
  })

  describe('isPopulated', () => {
    test('is Object.keys().length > 0', () =>
      both(
        fresh((req) => {
          const seen = [req.session.isPopulated]
          req.session[Symbol('s')] = 1
          Object.defineProperty(req.session, 'hidden', { value: 1 })
          seen.push(req.session.isPopulated)
          req.session.a = undefined
          seen.push(req.session.isPopulated)
          delete req.session.a
          seen.push(req.session.isPopulated)
          return seen
        }),
        { seen: [false, false, true, false], setCookie: [] }
      ))

    test('{a: undefined} sends e30=', () => {
      assert.strictEqual(base64('{}'), 'e30=')
      return both(
        fresh((req) => {
          req.session.a = undefined
        }),
        { setCookie: lines('{}') }
      )
    })

    test('a loaded session emptied by delete sends e30=', () =>
      both(
        loaded(ONE, (req) => {
          delete req.session.a
          return [req.session.isPopulated, req.session.isNew, req.session.isChanged]
        }),
        { seen: [false, false, true], setCookie: lines('{}') }
      ))

    test('a new session that is left empty sends nothing', () =>
      both(
        fresh((req) => [req.session.isPopulated, req.session.isNew, req.session.isChanged]),
        { seen: [false, true, true], setCookie: [] }
      ))
  })
})
