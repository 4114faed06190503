'use strict'

// The vectors that docs/format.md gives to other languages are what this package reads and writes.

const assert = require('node:assert/strict')
const { hkdfSync } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { describe, it } = require('node:test')
const cookieSession = require('../..')
const { connection, sent } = require('../support/contract/harness')

const ISSUED = 1893553445678
const CREATED = 1893549845678
const KEY = 'correct horse battery staple, as 32 bytes'
const DATA = { user: 4711, name: 'Zoë' }

const text = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'format.md'), 'utf8')
const vectors = text.slice(text.indexOf('## Vectors'))
for (const stated of [KEY, ISSUED, CREATED, JSON.stringify(DATA)]) assert.ok(vectors.includes(String(stated)))
const cells = [...vectors.matchAll(/^\| .* \| `(.*)` \|$/gm)].map(([, cell]) => cell)
const [encryptKey, signKey, encrypted, signed, sha256, sha512, encryptedEnd, signedEnd, sha256End] = cells

function at(time, run) {
  const { now } = Date
  Date.now = () => time
  try {
    return run()
  } finally {
    Date.now = now
  }
}

const hour = 3_600_000

describe('the vectors of docs/format.md', () => {
  it('derive keys', () => {
    for (const [purpose, expected] of Object.entries({ encrypt: encryptKey, sign: signKey })) {
      const info = `cookie-session-native/v1\0${purpose}\0session`
      assert.equal(Buffer.from(hkdfSync('sha256', KEY, '', info, 32)).toString('hex'), expected)
    }
  })

  for (const [format, header, options] of [
    ['e1.', `session=${encrypted}`, { encrypt: true, ttl: hour }],
    ['v1.', `session=${signed}; session.sig=${sha256}`, { ttl: hour }],
    ['v1. with SHA-512', `session=${signed}; session.sig=${sha512}`, { ttl: hour, digest: 'sha512' }]
  ]) {
    it(`${format} opens, until its time is over`, () => {
      const unseal = () => cookieSession.unseal(header, { keys: [KEY], ...options })
      assert.deepEqual(at(ISSUED + hour, unseal), DATA)
      assert.equal(at(ISSUED + hour + 1, unseal), null)
    })
  }

  for (const [format, header, options] of [
    ['e1.', `session=${encryptedEnd}`, { encrypt: true }],
    ['v1.', `session=${signedEnd}; session.sig=${sha256End}`, {}]
  ]) {
    it(`${format} with an end of its own opens until then, and keeps it when it is written again`, () => {
      const settings = { keys: [KEY], ttl: true, maxAge: hour, ...options }
      const unseal = () => cookieSession.unseal(header, settings)
      assert.deepEqual(at(ISSUED + 24 * hour, unseal), DATA)
      assert.equal(at(ISSUED + 24 * hour + 1, unseal), null)
    })
  }

  it('v1. with an end of its own is written', () => {
    const [, times] = signedEnd.split('.')
    const { issued, created, ...more } = JSON.parse(Buffer.from(times, 'base64url'))
    assert.deepEqual([issued, created], [ISSUED, CREATED])
    const { req, res, wire } = connection({})
    return at(ISSUED, async () => {
      cookieSession({ keys: [KEY], ttl: true, maxAge: hour })(req, res, () => {})
      req.session = DATA
      req.sessionOptions.maxAge = 24 * hour
      const { setCookie } = await sent(res, wire)
      const written = JSON.parse(Buffer.from(setCookie[0].split('.')[1], 'base64url'))
      assert.deepEqual(written, { issued: ISSUED, created: ISSUED, ...more })
    })
  })

  it('v1. is written', () => {
    const [cookie, signature] = at(ISSUED, () => cookieSession.seal(DATA, { keys: [KEY], ttl: hour }))
    const [, , json] = signed.split('.')
    const times = Buffer.from(JSON.stringify({ issued: ISSUED, created: ISSUED })).toString('base64url')
    assert.equal(cookie.split(';')[0], `session=v1.${times}.${json}`)
    assert.match(signature, /^session\.sig=[\w-]{43};/)
  })
})
