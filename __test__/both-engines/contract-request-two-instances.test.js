'use strict'

// The contract's section on what the middleware puts on a request, as tests: the accessor, the options
// of the request, what throws and when, and two instances on one request. Each test runs the original
// and ours, and says what both do.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { KEYS, PLAIN, both, connection, cookie, lines, look, sent } = require('../support/contract/harness')
const { ONE, read } = require('../support/contract-request')

describe('On req', () => {
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
