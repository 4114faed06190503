'use strict'

// The contract's sections on the session object and on what may be assigned, as tests: what an app and
// a debugger see of a session, what loads and what counts as changed, how often an app's own toJSON
// and getters run. Each test runs the original and ours, and says what both do.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const util = require('node:util')
const {
  KEYS,
  base64,
  both,
  clearing,
  connection,
  cookie,
  exchange,
  header,
  lines,
  look,
  outcome,
  sent,
  thrown
} = require('../support/contract/harness')

const ONE = '{"a":1}'
const GETTERS = ['isNew', 'isChanged', 'isPopulated']
const read = (req) => look(req.session)

/** What is seen and sent of a session that was loaded from a JSON text, after an app had it. */
const loaded = (json, app) => (cookieSession) => exchange(cookieSession, { cookie: cookie(json) }, app)
/** The same for a session that is new. */
const fresh = (app) => (cookieSession) => exchange(cookieSession, {}, app)

describe('Session object', () => {
  describe('its class', () => {
    test('is Session', () =>
      both(
        fresh((req) => [req.session.constructor.name, Object.getPrototypeOf(req.session).constructor.name]),
        { seen: ['Session', 'Session'] }
      ))

    for (const name of GETTERS) {
      test(`${name} is a getter on the prototype, not enumerable, not configurable, with no setter`, () =>
        both(
          fresh((req) => {
            assert.strictEqual(Object.hasOwn(req.session, name), false)
            const { get, ...rest } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(req.session), name)
            return { get: typeof get, ...rest }
          }),
          { seen: { get: 'function', set: undefined, enumerable: false, configurable: false } }
        ))

      test(`${name}, torn off and called on nothing, throws as strict code does`, () =>
        both(
          fresh((req) => {
            const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(req.session), name)
            return outcome(() => get.call(undefined))
          })
        ))

      test(`${name} cannot be assigned`, () =>
        both(
          fresh((req) => {
            const { type, message } = thrown(() => Object.assign(req.session, { [name]: true }))
            return [type, message]
          }),
          { seen: [TypeError, `Cannot set property ${name} of #<Session> which has only a getter`] }
        ))
    }

    test('the prototype holds these getters and the constructor, no more', () =>
      both(
        fresh((req) => Reflect.ownKeys(Object.getPrototypeOf(req.session)).sort()),
        { seen: ['constructor', 'isChanged', 'isNew', 'isPopulated'] }
      ))

    test('the constructor has create, deserialize and serialize', () =>
      both(
        fresh((req) => {
          const { create, deserialize, serialize } = req.session.constructor
          const made = create({ a: 1 })
          return [
            look(made),
            look(deserialize(base64(ONE))),
            serialize(made),
            look(made.constructor.create()),
            thrown(() => deserialize('x')).type
          ]
        }),
        {
          seen: [
            { class: 'Session', isNew: true, isPopulated: true, isChanged: true, content: ONE },
            { class: 'Session', isNew: false, isPopulated: true, isChanged: false, content: ONE },
            base64(ONE),
            { class: 'Session', isNew: true, isPopulated: false, isChanged: true, content: '{}' },
            SyntaxError
          ]
        }
      ))

    test('_ctx is own, not enumerable', () =>
      both(
        fresh((req) => {
          const { value, ...flags } = Object.getOwnPropertyDescriptor(req.session, '_ctx')
          return { value: typeof value, ...flags }
        }),
        { seen: { value: 'object', writable: false, enumerable: false, configurable: false } }
      ))

    test('_ctx is a SessionContext { _new, _val }, of a new session', () =>
      both(
        fresh((req) => [req.session._ctx.constructor.name, { ...req.session._ctx }]),
        { seen: ['SessionContext', { _new: true, _val: undefined }] }
      ))

    test('_ctx is a SessionContext { _new, _val }, of a loaded session', () =>
      both(
        loaded(ONE, (req) => [req.session._ctx.constructor.name, { ...req.session._ctx }]),
        { seen: ['SessionContext', { _new: false, _val: base64(ONE) }] }
      ))

    test('_ctx prints as SessionContext, with nothing else to see', () =>
      both(
        loaded(ONE, (req) => [
          Reflect.ownKeys(req.session._ctx),
          util.inspect(req.session._ctx, { showHidden: true })
        ]),
        {
          seen: [['_new', '_val'], `SessionContext { _new: false, _val: '${base64(ONE)}' }`]
        }
      ))

    test('_ctx may be written to, and counts', () =>
      both(
        loaded(ONE, (req) => {
          const { _ctx } = req.session
          const seen = [read(req).isChanged]
          _ctx._val = base64('{"a":2}')
          seen.push(read(req).isChanged)
          req.session.a = 2
          seen.push(read(req).isChanged)
          _ctx._new = true
          seen.push(read(req).isChanged, read(req).isNew)
          return seen
        }),
        { seen: [false, true, false, true, true] }
      ))

    test('there is no toJSON', () =>
      both(
        fresh((req) => 'toJSON' in req.session),
        { seen: false }
      ))

    test('prints as `Session { a: 1 }`', () =>
      both(
        async (cookieSession) => ({
          loaded: (await loaded(ONE, (req) => util.inspect(req.session))(cookieSession)).seen,
          fresh: (await fresh((req) => util.inspect(req.session))(cookieSession)).seen
        }),
        { loaded: 'Session { a: 1 }', fresh: 'Session {}' }
      ))

    test('has no own keys but its content', () =>
      both(
        loaded('{"a":1,"b":[2]}', (req) => [Reflect.ownKeys(req.session), { ...req.session }]),
        { seen: [['_ctx', 'a', 'b'], { a: 1, b: [2] }] }
      ))
  })

  describe('keys already `in` a fresh Session', () => {
    const taken = [
      ...GETTERS,
      '_ctx',
      'constructor',
      '__proto__',
      'toString',
      'toLocaleString',
      'valueOf',
      'hasOwnProperty',
      'isPrototypeOf',
      'propertyIsEnumerable',
      '__defineGetter__',
      '__defineSetter__',
      '__lookupGetter__',
      '__lookupSetter__'
    ]

    for (const key of taken) {
      test(`${key} is not copied on load, and such a session counts as changed`, () =>
        both(
          loaded(`{"${key}":1,"a":1}`, (req) => [Object.keys(req.session), read(req)]),
          {
            seen: [
              ['a'],
              { class: 'Session', isNew: false, isPopulated: true, isChanged: true, content: ONE }
            ],
            setCookie: lines(ONE)
          }
        ))

      test(`${key} is not copied on assignment`, () =>
        both(
          fresh((req) => {
            req.session = JSON.parse(`{"${key}":1,"a":1}`)
            return Object.keys(req.session)
          }),
          { seen: ['a'], setCookie: lines(ONE) }
        ))
    }

    test('what was polluted onto Object.prototype is not copied on load, and counts as changed', () =>
      both(
        async (cookieSession) => {
          Object.prototype.polluted = 'by the app'
          try {
            return await loaded('{"polluted":1,"a":1}', (req) => [
              Object.keys(req.session),
              req.session.isChanged
            ])(cookieSession)
          } finally {
            delete Object.prototype.polluted
          }
        },
        { seen: [['a'], true], setCookie: lines(ONE) }
      ))

    test('what was polluted onto Object.prototype is not copied on assignment', () =>
      both(
        async (cookieSession) => {
          Object.prototype.polluted = 'by the app'
          try {
            return await fresh((req) => {
              req.session = { polluted: 1, a: 1 }
              return Object.keys(req.session)
            })(cookieSession)
          } finally {
            delete Object.prototype.polluted
          }
        },
        { seen: ['a'], setCookie: lines(ONE) }
      ))
  })

  describe('JSON that is no object', () => {
    test('a string becomes indexed characters, which counts as changed', () =>
      both(
        loaded('"ab"', (req) => read(req)),
        {
          seen: {
            class: 'Session',
            isNew: false,
            isPopulated: true,
            isChanged: true,
            content: '{"0":"a","1":"b"}'
          },
          setCookie: lines('{"0":"a","1":"b"}')
        }
      ))

    test('an array becomes indexed elements, which counts as changed', () =>
      both(
        loaded('[1,[2]]', (req) => read(req).content),
        { seen: '{"0":1,"1":[2]}', setCookie: lines('{"0":1,"1":[2]}') }
      ))

    for (const json of ['5', 'true', 'null', '0', 'false', '""', '[]', '-0', '1e3']) {
      test(`${json} becomes an empty, not-new session that is written again`, () =>
        both(
          loaded(json, (req) => read(req)),
          {
            seen: { class: 'Session', isNew: false, isPopulated: false, isChanged: true, content: '{}' },
            setCookie: lines('{}')
          }
        ))
    }
  })

  describe('a new session', () => {
    const nothing = { class: 'Session', isNew: true, isPopulated: false, isChanged: true, content: '{}' }
    const texts = {
      'a BOM in front': '\ufeff{"a":1}',
      'a trailing NUL': '{"a":1}\0',
      'JSON that ends early': '{"a":',
      'JSON with something behind': '{"a":1}}',
      'single quotes': "{'a':1}",
      'a trailing comma': '{"a":1,}',
      'a control character in a string': '{"a":"\u0001"}',
      'a leading zero': '{"a":01}',
      NaN: 'NaN',
      undefined: 'undefined',
      'a no-break space in front': '\u00a0{"a":1}'
    }

    for (const [name, text] of Object.entries(texts)) {
      test(`JSON that does not parse, ${name}: a new session`, () =>
        both(loaded(text, read), { seen: nothing, setCookie: [] }))
    }

    for (const value of ['!!!', '=', 'A', 'AA==', 'not base64 at all', '\u00ff\u00fe', 'eyJh']) {
      test(`base64 that holds none, ${value}: a new session`, () =>
        both((cookieSession) => exchange(cookieSession, { cookie: header(value) }, read), {
          seen: nothing,
          setCookie: []
        }))
    }

    test('it is written over what did not parse, once there is something in it', () =>
      both(
        loaded('{"a":', (req) => {
          req.session.b = 2
        }),
        { setCookie: lines('{"b":2}') }
      ))
  })

  describe('base64 is decoded as leniently as Buffer.from(value, "base64") does', () => {
    const json = '{"a":"???>>>~~~"}'
    const whole = base64(json)
    assert.match(whole, /\+|\//)
    const values = {
      'the URL-safe alphabet': base64('{"a":"???>>>~~~"}').replace(/\+/g, '-').replace(/\//g, '_'),
      'no padding': base64('{"a":12}').replace(/=/g, ''),
      'one of two pads': base64('{"a":1}').replace(/=$/, ''),
      'too many pads': `${base64('{"a":1}')}==`,
      'blanks in it': `${whole.slice(0, 5)}  ${whole.slice(5)}`,
      'characters that are none': `${whole.slice(0, 5)}!@#$%*${whole.slice(5)}`,
      'a tab in it': `${whole.slice(0, 5)}\t${whole.slice(5)}`,
      'more behind the padding': `${base64('{"a":1}')}AAAA`,
      'bits left over': base64('{"a":12}').replace(/fQ==$/, 'fR=='),
      'Latin-1 in it': `${whole.slice(0, 5)}\u00e9\u00ff${whole.slice(5)}`,
      'a character beyond Latin-1 in it': `${whole.slice(0, 5)}\u0416${whole.slice(5)}`,
      'half a surrogate pair in it': `${whole.slice(0, 5)}\ud800${whole.slice(5)}`,
      'an equals sign in front': `=${whole}`
    }

    for (const [name, value] of Object.entries(values)) {
      test(`${name}: what Buffer.from makes of it is the session, and counts as changed`, () => {
        let content = '{}'
        try {
          content = JSON.stringify(JSON.parse(Buffer.from(value, 'base64').toString('utf8')))
        } catch {
          // Then it is a new session.
        }
        return both(
          async (cookieSession) => {
            const reply = await exchange(cookieSession, { cookie: header(value) }, read)
            return { ...reply, content: reply.seen.content, isChanged: reply.seen.isChanged }
          },
          {
            content,
            isChanged: content === '{}' || value !== base64(content),
            setCookie: content === '{}' || value === base64(content) ? [] : lines(content)
          }
        )
      })
    }

    test('the values above load, all but a few', () => {
      const loads = Object.values(values).filter((value) => {
        try {
          return JSON.parse(Buffer.from(value, 'base64').toString())
        } catch {
          return false
        }
      })
      assert.ok(loads.length >= 8, `${loads.length} load`)
    })

    const broken = {
      'a byte that starts nothing': 'ff',
      'a sequence cut short': 'e282',
      'an overlong form': 'c0af',
      'a surrogate': 'eda080',
      'beyond U+10FFFF': 'f4908080'
    }

    for (const [name, hex] of Object.entries(broken)) {
      test(`invalid UTF-8, ${name}, becomes U+FFFD, and counts as changed`, () => {
        const bytes = Buffer.concat([Buffer.from('{"a":"x'), Buffer.from(hex, 'hex'), Buffer.from('y"}')])
        const text = bytes.toString('utf8')
        assert.match(text, /\ufffd/)
        return both(
          async (cookieSession) => {
            const value = bytes.toString('base64')
            const reply = await exchange(cookieSession, { cookie: header(value) }, read)
            return { ...reply, content: reply.seen.content, isChanged: reply.seen.isChanged }
          },
          { content: text, isChanged: true, setCookie: lines(text) }
        )
      })
    }

    test('U+FFFD as such goes round unchanged', () =>
      both(
        loaded('{"a":"\ufffd"}', (req) => read(req).isChanged),
        { seen: false, setCookie: [] }
      ))

    test('a lone surrogate that an app puts where U+FFFD was is no change', () =>
      both(
        loaded('{"\ufffd":1}', (req) => {
          // As a key of a toJSON's text, for example, it is written as it is, and encoded as U+FFFD.
          const { stringify } = JSON
          JSON.stringify = () => '{"\ud800":1}'
          try {
            return req.session.isChanged
          } finally {
            JSON.stringify = stringify
          }
        }),
        { seen: false, setCookie: [] }
      ))
  })

  describe('text that loads but counts as changed', () => {
    const texts = {
      'duplicate keys': ['{"a":1,"a":2}', '{"a":2}'],
      'whitespace inside': ['{"a": 1}', ONE],
      'whitespace around': [' {"a":1}\n', ONE],
      '1.0': ['{"a":1.0}', ONE],
      '1e0': ['{"a":1e0}', ONE],
      '-0': ['{"a":-0}', '{"a":0}'],
      'an escaped slash': ['{"a":"\\/"}', '{"a":"/"}'],
      'an escaped letter': ['{"a":"\\u0062"}', '{"a":"b"}'],
      'a lone surrogate escaped in capitals': ['{"a":"\\uD800"}', '{"a":"\\ud800"}'],
      'an escaped U+2028': ['{"a":"\\u2028"}', '{"a":"\u2028"}'],
      'integer keys in another order': ['{"b":1,"2":2,"1":1}', '{"1":1,"2":2,"b":1}'],
      'a big integer': ['{"a":12345678901234567890}', '{"a":12345678901234567000}'],
      'a number beyond all bounds': ['{"a":1e999}', '{"a":null}'],
      'a nested __proto__ is kept': ['{"a":{"__proto__":1 }}', '{"a":{"__proto__":1}}']
    }

    for (const [name, [came, goes]] of Object.entries(texts)) {
      test(name, () =>
        both(
          loaded(came, (req) => {
            const { content, isNew, isChanged } = read(req)
            return { content, isNew, isChanged }
          }),
          { seen: { content: goes, isNew: false, isChanged: true }, setCookie: lines(goes) }
        )
      )
    }
  })

  describe('text that goes round unchanged', () => {
    const texts = {
      'an escaped lone surrogate': '{"a":"\\ud800"}',
      'an escaped lone surrogate as a key': '{"\\udfff":1}',
      'a raw U+2028': '{"a":"\u2028\u2029"}',
      'all planes': '{"a":"\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}"}',
      'the escapes that are written': '{"a":"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f"}',
      'a nested __proto__': '{"a":{"__proto__":{"b":1}}}',
      'numbers as they are written': '{"a":[0,-1,1.5,1e+21,5e-324,1.7976931348623157e+308]}',
      'an empty key': '{"":1}',
      'an empty object': '{}'
    }

    for (const [name, json] of Object.entries(texts)) {
      test(name, () =>
        both(
          loaded(json, (req) => [read(req).content, read(req).isChanged]),
          { seen: [json, false], setCookie: [] }
        )
      )
    }
  })

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
          seen: [false, { class: 'Session', isNew: true, isPopulated: true, isChanged: true, content: ONE }],
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
