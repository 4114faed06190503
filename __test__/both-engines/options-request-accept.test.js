'use strict'

// The options that say which request counts and whose session it is: proxy, requestKey, reissue and accept,
// next to express-session and the original where they do the same. And what a wrong value of any new option
// leads to.

const assert = require('node:assert')
const { after, before, describe, test } = require('node:test')
const OriginalKeygrip = require('keygrip')
const { encode, ours, signed } = require('../support/sockets/harness')
const {
  KEY,
  ANN,
  VALUE,
  VALID,
  ROTATED,
  FORGED,
  GONE,
  warnings,
  onWarning,
  serve,
  once,
  onceOriginal,
  sent,
  fill
} = require('../support/options-request')

before(() => process.on('warning', onWarning))
after(() => process.off('warning', onWarning))

describe('accept', () => {
  test('is called once, with the session and the request, when it is looked at first', async () => {
    const calls = []
    const accept = (...args) => {
      calls.push(args)
      return true
    }
    const reply = await once(
      { accept },
      (req) => {
        assert.strictEqual(calls.length, 0)
        const { session } = req
        assert.deepStrictEqual({ ...session }, ANN)
        assert.strictEqual(req.session, session)
        assert.strictEqual(calls.length, 1)
        assert.strictEqual(calls[0].length, 3)
        assert.deepStrictEqual({ ...calls[0][0] }, ANN)
        assert.strictEqual(calls[0][0].isNew, false)
        assert.strictEqual(calls[0][1], req)
        session.n = 2
      },
      { cookie: VALID }
    )
    assert.strictEqual(calls.length, 1)
    assert.deepStrictEqual(sent(reply), { user: 'ann', n: 2 })
  })

  test('is not called where there is nothing to accept', async () => {
    const accept = () => assert.fail('it was called')
    for (const cookie of [
      undefined,
      FORGED,
      `session=${VALUE}`,
      'other=1',
      signed('session', 'bm8ganNvbg==', KEY)
    ]) {
      await once({ accept }, (req) => assert.deepStrictEqual({ ...req.session }, {}), { cookie })
    }
    await once({ accept }, () => {}, { cookie: VALID })
    await once(
      { accept },
      (req) => {
        req.session = { a: 1 }
      },
      { cookie: VALID }
    )
  })

  test('false means a new session, and nothing is sent by itself', async () => {
    for (const format of [{}, { ttl: 60_000 }, { encrypt: true }]) {
      const put = await once(format, (req) => Object.assign(req.session, ANN))
      const cookie = put.cookies.map((line) => line.split(';')[0]).join('; ')
      const accept = () => false
      const reply = await once(
        { ...format, accept },
        (req) => {
          assert.deepStrictEqual({ ...req.session }, {})
          assert.deepStrictEqual([req.session.isNew, req.session.isPopulated], [true, false])
          assert.strictEqual(req.session, req.session)
        },
        { cookie }
      )
      assert.deepStrictEqual(reply.cookies, [])
      const rolled = await once({ ...format, accept, rolling: true }, () => {}, { cookie })
      assert.deepStrictEqual(rolled.cookies, [])
    }
  })

  test('is called once for a cookie that is to roll, and is looked at after the headers', async () => {
    for (const answer of [true, false]) {
      const accept = () => {
        calls++
        return answer
      }
      let calls = 0
      await once(
        { accept, rolling: true },
        (req, res) => {
          res.flushHeaders()
          assert.deepStrictEqual({ ...req.session }, answer ? ANN : {})
        },
        { cookie: VALID }
      )
      assert.strictEqual(calls, 1, String(answer))
    }
  })

  test('refused and filled, the new session alone is sent', async () => {
    const reply = await once({ accept: () => false }, fill, { cookie: VALID })
    assert.deepStrictEqual(sent(reply), { user: 'bob' })
  })

  test('refused and regenerated, the cookie is cleared', async () => {
    const reply = await once(
      { accept: () => false, sessionMethods: true },
      (req) => void req.session.regenerate(),
      { cookie: VALID }
    )
    assert.match(reply.cookies[0], GONE)
  })

  test('the error says what it gave', async () => {
    for (const [value, what] of [
      [Promise.resolve(true), 'a Promise'],
      [null, 'null'],
      [1, 'number']
    ]) {
      await assert.rejects(
        once({ accept: () => value }, (req) => req.session, { cookie: VALID }),
        new TypeError(`option accept returned ${what}; expected a boolean`)
      )
    }
  })

  test('a refused cookie of an older key is not signed anew', async () => {
    for (const reissue of [true, undefined]) {
      const reply = await once({ accept: () => false, reissue }, (req) => void req.session, {
        cookie: ROTATED
      })
      assert.deepStrictEqual(reply.cookies, [])
    }
  })

  test('anything but a boolean is an error of the app, a promise first of all', async () => {
    for (const value of [undefined, null, 1, 'yes', Promise.resolve(true)]) {
      await once(
        { accept: () => value },
        (req) => {
          assert.throws(
            () => req.session,
            (err) => err instanceof TypeError && /accept/.test(err.message) && /boolean/.test(err.message)
          )
        },
        { cookie: VALID }
      )
    }
  })

  test('a log-out everywhere, by a version number of the user', async () => {
    const versions = new Map([['ann', 1]])
    const accept = ({ user, version }) => user === undefined || versions.get(user) === version
    const cookie = signed('session', encode({ user: 'ann', version: 1 }), KEY)
    await once({ accept }, (req) => assert.strictEqual(req.session.user, 'ann'), { cookie })
    versions.set('ann', 2)
    await once({ accept }, (req) => assert.strictEqual(req.session.user, undefined), { cookie })
  })
})

