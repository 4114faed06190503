'use strict'

// The contract's section on what is written as tests: when, with which attributes in which order, what
// is swallowed and what it leaves behind, and what becomes of res.writeHead. Each test runs the
// original and ours, and says what both do.

const fs = require('node:fs')
const https = require('node:https')
const path = require('node:path')
const { describe, test } = require('node:test')
const {
  EXPIRED,
  KEYS,
  PLAIN,
  ask,
  both,
  clearing,
  cookie,
  exchange,
  lines,
  serve,
  thrown
} = require('../support/contract/harness')
const { ONE, VALUE, write, saved, told } = require('../support/contract-writing')

describe('Writing', () => {
  describe('throws inside and is swallowed: nothing is sent, and the response is whole', () => {
    const bad = {
      name: ['a;b', 'a=b', ';', '\u0416', 'a\nb', 'a\u0000b', '\u007f', 'a\u2028'],
      maxAge: ['1000', 'x', NaN, Infinity, -Infinity, true, {}, new Date(1000), 5n],
      priority: ['urgent', 'high ', 5, true, {}],
      sameSite: ['loose', 'lax ', 5, {}],
      expires: ['Thu, 01 Jan 1970 00:00:00 GMT', 5, true, {}],
      path: ['/\n', '/\u0416', '/\u0000'],
      domain: ['\r\n', '\u0416', 'a\u007f']
    }

    for (const [option, values] of Object.entries(bad)) {
      for (const value of values) {
        const name = typeof value === 'bigint' ? `${value}n` : value instanceof Date ? 'a Date' : told(value)
        test(`${option} ${name}, for a session that is saved`, () =>
          both(
            async (cookieSession) => {
              const reply = await saved({ [option]: value })(cookieSession)
              return { ...reply, status: reply.wire.slice(0, 15) }
            },
            { setCookie: [], status: 'HTTP/1.1 200 OK' }
          ))

        // A cookie that is to go has its expires and maxAge replaced before they are looked at.
        const checked = option !== 'maxAge' && option !== 'expires'
        test(`${option} ${name}, for a session that is removed${checked ? '' : ': not looked at'}`, () =>
          both(
            (cookieSession) =>
              exchange(cookieSession, { options: { keys: [...KEYS], [option]: value } }, (req) => {
                req.session = null
              }),
            { setCookie: checked ? [] : clearing() }
          ))
      }
    }

    test('a bad name counts as given at construction: a good one later does not help', () =>
      both(
        saved(
          { name: 'a;b' },
          {
            app(req) {
              req.sessionOptions.name = 'good'
            }
          }
        ),
        { setCookie: [] }
      ))

    test('a good name at construction: a bad one later is let through', () =>
      both(
        saved(
          { name: 'good' },
          {
            app(req) {
              req.sessionOptions.name = 'a;b'
            }
          }
        ),
        { setCookie: lines(ONE, PLAIN, { name: 'a;b' }) }
      ))

    test('a later name that no header can hold is swallowed', () =>
      both(
        saved(
          {},
          {
            app(req) {
              req.sessionOptions.name = 'a\nb'
            }
          }
        ),
        { setCookie: [] }
      ))

    // A session's value is base64 and never bad. The one value that is checked is a renewed signature.
    test('a bad value, a signature by an object with sign: throws from the getter that renews it', () =>
      both(
        (cookieSession) =>
          exchange(
            cookieSession,
            { options: { keys: { sign: () => 'a;b', index: () => 1 } }, cookie: cookie(ONE) },
            (req) => thrown(() => req.session)
          ),
        { seen: { type: TypeError, message: 'argument value is invalid', code: undefined }, setCookie: [] }
      ))

    test('a bad value, a signature by an object with sign: is let through where a session is saved', () =>
      both(saved({ keys: { sign: () => 'a;b', index: () => 0 } }), {
        setCookie: [`session=${VALUE}${PLAIN}`, `session.sig=a;b${PLAIN}`]
      }))

    test('a bad value, given as an option, is let through, but for what no header can hold', () =>
      both(
        async (cookieSession) => ({
          through: (await saved({ value: 'a;b' })(cookieSession)).setCookie[0],
          swallowed: (await saved({ value: 'a\nb' })(cookieSession)).setCookie
        }),
        { through: `session=a;b${PLAIN}`, swallowed: [] }
      ))

    test('a path that is a symbol', () => both(saved({ path: Symbol('p') }), { setCookie: [] }))
  })

  describe('swallowed does not mean untouched', () => {
    /** A save that throws inside, with Set-Cookie as an app left it. */
    const withValues =
      (values, options, app = write, request = {}) =>
      async (cookieSession) => {
        const given = Array.isArray(values) ? values.slice() : values
        const reply = await exchange(
          cookieSession,
          { options: { keys: [...KEYS], ...options }, ...request },
          (req, res) => {
            res.setHeader('Set-Cookie', given)
            app(req)
          }
        )
        return { ...reply, given }
      }
    const old = ['session=old', 'other=1', 'session.sig=old']

    test('Set-Cookie already an array is mutated before the throw: the old cookie removed', () =>
      both(withValues(old, { expires: 'tomorrow' }), {
        given: ['other=1', 'session.sig=old'],
        setCookie: ['other=1', 'session.sig=old']
      }))

    test('where sign threw, the new one is left unsigned', () =>
      both(
        withValues(old, {
          keys: {
            index: () => 0,
            sign() {
              throw new Error('of the app')
            }
          }
        }),
        {
          given: ['other=1', 'session.sig=old', `session=${VALUE}${PLAIN}`],
          setCookie: ['other=1', 'session.sig=old', `session=${VALUE}${PLAIN}`]
        }
      ))

    test('where sign threw for its keys, the new one is left unsigned', () =>
      both(withValues(old, { keys: [undefined] }), {
        setCookie: ['other=1', 'session.sig=old', `session=${VALUE}${PLAIN}`]
      }))

    test('where there are no keys to sign with, the new one is left unsigned', () =>
      both(
        withValues(old, { keys: undefined, signed: false }, (req) => {
          req.sessionOptions.signed = true
          write(req)
        }),
        { setCookie: ['other=1', 'session.sig=old', `session=${VALUE}${PLAIN}`] }
      ))

    test('where sign threw for a removal, the clearing cookie is left unsigned', () =>
      both(
        withValues(old, { keys: [undefined] }, (req) => {
          req.session = null
        }),
        { setCookie: ['other=1', 'session.sig=old', `session=${EXPIRED}`] }
      ))

    test('without overwrite the old cookie stays', () =>
      both(withValues(old, { keys: [undefined], overwrite: false }), {
        setCookie: [...old, `session=${VALUE}${PLAIN}`]
      }))

    for (const [what, options] of Object.entries({
      'a bad name': { name: 'session;' },
      'a bad maxAge': { maxAge: '1000' },
      'a bad priority': { priority: 'urgent' },
      'a bad sameSite': { sameSite: 'loose' },
      'secure on a plain connection': { secure: true }
    })) {
      test(`what is checked before, ${what}, leaves the array as it was`, () =>
        both(withValues(old, options), { given: old, setCookie: old }))
    }

    test('a session that cannot be stringified leaves the array as it was', () =>
      both(
        withValues(old, {}, (req) => {
          req.session.big = 1n
        }),
        { given: old, setCookie: old }
      ))

    test('a string stays', () =>
      both(
        async (cookieSession) => ({
          expires: (await withValues('session=old', { expires: 'tomorrow' })(cookieSession)).setCookie,
          sign: (await withValues('session=old', { keys: [undefined] })(cookieSession)).setCookie
        }),
        { expires: ['session=old'], sign: ['session=old'] }
      ))

    test('a frozen array drops the save', () =>
      both(withValuesFrozen(['other=1'], {}), { setCookie: ['other=1'] }))

    test('a frozen array that holds the old cookie drops the save', () =>
      both(withValuesFrozen(old, {}), { setCookie: old }))

    test('a sealed array drops the save', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            res.setHeader('Set-Cookie', Object.seal(['other=1']))
            write(req)
          }),
        { setCookie: ['other=1'] }
      ))

    test('a frozen empty array drops the save', () => both(withValuesFrozen([], {}), { setCookie: [] }))

    test('a frozen array drops a removal', () =>
      both(
        withValuesFrozen(['other=1'], {}, (req) => {
          req.session = null
        }),
        { setCookie: ['other=1'] }
      ))

    /** As `withValues`, with an array that cannot be mutated. */
    function withValuesFrozen(values, options, app = write) {
      return (cookieSession) =>
        exchange(cookieSession, { options: { keys: [...KEYS], ...options } }, (req, res) => {
          res.setHeader('Set-Cookie', Object.freeze(values.slice()))
          app(req)
        })
    }

    test('an array with a non-string drops the save', () =>
      both(withValues(['other=1', 5], {}), { given: ['other=1', 5], setCookie: ['other=1', '5'] }))

    test('an array with a non-string drops the save; what is behind it may be gone', () =>
      both(withValues([5, 'session=old', 'other=1'], {}), {
        given: [5, 'other=1'],
        setCookie: ['5', 'other=1']
      }))

    test('an array with a non-string is no matter without overwrite', () =>
      both(withValues(['other=1', 5], { overwrite: false }), { setCookie: ['other=1', '5', ...lines(ONE)] }))

    test('an array in an array has an indexOf of its own', () =>
      both(withValues([['other=1', 'session=old']], {})))
  })

  describe('secure', () => {
    const secured = lines(ONE, '; path=/; secure; httponly')
    const plain = lines(ONE)
    const connections = {
      'a plain connection': [{}, false],
      'an encrypted socket': [{ encrypted: true }, true],
      "req.protocol === 'https'": [{ protocol: 'https' }, true],
      "req.protocol === 'http'": [{ protocol: 'http' }, false],
      "req.protocol === 'HTTPS'": [{ protocol: 'HTTPS' }, false]
    }

    for (const [name, [request, isSecure]] of Object.entries(connections)) {
      test(`undefined follows the connection: ${name}`, () =>
        both(saved({ secure: undefined }, request), { setCookie: isSecure ? secured : plain }))

      test(`not given at all follows the connection: ${name}`, () =>
        both(saved({}, request), { setCookie: isSecure ? secured : plain }))

      for (const secure of [null, false, 0, '']) {
        test(`${told(secure)} suppresses it: ${name}`, () =>
          both(saved({ secure }, request), { setCookie: plain }))
      }

      for (const secure of [true, 1, 'auto']) {
        test(`${told(secure)} ${isSecure ? 'is written' : 'throws inside'}: ${name}`, () =>
          both(saved({ secure }, request), { setCookie: isSecure ? secured : [] }))
      }

      test(`secureProxy overrides: true, ${name}`, () =>
        both(saved({ secureProxy: true }, request), { setCookie: secured }))

      test(`secureProxy overrides: false, ${name}`, () =>
        both(saved({ secureProxy: false }, request), { setCookie: plain }))

      test(`secureProxy overrides, even as undefined: ${name}`, () =>
        both(saved({ secureProxy: undefined }, request), { setCookie: plain }))

      test(`secureProxy overrides a secure of false: ${name}`, () =>
        both(saved({ secureProxy: true, secure: false }, request), { setCookie: secured }))

      test(`secure true with secureProxy ${isSecure ? 'is written' : 'throws inside all the same'}: ${name}`, () =>
        both(saved({ secureProxy: true, secure: true }, request), { setCookie: isSecure ? secured : [] }))

      test(`secureProxy false overrides a secure of true, where that does not throw: ${name}`, () =>
        both(saved({ secureProxy: false, secure: true }, request), { setCookie: isSecure ? plain : [] }))
    }

    test('a removal follows the connection as well', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, { encrypted: true }, (req) => {
            req.session = null
          }),
        { setCookie: clearing().map((line) => line.replace('; httponly', '; secure; httponly')) }
      ))

    test('what socket.encrypted is, where it is not true, is written if truthy', () =>
      both(
        saved(
          {},
          {
            app(req) {
              req.socket.encrypted = 'yes'
            }
          }
        ),
        { setCookie: secured }
      ))

    test('a request without a socket is asked for its connection', () =>
      both(
        saved(
          {},
          {
            app(req) {
              Object.defineProperty(req, 'socket', { value: undefined })
              Object.defineProperty(req, 'connection', { value: { encrypted: true } })
            }
          }
        ),
        { setCookie: secured }
      ))

    test('a request with neither: the save is dropped', () =>
      both(
        saved(
          {},
          {
            app(req) {
              Object.defineProperty(req, 'socket', { value: undefined })
              Object.defineProperty(req, 'connection', { value: undefined })
            }
          }
        ),
        { setCookie: [] }
      ))

    test('over a real TLS connection', () => {
      const pem = (name) => fs.readFileSync(path.join(__dirname, '..', 'support', 'sockets', name))
      const [cert, key] = [pem('localhost-cert.pem'), pem('localhost-key.pem')]
      return both(
        (cookieSession) => {
          const middleware = cookieSession({ keys: [...KEYS] })
          const server = https.createServer({ cert, key }, (req, res) =>
            middleware(req, res, () => {
              write(req)
              res.end()
            })
          )
          return serve(server, (port) => ask(https, port, { ca: cert, servername: 'localhost' }))
        },
        { status: 200, setCookie: secured }
      )
    })
  })

  describe('Set-Cookie there before', () => {
    const behind = (values, options = {}, app = write) =>
      saved(options, {
        app(req, res) {
          res.setHeader('Set-Cookie', values)
          app(req)
        }
      })

    test('a string is kept', () => both(behind('other=1'), { setCookie: ['other=1', ...lines(ONE)] }))

    test('an array is kept', () =>
      both((cookieSession) => behind(['other=1', 'more=2'])(cookieSession), {
        setCookie: ['other=1', 'more=2', ...lines(ONE)]
      }))

    test('an empty string is not', () => both(behind(''), { setCookie: lines(ONE) }))

    test('the array is mutated in place, and stays the header', () =>
      both(
        async (cookieSession) => {
          const values = ['other=1']
          let same
          const reply = await exchange(cookieSession, {}, (req, res) => {
            res.setHeader('Set-Cookie', values)
            write(req)
            res.flushHeaders()
            same = res.getHeader('Set-Cookie') === values
          })
          return { ...reply, same, values }
        },
        { same: true, values: ['other=1', ...lines(ONE)], setCookie: ['other=1', ...lines(ONE)] }
      ))

    const earlier = [
      'session=1',
      'x=1',
      'session.sig=1',
      'session=2',
      'sessions=1',
      ' session=1',
      'Session=1'
    ]
    const rest = ['x=1', 'sessions=1', ' session=1', 'Session=1']

    test('overwrite removes earlier ones that start with NAME=', () =>
      both((cookieSession) => behind([...earlier])(cookieSession), { setCookie: [...rest, ...lines(ONE)] }))

    test('overwrite: false leaves them', () =>
      both((cookieSession) => behind([...earlier], { overwrite: false })(cookieSession), {
        setCookie: [...earlier, ...lines(ONE)]
      }))

    test('overwrite removes a string that starts with NAME=', () =>
      both(behind('session=1'), { setCookie: lines(ONE) }))

    test('a removal overwrites as well', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            res.setHeader('Set-Cookie', [...earlier])
            req.session = null
          }),
        { setCookie: [...rest, ...clearing()] }
      ))

    test('an unsigned session leaves an earlier signature', () =>
      both((cookieSession) => behind([...earlier], { signed: false })(cookieSession), {
        setCookie: ['x=1', 'session.sig=1', 'sessions=1', ' session=1', 'Session=1', lines(ONE)[0]]
      }))

    test('a renamed cookie removes earlier ones of its new name', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (req, res) => {
            res.setHeader('Set-Cookie', ['session=1', 'x=1', 'x.sig=1'])
            req.sessionOptions.name = 'x'
            write(req)
          }),
        { setCookie: ['session=1', ...lines(ONE, PLAIN, { name: 'x' })] }
      ))
  })
})
