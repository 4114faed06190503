'use strict'

// Names of cookies: one that is none, one that two middlewares share, and several cookies of one name.

const assert = require('node:assert/strict')
const { describe, it } = require('node:test')
const {
  NOW,
  PLAIN,
  atTime,
  both,
  connection,
  exchange,
  lines,
  original,
  ours
} = require('../support/contract/harness')
const { warningsOf } = require('../support/contract/warnings')

const KEY = 'a key of the app, of 32 bytes and more'
const OTHER = 'another key of the app, of 32 bytes and more'
const HOUR = 3_600_000

const fill = (req) => {
  req.session.n = 1
}

describe('a name that is none', () => {
  const names = { undefined: undefined, null: null, 'the empty one': '' }
  const OPT_IN = [
    { sessionMethods: true },
    { encrypt: true },
    { ttl: HOUR },
    { digest: 'sha512' },
    { onError() {} }
  ]

  for (const [what, name] of Object.entries(names)) {
    for (const options of OPT_IN) {
      it(`${what}, ${Object.keys(options)}: session is read and written`, async () => {
        const middleware = ours({ keys: [KEY], name, ...options })
        const written = await exchange(ours, { middleware }, fill)
        assert.match(written.setCookie[0], /^session=./)
        const cookie = written.setCookie.map((line) => line.split(';')[0]).join('; ')
        const read = await exchange(ours, { middleware, cookie }, (req) => req.session.n)
        assert.equal(read.seen, 1)
        const cleared = await exchange(ours, { middleware, cookie }, (req) => {
          req.session = null
        })
        assert.match(cleared.setCookie[0], /^session=;/)
      })
    }

    it(`${what}, of the request: the middleware's is written with any opt-in option`, async () => {
      const { setCookie } = await exchange(ours, { options: { keys: [KEY], maxSize: 4000 } }, (req) => {
        fill(req)
        req.sessionOptions.name = name
      })
      assert.deepEqual(setCookie, lines('{"n":1}', PLAIN, { key: KEY }))
    })

    it(`${what}, in default mode: as the original, and one warning`, async () => {
      await both((cookieSession) => exchange(cookieSession, { options: { keys: [KEY], name } }, fill))
      const body = `for (let i = 0; i < 2; i++) ours({ keys: ['${KEY}'], name: ${JSON.stringify(name)} })`
      const warnings = await warningsOf(body)
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['COOKIE_SESSION_NAME']
      )
      assert.match(warnings[0].message, /option name/)
    })
  }

  it('with requestKey, its name is read and written', async () => {
    const { setCookie } = await exchange(
      ours,
      { options: { keys: [KEY], name: undefined, requestKey: 'admin' } },
      (req) => {
        req.admin.n = 1
      }
    )
    assert.match(setCookie[0], /^admin=/)
  })

  it('no name is no fault: nothing is warned of', async () => {
    assert.deepEqual(
      await warningsOf(`ours({ keys: ['${KEY}'] }); ours({ keys: ['${KEY}'], name: 's' })`),
      []
    )
  })
})

describe('two middlewares on one request', () => {
  const on = (...options) => `
    const middlewares = [${options.map((each) => `ours({ keys: ['${KEY}'], ...${each} })`).join(', ')}]
    for (let i = 0; i < 2; i++) {
      const { req, res } = connection({})
      for (const middleware of middlewares) middleware(req, res, () => {})
    }`

  for (const [what, options, words] of [
    ['another requestKey', ['{}', "{ requestKey: 'admin', name: 'session' }"], [/"session"/, /"admin"/]],
    ['another path', ["{ path: '/app' }", "{ path: '/admin' }"], [/"\/app"/, /"\/admin"/]],
    ['another path, one by default', ['{}', "{ path: '/admin' }"], [/"\/"/, /"\/admin"/]],
    ['another path, with options', ['{ ttl: 1000 }', "{ ttl: 1000, path: '/admin' }"], [/"\/"/, /"\/admin"/]],
    ['the third', ["{ name: 'a' }", "{ name: 'b' }", "{ name: 'b', path: '/b' }"], [/"b"/, /"\/b"/]]
  ]) {
    it(`of one name, with ${what}: one warning that names both`, async () => {
      const warnings = await warningsOf(on(...options))
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['COOKIE_SESSION_SHARED_NAME']
      )
      for (const word of words) assert.match(warnings[0].message, word)
    })
  }

  it('of two names, or of one with the same requestKey and path: no warning', async () => {
    assert.deepEqual(await warningsOf(on('{}', "{ name: 'other', path: '/x' }")), [])
    assert.deepEqual(await warningsOf(on('{}', "{ requestKey: 'admin' }")), [])
    assert.deepEqual(await warningsOf(on('{}', '{ maxAge: 1000 }')), [])
    assert.deepEqual(await warningsOf(on("{ path: '/a' }", "{ path: '/a', ttl: 1000 }")), [])
  })

  it('the same one twice: no warning', async () => {
    const body = `
      const middleware = ours({ keys: ['${KEY}'], requestKey: 'admin' })
      const { req, res } = connection({})
      for (let i = 0; i < 2; i++) middleware(req, res, () => {})`
    assert.deepEqual(await warningsOf(body), [])
  })

  it('on a request that is none: as the original', () => {
    for (const request of [undefined, null, 5]) {
      const message = (cookieSession) => {
        try {
          cookieSession({ keys: [KEY] })(request, connection({}).res, () => {})
        } catch (error) {
          return error.message
        }
        return undefined
      }
      assert.equal(message(ours), message(original))
    }
  })
})

