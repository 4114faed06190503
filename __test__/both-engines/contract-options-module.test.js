'use strict'

// The contract's first section as tests: what an app can observe of the module itself, of the options
// it gives and of the keys among them. Each test runs the original and ours, and says what both do.

const assert = require('node:assert')
const crypto = require('node:crypto')
const { describe, test } = require('node:test')
const {
  KEYS,
  NOW,
  PLAIN,
  atTime,
  base64,
  both,
  connection,
  cookie,
  exchange,
  lines,
  look,
  outcome,
  sign,
  thrown
} = require('../support/contract/harness')
const { read, write } = require('../support/contract-options')

describe('Module and options', () => {
  describe('the module', () => {
    test('module.exports is a function named cookieSession, length 1', () =>
      both(
        (cookieSession) => ({
          type: typeof cookieSession,
          name: cookieSession.name,
          length: cookieSession.length
        }),
        { type: 'function', name: 'cookieSession', length: 1 }
      ))

    test('the middleware is _cookieSession, length 3', () =>
      both(
        (cookieSession) => {
          const middleware = cookieSession({ keys: ['a'] })
          return { type: typeof middleware, name: middleware.name, length: middleware.length }
        },
        { type: 'function', name: '_cookieSession', length: 3 }
      ))

    test('the middleware has the own properties of a function in strict mode', () =>
      both((cookieSession) => ({ names: Object.getOwnPropertyNames(cookieSession({ keys: ['a'] })) }), {
        names: ['length', 'name', 'prototype']
      }))

    test('the middleware returns undefined', () =>
      both(
        (cookieSession) => {
          const { req, res } = connection()
          return { returned: cookieSession({ keys: ['a'] })(req, res, () => 'something') }
        },
        { returned: undefined }
      ))

    test('the middleware calls next() at once, one time, with no argument', () =>
      both(
        (cookieSession) => {
          const { req, res } = connection()
          const calls = []
          cookieSession({ keys: ['a'] })(req, res, (...args) => calls.push(args))
          return { calls }
        },
        { calls: [[]] }
      ))

    test('what next throws comes out of the middleware', () =>
      both(
        (cookieSession) => {
          const { req, res } = connection()
          const next = () => {
            throw new RangeError('of the app')
          }
          return thrown(() => cookieSession({ keys: ['a'] })(req, res, next))
        },
        { type: RangeError, message: 'of the app' }
      ))
  })

  describe("the caller's options object is changed in place", () => {
    for (const absent of [undefined, null]) {
      test(`overwrite, httpOnly and signed become true where they are ${absent}`, () =>
        both(
          (cookieSession) => {
            const options = { keys: ['a'], overwrite: absent, httpOnly: absent, signed: absent }
            cookieSession(options)
            return { options }
          },
          { options: { keys: ['a'], overwrite: true, httpOnly: true, signed: true } }
        ))
    }

    test('overwrite, httpOnly and signed are added where there are none, in that order', () =>
      both(
        (cookieSession) => {
          const options = { keys: ['a'] }
          cookieSession(options)
          return { entries: Object.entries(options) }
        },
        {
          entries: [
            ['keys', ['a']],
            ['overwrite', true],
            ['httpOnly', true],
            ['signed', true]
          ]
        }
      ))

    for (const value of [false, 0, '', 'no', 1]) {
      test(`overwrite, httpOnly and signed stay where they are ${JSON.stringify(value)}`, () =>
        both(
          (cookieSession) => {
            const options = { keys: ['a'], overwrite: value, httpOnly: value, signed: value }
            cookieSession(options)
            return { options }
          },
          { options: { keys: ['a'], overwrite: value, httpOnly: value, signed: value } }
        ))
    }

    test('also where construction then throws', () =>
      both(
        (cookieSession) => {
          const options = {}
          return { error: thrown(() => cookieSession(options)), options }
        },
        {
          error: { type: Error, message: '.keys required.', code: undefined },
          options: { overwrite: true, httpOnly: true, signed: true }
        }
      ))

    for (const missing of ['overwrite', 'httpOnly', 'signed']) {
      test(`frozen options throw where ${missing} has to be set`, () =>
        both(
          (cookieSession) => {
            const options = { keys: ['a'], overwrite: true, httpOnly: true, signed: true }
            delete options[missing]
            return thrown(() => cookieSession(Object.freeze(options)))
          },
          { type: TypeError, message: `Cannot add property ${missing}, object is not extensible` }
        ))
    }

    test('frozen options that have all three do not throw', () =>
      both(
        (cookieSession) => {
          const options = { keys: ['newest'], overwrite: true, httpOnly: true, signed: true }
          return exchange(cookieSession, { options: Object.freeze(options) }, write)
        },
        { setCookie: lines('{"a":1}') }
      ))

    test('options may sit on the prototype', () =>
      both(
        async (cookieSession) => {
          const options = Object.create({ keys: ['newest'], name: 'id', path: '/p', httpOnly: false })
          const reply = await exchange(cookieSession, { options }, write)
          return { ...reply, own: { ...options } }
        },
        {
          setCookie: lines('{"a":1}', '; path=/p', { name: 'id' }),
          own: { overwrite: true, signed: true }
        }
      ))
  })

  describe('no keys and no secret', () => {
    const required = { type: Error, message: '.keys required.', code: undefined }

    for (const signed of [undefined, null, true, 1, 'yes']) {
      test(`signed is ${JSON.stringify(signed)}: Error('.keys required.') at construction`, () =>
        both((cookieSession) => thrown(() => cookieSession({ signed })), required))
    }

    for (const options of [undefined, null, false, { keys: null }, { keys: '' }, { secret: '' }]) {
      test(`options are ${JSON.stringify(options)}: Error('.keys required.') at construction`, () =>
        both((cookieSession) => thrown(() => cookieSession(options)), required))
    }

    for (const signed of [false, 0, '']) {
      test(`signed is ${JSON.stringify(signed)}: the session is written unsigned`, () =>
        both((cookieSession) => exchange(cookieSession, { options: { signed } }, write), {
          setCookie: [lines('{"a":1}')[0]]
        }))
    }

    test('a secret is a key', () =>
      both((cookieSession) => exchange(cookieSession, { options: { secret: 'newest' } }, write), {
        setCookie: lines('{"a":1}')
      }))

    test('keys win over a secret', () =>
      both(
        (cookieSession) => exchange(cookieSession, { options: { keys: ['newest'], secret: 'b' } }, write),
        {
          setCookie: lines('{"a":1}')
        }
      ))

    test('signing asked for later throws from the getter, where a signature came', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { options: { signed: false }, cookie: cookie('{"a":1}') }, (req) => {
            req.sessionOptions.signed = true
            return thrown(() => req.session)
          }),
        {
          seen: { type: Error, message: '.keys required for signed cookies', code: undefined },
          setCookie: []
        }
      ))
  })

  describe('the options object stays live', () => {
    /** Two requests through one middleware, the options changed in between, or within the second. */
    function changed(change, { within = false, options = {} } = {}) {
      return async (cookieSession) => {
        const live = { keys: [...KEYS], ...options }
        const middleware = cookieSession(live)
        const first = await exchange(cookieSession, { middleware }, write)
        if (!within) change(live)
        const second = await exchange(cookieSession, { middleware }, (req) => {
          write(req)
          if (within) change(live)
        })
        return { first: first.setCookie, second: second.setCookie }
      }
    }

    for (const within of [false, true]) {
      const when = within ? 'between the app and the send' : 'between requests'

      test(`path changed ${when} affects the next write`, () =>
        both(
          changed(
            (options) => {
              options.path = '/later'
            },
            { within }
          ),
          { first: lines('{"a":1}'), second: lines('{"a":1}', '; path=/later; httponly') }
        ))

      test(`maxAge changed ${when} affects the next write`, () =>
        atTime(NOW, () =>
          both(
            changed(
              (options) => {
                options.maxAge = 60_000
              },
              { within }
            ),
            {
              first: lines('{"a":1}'),
              second: lines('{"a":1}', '; path=/; expires=Wed, 02 Jan 2030 03:05:05 GMT; httponly')
            }
          )
        ))

      test(`name changed ${when} affects the next write`, () =>
        both(
          changed(
            (options) => {
              options.name = 'later'
            },
            { within }
          ),
          { first: lines('{"a":1}'), second: lines('{"a":1}', PLAIN, { name: 'later' }) }
        ))
    }

    test('keys are fixed at construction', () =>
      both(
        changed((options) => {
          options.keys = ['others']
        }),
        { first: lines('{"a":1}'), second: lines('{"a":1}') }
      ))

    test('the name used for reading is fixed at construction', () =>
      both(
        async (cookieSession) => {
          const options = { keys: [...KEYS], name: 'id' }
          const middleware = cookieSession(options)
          options.name = 'later'
          const old = { middleware, cookie: cookie('{"a":1}', { name: 'id' }) }
          const later = { middleware, cookie: cookie('{"a":1}', { name: 'later' }) }
          return {
            old: (await exchange(cookieSession, old, read)).seen.content,
            later: (await exchange(cookieSession, later, read)).seen.content
          }
        },
        { old: '{"a":1}', later: '{}' }
      ))

    for (const name of [undefined, null, '', 0, false]) {
      const written = String(name)
      test(`an own name that is ${JSON.stringify(name)} reads session but writes under "${written}"`, () =>
        both(
          (cookieSession) =>
            exchange(
              cookieSession,
              { options: { keys: [...KEYS], name }, cookie: cookie('{"a":1}') },
              (req) => {
                const seen = look(req.session).content
                req.session.b = 2
                return seen
              }
            ),
          { seen: '{"a":1}', setCookie: lines('{"a":1,"b":2}', PLAIN, { name: written }) }
        ))
    }
  })

  describe('keys: an array of what crypto.createHmac takes', () => {
    const bytes = Uint8Array.from({ length: 24 }, (_, i) => (i * 37) & 255)
    const kinds = {
      'a string': () => 'secret',
      'an empty string': () => '',
      'a string beyond ASCII': () => 'ключ 🔑',
      'a string with half a surrogate pair': () => 'a\ud800b',
      'a string longer than a block': () => 'k'.repeat(200),
      'a Buffer': () => Buffer.from(bytes),
      'a Buffer without bytes': () => Buffer.alloc(0),
      'a Uint8Array': () => Uint8Array.from(bytes),
      'a Uint8Array that shows a part of its buffer': () => Uint8Array.from(bytes).subarray(3, 17),
      'an Int16Array': () => new Int16Array(Uint8Array.from(bytes).buffer),
      'a Float64Array': () => new Float64Array(Uint8Array.from(bytes).buffer),
      'a BigUint64Array': () => new BigUint64Array(Uint8Array.from(bytes).buffer),
      'a DataView': () => new DataView(Uint8Array.from(bytes).buffer, 2, 9),
      'an ArrayBuffer': () => Uint8Array.from(bytes).buffer,
      'a KeyObject': () => crypto.createSecretKey(bytes)
    }

    for (const [kind, make] of Object.entries(kinds)) {
      test(`${kind} signs`, () =>
        both((cookieSession) => exchange(cookieSession, { options: { keys: [make()] } }, write), {
          setCookie: lines('{"a":1}', PLAIN, { key: make() })
        }))

      test(`${kind} verifies, and has its signature renewed where it is no longer the newest`, () =>
        both(
          (cookieSession) =>
            exchange(
              cookieSession,
              { options: { keys: ['newest', make()] }, cookie: cookie('{"a":1}', { key: make() }) },
              (req) => read(req).content
            ),
          { seen: '{"a":1}', setCookie: [`session.sig=${sign(`session=${base64('{"a":1}')}`)}${PLAIN}`] }
        ))
    }

    test('all kinds in one array, each of them the one that signed', () =>
      both(async (cookieSession) => {
        const middleware = cookieSession({ keys: Object.values(kinds).map((make) => make()) })
        const replies = []
        for (const make of Object.values(kinds)) {
          replies.push(
            await exchange(cookieSession, { middleware, cookie: cookie('{"a":1}', { key: make() }) }, read)
          )
        }
        assert.ok(replies.every((reply) => reply.seen.content === '{"a":1}'))
        return replies
      }))

    const others = {
      'a SharedArrayBuffer': () => {
        const shared = new SharedArrayBuffer(24)
        new Uint8Array(shared).set(bytes)
        return shared
      },
      'a view of a SharedArrayBuffer': () => new Uint8Array(new SharedArrayBuffer(8)),
      'a view of an ArrayBuffer that was given away': () => {
        const given = Uint8Array.from(bytes)
        structuredClone(given.buffer, { transfer: [given.buffer] })
        return given
      }
    }

    for (const [kind, make] of Object.entries(others)) {
      test(`${kind} does what it does for the original`, () =>
        both(async (cookieSession) => ({
          saved: await exchange(cookieSession, { options: { keys: [make()] } }, write),
          read: await exchange(
            cookieSession,
            { options: { keys: [make(), 'older'] }, cookie: cookie('{"a":1}', { key: 'older' }) },
            (req) => outcome(() => read(req))
          )
        })))
    }

    const refused = {
      undefined: () => undefined,
      null: () => null,
      'a number': () => 5,
      'a boolean': () => true,
      'a bigint': () => 5n,
      'a symbol': () => Symbol('key'),
      'an object': () => ({}),
      'an array': () => ['newest'],
      'a function': () => () => {}
    }

    for (const [kind, make] of Object.entries(refused)) {
      test(`what it does not take, ${kind}: a read throws from the getter, a save is dropped`, () =>
        both(
          async (cookieSession) => {
            const error = await exchange(
              cookieSession,
              { options: { keys: [make()] }, cookie: cookie('{"a":1}') },
              (req) => thrown(() => req.session)
            )
            const saved = await exchange(cookieSession, { options: { keys: [make()] } }, write)
            return { type: error.seen.type, code: error.seen.code, error, saved: saved.setCookie }
          },
          { type: TypeError, code: 'ERR_INVALID_ARG_TYPE', saved: [] }
        ))
    }

    test('a public KeyObject: the same errors as from the original', () => {
      const { publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return both(async (cookieSession) => {
        const request = { options: { keys: [publicKey] }, cookie: cookie('{"a":1}') }
        return {
          read: await exchange(cookieSession, request, (req) => thrown(() => req.session)),
          saved: await exchange(cookieSession, { options: { keys: [publicKey] } }, write)
        }
      })
    })
  })
})
