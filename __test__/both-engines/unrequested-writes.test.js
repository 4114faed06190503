'use strict'

// What nobody asked for: a session that is rolled, upgraded by `legacy` or written anew for a newer key, and a signature
// that is mended. It yields to what the app does with the cookie, and stays off responses that a shared cache may store.

const assert = require('node:assert/strict')
const http = require('node:http')
const { describe, it } = require('node:test')
const express4 = require('express4')
const express = require('express')
const { NOW, ask, atTime, exchange, original, ours, serve } = require('../support/contract/harness')

const NEW = 'a new key of the app, of 32 bytes and more'
const OLD = 'an old key of the app, of 32 bytes and more'
const HOUR = 3_600_000
const EPOCH = /=;.*expires=Thu, 01 Jan 1970/i

/** Each write that nobody asks for: options, the cookie that leads to it, and whether the session has to be read. */
const UNREQUESTED = {
  'rolling, untouched': { options: { ttl: HOUR, rolling: 1 }, reads: false },
  'rolling, read': { options: { ttl: HOUR, rolling: 1 }, reads: true },
  'rolling, encrypted': { options: { encrypt: true, rolling: true }, reads: false },
  "rolling, in the original's format": { options: { rolling: true }, reads: false },
  'legacy, to encrypt': { options: { encrypt: true, legacy: true }, sealed: {}, reads: true },
  'legacy, to ttl': { options: { ttl: HOUR, legacy: true }, sealed: {}, reads: true },
  'legacy, to another digest': { options: { digest: 'sha512', legacy: true }, sealed: {}, reads: true },
  reissue: { options: { keys: [NEW, OLD], reissue: true }, sealed: { keys: [OLD] }, reads: true },
  'an older key, encrypt': {
    options: { keys: [NEW, OLD], encrypt: true },
    sealed: { keys: [OLD], encrypt: true },
    reads: true
  },
  'an older key, ttl': {
    options: { keys: [NEW, OLD], ttl: HOUR },
    sealed: { keys: [OLD], ttl: HOUR },
    reads: true
  },
  'an older key, whose signature is mended': {
    options: { keys: [NEW, OLD], maxSize: 4000 },
    sealed: { keys: [OLD] },
    reads: true
  },
  'no key, whose signature is dropped': {
    options: { maxSize: 4000 },
    sealed: { keys: ['another'] },
    reads: true
  }
}

const cookieOf = ({ options, sealed = options }) =>
  ours.cookieHeader({ user: 'ada' }, { keys: [NEW], ...sealed, rolling: undefined, legacy: undefined })

/** The Set-Cookie lines of a request, 10 s after its cookie was made, that reads the session where that is needed. */
function linesOf(way, app) {
  return atTime(NOW, async (at) => {
    const cookie = cookieOf(way)
    at(NOW + 10_000)
    const { setCookie } = await exchange(
      ours,
      { options: { keys: [NEW], ...way.options }, cookie },
      (req, res) => {
        if (way.reads) void req.session.user
        return app?.(req, res)
      }
    )
    return setCookie
  })
}

