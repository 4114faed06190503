'use strict'

// The contract's first section as tests: what an app can observe of the module itself, of the options
// it gives and of the keys among them. Each test runs the original and ours, and says what both do.

const assert = require('node:assert')
const crypto = require('node:crypto')
const { describe, test } = require('node:test')
const RealKeygrip = require('keygrip')
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
  ours,
  outcome,
  sent,
  sign,
  thrown
} = require('../support/contract/harness')
const { read, write } = require('../support/contract-options')

describe('Module and options', () => {
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
})
