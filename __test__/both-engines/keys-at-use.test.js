'use strict'

// Who may sign: empty keys, keys that cookie-parser has as well, what an object given as `keys` answers, and keys that an
// app replaces in an options object that it goes on using.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const { describe, it } = require('node:test')
const Keygrip = require('keygrip')
const { base64, connection, exchange, original, ours, sign } = require('../support/contract/harness')
const { warningsOf } = require('../support/contract/warnings')

const KEY = 'a key of the app, of 32 bytes and more'
const OTHER = 'another key of the app, of 32 bytes and more'
const TEXT = '{"user":"admin"}'

/** A cookie that everybody can make where an empty key is listed. */
const FORGED = `session=${base64(TEXT)}; session.sig=${sign(`session=${base64(TEXT)}`, '')}`

const EMPTY = {
  'a string': () => '',
  'a Buffer': () => Buffer.alloc(0),
  'a typed array': () => new Uint16Array(0),
  'a DataView': () => new DataView(new ArrayBuffer(8), 8),
  'an ArrayBuffer': () => new ArrayBuffer(0)
}
// Before Node 18.8 no KeyObject is empty.
try {
  crypto.createSecretKey(Buffer.alloc(0))
  EMPTY['a KeyObject'] = () => crypto.createSecretKey(Buffer.alloc(0))
} catch {}

const OPT_IN = [
  { accept: () => true },
  { sessionMethods: true },
  { digest: 'sha1' },
  { digest: 'sha256' },
  { maxSize: 4096 },
  { encrypt: true },
  { encrypt: true, legacy: true },
  { ttl: 1000, legacy: 'write' },
  { digest: 'sha256', legacy: true }
]
const shown = (options) =>
  Object.entries(options)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')

describe('an empty key', () => {
  for (const [kind, make] of Object.entries(EMPTY)) {
    for (const options of OPT_IN) {
      it(`${kind}, ${shown(options)}: refused when the middleware is made, and when it is used`, async () => {
        for (const keys of [[make()], [KEY, make()], new ours.Keygrip([KEY, make()])]) {
          if (options.digest && !Array.isArray(keys)) continue
          assert.throws(() => ours({ keys, ...options }), { name: 'TypeError', message: /option keys/ })
          assert.throws(() => ours.codec({ keys, ...options }), { name: 'TypeError', message: /option keys/ })
        }
        const secret = make()
        if (secret)
          assert.throws(() => ours({ secret, ...options }), { name: 'TypeError', message: /key|secret/ })

        const keys = [KEY]
        const errors = []
        const middleware = ours({ keys, ...options, onError: (error) => errors.push(error.code) })
        const codec = ours.codec({ keys, ...options })
        keys.push(make())
        for (const [name, run] of [
          ['a read', (req) => assert.throws(() => req.session, { code: 'ERR_SESSION_KEYS' })],
          [
            'a write',
            (req) => {
              req.session = { user: 'ada' }
            }
          ]
        ]) {
          const cookie =
            name === 'a read'
              ? ours.cookieHeader({ a: 1 }, { keys: [KEY], ...options, legacy: undefined })
              : ''
          const { setCookie } = await exchange(ours, { middleware, cookie }, run)
          assert.deepEqual(setCookie, [], name)
        }
        assert.deepEqual(errors, ['ERR_SESSION_KEYS'])
        assert.throws(() => codec.seal({ a: 1 }), { code: 'ERR_SESSION_KEYS' })
      })
    }
  }

  it('the cookie that everybody can make opens in default mode alone, as with the original', async () => {
    const read = (cookieSession, options) =>
      exchange(cookieSession, { options, cookie: FORGED }, (req) => JSON.stringify(req.session))
    for (const cookieSession of [original, ours]) {
      assert.equal((await read(cookieSession, { keys: [KEY, ''] })).seen, TEXT)
    }
    const keys = [KEY]
    const middleware = ours({ keys, accept: () => true })
    keys.push('')
    await exchange(ours, { middleware, cookie: FORGED }, (req) =>
      assert.throws(() => req.session, { code: 'ERR_SESSION_KEYS' })
    )
  })

  it('gives a warning in default mode, in production and out of it, when the middleware is made or when it is used', async () => {
    for (const env of [{ NODE_ENV: '' }, { NODE_ENV: 'production' }]) {
      for (const body of [
        `ours({ keys: ['${KEY}', ''] }); ours({ keys: ['${KEY}', ''] })`,
        `ours({ secret: Buffer.alloc(0) })`,
        `const keys = ['${KEY}']; const options = { keys }
         const middleware = ours(options)
         keys.push('')
         await exchange(ours, { middleware, cookie: 'session=e30=; session.sig=x' }, (req) => req.session)`,
        `const keygrip = new ours.Keygrip(['']); keygrip.sign('data')`,
        `const keygrip = new ours.Keygrip([''], 'sha3-256'); keygrip.sign('data')`
      ]) {
        const warnings = await warningsOf(body, env)
        assert.deepEqual(
          warnings.map(({ code }) => code).filter((code) => code !== 'COOKIE_SESSION_SHORT_KEY'),
          ['COOKIE_SESSION_EMPTY_KEY']
        )
      }
    }
    assert.deepEqual(
      await warningsOf(
        `ours({ keys: ['k'] }); ours({ keys: [5] }); ours({ keys: new (require('keygrip'))(['']) })`
      ),
      []
    )
  })

  it('is looked for without code of the app being run, in default mode', () => {
    const reads = []
    const keys = new Proxy([KEY], {
      get: (target, name, receiver) => {
        reads.push(name)
        return Reflect.get(target, name, receiver)
      }
    })
    ours({ keys })
    assert.deepEqual(reads, [])
    const own = [KEY]
    own.some = () => assert.fail('a method of the array was called')
    ours({ keys: own })
    ours({ keys: Object.defineProperty([KEY], 1, { get: () => assert.fail('a getter was called') }) })
  })
})

