'use strict'

// The option `legacy`: how sessions of cookie-session live on where `encrypt`, `ttl` or `digest` is switched
// on, that nothing unsigned or forged comes in by that way, and that a cookie of one format is never one of
// another. Cookies of the original come from the real cookie-session, or are signed here by hand.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const http = require('node:http')
const { describe, it } = require('node:test')
const Keygrip = require('keygrip')
const {
  EXPIRED,
  NOW,
  ask,
  base64,
  cookie,
  exchange,
  header,
  original,
  ours,
  serve,
  sign,
  FIRST,
  SECOND,
  SHORT,
  TTL,
  CONTENT,
  FORGED,
  TARGETS,
  byOriginal,
  sentBack,
  make,
  read,
  opens,
  refuses,
  linesOf,
  fill,
  throwsType,
  untouched,
  standStill
} = require('../support/options-legacy')

for (const { what, set, isNew } of TARGETS) {
  const { encrypt } = set

  describe(`legacy: true, with ${what}`, () => {
    it(
      'a cookie of the real cookie-session is read, and written anew when it is',
      standStill(async () => {
        const written = await exchange(original, { options: { keys: [FIRST] } }, fill)
        const sent = sentBack(written.setCookie)
        assert.equal(sent, byOriginal())
        const setCookie = await opens(make(set), sent)
        assert.ok(isNew(sentBack(setCookie)))
        assert.equal(setCookie.length, 2)
        const next = sentBack(setCookie).replace(/; session\.sig=$/, '')
        assert.deepEqual(await opens(make(set), next), [])
        assert.deepEqual(await opens(ours({ keys: [FIRST], ...set }), next), [])
      })
    )

    it(
      'one that is not touched is left alone, rolling or not',
      standStill(async () => {
        for (const rolling of [undefined, true, 1]) {
          if (rolling && !set.encrypt && !set.ttl) continue
          const middleware = make(set, { rolling })
          assert.deepEqual(await linesOf(middleware, byOriginal(), untouched), [])
        }
      })
    )

    it(
      'the new one is as any is: changed, of now, with the attributes of the request',
      standStill(async () => {
        const middleware = make(set, { maxAge: 5000, path: '/app' })
        const setCookie = await linesOf(middleware, byOriginal(), (req) => {
          req.session.c = 1
          req.sessionOptions.domain = 'example.com'
        })
        const expires = new Date(NOW + 5000).toUTCString()
        const attributes = `; path=/app; expires=${expires}; domain=example.com; httponly`
        assert.equal(setCookie[0].slice(setCookie[0].indexOf(';')), attributes)
        const sent = sentBack(setCookie).replace(/; session\.sig=$/, '')
        await opens(ours({ keys: [FIRST], ...set }), sent, `${CONTENT.slice(0, -1)},"c":1}`)
      })
    )

    it(
      'NAME.sig is expired with the same path and domain where the new format has none',
      standStill(async () => {
        const attributes = {
          path: '/app',
          domain: 'example.com',
          sameSite: 'none',
          secure: true,
          partitioned: true
        }
        const middleware = make(set, { ...attributes, name: 'my.app', keys: [FIRST], maxAge: 5000 })
        const sent = cookie(CONTENT, { key: FIRST, name: 'my.app' })
        const expired =
          'my.app.sig=; path=/app; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=example.com; ' +
          'samesite=none; secure; httponly; partitioned'
        for (const app of [(req) => req.session.a, (req) => Object.assign(req, { session: null })]) {
          const { setCookie } = await exchange(ours, { middleware, cookie: sent, encrypted: true }, app)
          assert.equal(setCookie.length, 2)
          if (encrypt) assert.equal(setCookie[1], expired)
          else assert.match(setCookie[1], /^my\.app\.sig=.*; path=\/app; .*domain=example\.com; /)
        }
      })
    )

    it(
      'nothing is expired where the request had no NAME.sig',
      standStill(async () => {
        if (!encrypt) return
        const setCookie = await linesOf(make(set), undefined, fill)
        assert.equal(setCookie.length, 1)
        const next = await linesOf(make(set), sentBack(setCookie), (req) => {
          req.session.c = 1
        })
        assert.equal(next.length, 1)
      })
    )

    it(
      'a key that is older, or short, is good for it',
      standStill(async () => {
        const middleware = make(set, { keys: [FIRST, SHORT, SECOND] })
        for (const key of [SHORT, SECOND]) {
          const setCookie = await opens(middleware, byOriginal(CONTENT, key))
          assert.ok(isNew(sentBack(setCookie)))
          const next = sentBack(setCookie).replace(/; session\.sig=$/, '')
          assert.deepEqual(await opens(ours({ keys: [FIRST], ...set }), next), [])
        }
        await refuses(middleware, byOriginal(CONTENT, 'another'))
      })
    )

    it(
      'cleared, it goes',
      standStill(async () => {
        const setCookie = await linesOf(make(set), byOriginal(), (req) => {
          req.session = null
        })
        assert.equal(setCookie[0], `session=${EXPIRED}`)
        assert.equal(setCookie.length, 2)
        assert.match(setCookie[1], /^session\.sig=[\w-]*; path=\/; expires=Thu, 01 Jan 1970/)
      })
    )

    it(
      'without a good signature of its own it is never read',
      standStill(async () => {
        const pair = `session=${base64(FORGED)}`
        const middleware = make(set)
        const signatures = [
          undefined,
          '',
          'AAAA',
          sign(pair, 'another'),
          sign(pair, ''),
          sign(pair, FIRST, 'sha384'),
          sign(`other=${base64(FORGED)}`, FIRST),
          sign(`session=${base64(CONTENT)}`, FIRST),
          sign(`session.sig=${base64(FORGED)}`, FIRST),
          crypto.createHmac('sha1', FIRST).update(pair).digest('hex')
        ]
        for (const signature of signatures) {
          await refuses(middleware, signature === undefined ? pair : `${pair}; session.sig=${signature}`)
        }
      })
    )

    it(
      'no bit of it may be another',
      standStill(async () => {
        const middleware = make(set)
        const sent = Buffer.from(byOriginal('{"a":1}'))
        await opens(middleware, sent.toString(), '{"a":1}')
        const [end, start] = [sent.indexOf(';'), sent.indexOf('.sig=') + 5]
        for (let bit = 8 * 'session='.length; bit < sent.length * 8; bit++) {
          const at = bit >> 3
          if (at >= end && at < start) continue
          const changed = Buffer.from(sent)
          changed[at] ^= 1 << (bit & 7)
          await refuses(middleware, changed.toString('latin1'))
        }
      })
    )

    it(
      'nor any of the new one',
      standStill(async () => {
        const middleware = make(set)
        const setCookie = await linesOf(middleware, undefined, (req) => {
          req.session.a = 1
        })
        const sent = Buffer.from(sentBack(setCookie))
        await opens(middleware, sent.toString(), '{"a":1}')
        const [end, start] = [sent.indexOf(';'), sent.indexOf('.sig=') + 5]
        for (let bit = 8 * 'session='.length; bit < sent.length * 8; bit++) {
          const at = bit >> 3
          if (end >= 0 && at >= end && at < start) continue
          const changed = Buffer.from(sent)
          changed[at] ^= 1 << (bit & 7)
          await refuses(middleware, changed.toString('latin1'))
        }
      })
    )

    for (const [how, change] of [
      ['null', (req) => Object.assign(req, { sessionOptions: null })],
      ['empty', (req) => Object.assign(req, { sessionOptions: {} })],
      [
        'replaced and unsigned',
        (req) => Object.assign(req, { sessionOptions: { signed: false, legacy: true } })
      ],
      [
        'unsigned',
        (req) => Object.assign(req.sessionOptions, { signed: false, legacy: 'write', encrypt: false })
      ],
      ['without keys', (req) => Object.assign(req.sessionOptions, { keys: undefined, secret: undefined })]
    ]) {
      it(
        `options of the request that are ${how} weaken nothing`,
        standStill(async () => {
          for (const legacy of [true, 'write', new Date(NOW + 1)]) {
            const middleware = make(set, { legacy })
            const forged = `session=${base64(FORGED)}`
            for (const sent of [
              forged,
              `${forged}; session.sig=AAAA`,
              header(base64(FORGED), { key: 'another' })
            ]) {
              const { seen } = await exchange(ours, { middleware, cookie: sent }, (req) => {
                change(req)
                return JSON.stringify(req.session)
              })
              assert.equal(seen, '{}')
            }
            const good = await exchange(ours, { middleware, cookie: byOriginal() }, (req) => {
              change(req)
              return JSON.stringify(req.session)
            })
            assert.equal(good.seen, CONTENT)
            const setCookie = await linesOf(middleware, undefined, (req) => {
              change(req)
              fill(req)
            })
            if (legacy === 'write') assert.equal(sentBack(setCookie), byOriginal())
            else assert.ok(isNew(sentBack(setCookie)))
          }
        })
      )
    }

    it('`signed: false` throws when the middleware is made', () => {
      for (const legacy of [true, 'write', new Date(NOW)]) {
        throwsType(() => make(set, { legacy, signed: false }), /signed/)
        throwsType(() => make(set, { legacy, signed: false, keys: undefined }), /signed/)
      }
    })

    it(
      'an own Keygrip, or a secret, will do where keys do',
      standStill(async () => {
        await opens(make(set, { keys: undefined, secret: FIRST }), byOriginal())
        if (set.digest) return
        await opens(make(set, { keys: new ours.Keygrip([FIRST]) }), byOriginal())
        const pair = `session=${base64(CONTENT)}`
        const sent = `${pair}; session.sig=${sign(pair, FIRST, 'sha512')}`
        const middleware = make(set, { keys: new ours.Keygrip([FIRST], 'sha512') })
        assert.ok(isNew(sentBack(await opens(middleware, sent))))
        await refuses(middleware, byOriginal())
      })
    )
  })

  describe(`legacy: a Date, with ${what}`, () => {
    it(
      'is true until then, and off after',
      standStill(async (at) => {
        const middleware = make(set, { legacy: new Date(NOW + 1000) })
        at(NOW + 999)
        assert.ok(isNew(sentBack(await opens(middleware, byOriginal()))))
        for (const later of [1000, 1001, 1e9]) {
          at(NOW + later)
          await refuses(middleware, byOriginal())
          const setCookie = await linesOf(middleware, undefined, fill)
          assert.ok(isNew(sentBack(setCookie)))
          await opens(middleware, sentBack(setCookie))
        }
      })
    )

    it(
      'is read once: changed later, it changes nothing',
      standStill(async (at) => {
        const legacy = new Date(NOW + 1000)
        const options = { legacy }
        const middleware = make(set, options)
        legacy.setTime(NOW + 1e9)
        options.legacy = true
        at(NOW + 2000)
        await refuses(middleware, byOriginal())
      })
    )

    it(
      'after it, a cookie in the new format has no old signature beside it',
      standStill(async () => {
        if (!encrypt) return
        const setCookie = await linesOf(make(set, { legacy: new Date(NOW) }), byOriginal(), fill)
        assert.ok(isNew(sentBack(setCookie)))
        assert.equal(setCookie[1], `session.sig=${EXPIRED}`)
      })
    )
  })

  describe(`legacy: 'write', with ${what}`, () => {
    it(
      'writes what the original writes',
      standStill(async () => {
        const options = { maxAge: 5000, domain: 'example.com' }
        for (const app of [fill, (req) => Object.assign(req, { session: null })]) {
          const theirs = await exchange(original, { options: { keys: [FIRST], ...options } }, app)
          const setCookie = await linesOf(make(set, { legacy: 'write', ...options }), undefined, app)
          assert.deepEqual(setCookie, theirs.setCookie)
        }
      })
    )

    it(
      "changes the original's cookies as the original does, and leaves them alone where the app does",
      standStill(async () => {
        const middleware = make(set, { legacy: 'write' })
        assert.deepEqual(await linesOf(middleware, byOriginal(), untouched), [])
        assert.deepEqual(await opens(middleware, byOriginal()), [])
        const setCookie = await linesOf(middleware, byOriginal(), (req) => {
          req.session = { c: 1 }
        })
        assert.equal(sentBack(setCookie), byOriginal('{"c":1}'))
      })
    )

    it(
      'reads the new format, and keeps it where it has times when it is changed',
      standStill(async () => {
        const sent = sentBack(await linesOf(make(set), undefined, fill))
        const middleware = make(set, { legacy: 'write' })
        assert.deepEqual(await linesOf(middleware, sent, untouched), [])
        assert.deepEqual(await opens(middleware, sent), [])
        const setCookie = await linesOf(middleware, sent, (req) => {
          req.session.c = 1
        })
        const json = `${CONTENT.slice(0, -1)},"c":1}`
        const hasTimes = Boolean(set.encrypt || set.ttl || set.maxLifetime)
        assert.equal(sentBack(setCookie) === byOriginal(json), !hasTimes)
        const { seen } = await read(
          hasTimes ? ours({ keys: [FIRST], ...set }) : middleware,
          sentBack(setCookie)
        )
        assert.equal(seen.json, json)
        // One that takes its place is a new session, which every server of phase 1 can read.
        const another = await linesOf(middleware, sent, (req) => {
          req.session = { c: 1 }
        })
        assert.equal(sentBack(another).replace(/; session\.sig=$/, ''), byOriginal('{"c":1}'))
      })
    )

    it(
      'refuses what is too old in the new format',
      standStill(async (at) => {
        if (!set.ttl && !set.maxLifetime) return
        const sent = sentBack(await linesOf(make(set), undefined, fill))
        at(NOW + TTL + 1)
        await refuses(make(set, { legacy: 'write' }), sent)
      })
    )

    it(
      'goes through a fleet over sockets: phases that meet read each other',
      standStill(async () => {
        const phases = [
          original({ keys: [FIRST] }),
          make(set, { legacy: 'write' }),
          make(set, { legacy: true }),
          ours({ keys: [FIRST], ...set })
        ]
        let phase
        const handle = (req, res) => {
          phases[phase](req, res, () => {
            req.session.views = (req.session.views ?? 0) + 1
            res.end(String(req.session.views))
          })
        }
        await serve(http.createServer(handle), async (port) => {
          const jar = new Map()
          const visit = async (next) => {
            phase = next
            const pairs = [...jar].map((pair) => pair.join('='))
            const { setCookie } = await ask(http, port, { headers: { cookie: pairs.join('; ') } })
            for (const line of setCookie) {
              const [name, value] = line.split('; ')[0].split(/=(.*)/s)
              if (value === '') jar.delete(name)
              else jar.set(name, value)
            }
          }
          for (const next of [0, 1, 0, 1, 2, 1, 2, 3, 2, 3]) await visit(next)
          const sent = [...jar].map((pair) => pair.join('=')).join('; ')
          assert.ok(isNew(sent))
          assert.equal(jar.size, encrypt ? 1 : 2)
          const { seen } = await read(phases[3], sent)
          assert.equal(seen.json, '{"views":10}')
        })
      })
    )
  })
}

