'use strict'

// The contract's section on the Cookie header as tests: which cookie is the session's, how its
// signature is looked for, and what is sent at the moment of reading. Each test runs the original and
// ours, and says what both do.

const { describe, test } = require('node:test')
const {
  EXPIRED,
  KEYS,
  PLAIN,
  base64,
  both,
  cookie,
  exchange,
  header,
  lines,
  look,
  outcome,
  overHttp2,
  sign,
  thrown
} = require('../support/contract/harness')

const ONE = '{"a":1}'
const VALUE = base64(ONE)
const GOOD = cookie(ONE)
const read = (req) => look(req.session)
const content = (req) => look(req.session).content

/** What an app sees and what is sent for a Cookie header. */
const came =
  (value, { app = content, ...request } = {}) =>
  (cookieSession) =>
    exchange(cookieSession, { options: { keys: [...KEYS] }, cookie: value, ...request }, app)

/** The line that drops a signature, and one that renews it. */
const cleared = (name = 'session', more = '') =>
  `${name}.sig=${EXPIRED.replace('; httponly', more)}; httponly`
const renewed = (value, name = 'session', more = '') =>
  `${name}.sig=${sign(`${name}=${value}`)}; path=/${more}; httponly`

describe('Reading the Cookie header', () => {
  describe('the first match of (?:^|;) *NAME=([^;]*)', () => {
    const other = cookie('{"b":2}').split('; ')
    const [pair, signature] = GOOD.split('; ')
    const loads = {
      'at the start': GOOD,
      'the signature first': `${signature}; ${pair}`,
      'between others': `x=1; ${pair}; y=2; ${signature}; z=3`,
      'with no blank behind the semicolon': `x=1;${pair};${signature}`,
      'with many blanks': `   ${pair};     ${signature}`,
      'with empty pairs about': `;;${pair};;;${signature};;`,
      'the first of two': `${pair}; ${signature}; ${other[0]}; ${other[1]}`,
      'behind one whose name ends alike': `xsession=x; ${pair}; x-session.sig=x; ${signature}`,
      'behind one whose name begins alike': `sessions=x; session.sigs=x; ${pair}; ${signature}`,
      'behind one of another case': `Session=x; SESSION.sig=x; ${pair}; ${signature}`,
      'behind one that has its name as value': `x=session; y=session.sig; ${pair}; ${signature}`,
      'behind one that ends in its name and an equals sign': `x=a session=b; ${pair}; ${signature}`
    }

    for (const [name, value] of Object.entries(loads)) {
      test(name, () => both(came(value), { seen: ONE, setCookie: [] }))
    }

    const misses = {
      'a tab is no blank': `x=1;\t${pair}; ${signature}`,
      'a comma is no semicolon': `x=1, ${pair}, ${signature}`,
      'a blank before the equals sign': `session =${VALUE}; ${signature}`,
      'another case': `Session=${VALUE}; ${signature}`,
      'no equals sign': 'session; session.sig',
      'an empty header': '',
      'blanks alone': '   ',
      'the signature alone': signature
    }

    for (const [name, value] of Object.entries(misses)) {
      test(`${name}: no cookie, a new session`, () => both(came(value), { seen: '{}', setCookie: [] }))
    }

    test('no Cookie header at all: a new session', () =>
      both(came(undefined, { app: read }), {
        seen: { class: 'Session', isNew: true, isPopulated: false, isChanged: true, content: '{}' },
        setCookie: []
      }))

    test('the value ends at the semicolon: blanks before it belong to it', () =>
      both(came(header(`${VALUE}  `)), { seen: ONE, setCookie: lines(ONE) }))

    test('the value may hold equals signs', () =>
      both(came(header(`${VALUE}==x=y`)), { seen: ONE, setCookie: lines(ONE) }))

    test('the first of two is the one, even where only the second is good', () =>
      both(came(`session=x; ${GOOD}`), { seen: '{}', setCookie: [cleared()] }))

    test('the first of two signatures is the one, even where only the second is good', () =>
      both(came(`session.sig=bad; ${GOOD}`), { seen: '{}', setCookie: [cleared()] }))

    for (const value of [[GOOD], 5, true, { toString: () => GOOD }]) {
      test(`a header that is no string, ${typeof value} ${JSON.stringify(value)}: what it is for the original`, () =>
        both(came(value, { app: (req) => outcome(() => content(req)) })))
    }

    test('headers that an app has replaced count', () =>
      both(
        came(undefined, {
          app(req) {
            req.headers = { cookie: GOOD }
            return content(req)
          }
        }),
        { seen: ONE }
      ))
  })

  describe('the name is literal', () => {
    const names = [
      'a.b',
      'a+b',
      'a*b',
      'a?b',
      'a|b',
      'a^b',
      'a$',
      '^a',
      '(a)',
      '[a]',
      '{a}',
      'a{2}',
      'a\\b',
      '\\d',
      'a-b',
      'a/b',
      'a b',
      'a,b',
      '"a"',
      '__proto__',
      'constructor',
      'caf\u00e9',
      '__Host-session'
    ]

    for (const name of names) {
      test(`${name} is found by its own name, and written under it`, () =>
        both(
          came(cookie(ONE, { name }), {
            options: { keys: [...KEYS], name },
            app(req) {
              const seen = content(req)
              req.session.b = 2
              return seen
            }
          }),
          { seen: ONE, setCookie: lines('{"a":1,"b":2}', PLAIN, { name }).map(latin1) }
        ))

      test(`${name} has its signature renewed and cleared under that name`, () =>
        both(
          async (cookieSession) => {
            const options = () => ({ keys: [...KEYS], name })
            const older = await came(cookie(ONE, { name, key: 'older' }), { options: options() })(
              cookieSession
            )
            const none = await came(cookie(ONE, { name, key: 'none' }), { options: options() })(cookieSession)
            return { renewed: older.setCookie, cleared: none.setCookie }
          },
          { renewed: [latin1(renewed(VALUE, name))], cleared: [latin1(cleared(name))] }
        ))
    }

    /** Headers are written as Latin-1, which is how the tests read them. */
    function latin1(line) {
      return Buffer.from(line, 'latin1').toString('latin1')
    }

    for (const [name, alike] of [
      ['a.b', 'axb'],
      ['a+', 'aa'],
      ['a|b', 'a'],
      ['a?b', 'b'],
      ['[ab]', 'a'],
      ['\\w', 'a']
    ]) {
      test(`${name} is no pattern that ${alike} would match`, () =>
        both(came(cookie(ONE, { name: alike }), { options: { keys: [...KEYS], name } }), {
          seen: '{}',
          setCookie: []
        }))
    }

    for (const name of ['a;b', 'a=b', 'x;', '=', ' a', 'a ', '\u0416', 'a\nb', 'a\u0000']) {
      test(`${JSON.stringify(name)}, which cannot be a name, is read as the original reads it`, () =>
        both(
          came(cookie(ONE, { name, key: 'older' }), {
            options: { keys: [...KEYS], name },
            app: (req) => outcome(() => content(req))
          })
        ))
    }

    // The original remembers its patterns by the name as text: a text that no other test uses.
    for (const name of [5, true, ['listed'], { toString: () => 'told' }, Symbol('session')]) {
      test(`a name that is no string, ${typeof name} ${String(name)}: the same error or the same session`, () =>
        both(
          came(GOOD, {
            options: { keys: [...KEYS], name },
            app(req) {
              const seen = outcome(() => content(req))
              req.session = { b: 2 }
              return seen
            }
          })
        ))
    }
  })

  describe('a value that starts with " loses its first and last character', () => {
    test('a quoted value', () =>
      both(came(`session="${VALUE}"; session.sig=${sign(`session=${VALUE}`)}`), { seen: ONE, setCookie: [] }))

    test('a quoted signature', () =>
      both(came(`session=${VALUE}; session.sig="${sign(`session=${VALUE}`)}"`), { seen: ONE, setCookie: [] }))

    test('whatever the last character is', () =>
      both(came(`session="${VALUE}X; session.sig=${sign(`session=${VALUE}`)}`), { seen: ONE, setCookie: [] }))

    test('the signature covers what is left', () =>
      both(came(`session="${VALUE}"; session.sig=${sign(`session="${VALUE}"`)}`), {
        seen: '{}',
        setCookie: [cleared()]
      }))

    test('only its last character may be a quote: it keeps that', () =>
      both(came(header(`${VALUE}"`)), { seen: ONE, setCookie: lines(ONE) }))

    test('two quotes lose one each side', () =>
      both(came(`session=""${VALUE}""; session.sig=${sign(`session="${VALUE}"`)}`), {
        seen: ONE,
        setCookie: lines(ONE)
      }))

    test('a lone quote, as value, is empty', () =>
      both(came(`session="; session.sig=bad`), { seen: '{}', setCookie: [cleared()] }))

    test('two quotes, as signature, are none', () =>
      both(came(`session=${VALUE}; session.sig=""`), { seen: '{}', setCookie: [] }))

    test('a session read in quotes is no change', () =>
      both(
        came(`session="${VALUE}"; session.sig=${sign(`session=${VALUE}`)}`, {
          app: (req) => [read(req).isChanged, req.session._ctx._val]
        }),
        { seen: [false, VALUE], setCookie: [] }
      ))
  })

  describe('keys are tried in order, the first match ends it', () => {
    for (const [i, key] of KEYS.entries()) {
      test(`a signature of key ${i} loads`, () =>
        both(came(cookie(ONE, { key })), { seen: ONE, setCookie: i === 0 ? [] : [renewed(VALUE)] }))
    }

    test('a key behind the match is not tried, whatever it is', () =>
      both(came(GOOD, { options: { keys: ['newest', undefined] } }), { seen: ONE, setCookie: [] }))

    test('a key before the match is', () =>
      both(
        async (cookieSession) => {
          const { seen } = await came(cookie(ONE, { key: 'older' }), {
            options: { keys: ['newest', undefined, 'older'] },
            app: (req) => thrown(() => req.session)
          })(cookieSession)
          return { ...seen }
        },
        { type: TypeError, code: 'ERR_INVALID_ARG_TYPE' }
      ))

    test('of two equal keys the first is the match: nothing is renewed', () =>
      both(came(GOOD, { options: { keys: ['newest', 'newest'] } }), { seen: ONE, setCookie: [] }))

    const digest = sign(`session=${VALUE}`)
    const digests = {
      'with padding': `${digest}=`,
      'cut short': digest.slice(0, -1),
      'with one character more': `${digest}A`,
      'in another case': digest.toLowerCase(),
      'with its last bits changed': digest.slice(0, -1) + String.fromCharCode(digest.charCodeAt(26) + 1),
      'with a blank behind': `${digest} `,
      'with a Latin-1 character': `${digest.slice(0, -1)}\u00e9`,
      'with a character beyond Latin-1': `${digest.slice(0, -1)}\u0416`,
      'of another value': sign('session=x'),
      'of the value alone': sign(VALUE),
      'of another name': sign(`other=${VALUE}`),
      'by another hash': sign(`session=${VALUE}`, 'newest', 'sha256')
    }

    for (const [name, bad] of Object.entries(digests)) {
      test(`a signature ${name} is bad`, () =>
        both(came(`session=${VALUE}; session.sig=${bad}`), { seen: '{}', setCookie: [cleared()] }))
    }
  })

  describe('a bad signature', () => {
    const bad = cookie(ONE, { key: 'none' })

    test('an expired NAME.sig is sent with path=/ and default attributes', () =>
      both(came(bad), { setCookie: [cleared()] }))

    test('the attributes of the options do not count', () =>
      both(
        came(bad, {
          options: {
            keys: [...KEYS],
            path: '/p',
            domain: 'example.com',
            httpOnly: false,
            sameSite: 'lax',
            maxAge: 1000,
            secure: false,
            overwrite: true,
            partitioned: true,
            priority: 'high'
          }
        }),
        { setCookie: [cleared()] }
      ))

    test('secure follows the connection: an encrypted socket', () =>
      both(came(bad, { encrypted: true }), { setCookie: [cleared('session', '; secure')] }))

    test('secure follows the connection: req.protocol', () =>
      both(came(bad, { protocol: 'https' }), { setCookie: [cleared('session', '; secure')] }))

    test('secure follows the connection, whatever the option says', () =>
      both(came(bad, { encrypted: true, options: { keys: [...KEYS], secure: false } }), {
        setCookie: [cleared('session', '; secure')]
      }))

    test('it is sent at the moment of reading', () =>
      both(
        came(bad, {
          app(req, res) {
            const before = res.getHeader('Set-Cookie')
            content(req)
            return [before, res.getHeader('Set-Cookie')]
          }
        }),
        { seen: [undefined, [cleared()]] }
      ))

    test('it is sent once, however often the session is read', () =>
      both(
        came(bad, {
          app(req) {
            content(req)
            content(req)
          }
        }),
        { setCookie: [cleared()] }
      ))

    test('also for an empty value', () =>
      both(came('session=; session.sig=bad'), { seen: '{}', setCookie: [cleared()] }))

    test('the session is new', () =>
      both(came(bad, { app: read }), {
        seen: { class: 'Session', isNew: true, isPopulated: false, isChanged: true, content: '{}' }
      }))

    test('a session saved then is sent after it, which does not remove it without overwrite', () =>
      both(
        came(bad, {
          options: { keys: [...KEYS], overwrite: false },
          app(req) {
            req.session.b = 2
          }
        }),
        { setCookie: [cleared(), ...lines('{"b":2}')] }
      ))

    test('a session saved then removes it, with overwrite', () =>
      both(
        came(bad, {
          app(req) {
            req.session.b = 2
          }
        }),
        { setCookie: lines('{"b":2}') }
      ))

    test('Set-Cookie lines that were there stay, also of the same name', () =>
      both(
        came(bad, {
          app(req, res) {
            res.setHeader('Set-Cookie', ['session.sig=old', 'other=1'])
            content(req)
          }
        }),
        { setCookie: ['session.sig=old', 'other=1', cleared()] }
      ))

    test('a Set-Cookie that was a string stays', () =>
      both(
        came(bad, {
          app(req, res) {
            res.setHeader('Set-Cookie', 'other=1')
            content(req)
          }
        }),
        { setCookie: ['other=1', cleared()] }
      ))

    test('an empty Set-Cookie goes', () =>
      both(
        came(bad, {
          app(req, res) {
            res.setHeader('Set-Cookie', '')
            content(req)
          }
        }),
        { setCookie: [cleared()] }
      ))

    test('a frozen Set-Cookie array throws from the getter', () =>
      both(
        came(bad, {
          app(req, res) {
            res.setHeader('Set-Cookie', Object.freeze(['other=1']))
            return thrown(() => req.session)
          }
        }),
        {
          seen: {
            type: TypeError,
            message: 'Cannot add property 1, object is not extensible',
            code: undefined
          },
          setCookie: ['other=1']
        }
      ))

    test('a Set-Cookie array with a number in it is no matter', () =>
      both(
        came(bad, {
          app(req, res) {
            res.setHeader('Set-Cookie', [5])
            return content(req)
          }
        }),
        { seen: '{}', setCookie: ['5', cleared()] }
      ))

    test('pollution of Object.prototype lands on it', () =>
      both(
        async (cookieSession) => {
          Object.prototype.domain = 'polluted.example'
          try {
            return await came(bad)(cookieSession)
          } finally {
            delete Object.prototype.domain
          }
        },
        {
          setCookie: [
            'session.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=polluted.example; httponly'
          ]
        }
      ))

    test("over http2's compatibility API", () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, { cookie: bad }, (req, res) => {
            const seen = content(req)
            res.end()
            return seen
          }),
        { seen: '{}', setCookie: [cleared()] }
      ))
  })

  describe('good under a later key', () => {
    const older = cookie(ONE, { key: 'older' })

    test('a fresh .sig alone is sent', () => both(came(older), { seen: ONE, setCookie: [renewed(VALUE)] }))

    test('with path=/ and default attributes: those of the options do not count', () =>
      both(
        came(older, {
          options: {
            keys: [...KEYS],
            path: '/p',
            domain: 'example.com',
            httpOnly: false,
            sameSite: 'lax',
            maxAge: 1000,
            secure: false
          }
        }),
        { setCookie: [renewed(VALUE)] }
      ))

    test('secure follows the connection: an encrypted socket', () =>
      both(came(older, { encrypted: true }), { setCookie: [renewed(VALUE, 'session', '; secure')] }))

    test('secure follows the connection: req.protocol', () =>
      both(came(older, { protocol: 'https' }), { setCookie: [renewed(VALUE, 'session', '; secure')] }))

    test('at the moment of reading', () =>
      both(
        came(older, {
          app(req, res) {
            content(req)
            return res.getHeader('Set-Cookie')
          }
        }),
        { seen: [renewed(VALUE)] }
      ))

    test('even where the JSON then does not parse', () =>
      both(came(cookie('{"a":', { key: 'older' }), { app: read }), {
        seen: { class: 'Session', isNew: true, isPopulated: false, isChanged: true, content: '{}' },
        setCookie: [renewed(base64('{"a":'))]
      }))

    test('even where the value is no base64', () =>
      both(came(header('!!!', { key: 'older' })), { seen: '{}', setCookie: [renewed('!!!')] }))

    test('even for an empty value', () =>
      both(came(header('', { key: 'older' })), { seen: '{}', setCookie: [renewed('')] }))

    test('for a value in quotes, the signature of what is in them', () =>
      both(came(`session="${VALUE}"; session.sig=${sign(`session=${VALUE}`, 'older')}`), {
        seen: ONE,
        setCookie: [renewed(VALUE)]
      }))

    test('a session changed then is sent instead, with overwrite', () =>
      both(
        came(older, {
          app(req) {
            req.session.b = 2
          }
        }),
        { setCookie: lines('{"a":1,"b":2}') }
      ))

    test('a session changed then is sent as well, without overwrite', () =>
      both(
        came(older, {
          options: { keys: [...KEYS], overwrite: false },
          app(req) {
            req.session.b = 2
          }
        }),
        { setCookie: [renewed(VALUE), ...lines('{"a":1,"b":2}')] }
      ))

    test("over http2's compatibility API", () =>
      both(
        (cookieSession) =>
          overHttp2(cookieSession, { cookie: older }, (req, res) => {
            const seen = content(req)
            res.end()
            return seen
          }),
        { seen: ONE, setCookie: [renewed(VALUE)] }
      ))
  })

  describe('.sig missing or empty', () => {
    for (const [name, value] of Object.entries({
      missing: `session=${VALUE}`,
      empty: `session=${VALUE}; session.sig=`,
      'empty in quotes': `session=${VALUE}; session.sig=""`,
      'without an equals sign': `session=${VALUE}; session.sig`,
      'that of another cookie': `session=${VALUE}; other.sig=${sign(`session=${VALUE}`)}`
    })) {
      test(`${name}: a new session, nothing sent`, () =>
        both(came(value, { app: read }), {
          seen: { class: 'Session', isNew: true, isPopulated: false, isChanged: true, content: '{}' },
          setCookie: []
        }))
    }

    test('no key is tried then', () =>
      both(
        async (cookieSession) => {
          const calls = []
          const keys = { sign: () => calls.push('sign'), index: () => calls.push('index') }
          const reply = await came(`session=${VALUE}; session.sig=`, { options: { keys } })(cookieSession)
          return { ...reply, calls }
        },
        { calls: [] }
      ))
  })
})
