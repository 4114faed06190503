'use strict'

// Attributes that browsers refuse without a word, or ignore, and options of other packages: each is heard of, in a text
// that names the option. What is sent stays what the original sends.

const assert = require('node:assert/strict')
const { describe, it } = require('node:test')
const { exchange, original, ours } = require('../support/contract/harness')
const { warningsOf } = require('../support/contract/warnings')

const KEY = 'a key of the app, of 32 bytes and more'

const fill = (req) => {
  req.session.user = 'ada'
}

/** Options, as code, and the one that is to blame. */
const REFUSED = [
  ["{ domain: 'https://example.com' }", 'domain'],
  ["{ domain: 'example.com:3000' }", 'domain'],
  ["{ domain: 'example.com/' }", 'domain'],
  ["{ domain: 'example.com/app' }", 'domain'],
  ["{ domain: '*.example.com' }", 'domain'],
  ["{ domain: 'exam ple.com' }", 'domain'],
  ["{ domain: 'a.com, b.com' }", 'domain'],
  ["{ domain: 'example..com' }", 'domain'],
  ["{ domain: '.' }", 'domain'],
  ['{ maxAge: 1e20 }', 'maxAge'],
  ['{ maxAge: 8.64e15 }', 'maxAge'],
  ['{ maxAge: 1e15 }', 'maxAge'],
  ['{ maxAge: -1e15 }', 'maxAge'],
  ['{ expires: new Date(NaN) }', 'expires'],
  ['{ expires: new Date(8.64e15) }', 'expires'],
  ["{ sameSite: 'none' }", 'sameSite'],
  ['{ partitioned: true }', 'partitioned'],
  ["{ name: '__Host-s' }", 'name'],
  ["{ name: '__Secure-s' }", 'name']
]

/** What is not sent at all. */
const UNSENDABLE = [
  ["{ path: '/\\n' }", 'path'],
  ["{ domain: 'a\\u0100.com' }", 'domain'],
  ["{ maxAge: '1000' }", 'maxAge'],
  ["{ priority: 'urgent' }", 'priority'],
  ["{ sameSite: 'sometimes' }", 'sameSite'],
  ["{ expires: 'tomorrow' }", 'expires'],
  ["{ name: 'a=b' }", 'name']
]

const FINE = [
  "{ domain: 'example.com' }",
  "{ domain: '.example.com' }",
  "{ domain: 'localhost' }",
  "{ domain: 'a-b.xn--mnchen-3ya.example' }",
  "{ domain: 'under_score.example.com' }",
  "{ domain: '127.0.0.1' }",
  "{ domain: '[::1]' }",
  "{ domain: '' }",
  '{ domain: null }',
  '{ maxAge: 400 * 86400000 }',
  '{ maxAge: -1 }',
  '{ expires: new Date(0) }',
  '{ expires: new Date(Date.UTC(9999, 11, 31)) }'
]

const evaluate = (code) => new Function(`return ${code}`)()

describe('attributes that browsers refuse, or cannot be sent', () => {
  for (const [code, option] of [...REFUSED, ...UNSENDABLE]) {
    it(`${code}: onError hears which option is to blame`, async () => {
      for (const more of [{}, { encrypt: true }, { ttl: 1000 }]) {
        const errors = []
        const options = { keys: [KEY], onError: (error) => errors.push(error), ...more, ...evaluate(code) }
        const { setCookie } = await exchange(ours, { options }, fill)
        assert.deepEqual(
          errors.map((error) => error.code),
          ['ERR_SESSION_INVALID_ATTRIBUTE']
        )
        assert.match(errors[0].message, new RegExp(`\\boption ${option}\\b`))
        const theirs = await exchange(original, { options: { keys: [KEY], ...evaluate(code) } }, fill)
        assert.equal(setCookie.length > 0, theirs.setCookie.length > 0, 'sent where the original sends it')
      }
    })

    it(`${code}: outside a middleware, and by save, it throws`, async () => {
      const options = { keys: [KEY], ...evaluate(code) }
      const expected = {
        code: 'ERR_SESSION_INVALID_ATTRIBUTE',
        message: new RegExp(`\\boption ${option}\\b`)
      }
      assert.throws(() => ours.seal({ user: 'ada' }, options), expected)
      await exchange(ours, { options: { ...options, sessionMethods: true, onError() {} } }, async (req) => {
        fill(req)
        await assert.rejects(() => req.session.save(), expected)
      })
    })
  }

  it('in default mode, one warning names it, and the same is sent', async () => {
    for (const [code, option] of [...REFUSED, ...UNSENDABLE]) {
      const body = `
        for (let i = 0; i < 2; i++) {
          const app = (req) => { req.session.user = 'ada' }
          const options = () => ({ keys: ['${KEY}'], ...${code} })
          const [theirs, own] = [
            await exchange(original, { options: options() }, app),
            await exchange(ours, { options: options() }, app)
          ]
          const dateless = (lines) => lines.join().replace(/expires=[^;]+/g, '')
          if (dateless(theirs.setCookie) !== dateless(own.setCookie)) throw new Error(own.setCookie.join())
        }`
      const warnings = await warningsOf(body)
      assert.deepEqual(
        warnings.map((warning) => warning.code),
        ['COOKIE_SESSION_NOT_SAVED'],
        code
      )
      assert.match(warnings[0].message, new RegExp(`\\boption ${option}\\b`))
    }
  })

  it('what browsers keep is told of nowhere', async () => {
    for (const code of FINE) {
      const errors = []
      const options = { keys: [KEY], onError: (error) => errors.push(error), ...evaluate(code) }
      await exchange(ours, { options }, fill)
      assert.deepEqual(errors, [], code)
    }
    const all = FINE.map(
      (code) =>
        `await exchange(ours, { options: { keys: ['${KEY}'], ...${code} } }, (req) => { req.session.a = 1 })`
    )
    assert.deepEqual(await warningsOf(all.join('\n')), [])
  })
})

describe('an object `cookie`, as express-session has it', () => {
  it('gives one warning that says what to write, in default mode and with options', async () => {
    for (const more of ['{}', '{ ttl: 1000 }']) {
      const body = `for (let i = 0; i < 2; i++) ours({ keys: ['${KEY}'], cookie: { maxAge: 1000 }, ...${more} })`
      const warnings = await warningsOf(body)
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['COOKIE_SESSION_OPTION_IGNORED']
      )
      assert.match(warnings[0].message, /option cookie\b.*maxAge/)
    }
  })

  it('is looked for without code of the app being run', () => {
    const fail = () => assert.fail('code of the app was run')
    ours(Object.defineProperty({ keys: [KEY] }, 'cookie', { get: fail, configurable: true }))
    const seen = []
    const handler = {
      get: (target, name) => {
        seen.push(name)
        return target[name]
      }
    }
    const reads = (cookieSession) => {
      seen.length = 0
      cookieSession(new Proxy({ keys: [KEY] }, handler))
      return seen.includes('cookie')
    }
    assert.equal(reads(ours), reads(original))
  })
})