describe('a secret of cookie-parser', () => {
  const value = base64(TEXT)
  const signed = crypto.createHmac('sha256', KEY).update(`session=${value}`).digest('base64url')
  const cookie = `session=${value}; session.sig=${signed}`

  it('signs sessions under sha256, and under nothing else that is offered', async () => {
    const read = async (options) =>
      (
        await exchange(ours, { options: { keys: [KEY], ...options }, cookie }, (req) =>
          JSON.stringify(req.session)
        )
      ).seen
    assert.equal(await read({ digest: 'sha256' }), TEXT)
    assert.equal(await read({ keys: new ours.Keygrip([KEY], 'sha256') }), TEXT)
    for (const options of [
      {},
      { digest: 'sha512' },
      { ttl: 1000 },
      { encrypt: true },
      { encrypt: true, legacy: true }
    ]) {
      assert.equal(await read(options), '{}', shown(options))
    }
  })

  const request = (options, secrets) => `
    const middleware = ours(${options})
    for (let i = 0; i < 2; i++) {
      const { req, res } = connection({})
      ${secrets}
      middleware(req, res, () => {})
    }`
  const listed = `keys: ['${OTHER}', '${KEY}']`
  for (const [options, warns] of [
    [`{ ${listed}, digest: 'sha256' }`, true],
    [`{ keys: new ours.Keygrip(['${OTHER}', '${KEY}'], 'sha256') }`, true],
    [`{ keys: new ours.Keygrip(['${OTHER}', '${KEY}'], 'sha256'), maxSize: 4096 }`, true],
    [`{ ${listed}, digest: 'sha256', encrypt: true, legacy: true }`, true],
    [`{ ${listed} }`, false],
    [`{ ${listed}, digest: 'sha512' }`, false],
    [`{ ${listed}, ttl: 1000 }`, false],
    [`{ ${listed}, digest: 'sha256', ttl: 1000 }`, false],
    [`{ ${listed}, digest: 'sha256', encrypt: true }`, false]
  ]) {
    it(`${options}: ${warns ? 'one' : 'no'} warning at the first request`, async () => {
      for (const secrets of [`req.secret = '${KEY}'`, `req.secrets = ['x', '${KEY}']`]) {
        const warnings = await warningsOf(request(options, secrets))
        assert.deepEqual(
          warnings.map(({ code }) => code),
          warns ? ['COOKIE_SESSION_SHARED_SECRET'] : []
        )
        for (const { message } of warnings) assert.ok(!message.includes(KEY))
      }
    })
  }

  it('gives none where it is another, where there is none, and where it would have to be asked for', async () => {
    const options = `{ ${listed}, digest: 'sha256' }`
    for (const secrets of ['', "req.secret = 'another'", 'req.secret = undefined; req.secrets = []']) {
      assert.deepEqual(await warningsOf(request(options, secrets)), [])
    }
    const getter = "Object.defineProperty(req, 'secret', { get() { throw new Error('it was asked for') } })"
    assert.deepEqual(await warningsOf(request(options, getter)), [])
  })
})

