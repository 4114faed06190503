'use strict'

// The contract's section on what is written as tests: when, with which attributes in which order, what
// is swallowed and what it leaves behind, and what becomes of res.writeHead. Each test runs the
// original and ours, and says what both do.

const assert = require('node:assert')
const http = require('node:http')
const { describe, test } = require('node:test')
const { KEYS, NOW, atTime, both, exchange, lines, outcome, thrown } = require('../support/contract/harness')
const { ONE, VALUE, write, saved, told } = require('../support/contract-writing')

describe('Writing', () => {
  describe('res.writeHead', () => {
    test('becomes an own enumerable function writeHead, length 1', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (_req, res) => {
            const { value, ...flags } = Object.getOwnPropertyDescriptor(res, 'writeHead')
            return [typeof value, value.name, value.length, flags]
          }),
        {
          seen: ['function', 'writeHead', 1, { writable: true, enumerable: true, configurable: true }]
        }
      ))

    test('gives the response back', () =>
      both((cookieSession) => exchange(cookieSession, {}, (_req, res) => res.writeHead(200) === res), {
        seen: true
      }))

    test('calls the one that was there, on the response, with what is left of its arguments', () =>
      both(
        (cookieSession) =>
          exchange(
            cookieSession,
            {
              before(_req, res) {
                res.calls = []
                res.writeHead = function (...args) {
                  res.calls.push([this === res, ...args])
                  return http.ServerResponse.prototype.writeHead.apply(this, args)
                }
              }
            },
            (_req, res) => {
              res.writeHead(201, 'Made', { 'x-app': '1' })
              return res.calls
            }
          ),
        { seen: [[true, 201, 'Made']] }
      ))

    /** The calls that reach the response's own methods, in order. */
    function recorded(res) {
      const calls = []
      for (const method of ['setHeader', 'appendHeader', 'removeHeader']) {
        if (!(method in res)) continue
        const real = res[method]
        res[method] = function (...args) {
          calls.push([method, ...args])
          return real.apply(this, args)
        }
      }
      return calls
    }

    const flat = ['x-app', '1', 'x-more', '2', 'x-app', '3']
    const argumentLists = {
      'no headers': [[200], {}],
      'an object': [[200, { 'X-App': '1', 'x-list': ['2', '3'] }], { 'x-app': '1', 'x-list': ['2', '3'] }],
      'an object with an empty name': [[200, { '': '1', 'x-app': '2' }], { 'x-app': '2' }],
      'a reason phrase': [[200, 'Fine'], {}],
      'a reason phrase and an object': [[200, 'Fine', { 'x-app': '1' }], { 'x-app': '1' }],
      'a reason phrase that is undefined, and an object': [[200, undefined, { 'x-app': '1' }], {}],
      'a flat array': [[200, ['x-app', '1', 'x-more', '2']], { 'x-app': '1', 'x-more': '2' }],
      'a flat array with a name twice': [[200, flat], undefined],
      'a reason phrase and a flat array': [[200, 'Fine', ['x-app', '1']], { 'x-app': '1' }],
      'a 2-D array': [
        [
          200,
          [
            ['x-app', '1'],
            ['x-more', ['2', '3']]
          ]
        ],
        { 'x-app': '1', 'x-more': ['2', '3'] }
      ],
      'a 2-D array with a name twice: the last': [
        [
          200,
          [
            ['x-app', '1'],
            ['x-app', '2']
          ]
        ],
        { 'x-app': '2' }
      ],
      'a reason phrase and a 2-D array': [[200, 'Fine', [['x-app', '1']]], { 'x-app': '1' }],
      'an empty array': [[200, []], {}],
      null: [[200, null], {}],
      'a status as a string': [['200'], {}],
      'a status of 304': [[304, { etag: '"1"' }], { etag: '"1"' }]
    }

    for (const [name, [args, headers]] of Object.entries(argumentLists)) {
      for (const touched of [true, false]) {
        test(`header arguments go through setHeader first, ${name}, ${touched ? 'a' : 'an untouched'} session`, () =>
          both(
            async (cookieSession) => {
              let calls
              const reply = await exchange(cookieSession, {}, (req, res) => {
                if (touched) write(req)
                calls = recorded(res)
                const result = outcome(() => res.writeHead(...args) === res)
                const found = { ...res.getHeaders() }
                delete found['set-cookie']
                return { result, found, message: res.statusMessage, status: res.statusCode }
              })
              return { ...reply, calls, found: reply.seen.found }
            },
            { ...(headers && { found: headers }), setCookie: touched ? lines(ONE) : [] }
          ))
      }
    }

    test('the order of an object: setHeader for each, then the session', () =>
      both(
        async (cookieSession) => {
          let calls
          await exchange(cookieSession, {}, (req, res) => {
            write(req)
            calls = recorded(res)
            res.writeHead(200, { 'x-one': '1', 'x-two': '2' })
          })
          return { calls }
        },
        {
          calls: [
            ['setHeader', 'x-one', '1'],
            ['setHeader', 'x-two', '2'],
            ['setHeader', 'Set-Cookie', lines(ONE)]
          ]
        }
      ))

    test('the order of a 2-D array: setHeader for each, then the session', () =>
      both(
        async (cookieSession) => {
          let calls
          await exchange(cookieSession, {}, (req, res) => {
            write(req)
            calls = recorded(res)
            res.writeHead(200, [
              ['x-one', '1'],
              ['x-two', '2']
            ])
          })
          return { calls }
        },
        {
          calls: [
            ['setHeader', 'x-one', '1'],
            ['setHeader', 'x-two', '2'],
            ['setHeader', 'Set-Cookie', lines(ONE)]
          ]
        }
      ))

    test('a flat array replaces what was there, by appendHeader where there is one', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (_req, res) => {
            res.setHeader('x-app', 'old')
            res.writeHead(200, ['x-app', '1', 'x-app', '2'])
            return res.getHeader('x-app')
          }),
        { seen: 'appendHeader' in http.ServerResponse.prototype ? ['1', '2'] : '2' }
      ))

    for (const [name, headers, kept] of [
      ['an object', { 'Set-Cookie': 'app=1' }, ['app=1']],
      ['an object with an array', { 'set-cookie': ['app=1', 'app=2'] }, ['app=1', 'app=2']],
      ['a flat array', ['Set-Cookie', 'app=1', 'Set-Cookie', 'app=2'], ['app=1', 'app=2']],
      ['a 2-D array', [['Set-Cookie', ['app=1', 'app=2']]], ['app=1', 'app=2']]
    ]) {
      const skip =
        name === 'a flat array' && !('appendHeader' in http.ServerResponse.prototype)
          ? 'no appendHeader'
          : false
      test(`a Set-Cookie given to writeHead stays, and the session's come behind: ${name}`, { skip }, () =>
        both(
          (cookieSession) =>
            exchange(cookieSession, {}, (req, res) => {
              write(req)
              res.writeHead(200, headers)
            }),
          { setCookie: [...kept, ...lines(ONE)] }
        )
      )
    }

    test('a flat array of odd length throws, also for an untouched session', () =>
      both(
        (cookieSession) =>
          exchange(cookieSession, {}, (_req, res) => thrown(() => res.writeHead(200, ['x-app']))),
        { seen: { type: TypeError, message: 'headers array is malformed', code: undefined } }
      ))

    test('a reason phrase goes out', () =>
      both(async (cookieSession) => {
        const reply = await exchange(cookieSession, {}, (_req, res) => {
          res.writeHead(200, 'Fine by me')
        })
        assert.match(reply.wire, /^HTTP\/1\.1 200 Fine by me\r\n/)
        return reply
      }))

    test('res.statusCode that is set while headers are set wins', () =>
      both(async (cookieSession) => {
        const reply = await exchange(cookieSession, {}, (req, res) => {
          req.session.a = {
            toJSON() {
              res.statusCode = 202
              return 1
            }
          }
          res.writeHead(200, 'Fine', { 'x-app': '1' })
        })
        assert.match(reply.wire, /^HTTP\/1\.1 202 Accepted\r\n/)
        return reply
      }))
  })

  describe('attributes', () => {
    const expires = new Date(Date.UTC(2031, 1, 3, 4, 5, 6))

    test('order and case: path, expires, domain, priority, samesite, secure, httponly, partitioned', () =>
      both(
        saved(
          {
            partitioned: true,
            httpOnly: true,
            secure: true,
            sameSite: 'Lax',
            priority: 'HIGH',
            domain: 'Example.COM',
            expires,
            path: '/P'
          },
          { encrypted: true }
        ),
        {
          setCookie: lines(
            ONE,
            '; path=/P; expires=Mon, 03 Feb 2031 04:05:06 GMT; domain=Example.COM; priority=high; samesite=lax; secure; httponly; partitioned'
          )
        }
      ))

    test('none but path and httponly where no option asks for more', () =>
      both(saved(), { setCookie: lines(ONE, '; path=/; httponly') }))

    for (const [value, text] of [
      [true, '; samesite=strict'],
      ['strict', '; samesite=strict'],
      ['STRICT', '; samesite=strict'],
      ['none', '; samesite=none'],
      [false, ''],
      [null, ''],
      ['', ''],
      [undefined, '']
    ]) {
      test(`sameSite ${told(value)}`, () =>
        both(saved({ sameSite: value }), { setCookie: lines(ONE, `; path=/${text}; httponly`) }))
    }

    for (const [value, text] of [
      ['low', '; priority=low'],
      ['Medium', '; priority=medium'],
      ['', ''],
      [null, ''],
      [false, '']
    ]) {
      test(`priority ${told(value)}`, () =>
        both(saved({ priority: value }), { setCookie: lines(ONE, `; path=/${text}; httponly`) }))
    }

    for (const value of ['/a;b', '/a b', '/\u00e9', 'no slash', 5, true]) {
      test(`path ${told(value)} is let through`, () =>
        both(saved({ path: value }), {
          setCookie: lines(ONE, `; path=${value}; httponly`)
        }))
    }

    for (const value of ['a;b', '.example.com', ' ', 5]) {
      test(`domain ${told(value)} is let through`, () =>
        both(saved({ domain: value }), {
          setCookie: lines(ONE, `; path=/; domain=${value}; httponly`)
        }))
    }

    describe('maxAge', () => {
      test('becomes expires at send time', () =>
        both(
          (cookieSession) =>
            atTime(NOW, (move) =>
              exchange(cookieSession, { options: { keys: [...KEYS], maxAge: 60_000 } }, (req) => {
                write(req)
                move(NOW + 1_000_000)
              })
            ),
          {
            setCookie: lines(ONE, `; path=/; expires=${new Date(NOW + 1_060_000).toUTCString()}; httponly`)
          }
        ))

      for (const maxAge of [1, 321, 322, 1000, 86_400_000, 1.5, -1, -1000, 1e14, -1e14]) {
        test(`${maxAge}`, () =>
          atTime(NOW, () =>
            both(saved({ maxAge }), {
              setCookie: lines(ONE, `; path=/; expires=${new Date(NOW + maxAge).toUTCString()}; httponly`)
            })
          ))
      }

      test('beyond what a Date can be: an invalid one is written', () =>
        atTime(NOW, () =>
          both(saved({ maxAge: 1e16 }), { setCookie: lines(ONE, '; path=/; expires=Invalid Date; httponly') })
        ))

      test('the date moves on with the clock, from request to request', () =>
        both(
          (cookieSession) =>
            atTime(NOW, async (move) => {
              const middleware = cookieSession({ keys: [...KEYS], maxAge: 1000 })
              const seen = []
              for (const time of [0, 1, 321, 322, 1321, 1322, 500, -5000, 0.5]) {
                move(NOW + time)
                seen.push((await exchange(cookieSession, { middleware }, write)).setCookie[0])
              }
              return { seen }
            }),
          {
            seen: [0, 1, 321, 322, 1321, 1322, 500, -5000, 0.5].map(
              (time) =>
                lines(ONE, `; path=/; expires=${new Date(NOW + time + 1000).toUTCString()}; httponly`)[0]
            )
          }
        ))

      test('fractions of a millisecond are cut off towards 1970, from request to request', () =>
        both(
          async (cookieSession) => {
            const middleware = cookieSession({ keys: [...KEYS], maxAge: 0.5 })
            const seen = []
            for (const time of [-1000, -1, 0, 999, -1001]) {
              await atTime(time, async () => {
                seen.push((await exchange(cookieSession, { middleware }, write)).setCookie[0])
              })
            }
            return { seen }
          },
          {
            seen: ['31 Dec 1969 23:59:59', '01 Jan 1970 00:00:00', '01 Jan 1970 00:00:00']
              .concat('01 Jan 1970 00:00:00', '31 Dec 1969 23:59:59')
              .map(
                (date) =>
                  `session=${VALUE}; path=/; expires=${date.startsWith('31') ? 'Wed' : 'Thu'}, ${date} GMT; httponly`
              )
          }
        ))

      test('wins over expires', () =>
        atTime(NOW, () =>
          both(saved({ maxAge: 1000, expires }), {
            setCookie: lines(ONE, `; path=/; expires=${new Date(NOW + 1000).toUTCString()}; httponly`)
          })
        ))

      for (const maxAge of [0, -0, null, undefined, false, '']) {
        test(`${told(maxAge)} leaves expires as given`, () =>
          both(saved({ maxAge, expires }), {
            setCookie: lines(ONE, '; path=/; expires=Mon, 03 Feb 2031 04:05:06 GMT; httponly')
          }))

        test(`${told(maxAge)} writes no expires where none is given`, () =>
          both(saved({ maxAge }), { setCookie: lines(ONE) }))
      }

      test('maxage is an alias', () =>
        atTime(NOW, () =>
          both(saved({ maxage: 1000 }), {
            setCookie: lines(ONE, `; path=/; expires=${new Date(NOW + 1000).toUTCString()}; httponly`)
          })
        ))

      test('of maxAge and its alias the one that comes last wins', () =>
        atTime(NOW, () =>
          both(
            async (cookieSession) => ({
              alias: (await saved({ maxAge: 5000, maxage: 1000 })(cookieSession)).setCookie[0],
              other: (await saved({ maxage: 5000, maxAge: 1000 })(cookieSession)).setCookie[0]
            }),
            {
              alias: lines(ONE, `; path=/; expires=${new Date(NOW + 1000).toUTCString()}; httponly`)[0],
              other: lines(ONE, `; path=/; expires=${new Date(NOW + 1000).toUTCString()}; httponly`)[0]
            }
          )
        ))

      test('a bad maxage is swallowed', () => both(saved({ maxage: '1000' }), { setCookie: [] }))
    })

    test('an expires that is an invalid Date is written as such', () =>
      both(saved({ expires: new Date(NaN) }), {
        setCookie: lines(ONE, '; path=/; expires=Invalid Date; httponly')
      }))

    test('an expires that is no Date but has toUTCString is asked', () =>
      both(saved({ expires: { toUTCString: () => 'some day' } }), {
        setCookie: lines(ONE, '; path=/; expires=some day; httponly')
      }))
  })
})
