'use strict'

// The contract's first section as tests: what an app can observe of the module itself, of the options
// it gives and of the keys among them. Each test runs the original and ours, and says what both do.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const RealKeygrip = require('keygrip')
const {
  KEYS,
  both,
  clearing,
  connection,
  cookie,
  exchange,
  header,
  lines,
  outcome,
  thrown
} = require('../support/contract/harness')
const { read, write } = require('../support/contract-options')

describe('Module and options', () => {
  describe('the presence check, `0 in keys`', () => {
    test('[] throws `Keys must be provided.` synchronously, before next and before req.session exists', () =>
      both(
        (cookieSession) => {
          const { req, res } = connection()
          let called = false
          const middleware = cookieSession({ keys: [] })
          const error = thrown(() =>
            middleware(req, res, () => {
              called = true
            })
          )
          const { session, sessionOptions } = Object.getOwnPropertyDescriptors(req)
          return { error, called, session, sessionOptions, hooked: Object.hasOwn(res, 'writeHead') }
        },
        {
          error: { type: Error, message: 'Keys must be provided.', code: undefined },
          called: false,
          session: undefined,
          sessionOptions: undefined,
          hooked: false
        }
      ))

    test('it runs even with signed: false', () =>
      both(
        (cookieSession) => {
          const { req, res } = connection()
          return thrown(() => cookieSession({ keys: [], signed: false })(req, res, () => {}))
        },
        { type: Error, message: 'Keys must be provided.' }
      ))

    test('it runs at each request', () =>
      both(
        async (cookieSession) => {
          const keys = ['newest']
          const middleware = cookieSession({ keys })
          const seen = []
          for (const step of [() => {}, () => keys.pop(), () => keys.push('newest')]) {
            step()
            const { req, res } = connection()
            seen.push(outcome(() => middleware(req, res, () => {})).message)
          }
          return { seen }
        },
        { seen: [undefined, 'Keys must be provided.', undefined] }
      ))

    test('it runs once a request, and not again at the read or the send', () =>
      both(
        async (cookieSession) => {
          let checks = 0
          const keys = new Proxy([...KEYS], {
            has(target, key) {
              if (key === '0') checks++
              return key in target
            }
          })
          const reply = await exchange(
            cookieSession,
            { options: { keys }, cookie: cookie('{"a":1}') },
            (req) => {
              req.session.b = 2
            }
          )
          return { ...reply, checks }
        },
        { checks: 1, setCookie: lines('{"a":1,"b":2}') }
      ))

    test('keys emptied after it do not throw: the signature that came is cleared', () =>
      both(
        (cookieSession) => {
          const keys = ['newest']
          return exchange(cookieSession, { options: { keys }, cookie: cookie('{"a":1}') }, (req) => {
            keys.pop()
            return read(req).content
          })
        },
        { seen: '{}', setCookie: ['session.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly'] }
      ))

    test("[undefined, 'k1'] passes it, then a save is silently dropped", () =>
      both((cookieSession) => exchange(cookieSession, { options: { keys: [undefined, 'k1'] } }, write), {
        setCookie: []
      }))

    test("[undefined, 'k1'] passes it, then a read throws from the getter", () =>
      both(
        async (cookieSession) => {
          const request = { options: { keys: [undefined, 'k1'] }, cookie: cookie('{"a":1}', { key: 'k1' }) }
          const { seen } = await exchange(cookieSession, request, (req) => thrown(() => req.session))
          return { ...seen }
        },
        { type: TypeError, code: 'ERR_INVALID_ARG_TYPE' }
      ))

    test("[undefined, 'k1'] passes it, and an untouched session is no matter", () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { options: { keys: [undefined, 'k1'] }, cookie: cookie('{"a":1}') }),
        { setCookie: [] }
      ))

    test('a hole in the first place does not pass it', () =>
      both(
        (cookieSession) => {
          const keys = new Array(2)
          keys[1] = 'k1'
          const { req, res } = connection()
          return thrown(() => cookieSession({ keys })(req, res, () => {}))
        },
        { type: Error, message: 'Keys must be provided.' }
      ))
  })

  // The header is only as good as the helper that makes it: a value that was worked out by other means.
  test('the tests sign as the original does', () => {
    assert.strictEqual(
      header('eyJhIjoxfQ==', { key: 'keyboard cat' }),
      `session=eyJhIjoxfQ==; session.sig=${new RealKeygrip(['keyboard cat']).sign('session=eyJhIjoxfQ==')}`
    )
    assert.deepStrictEqual(clearing()[0], 'session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly')
  })
})