describe('what a request says does not weaken it', () => {
  const loosen = [
    [
      'null',
      (req) => {
        req.sessionOptions = null
      }
    ],
    [
      'signed: false',
      (req) => {
        req.sessionOptions.signed = false
      }
    ],
    [
      'a replaced object',
      (req) => {
        req.sessionOptions = { signed: false }
      }
    ]
  ]
  for (const [line, more] of [
    ['digest', { digest: 'sha1' }],
    ['digest and legacy', { digest: 'sha256', legacy: true }],
    ['ttl', { ttl: 60_000 }],
    ['encrypt and legacy', { encrypt: true, legacy: true }],
    ['sessionMethods', { sessionMethods: true }],
    ['onError', { onError() {} }],
    ['accept', { accept: () => true }],
    ['reissue', { reissue: true }],
    ['maxSize', { maxSize: 4096 }],
    ['proxy', { proxy: true }],
    ['requestKey', { requestKey: 'session' }],
    ['rolling', { rolling: true }]
  ]) {
    test(`a forged cookie is not read as genuine with ${line}`, async () => {
      for (const [how, change] of loosen) {
        await once(
          more,
          (req) => {
            change(req)
            assert.deepStrictEqual({ ...req.session }, {}, how)
          },
          { cookie: FORGED }
        )
      }
    })
  }

  test('the new options are read once, when the middleware is made', async () => {
    const calls = []
    const options = {
      keys: [KEY],
      sessionMethods: true,
      maxSize: 200,
      onError: (err) => calls.push(err.code),
      accept: () => true
    }
    const middleware = ours(options)
    Object.assign(options, { sessionMethods: false, maxSize: 1, accept: () => false, onError: undefined })
    await serve(
      middleware,
      (req) => {
        Object.assign(req.sessionOptions, { sessionMethods: false, maxSize: 1e6, accept: () => false })
        req.sessionOptions.onError = undefined
        assert.deepStrictEqual({ ...req.session }, ANN)
        assert.strictEqual(typeof req.session.save, 'function')
        req.session.text = 'x'.repeat(300)
      },
      { cookie: VALID }
    )
    assert.deepStrictEqual(calls, ['ERR_SESSION_TOO_LARGE'])
  })
})

