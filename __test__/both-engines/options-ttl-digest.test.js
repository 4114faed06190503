'use strict'

// The options `ttl`, `maxLifetime`, `rolling` and `digest`: when a session ends by the server's own clock,
// when it is issued again, and what stands on the wire. The clock stands still in here; the format with times
// is made and verified a second time with node:crypto alone; `digest` is compared with cookie-session and
// keygrip.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const http = require('node:http')
const { describe, it } = require('node:test')
const Keygrip = require('keygrip')
const {
  ask,
  base64,
  exchange,
  original,
  ours,
  serve,
  sign,
  FIRST,
  TTL,
  CONTENT,
  sentBack,
  read,
  linesOf,
  fill,
  untouched,
  throwsType,
  standStill
} = require('../support/options-ttl')

describe('digest', () => {
  const DIGESTS = ['sha1', 'sha256', 'sha384', 'sha512']
  const KEYS = ['newest', 'older', 'oldest']

  /** The same request to ours with `digest`, and to the original with a keygrip of that digest. */
  async function both(digest, { keys = KEYS, options = {}, ...request }, app) {
    const sides = [
      [ours, { keys: [...keys], digest, ...options }],
      [original, { keys: new Keygrip([...keys], digest), ...options }]
    ]
    const results = []
    for (const [cookieSession, given] of sides) {
      const { seen, setCookie } = await exchange(cookieSession, { ...request, options: given }, app)
      results.push({ seen, setCookie })
    }
    assert.deepEqual(results[0], results[1])
    return results[0]
  }

  const show = ({ session }) => ({ isNew: session.isNew, json: JSON.stringify(session) })

  for (const digest of DIGESTS) {
    const headerBy = (key, json = CONTENT, algorithm = digest) => {
      const pair = `session=${base64(json)}`
      return `${pair}; session.sig=${sign(pair, key, algorithm)}`
    }

    it(
      `${digest}: on the wire as the original with a keygrip of it`,
      standStill(async () => {
        const first = await both(digest, { options: { maxAge: 5000, sameSite: 'lax' } }, fill)
        assert.equal(sentBack(first.setCookie), headerBy('newest'))
        for (const key of KEYS) {
          const { seen } = await both(digest, { cookie: headerBy(key) }, show)
          assert.deepEqual(seen, { isNew: false, json: CONTENT })
          await both(digest, { cookie: headerBy(key), options: { domain: 'example.com' } }, (req) => {
            req.session.more = 1
          })
          await both(digest, { cookie: headerBy(key), encrypted: true }, show)
        }
        await both(digest, { cookie: headerBy('newest') }, (req) => {
          req.session = null
        })
        await both(digest, { cookie: headerBy('older') }, untouched)
      })
    )

    it(
      `${digest}: what the original refuses, with its answer`,
      standStill(async () => {
        const forged = headerBy('other')
        const pair = `session=${base64(CONTENT)}`
        const others = DIGESTS.filter((other) => other !== digest).map((other) =>
          headerBy('newest', CONTENT, other)
        )
        const hex = crypto.createHmac(digest, 'newest').update(pair).digest('hex')
        for (const bad of [forged, ...others, pair, `${pair}; session.sig=`, `${pair}; session.sig=${hex}`]) {
          const { seen } = await both(digest, { cookie: bad }, show)
          assert.deepEqual(seen, { isNew: true, json: '{}' })
          await both(digest, { cookie: bad }, fill)
        }
        await both(digest, { cookie: headerBy('newest', '{') }, show)
        await both(digest, { cookie: headerBy('newest', '') }, show)
        await both(digest, { cookie: headerBy('newest', 'null') }, show)
      })
    )

    it(`${digest}: any bit that is another is refused`, async () => {
      const middleware = ours({ keys: [...KEYS], digest })
      const sent = Buffer.from(headerBy('newest', '{"a":1}'))
      const [end, start] = [sent.indexOf(';'), sent.indexOf('.sig=') + 5]
      for (let bit = 8 * 'session='.length; bit < sent.length * 8; bit++) {
        const at = bit >> 3
        if (at >= end && at < start) continue
        const changed = Buffer.from(sent)
        changed[at] ^= 1 << (bit & 7)
        const { seen } = await read(middleware, changed.toString('latin1'))
        assert.equal(seen.json, '{}')
      }
    })
  }

  it('read over a socket what the original wrote, and the other way round', async () => {
    for (const digest of DIGESTS) {
      const sides = [ours({ keys: [...KEYS], digest }), original({ keys: new Keygrip([...KEYS], digest) })]
      let turn = 0
      const handle = (req, res) => {
        sides[turn++ % 2](req, res, () => {
          req.session.turn = turn
          res.end()
        })
      }
      await serve(http.createServer(handle), async (port) => {
        let sent = headerOf({ turn: 0 }, digest)
        for (let i = 1; i < 5; i++) {
          const { setCookie } = await ask(http, port, { headers: { cookie: sent } })
          sent = sentBack(setCookie)
          assert.equal(sent, headerOf({ turn: i }, digest))
        }
      })
    }
  })

  function headerOf(content, digest) {
    const pair = `session=${base64(JSON.stringify(content))}`
    return `${pair}; session.sig=${sign(pair, 'newest', digest)}`
  }

  it('nothing of a request lets an unsigned cookie pass', async () => {
    const changes = [
      (req) => Object.assign(req, { sessionOptions: null }),
      (req) => Object.assign(req, { sessionOptions: { signed: false } }),
      (req) => Object.assign(req.sessionOptions, { signed: false, digest: 'sha1' })
    ]
    for (const digest of DIGESTS) {
      for (const change of changes) {
        const middleware = ours({ keys: [...KEYS], digest })
        const forged = `session=${base64('{"admin":true}')}`
        for (const sent of [forged, `${forged}; session.sig=AAAA`]) {
          const { seen } = await exchange(ours, { middleware, cookie: sent }, (req) => {
            change(req)
            return JSON.stringify(req.session)
          })
          assert.equal(seen, '{}')
        }
        const setCookie = await linesOf(middleware, undefined, (req) => {
          change(req)
          req.session.a = 1
        })
        assert.equal(sentBack(setCookie), headerOf({ a: 1 }, digest))
      }
    }
  })

  it('a wrong value throws, and says what was expected', () => {
    for (const [wrong, type] of [
      ['md5', /string/],
      ['SHA256', /string/],
      [256, /number/],
      [null, /null/],
      [true, /boolean/]
    ]) {
      throwsType(() => ours({ keys: [FIRST], digest: wrong }), /digest/, type, /'sha256'/)
    }
  })

  it('beside a Keygrip, throws, as that has its own', () => {
    const signs = { sign: () => 'x', index: () => 0 }
    for (const digest of DIGESTS) {
      for (const keys of [
        new Keygrip([FIRST]),
        new ours.Keygrip([FIRST]),
        new ours.Keygrip([FIRST], digest),
        signs
      ]) {
        for (const more of [{}, { ttl: TTL }, { encrypt: true }]) {
          throwsType(() => ours({ keys, digest, ...more }), /digest/, /Keygrip/)
        }
      }
    }
  })

  it('`signed: false` throws when the middleware is made', () => {
    for (const digest of DIGESTS) {
      throwsType(() => ours({ keys: [FIRST], digest, signed: false }), /signed/, /digest/)
      throwsType(() => ours({ digest, signed: false }), /signed/, /digest/)
    }
  })
})