describe('legacy: times', () => {
  it(
    'of an old cookie begin when it is written anew',
    standStill(async (at) => {
      for (const encrypt of [false, true]) {
        at(NOW)
        const middleware = make({ encrypt, ttl: TTL, maxLifetime: 3 * TTL })
        const setCookie = await opens(middleware, byOriginal())
        assert.match(setCookie[0], new RegExp(`expires=${new Date(NOW + TTL).toUTCString()}`))
        const sent = sentBack(setCookie).replace(/; session\.sig=$/, '')
        at(NOW + TTL)
        await opens(middleware, sent)
        at(NOW + TTL + 1)
        await refuses(middleware, sent)
      }
    })
  )
})

describe('legacy: options', () => {
  it('a wrong value throws, and says what was expected', () => {
    for (const [wrong, type] of [
      ['read', /a string/],
      ['true', /a string/],
      [1, /number/],
      [null, /null/],
      [NOW, /number/],
      [{}, /an object/],
      [new Date(NaN), /invalid Date/]
    ]) {
      throwsType(() => make({ encrypt: true }, { legacy: wrong }), /legacy/, type, /'write'/, /Date/)
    }
  })

  it('alone, or beside sha1, it has nothing to switch to and throws', () => {
    for (const legacy of [true, 'write', new Date(NOW)]) {
      throwsType(() => ours({ keys: [FIRST], legacy }), /legacy/, /encrypt/)
      throwsType(() => ours({ keys: [FIRST], legacy, digest: 'sha1' }), /legacy/, /encrypt/)
      throwsType(() => ours({ keys: [FIRST], legacy, rolling: true }), /legacy/, /encrypt/)
    }
  })

  it(
    'false is as unset',
    standStill(async () => {
      for (const { set } of TARGETS) await refuses(make(set, { legacy: false }), byOriginal())
    })
  )

  it(
    'a cookie without a signature, under digest, gets the answer of the original: none',
    standStill(async () => {
      const sent = `session=${base64(CONTENT)}`
      const keys = new Keygrip([FIRST], 'sha256')
      const theirs = await exchange(original, { cookie: sent, options: { keys } }, (req) => req.session.a)
      assert.deepEqual(theirs.setCookie, [])
      for (const legacy of [true, 'write', new Date(NOW + 1), new Date(NOW)]) {
        assert.deepEqual(await refuses(make({ digest: 'sha256' }, { legacy }), sent), [])
      }
    })
  )
})