describe('an object given as keys', () => {
  const cookie = ours.cookieHeader({ user: 'ada' }, { keys: [KEY] })
  const read = (index, options = { accept: () => true }) =>
    exchange(ours, { options: { keys: { sign: () => 'signature', index }, ...options }, cookie }, (req) => {
      try {
        return JSON.stringify(req.session)
      } catch (error) {
        return error.code
      }
    })

  for (const [what, answer] of Object.entries({
    'a promise of a place': Promise.resolve(0),
    'a promise of none': Promise.resolve(-1),
    undefined: undefined,
    null: null,
    NaN: Number.NaN,
    Infinity: Infinity,
    '-Infinity': -Infinity,
    'a fraction': 0.5,
    'a negative fraction': -0.5,
    'a string': '0',
    true: true,
    false: false,
    'a BigInt': 0n,
    'an object': { valueOf: () => 0 },
    'an array': []
  })) {
    it(`whose index gives ${what}: ERR_SESSION_KEYS with any opt-in option, as the original without`, async () => {
      for (const options of [{ accept: () => true }, { maxSize: 4096 }, { sessionMethods: true }]) {
        assert.equal((await read(() => answer, options)).seen, 'ERR_SESSION_KEYS')
      }
      const keys = { sign: () => 'signature', index: () => answer }
      assert.throws(() => ours.unseal(cookie, { keys }), { code: 'ERR_SESSION_KEYS' })
      const run = (cookieSession) => {
        const { req, res } = connection({ cookie })
        cookieSession({ keys })(req, res, () => {})
        try {
          return JSON.stringify(req.session)
        } catch (error) {
          return error.message
        }
      }
      assert.equal(run(ours), run(original))
    })
  }

  it('whose index gives a place, or none, is asked as before', async () => {
    assert.equal((await read(() => 0)).seen, '{"user":"ada"}')
    assert.equal((await read(() => 7)).seen, '{"user":"ada"}')
    assert.equal((await read(() => -1)).seen, '{}')
    assert.equal((await read(() => -5)).seen, '{}')
    const options = { keys: new Keygrip([KEY]), maxSize: 4096 }
    assert.equal((await exchange(ours, { options, cookie }, (req) => req.session.user)).seen, 'ada')
  })

  for (const [what, answer] of Object.entries({
    'a promise': Promise.resolve('x'),
    undefined: undefined,
    'a number': 5
  })) {
    it(`whose sign gives ${what}: ERR_SESSION_KEYS, and nothing is sent`, async () => {
      const errors = []
      const keys = { sign: () => answer, index: () => 0 }
      const options = { keys, onError: (error) => errors.push(error.code) }
      const { setCookie } = await exchange(ours, { options }, (req) => {
        req.session.user = 'ada'
      })
      assert.deepEqual([setCookie, errors], [[], ['ERR_SESSION_KEYS']])
    })
  }
})

describe('an options object whose options are replaced', () => {
  for (const more of [{}, { encrypt: true }, { ttl: 60_000 }]) {
    it(`${shown(more) || 'no option'}: unseal, seal and cookieHeader go by what it says now`, () => {
      for (const [option, given] of [
        ['keys', (key) => [key]],
        ['secret', (key) => key],
        ['keys', (key) => new ours.Keygrip([key])]
      ]) {
        const options = { [option]: given(KEY), ...more }
        const before = ours.cookieHeader({ user: 'ada' }, options)
        const codec = ours.codec(options)
        assert.equal(ours.codec(options), codec, 'the same object gives the same codec')
        options[option] = given(OTHER)
        assert.equal(ours.unseal(before, options), null)
        const after = ours.cookieHeader({ user: 'ada' }, options)
        assert.deepEqual(ours.unseal(after, { keys: [OTHER], ...more }), { user: 'ada' })
        assert.deepEqual(
          ours.unseal(
            ours
              .seal({ a: 1 }, options)
              .map((line) => line.split(';')[0])
              .join('; '),
            options
          ),
          {
            a: 1
          }
        )
        assert.deepEqual(codec.unseal(before), { user: 'ada' }, 'a codec that is held stays as it was made')
      }
    })
  }

  it('every option that is read once counts', () => {
    const options = { keys: [KEY] }
    ours.seal({ a: 1 }, options)
    options.encrypt = true
    assert.match(ours.seal({ a: 1 }, options)[0], /^session=e1\./)
    options.name = 'other'
    assert.match(ours.seal({ a: 1 }, options)[0], /^other=e1\./)
    options.path = '/app'
    assert.match(ours.seal({ a: 1 }, options)[0], /; path=\/app/)
  })
})
