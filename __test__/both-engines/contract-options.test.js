'use strict'

// The contract's first section as tests: what an app can observe of the module itself, of the options
// it gives and of the keys among them. Each test runs the original and ours, and says what both do.

const assert = require('node:assert')
const crypto = require('node:crypto')
const { describe, test } = require('node:test')
const RealKeygrip = require('keygrip')
const {
  KEYS,
  NOW,
  PLAIN,
  atTime,
  base64,
  both,
  clearing,
  connection,
  cookie,
  exchange,
  header,
  lines,
  look,
  ours,
  outcome,
  sent,
  sign,
  thrown
} = require('../support/contract/harness')

const read = (req) => look(req.session)
const write = (req) => {
  req.session.a = 1
}

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

  describe('keys: a Keygrip', () => {
    const makers = { "the keygrip package's": RealKeygrip, 'ours, cookieSession.Keygrip': ours.Keygrip }

    for (const [whose, Keygrip] of Object.entries(makers)) {
      test(`${whose} signs`, () =>
        both((cookieSession) => exchange(cookieSession, { options: { keys: new Keygrip(KEYS) } }, write), {
          setCookie: lines('{"a":1}')
        }))

      test(`${whose} verifies with each of its keys, and renews`, () =>
        both(
          (cookieSession) =>
            exchange(
              cookieSession,
              { options: { keys: new Keygrip(KEYS) }, cookie: cookie('{"a":1}', { key: 'oldest' }) },
              (req) => read(req).content
            ),
          { seen: '{"a":1}', setCookie: [`session.sig=${sign(`session=${base64('{"a":1}')}`)}${PLAIN}`] }
        ))

      test(`${whose} refuses, and the signature is cleared`, () =>
        both(
          (cookieSession) =>
            exchange(
              cookieSession,
              { options: { keys: new Keygrip(KEYS) }, cookie: cookie('{"a":1}', { key: 'none' }) },
              (req) => read(req).content
            ),
          { seen: '{}', setCookie: ['session.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly'] }
        ))

      test(`${whose} may have another algorithm and encoding`, () =>
        both(
          async (cookieSession) => {
            const options = { keys: new Keygrip(KEYS, 'sha256', 'hex') }
            const value = base64('{"a":1}')
            const hex = crypto.createHmac('sha256', 'newest').update(`session=${value}`).digest('hex')
            const saved = await exchange(cookieSession, { options }, write)
            const request = { options, cookie: `session=${value}; session.sig=${hex}` }
            const loaded = await exchange(cookieSession, request, read)
            assert.strictEqual(saved.setCookie[1], `session.sig=${hex}${PLAIN}`)
            return { saved, loaded, content: loaded.seen.content }
          },
          { content: '{"a":1}' }
        ))

      test(`${whose} keeps its array of keys live`, () =>
        both(
          (cookieSession) => {
            const keys = [...KEYS]
            return exchange(cookieSession, { options: { keys: new Keygrip(keys) } }, (req) => {
              write(req)
              keys.unshift('newer still')
            })
          },
          { setCookie: lines('{"a":1}', PLAIN, { key: 'newer still' }) }
        ))

      test(`${whose} is asked through its methods, where an app has replaced them`, () =>
        both(
          async (cookieSession) => {
            const keygrip = new Keygrip(KEYS)
            const middleware = cookieSession({ keys: keygrip })
            await exchange(cookieSession, { middleware, cookie: cookie('{"a":1}') }, read)
            keygrip.sign = () => 'signed-by-the-app'
            keygrip.index = () => 1
            const request = { middleware, cookie: `session=${base64('{"a":1}')}; session.sig=any` }
            return exchange(cookieSession, request, (req) => read(req).content)
          },
          { seen: '{"a":1}', setCookie: [`session.sig=signed-by-the-app${PLAIN}`] }
        ))

      test(`${whose} throws from the getter what its keys make it throw`, () =>
        both((cookieSession) =>
          exchange(
            cookieSession,
            { options: { keys: new Keygrip([undefined, 'older']) }, cookie: cookie('{"a":1}') },
            (req) => thrown(() => req.session)
          )
        ))

      test(`${whose} with no algorithm that there is: the same errors`, () =>
        both(async (cookieSession) => {
          const options = () => ({ keys: new Keygrip(KEYS, 'no-such-hash') })
          const request = { options: options(), cookie: cookie('{"a":1}') }
          return {
            read: await exchange(cookieSession, request, (req) => thrown(() => req.session)),
            saved: await exchange(cookieSession, { options: options() }, write)
          }
        }))
    }

    test('both Keygrips give the same, byte for byte', async () => {
      const replies = []
      for (const Keygrip of Object.values(makers)) {
        const options = { keys: new Keygrip(KEYS) }
        replies.push(await both((cookieSession) => exchange(cookieSession, { options }, write)))
      }
      assert.deepStrictEqual(replies[1], replies[0])
    })
  })

  describe('keys: any object with sign and index', () => {
    const value = base64('{"a":1}')
    const came = { cookie: `session=${value}; session.sig=came` }

    /** An object that keeps a record of what it is asked; `this` of each call included. */
    function foreign(index, signature = 'made') {
      const calls = []
      const keys = {
        calls,
        sign(...args) {
          calls.push(['sign', this === keys, ...args])
          if (signature instanceof Error) throw signature
          return signature
        },
        index(...args) {
          calls.push(['index', this === keys, ...args])
          if (index instanceof Error) throw index
          return index
        },
        verify() {
          calls.push(['verify'])
        }
      }
      return keys
    }

    function asked(keys, request, app) {
      return async (cookieSession) => {
        keys.calls.length = 0
        const reply = await exchange(cookieSession, { options: { keys }, ...request }, app)
        return { ...reply, calls: [...keys.calls] }
      }
    }

    test('an untouched session asks it nothing', () =>
      both(asked(foreign(0), came), { calls: [], setCookie: [] }))

    test('a read asks index once, with data and digest', () =>
      both(
        asked(foreign(0), came, (req) => {
          read(req)
          return read(req).content
        }),
        { calls: [['index', true, `session=${value}`, 'came']], seen: '{"a":1}', setCookie: [] }
      ))

    test('a read under a later key asks sign once, with the data', () =>
      both(
        asked(foreign(2), came, (req) => read(req).content),
        {
          calls: [
            ['index', true, `session=${value}`, 'came'],
            ['sign', true, `session=${value}`]
          ],
          seen: '{"a":1}',
          setCookie: [`session.sig=made${PLAIN}`]
        }
      ))

    test('a bad signature is not signed', () =>
      both(
        asked(foreign(-1), came, (req) => read(req).content),
        {
          calls: [['index', true, `session=${value}`, 'came']],
          seen: '{}',
          setCookie: ['session.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly']
        }
      ))

    test('a save asks sign once, with the data', () =>
      both(asked(foreign(0), {}, write), {
        calls: [['sign', true, `session=${value}`]],
        setCookie: [`session=${value}${PLAIN}`, `session.sig=made${PLAIN}`]
      }))

    test('a removal asks sign once, with an empty value', () =>
      both(
        asked(foreign(0), {}, (req) => {
          req.session = null
        }),
        { calls: [['sign', true, 'session=']] }
      ))

    test('no signature came: it is asked nothing', () =>
      both(
        asked(foreign(0), { cookie: `session=${value}` }, (req) => read(req).content),
        { calls: [], seen: '{}' }
      ))

    for (const index of ['1', '0', '', true, false, undefined, null, NaN, -0.5, 0.5, {}]) {
      test(`index gives ${typeof index} ${String(index)}: what the original makes of it`, () =>
        both(asked(foreign(index), came, (req) => read(req).content)))
    }

    for (const signature of ['', undefined, null, 5, 'a;b', 'caf\u00e9', 'line\nbreak', '\u0416', {}]) {
      const told = JSON.stringify(signature) || 'undefined'
      test(`sign gives ${told}: what the original makes of it`, () =>
        both(async (cookieSession) => ({
          saved: await asked(foreign(0, signature), {}, write)(cookieSession),
          cleared: await asked(foreign(0, signature), {}, (req) => {
            req.session = null
          })(cookieSession),
          renewed: await asked(foreign(1, signature), came, (req) => outcome(() => read(req).content))(
            cookieSession
          )
        })))
    }

    test('what index throws comes from the getter, the same object', () => {
      const error = new RangeError('of index')
      return both(
        asked(foreign(error), came, (req) => {
          try {
            return req.session
          } catch (caught) {
            return caught === error
          }
        }),
        { seen: true, setCookie: [] }
      )
    })

    test('what sign throws comes from the getter where it renews, and is swallowed where it saves', () => {
      const error = new RangeError('of sign')
      return both(
        async (cookieSession) => ({
          renewed: (await asked(foreign(1, error), came, (req) => thrown(() => req.session))(cookieSession))
            .seen.message,
          saved: (await asked(foreign(0, error), {}, write)(cookieSession)).setCookie
        }),
        { renewed: 'of sign', saved: [] }
      )
    })

    for (const keys of [{}, { 0: 'newest', length: 1 }, 'newest', 5, new Set(['newest'])]) {
      test(`neither sign nor index, ${typeof keys} ${JSON.stringify(keys)}: a TypeError from the getter`, () =>
        both(
          async (cookieSession) => ({
            read: (
              await exchange(cookieSession, { options: { keys }, ...came }, (req) =>
                thrown(() => req.session)
              )
            ).seen,
            saved: (await exchange(cookieSession, { options: { keys } }, write)).setCookie
          }),
          {
            read: { type: TypeError, message: 'this.keys.index is not a function', code: undefined },
            saved: []
          }
        ))
    }
  })

  describe('the array of keys is live', () => {
    const value = base64('{"a":1}')

    test('a key put first after construction signs', () =>
      both(
        (cookieSession) => {
          const keys = [...KEYS]
          const middleware = cookieSession({ keys })
          keys.unshift('newer')
          return exchange(cookieSession, { middleware }, write)
        },
        { setCookie: lines('{"a":1}', PLAIN, { key: 'newer' }) }
      ))

    test('a key added between the middleware and the read verifies', () =>
      both(
        (cookieSession) => {
          const keys = ['newest']
          const request = { options: { keys }, cookie: cookie('{"a":1}', { key: 'added' }) }
          return exchange(cookieSession, request, (req) => {
            keys.push('added')
            return read(req).content
          })
        },
        { seen: '{"a":1}', setCookie: [`session.sig=${sign(`session=${value}`)}${PLAIN}`] }
      ))

    test('a key removed between the middleware and the read does not verify', () =>
      both(
        (cookieSession) => {
          const keys = [...KEYS]
          const request = { options: { keys }, cookie: cookie('{"a":1}', { key: 'older' }) }
          return exchange(cookieSession, request, (req) => {
            keys.splice(1, 1)
            return read(req).content
          })
        },
        { seen: '{}' }
      ))

    test('a key replaced between the read and the send signs', () =>
      both(
        (cookieSession) => {
          const keys = [...KEYS]
          return exchange(cookieSession, { options: { keys }, cookie: cookie('{"a":1}') }, (req) => {
            req.session.b = 2
            keys[0] = 'replaced'
          })
        },
        { setCookie: lines('{"a":1,"b":2}', PLAIN, { key: 'replaced' }) }
      ))

    test("a Buffer's bytes changed between the middleware and the read count", () =>
      both(
        (cookieSession) => {
          const key = Buffer.from('abc')
          const request = { options: { keys: [key] }, cookie: cookie('{"a":1}', { key: 'xbc' }) }
          return exchange(cookieSession, request, (req) => {
            key[0] = 'x'.charCodeAt(0)
            return read(req).content
          })
        },
        { seen: '{"a":1}', setCookie: [] }
      ))

    test("a Buffer's bytes changed between the read and the send count", () =>
      both(
        (cookieSession) => {
          const key = Buffer.from('abc')
          const request = { options: { keys: [key] }, cookie: cookie('{"a":1}', { key: 'abc' }) }
          return exchange(cookieSession, request, (req) => {
            req.session.b = 2
            key.fill('z')
          })
        },
        { setCookie: lines('{"a":1,"b":2}', PLAIN, { key: 'zzz' }) }
      ))

    /** What an app may do to its keys, the first a string, the second a Buffer, the third an ArrayBuffer. */
    const changes = {
      'puts a key first': (keys) => keys.unshift('first'),
      'adds the key that signed': (keys) => keys.push('signer'),
      'replaces the first key': (keys) => {
        keys[0] = 'replaced'
      },
      'replaces the first key by a Buffer of the same bytes': (keys) => {
        keys[0] = Buffer.from(keys[0])
      },
      'reverses the keys': (keys) => keys.reverse(),
      'sorts nothing but swaps two': (keys) => {
        keys.splice(0, 2, keys[1], keys[0])
      },
      'removes the first key': (keys) => keys.shift(),
      'removes all keys': (keys) => {
        keys.length = 0
      },
      'leaves a hole where the first key was': (keys) => {
        delete keys[0]
      },
      'makes the first key undefined': (keys) => {
        keys[0] = undefined
      },
      'makes the first key a number': (keys) => {
        keys[0] = 5
      },
      'makes the second key null': (keys) => {
        keys[1] = null
      },
      'makes the last key an object': (keys) => {
        keys[2] = {}
      },
      "changes a Buffer's bytes": (keys) => {
        keys[1][0] ^= 1
      },
      "clears a Buffer's bytes": (keys) => keys[1].fill(0),
      "changes an ArrayBuffer's bytes": (keys) => {
        new Uint8Array(keys[2])[0] ^= 1
      },
      'gives an ArrayBuffer away': (keys) => structuredClone(keys[2], { transfer: [keys[2]] }),
      'has 300 keys': (keys) => keys.push(...Array.from({ length: 300 }, (_, i) => `key ${i}`)),
      'makes the array longer than what is in it': (keys) => {
        keys.length = 6
      }
    }
    const points = [
      'after construction',
      'before the read',
      'between the read and the send',
      'after the send'
    ]
    const signers = {
      'the first key': 'newest',
      'the second key': Buffer.from('older'),
      'the third key': Buffer.from('oldest'),
      'the key that is added': 'signer',
      'no key': 'none'
    }

    for (const [change, run] of Object.entries(changes)) {
      for (const point of points) {
        test(`the app ${change} ${point}: the same cookies and errors`, async () => {
          for (const signer of Object.values(signers)) {
            await both(async (cookieSession) => {
              const keys = ['newest', Buffer.from('older'), Uint8Array.from(Buffer.from('oldest')).buffer]
              const middleware = cookieSession({ keys })
              const seen = []
              const at = (now) => {
                if (now === point) run(keys)
              }
              at('after construction')
              for (let i = 0; i < 2; i++) {
                const { req, res, wire } = connection({ cookie: cookie('{"a":1}', { key: signer }) })
                seen.push(outcome(() => middleware(req, res, () => {})))
                if (!('session' in req)) continue
                if (i === 0) at('before the read')
                seen.push(outcome(() => look(req.session)))
                if (i === 0) at('between the read and the send')
                seen.push(outcome(() => look(req.session)))
                seen.push(
                  outcome(() => {
                    req.session.b = i
                  })
                )
                seen.push(await sent(res, wire))
                if (i === 0) at('after the send')
              }
              return { seen }
            })
          }
        })
      }
    }
  })

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
})

// The header is only as good as the helper that makes it: a value that was worked out by other means.
test('the tests sign as the original does', () => {
  assert.strictEqual(
    header('eyJhIjoxfQ==', { key: 'keyboard cat' }),
    `session=eyJhIjoxfQ==; session.sig=${new RealKeygrip(['keyboard cat']).sign('session=eyJhIjoxfQ==')}`
  )
  assert.deepStrictEqual(clearing()[0], 'session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly')
})