describe('several cookies of one name', () => {
  const read = (middleware, cookie) =>
    exchange(ours, { middleware, cookie }, (req) => req.session.user).then(({ seen }) => seen)
  const sealed = (user, options, keys = [KEY]) =>
    ours.cookieHeader({ user }, { keys, ...options }).split('; ')

  for (const options of [
    { ttl: HOUR },
    { encrypt: true },
    { encrypt: true, ttl: HOUR },
    { maxLifetime: HOUR }
  ]) {
    const what = Object.keys(options).join(', ')
    const middleware = ours({ keys: [KEY], ...options })

    it(`${what}: the first that opens counts`, async () => {
      const [ada, adaSignature] = sealed('ada', options)
      const [bob, bobSignature] = sealed('bob', options)
      const [eve, eveSignature] = sealed('eve', options, [OTHER])
      const header = (...pairs) => pairs.filter(Boolean).join('; ')
      assert.equal(await read(middleware, header(ada, bob, adaSignature, bobSignature)), 'ada')
      assert.equal(await read(middleware, header(bob, ada, bobSignature, adaSignature)), 'bob')
      assert.equal(await read(middleware, header(eve, ada, eveSignature, adaSignature)), 'ada')
      assert.equal(await read(middleware, header('session=garbage', ada, adaSignature)), 'ada')
      assert.equal(await read(middleware, header('session=', 'session=v1.e30.e30', ada, adaSignature)), 'ada')
      // A signature was lost, or stands elsewhere.
      assert.equal(await read(middleware, header(eve, ada, adaSignature)), 'ada')
      assert.equal(await read(middleware, header(adaSignature, eveSignature, eve, ada)), 'ada')
      assert.equal(await read(middleware, header(eve, eveSignature)), undefined)
    })

    it(`${what}: one of each domain and path is enough, more than four are not tried`, async () => {
      const [eve, eveSignature] = sealed('eve', options, [OTHER])
      const [ada, adaSignature] = sealed('ada', options)
      const behind = (count) =>
        [...Array(count).fill(eve), ada, ...Array(count).fill(eveSignature), adaSignature]
          .filter(Boolean)
          .join('; ')
      assert.equal(await read(middleware, behind(3)), 'ada')
      assert.equal(await read(middleware, behind(4)), undefined)
    })

    it(`${what}: one that has expired gives way to one that has not`, async () => {
      if (options.encrypt && !options.ttl) return
      await atTime(NOW, async (at) => {
        const [before, beforeSignature] = sealed('ada', options)
        at(NOW + HOUR + 1)
        const [now, nowSignature] = sealed('bob', options)
        const cookie = [before, now, beforeSignature, nowSignature].filter(Boolean).join('; ')
        assert.equal(await read(middleware, cookie), 'bob')
      })
    })
  }

  it('beside legacy, one of the original behind one of ours counts, and the other way round', async () => {
    const middleware = ours({ keys: [KEY], encrypt: true, legacy: true })
    const [ada, adaSignature] = sealed('ada', {})
    const [bob] = sealed('bob', { encrypt: true })
    const [eve] = sealed('eve', { encrypt: true }, [OTHER])
    assert.equal(await read(middleware, [eve, ada, adaSignature].join('; ')), 'ada')
    assert.equal(await read(middleware, [ada, bob, 'session.sig=x'].join('; ')), 'bob')
    assert.equal(await read(middleware, [ada, bob, adaSignature].join('; ')), 'ada')
  })

  it("in the original's format, the first counts, good or not", async () => {
    const [ada, adaSignature] = sealed('ada', {})
    for (const options of [{}, { maxSize: 4000 }]) {
      const middleware = ours({ keys: [KEY], ...options })
      assert.equal(await read(middleware, ['session=e30=', ada, adaSignature].join('; ')), undefined)
      assert.equal(await read(middleware, [ada, 'session=e30=', adaSignature].join('; ')), 'ada')
    }
  })
})
