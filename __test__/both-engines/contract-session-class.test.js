'use strict'

// The contract's sections on the session object and on what may be assigned, as tests: what an app and
// a debugger see of a session, what loads and what counts as changed, how often an app's own toJSON
// and getters run. Each test runs the original and ours, and says what both do.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const util = require('node:util')
const {
  base64,
  both,
  exchange,
  header,
  lines,
  look,
  outcome,
  thrown
} = require('../support/contract/harness')
const { ONE, GETTERS, read, loaded, fresh } = require('../support/contract-session')

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
})