for (const [what, way] of Object.entries(UNREQUESTED)) {
  describe(what, () => {
    it('is written where nothing speaks against it', async () => {
      assert.notDeepEqual(await linesOf(way), [])
    })

    for (const when of ['before', 'after']) {
      it(`yields to a log-out by the response, ${when} the session is read`, async () => {
        const logOut = (_req, res) =>
          res.setHeader('Set-Cookie', [
            'session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
            'session.sig=; Max-Age=0'
          ])
        const lines = await linesOf({ ...way, reads: way.reads && when === 'before' }, (req, res) => {
          logOut(req, res)
          if (way.reads && when === 'after') void req.session.user
        })
        assert.equal(lines.length, 2, lines.join('\n'))
        assert.match(lines[0], /^session=;/)
        assert.match(lines[1], /^session\.sig=;/)
      })
    }

    it('yields to a cookie of that name that the app set, as a string, and keeps those of other names', async () => {
      for (const value of [
        'session=of-the-app; path=/',
        ['session=of-the-app; path=/'],
        [' session = of-the-app']
      ]) {
        const lines = await linesOf(way, (_req, res) => res.setHeader('Set-Cookie', value))
        assert.deepEqual(lines, [value].flat())
      }
      const others = ['sessions=1', 'my-session=1; path=/', 'xsession=2', 'other=session=1']
      const lines = await linesOf(way, (_req, res) => {
        res.setHeader('Set-Cookie', [...others, ...(res.getHeader('Set-Cookie') ?? [])])
      })
      assert.deepEqual(lines.slice(0, 4), others)
      assert.ok(lines.length > 4)
    })

    it('yields to a session that the app sealed, and to headers given to writeHead', async () => {
      const codec = ours.codec({ keys: [NEW], ...way.options, rolling: undefined })
      const sealed = await atTime(NOW, () => codec.seal({ user: 'bob' }))
      assert.deepEqual(await linesOf(way, (_req, res) => res.setHeader('Set-Cookie', sealed)), sealed)
      const lines = await linesOf(way, (_req, res) => res.writeHead(200, { 'Set-Cookie': ['session=app'] }))
      assert.deepEqual(lines, ['session=app'])
    })

    it('does not keep a change of the app from being written', async () => {
      const lines = await linesOf(way, (req, res) => {
        res.setHeader('Set-Cookie', ['session=of-the-app; path=/'])
        res.setHeader('Cache-Control', 'public, max-age=60')
        req.session.changed = true
      })
      assert.ok(lines.some((line) => /^session=/.test(line) && !/of-the-app/.test(line)))
    })

    for (const [field, values] of Object.entries({
      'Cache-Control': [
        'public',
        'PUBLIC',
        's-maxage=600',
        'S-MAXAGE="600"',
        'max-age=31536000, immutable',
        'max-age=0',
        'max-age = 60',
        'must-revalidate,public',
        ', ,public',
        'foo="a, b", public',
        'foo="a\\", private, b", max-age=1',
        'private="x-name", max-age=60',
        'no-cache="x-name", public',
        'private=x, max-age=60',
        'max-age=1, x="private',
        ['no-transform', 'public'],
        ['max-age=60', 'must-revalidate']
      ],
      Expires: [new Date(NOW + HOUR).toUTCString(), '0'],
      'CDN-Cache-Control': ['max-age=60', 'public', 's-maxage=1'],
      'Surrogate-Control': ['max-age=3600', 'content="ESI/1.0", max-age=0'],
      'Cloudflare-CDN-Cache-Control': ['max-age=60']
    })) {
      for (const value of values) {
        it(`is held back beside ${field}: ${[value].flat().join(' | ')}`, async () => {
          assert.deepEqual(await linesOf(way, (_req, res) => res.setHeader(field, value)), [])
          const late = await linesOf(way, (_req, res) => res.writeHead(200, { [field.toLowerCase()]: value }))
          assert.deepEqual(late, [])
        })
      }
    }

    for (const headers of [
      {},
      { 'Cache-Control': 'private, max-age=60' },
      { 'Cache-Control': 'Private' },
      { 'Cache-Control': 'max-age=60,no-store' },
      { 'Cache-Control': 'public, no-cache' },
      { 'Cache-Control': ['public', 'private'] },
      { 'Cache-Control': 'private="set-cookie", max-age=60' },
      { 'Cache-Control': 'no-cache="x-name, Set-Cookie", max-age=60' },
      { 'Cache-Control': 'foo="public, max-age=60"' },
      { 'Cache-Control': 'republic, publicity, x-max-age=1' },
      { 'Cache-Control': 'must-revalidate' },
      { 'Cache-Control': 'no-store', Expires: new Date(NOW + HOUR).toUTCString() },
      { 'CDN-Cache-Control': 'no-store' },
      { 'CDN-Cache-Control': 'private, max-age=60' },
      { 'Surrogate-Control': 'content="ESI/1.0"' },
      { ETag: '"1"', 'Last-Modified': new Date(NOW - HOUR).toUTCString() }
    ]) {
      it(`goes out beside ${JSON.stringify(headers)}`, async () => {
        const lines = await linesOf(way, (_req, res) => {
          for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
        })
        assert.notDeepEqual(lines, [])
      })
    }

    it('is held back where a CDN is told to store what browsers may not', async () => {
      for (const name of ['CDN-Cache-Control', 'Surrogate-Control', 'Cloudflare-CDN-Cache-Control']) {
        const lines = await linesOf(way, (_req, res) => {
          res.setHeader('Cache-Control', 'no-store')
          res.setHeader(name, 'max-age=60')
        })
        assert.deepEqual(lines, [])
      }
    })
  })
}

describe('what the app asked for', () => {
  const options = { keys: [NEW], ttl: HOUR, rolling: 1, sessionMethods: true }
  for (const [what, app] of Object.entries({
    touch: (req) => req.session.touch(),
    save: (req) => req.session.save(),
    regenerate: (req) => req.session.regenerate(),
    null: (req) => {
      req.session = null
    },
    assignment: (req) => {
      req.session = { user: 'bob' }
    }
  })) {
    it(`${what} is written on a response that is public, too`, async () => {
      const lines = await linesOf({ options }, (req, res) => {
        res.setHeader('Cache-Control', 'public, max-age=60')
        return app(req)
      })
      assert.match(lines[0], /^session=/)
    })
  }
})

describe('a log-out of an app', () => {
  for (const [name, framework] of Object.entries({ express4, express })) {
    for (const [what, { options, sealed = options }] of Object.entries(UNREQUESTED)) {
      it(`${name}, res.clearCookie('session'), ${what}`, async () => {
        const app = framework()
        app.use(ours({ keys: [NEW], ...options }))
        app.get('/', (req, res) => {
          void req.session.user
          res.clearCookie('session').end()
        })
        await atTime(NOW, async (at) => {
          const cookie = cookieOf({ options, sealed })
          at(NOW + 10_000)
          const { setCookie } = await serve(http.createServer(app), (port) =>
            ask(http, port, { headers: { cookie } })
          )
          assert.equal(setCookie.length, 1)
          assert.match(setCookie[0], EPOCH)
        })
      })
    }
  }
})

describe('in default mode', () => {
  it('a signature is mended as the original does it, beside a log-out and on a public response', async () => {
    for (const keys of [[NEW, OLD], [NEW]]) {
      const cookie = ours.cookieHeader({ user: 'ada' }, { keys: [OLD] })
      const run = (cookieSession) =>
        exchange(cookieSession, { options: { keys }, cookie }, (req, res) => {
          res.setHeader('Cache-Control', 'public')
          res.setHeader('Set-Cookie', ['session=; path=/'])
          void req.session.user
        })
      const [theirs, own] = [await run(original), await run(ours)]
      assert.deepEqual(own.setCookie, theirs.setCookie)
      assert.equal(own.setCookie.length, 2)
    }
  })
})