describe('wrong values', () => {
  /** What a message says of a value's type. */
  function typeIn(value) {
    if (value === null) return /\bnull\b/
    if (Array.isArray(value)) return /\barray\b/
    if (Number.isNaN(value)) return /\bNaN\b/
    if (value instanceof Date) return /\bDate\b/
    return new RegExp(`\\b${typeof value}\\b`)
  }

  const show = (value) => (typeof value === 'string' ? `'${value}'` : String(value))
  const noBooleans = [null, 0, 1, 'true', '', {}, [], () => true, NaN, 1n]
  const noFunctions = [null, true, false, 0, 'handler', {}, []]
  const noTtl = [null, false, 0, -1, 1.5, NaN, Infinity, '1000', {}, [], new Date(0), 2 ** 53, 10n]
  const noCounts = [true, ...noTtl]
  const table = {
    sessionMethods: [noBooleans, /boolean/],
    encrypt: [noBooleans, /boolean/],
    reissue: [noBooleans, /boolean/],
    onError: [noFunctions, /function/],
    accept: [noFunctions, /function/],
    ttl: [noTtl, /milliseconds/],
    maxLifetime: [noCounts, /milliseconds/],
    maxSize: [noCounts, /bytes/],
    digest: [
      [null, true, false, 256, '', 'md5', 'SHA256', 'sha3-256', {}, ['sha256']],
      /sha1.*sha256.*sha384.*sha512/
    ],
    legacy: [[null, 0, 1, '', 'read', 'true', {}, [], new Date(NaN), Date.now()], /'write'.*Date/],
    requestKey: [[null, true, false, 1, '', {}, ['admin'], Symbol('admin')], /string/]
  }
  for (const [name, [values, expected]] of Object.entries(table)) {
    for (const value of values) {
      test(`${name}: ${show(value)} (${typeof value}) throws when the middleware is made`, () => {
        assert.throws(
          () => ours({ keys: [KEY], ...(name === 'legacy' && { encrypt: true }), [name]: value }),
          (err) => {
            assert.ok(err instanceof TypeError, err.stack)
            const [given, wanted] = err.message.split('expected')
            assert.match(given, new RegExp(`\\b${name}\\b`))
            assert.match(given, typeIn(value))
            assert.match(String(wanted), expected)
            return true
          }
        )
      })
    }
  }

  test('undefined is not set, and false is off', async () => {
    const off = {
      sessionMethods: false,
      encrypt: false,
      reissue: false,
      legacy: false,
      rolling: false,
      proxy: false
    }
    for (const name of [...Object.keys(table), 'rolling', 'proxy']) {
      const run = (req) => {
        req.session.n = 2
      }
      for (const options of [{ [name]: undefined }, ...(name in off ? [{ [name]: false }] : [])]) {
        for (const cookie of [undefined, VALID, ROTATED, FORGED]) {
          const reply = await once(options, run, { cookie })
          assert.strictEqual(reply.raw, (await onceOriginal({}, run, { cookie })).raw, name)
        }
      }
    }
  })

  const noRolling = [null, 0, -1, 1.5, NaN, Infinity, 'true', '', {}, [], () => true, 10n]
  for (const [name, values, more] of [
    ['rolling', [...noRolling, 1000], {}],
    ['rolling', noRolling, { ttl: 60_000 }],
    ['proxy', noBooleans, {}],
    ['proxy', noBooleans, { ttl: 60_000 }]
  ]) {
    test(`${name}: a wrong value is ignored, with one process warning (${Object.keys(more)})`, async () => {
      const headers = [['X-Forwarded-Proto', 'https']]
      for (const value of values) {
        for (const cookie of [undefined, VALID]) {
          const run = (req) => void req.session
          const reply = await once({ ...more, [name]: value }, run, { cookie, headers })
          assert.deepStrictEqual(reply.cookies, [], show(value))
        }
        const filled = await once({ ...more, [name]: value }, fill, { headers })
        assert.strictEqual(filled.cookies.length, 2)
        for (const line of filled.cookies) assert.doesNotMatch(line, /; secure/)
      }
      await new Promise(setImmediate)
      const about = warnings.filter(({ message }) => message.startsWith(`option ${name} `))
      assert.strictEqual(about.length, 1)
      assert.match(about[0].code, /^COOKIE_SESSION_/)
      assert.match(about[0].message, /ignored/)
    })
  }

  test('signed: false beside what needs a signature throws', () => {
    for (const more of [
      { encrypt: true },
      { ttl: 1000 },
      { maxLifetime: 1000 },
      { digest: 'sha256' },
      { digest: 'sha1' },
      { digest: 'sha256', legacy: true },
      { encrypt: true, legacy: 'write' }
    ]) {
      for (const keys of [[KEY], undefined]) {
        assert.throws(() => ours({ keys, signed: false, ...more }), /signed/, JSON.stringify(more))
      }
    }
  })

  test('signed: false beside any other is as with the original', async () => {
    for (const more of [
      { sessionMethods: true },
      { reissue: true },
      { maxSize: 4096 },
      { accept: () => true }
    ]) {
      const run = (req) => {
        req.session.n = 2
      }
      const cookie = `session=${VALUE}`
      const reply = await once({ ...more, keys: undefined, signed: false }, run, { cookie })
      const theirs = await onceOriginal({ keys: undefined, signed: false }, run, { cookie })
      assert.strictEqual(reply.raw, theirs.raw)
    }
  })

  test('no keys: the error of the original', () => {
    for (const more of [
      {},
      { sessionMethods: true },
      { encrypt: true },
      { ttl: 1000 },
      { requestKey: 'admin' }
    ]) {
      assert.throws(() => ours(more), { message: '.keys required.' })
    }
  })

  test('keys that nothing can be derived from throw and say why', () => {
    const foreign = [new OriginalKeygrip([KEY]), { sign: () => '', index: () => 0 }]
    for (const more of [{ encrypt: true }, { ttl: 1000 }, { maxLifetime: 1000 }]) {
      for (const keys of foreign) assert.throws(() => ours({ keys, ...more }), TypeError)
      for (const keys of foreign) assert.throws(() => ours({ keys, ...more }), /\bkeys\b.*expected/)
      assert.throws(() => ours({ keys: ['short'], ...more }), /32.*keygen/s)
      assert.throws(() => ours({ secret: 'short', ...more }), /32.*keygen/s)
      assert.throws(() => ours({ keys: [], ...more }), TypeError)
      assert.throws(() => ours({ keys: [KEY, 'short'], ...more }), /legacy/)
      assert.throws(() => ours({ keys: ['short', KEY], legacy: true, ...more }), /32/)
      assert.throws(() => ours({ keys: [KEY, 7], ...more }), TypeError)
      ours({ keys: [KEY, 'sixteen bytes ok'], legacy: true, ...more })
      assert.throws(() => ours({ keys: [KEY, 'fifteen bytes..'], legacy: true, ...more }), /keys.*15.*16/)
      ours({ keys: new ours.Keygrip([KEY]), ...more })
      ours({ secret: KEY, ...more })
    }
  })

  test('no message holds a key', () => {
    const secret = 'do-not-tell'
    for (const more of [{ encrypt: true }, { ttl: 1000 }, { encrypt: true, legacy: true }]) {
      for (const keys of [[secret], [KEY, secret, 7]]) {
        assert.throws(
          () => ours({ keys, ...more }),
          (err) => !err.message.includes(secret)
        )
      }
    }
  })

  test('digest beside any Keygrip throws', () => {
    for (const keys of [new OriginalKeygrip([KEY]), new ours.Keygrip([KEY])]) {
      assert.throws(
        () => ours({ keys, digest: 'sha256' }),
        (err) => err instanceof TypeError && /digest/.test(err.message) && /Keygrip/.test(err.message)
      )
    }
  })

  test('legacy without what it leads to throws', () => {
    for (const more of [{}, { digest: 'sha1' }, { sessionMethods: true }]) {
      assert.throws(() => ours({ keys: [KEY], legacy: true, ...more }), TypeError)
    }
  })
})
