'use strict'

// The option `encrypt`: what stands on the wire, which keys open it, what keys have to be, and that nothing
// else is read. Cookies are opened and made here a second time with node:crypto alone, from the description
// of the format, so that no test trusts the code it tests.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const http = require('node:http')
const { describe, it } = require('node:test')
const Keygrip = require('keygrip')
const {
  EXPIRED,
  NOW,
  PLAIN,
  ask,
  atTime,
  cookie,
  exchange,
  header,
  ours,
  serve
} = require('../support/contract/harness')
const {
  FIRST,
  SECOND,
  SHORT,
  CONTENT,
  decrypt,
  encryptText,
  encrypt,
  valuesOf,
  make,
  written,
  read,
  opens,
  refuses,
  throwsType
} = require('../support/options-encrypt')

describe('encrypt: the cookie', () => {
  it('is one, and has no signature beside it', async () => {
    const { setCookie, value } = await written(make())
    assert.deepEqual(setCookie, [`session=${value}${PLAIN}`])
    assert.match(value, /^e1\.[\w-]+$/)
  })

  it('is opened again, whatever its content', async () => {
    const middleware = make()
    for (const content of [CONTENT, { a: '' }, { 2: 'b', 1: 'a', x: 'x'.repeat(2000) }, { s: '\ud800' }]) {
      const { value } = await written(middleware, content)
      assert.deepEqual(await opens(middleware, value, JSON.stringify(content)), [])
    }
  })

  it('shows nothing of its content, and is another each time', async () => {
    const middleware = make()
    const { value } = await written(middleware)
    const bytes = Buffer.from(value.slice(3), 'base64url')
    for (const secret of ['alice', 'user', 'issued', 'created']) assert.equal(bytes.includes(secret), false)
    const other = await written(middleware)
    assert.notEqual(other.value, value)
    assert.notEqual(other.value.slice(3, 35), value.slice(3, 35))
  })

  it('is what the format says, opened here by node:crypto alone', () =>
    atTime(NOW, async () => {
      const { value } = await written(make())
      const { times, json } = decrypt(value)
      assert.deepEqual(times, { issued: NOW, created: NOW })
      assert.equal(json, JSON.stringify(CONTENT))
    }))

  it('is opened where node:crypto alone made it', async () => {
    await opens(make(), encrypt('{"b":1,"a":"é"}'), '{"b":1,"a":"é"}')
  })

  it('is bound to its name', async () => {
    const { value } = await written(make({ name: 'session' }))
    await refuses(make({ name: 'admin' }), `admin=${value}`)
    const { setCookie } = await exchange(ours, { middleware: make({ name: 'admin' }) }, (req) => {
      req.session.a = 1
    })
    const { admin } = valuesOf(setCookie)
    assert.equal(decrypt(admin, { name: 'admin' }).json, '{"a":1}')
    await refuses(make(), `session=${admin}`)
  })

  it('keeps `created` and sets `issued` at each write', () =>
    atTime(NOW, async (at) => {
      const middleware = make()
      const { value } = await written(middleware)
      at(NOW + 5000)
      const { setCookie } = await exchange(ours, { middleware, cookie: `session=${value}` }, (req) => {
        req.session.more = true
      })
      const { times } = decrypt(valuesOf(setCookie).session)
      assert.deepEqual(times, { issued: NOW + 5000, created: NOW })
    }))

  it('carries the attributes of the request', async () => {
    const middleware = make({ sameSite: 'lax', path: '/app' })
    const { setCookie } = await exchange(ours, { middleware }, (req) => {
      req.session.a = 1
      req.sessionOptions.domain = 'example.com'
    })
    assert.equal(setCookie.length, 1)
    assert.match(
      setCookie[0],
      /^session=e1\.[\w-]+; path=\/app; domain=example\.com; samesite=lax; httponly$/
    )
  })

  it('of a session cleared is expired alone', async () => {
    const clear = (req) => {
      req.session = null
    }
    const middleware = make()
    const { value } = await written(middleware)
    const { setCookie } = await exchange(ours, { middleware, cookie: `session=${value}` }, clear)
    assert.deepEqual(setCookie, [`session=${EXPIRED}`])
  })

  it('goes to and fro over a socket', async () => {
    const middleware = make()
    const handle = (req, res) => {
      middleware(req, res, () => {
        req.session.views = (req.session.views ?? 0) + 1
        res.end()
      })
    }
    await serve(http.createServer(handle), async (port) => {
      let sent
      for (const views of [1, 2, 3]) {
        const headers = sent === undefined ? {} : { cookie: sent }
        const { setCookie } = await ask(http, port, { headers })
        assert.equal(setCookie.length, 1)
        sent = setCookie[0].split(';')[0]
        assert.equal(decrypt(sent.slice('session='.length)).json, JSON.stringify({ views }))
      }
    })
  })

  it('of a name that no key can be derived for cannot be made', async () => {
    throwsType(() => make({ name: 'n'.repeat(901) }), /name/, /900 characters/)
    const name = 'n'.repeat(900)
    const { setCookie } = await exchange(ours, { middleware: make({ name }) }, (req) => {
      req.session.a = 1
    })
    const { seen } = await read(make({ name }), setCookie[0].split(';')[0])
    assert.equal(seen.json, '{"a":1}')
  })
})

describe('encrypt: what is refused, and sends nothing', () => {
  it('each single bit that is another', async () => {
    const middleware = make()
    const { value } = await written(middleware, { a: 1 })
    const bytes = Buffer.from(value)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] ^= 1 << (bit & 7)
      await refuses(middleware, `session=${changed.toString('latin1')}`)
    }
  })

  it('a value cut short, made longer, or written otherwise', async () => {
    const middleware = make()
    const { value } = await written(middleware, { a: 1 })
    for (let length = 0; length < value.length; length++) {
      await refuses(middleware, `session=${value.slice(0, length)}`)
    }
    const base64 = Buffer.from(value.slice(3), 'base64url').toString('base64')
    for (const other of [
      `${value}A`,
      `${value}=`,
      `${value}==`,
      `${value}.`,
      `${value} x`,
      `e1.e1.${value}`
    ]) {
      await refuses(middleware, `session=${other}`)
    }
    // Of two lengths in three the last character has bits that say nothing.
    const { value: longer } = await written(middleware, { ab: 1 })
    for (const one of [value, longer]) {
      const last = one.at(-1)
      for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
        if (other !== last) await refuses(middleware, `session=${one.slice(0, -1)}${other}`)
      }
    }
    if (/[+/=]/.test(base64)) await refuses(middleware, `session=e1.${base64}`)
  })

  it('what the key sealed for another purpose, another version, or without derivation', async () => {
    const middleware = make()
    await refuses(middleware, `session=${encrypt('{"a":1}', { purpose: 'sign' })}`)
    await refuses(middleware, `session=${encrypt('{"a":1}', { name: '' })}`)
    await refuses(middleware, `session=${encrypt('{"a":1}', { key: SECOND })}`)
    await refuses(middleware, `session=${encrypt('{"a":1}').replace('e1.', 'e2.')}`)
    await refuses(middleware, `session=${encrypt('{"a":1}').replace('e1.', 'v1.')}`)
  })

  it('what is sealed well but holds no session', async () => {
    const times = JSON.stringify({ issued: 1, created: 1 })
    const texts = [
      '',
      '\0',
      `${times}`,
      `${times}\0`,
      `${times}\0{`,
      `{}\0{"a":1}`,
      `null\0{"a":1}`,
      '{"a":1}'
    ]
    texts.push('{"issued":"1","created":1}\0{"a":1}', '{"issued":-1,"created":1}\0{"a":1}')
    texts.push('{"issued":1.5,"created":1}\0{"a":1}', '{"issued":1}\0{"a":1}', '[1,1]\0{"a":1}')
    for (const text of texts) await refuses(make(), `session=${encryptText(text)}`)
  })

  it('a cookie of the original, without `legacy`, whatever its signature', async () => {
    await refuses(make(), cookie('{"a":1}', { key: FIRST }))
    await refuses(make(), `session=${Buffer.from('{"a":1}').toString('base64')}`)
  })

  it('an encrypted value with a signature of the original beside it', async () => {
    const value = encrypt('{"a":1}', { key: SECOND })
    await refuses(make({ legacy: true }), header(value, { key: FIRST }))
  })
})

describe('encrypt: keys', () => {
  it('an older key opens, and the cookie is written whole by the newest when read, its times kept', () =>
    atTime(NOW, async (at) => {
      const value = encrypt('{"a":1}', { key: SECOND, issued: NOW - 2000, created: NOW - 9000 })
      at(NOW + 1000)
      const middleware = make({ keys: [FIRST, SECOND], maxAge: 60_000, domain: 'example.com' })
      const setCookie = await opens(middleware, value, '{"a":1}')
      assert.equal(setCookie.length, 1)
      const { times, json } = decrypt(valuesOf(setCookie).session)
      assert.deepEqual(times, { issued: NOW - 2000, created: NOW - 9000 })
      assert.equal(json, '{"a":1}')
      const expires = new Date(NOW + 61_000).toUTCString()
      assert.equal(
        setCookie[0].slice(setCookie[0].indexOf(';')),
        `; path=/; expires=${expires}; domain=example.com; httponly`
      )
    }))

  it('a cookie of an older key that is not read is left alone', async () => {
    const value = encrypt('{"a":1}', { key: SECOND })
    const middleware = make({ keys: [FIRST, SECOND] })
    const { setCookie } = await exchange(ours, { middleware, cookie: `session=${value}` })
    assert.deepEqual(setCookie, [])
  })

  it('a cookie of an older key that was read and changed is issued now', () =>
    atTime(NOW, async () => {
      const value = encrypt('{"a":1}', { key: SECOND, issued: NOW - 2000, created: NOW - 9000 })
      const middleware = make({ keys: [FIRST, SECOND] })
      const { setCookie } = await exchange(ours, { middleware, cookie: `session=${value}` }, (req) => {
        req.session.a = 2
      })
      const { times, json } = decrypt(valuesOf(setCookie).session)
      assert.deepEqual(times, { issued: NOW, created: NOW - 9000 })
      assert.equal(json, '{"a":2}')
    }))

  it('count as they stand in the array at each moment', async () => {
    const keys = [FIRST]
    const middleware = make({ keys })
    const { value } = await written(middleware)

    keys.unshift(SECOND)
    const setCookie = await opens(middleware, value)
    const renewed = valuesOf(setCookie).session
    assert.equal(decrypt(renewed, { key: SECOND }).json, JSON.stringify(CONTENT))
    assert.deepEqual(await opens(middleware, renewed), [])

    keys.pop()
    await refuses(middleware, `session=${value}`)
    assert.deepEqual(await opens(middleware, renewed), [])

    keys[0] = FIRST
    await refuses(middleware, `session=${renewed}`)
    assert.deepEqual(await opens(middleware, value), [])

    keys.push(SECOND)
    keys.reverse()
    assert.equal((await opens(middleware, value)).length, 1)
    assert.deepEqual(await opens(middleware, renewed), [])
  })

  it('that are bytes may change in place', async () => {
    const key = crypto.randomBytes(32)
    const before = Buffer.from(key)
    const middleware = make({ keys: [key] })
    const { value } = await written(middleware)
    key.fill(7)
    await refuses(middleware, `session=${value}`)
    key.set(before)
    await opens(middleware, value)
  })

  it('may be a string, bytes of any kind, or a secret KeyObject, which are one key', async () => {
    const bytes = Buffer.alloc(32, 7)
    const alike = [
      bytes,
      new Uint8Array(bytes),
      new Uint8Array(bytes).buffer,
      new DataView(Uint8Array.from(bytes).buffer)
    ]
    alike.push(bytes.toString('latin1'), crypto.createSecretKey(bytes))
    const { value } = await written(make({ keys: [bytes] }))
    for (const key of alike) assert.deepEqual(await opens(make({ keys: [key] }), value), [])
  })

  it('may be a secret, or a Keygrip of this package', async () => {
    const value = encrypt('{"a":1}')
    const older = encrypt('{"a":1}', { key: SECOND })
    assert.deepEqual(await opens(make({ keys: undefined, secret: FIRST }), value, '{"a":1}'), [])
    for (const algorithm of [undefined, 'sha256', 'md5']) {
      const keys = [FIRST, SECOND]
      const middleware = make({ keys: new ours.Keygrip(keys, algorithm) })
      assert.deepEqual(await opens(middleware, value, '{"a":1}'), [])
      assert.equal((await opens(middleware, older, '{"a":1}')).length, 1)
      keys.pop()
      await refuses(middleware, `session=${older}`)
    }
  })

  it('the first has 32 bytes at least; the message says how to make one', () => {
    for (const key of [
      SHORT,
      'x'.repeat(31),
      Buffer.alloc(31),
      crypto.createSecretKey(Buffer.alloc(31)),
      ''
    ]) {
      for (const legacy of [undefined, true, 'write', new Date(NOW)]) {
        throwsType(() => make({ keys: [key], legacy }), /keys/, /32/, /npx cookie-session-native keygen/)
        throwsType(() => make({ keys: [key, FIRST], legacy }), /keys/, /32/, /keygen/)
      }
    }
    throwsType(() => make({ keys: undefined, secret: SHORT }), /32/, /keygen/)
    throwsType(() => make({ keys: new ours.Keygrip([SHORT]) }), /32/, /keygen/)
    make({ keys: ['é'.repeat(16)] })
    make({ keys: [Buffer.alloc(32)] })
  })

  it('a short later one is for `legacy` alone', async () => {
    throwsType(() => make({ keys: [FIRST, SHORT] }), /keys/, /32/, /legacy/)
    throwsType(() => make({ keys: [FIRST, SHORT], legacy: false }), /keys/, /32/, /legacy/)
    for (const legacy of [true, 'write', new Date(NOW)]) {
      make({ keys: [FIRST, SHORT], legacy })
      throwsType(() => make({ keys: [FIRST, SHORT.slice(1)], legacy }), /keys/, /15/, /16/)
    }

    const middleware = make({ keys: [FIRST, SHORT, SECOND], legacy: true })
    await refuses(middleware, `session=${encrypt('{"a":1}', { key: SHORT })}`)
    for (const derived of [Buffer.alloc(32), Buffer.alloc(32, 255), Buffer.alloc(32, SHORT)]) {
      await refuses(middleware, `session=${encrypt('{"a":1}', { derived })}`)
    }
    await opens(middleware, encrypt('{"a":1}'), '{"a":1}')
    await opens(middleware, encrypt('{"a":1}', { key: SECOND }), '{"a":1}')
    const { seen } = await read(middleware, cookie('{"a":1}', { key: SHORT }))
    assert.equal(seen.json, '{"a":1}')
  })

  it('no key, and what is none, throw', () => {
    throwsType(() => make({ keys: [] }), /keys/)
    for (const key of [undefined, null, 5, {}, Symbol('key'), [], () => {}]) {
      throwsType(() => make({ keys: [key] }), /keys/)
      throwsType(() => make({ keys: [FIRST, key], legacy: true }), /keys/)
    }
    const { privateKey } = crypto.generateKeyPairSync('ed25519')
    throwsType(() => make({ keys: [privateKey] }), /keys/)
    assert.throws(() => make({ keys: undefined }), /keys required/)
  })

  it("another's Keygrip, and what signs by itself, throw, and the message says why", () => {
    const signs = { sign: () => 'x', index: () => 0, verify: () => true }
    for (const keys of [new Keygrip([FIRST]), signs, Object.create(new ours.Keygrip([FIRST]))]) {
      for (const legacy of [undefined, true]) {
        throwsType(() => make({ keys, legacy }), /keys/, /no key can be derived/, /array/)
      }
    }
  })

  it('that are no array and no object throw, and the message says what they are', () => {
    throwsType(() => make({ keys: FIRST }), /keys/, /a string/, /array/)
    throwsType(() => make({ keys: 5 }), /keys/, /number/, /array/)
  })

  for (const [state, spoil] of [
    ['is emptied', (keys) => keys.splice(0)],
    ['gets a short first key', (keys) => keys.unshift(SHORT)],
    ['gets a short later key', (keys) => keys.push(SHORT)],
    ['gets what is no key', (keys) => keys.push(undefined)],
    ['gets a number for its first key', (keys) => keys.unshift(5)]
  ]) {
    it(`an array that ${state}: an error when read, and to onError at write`, async () => {
      const keys = [FIRST]
      const heard = []
      const middleware = make({ keys, onError: (...told) => heard.push(told) })
      const { value } = await written(middleware)
      const good = [...keys]
      spoil(keys)

      const one = await exchange(ours, { middleware, cookie: `session=${value}` }, (req) => {
        for (let i = 0; i < 2; i++) assert.throws(() => req.session, { code: 'ERR_SESSION_KEYS' })
      })
      assert.deepEqual(one.setCookie, [])
      assert.equal(heard.length, 0)

      let passed
      const other = await exchange(ours, { middleware }, (req, res) => {
        passed = [req, res]
        req.session.a = 'content'
      })
      assert.deepEqual(other.setCookie, [])
      assert.equal(heard.length, 1)
      const [error, req, res] = heard[0]
      assert.equal(error.code, 'ERR_SESSION_KEYS')
      assert.ok(req === passed[0] && res === passed[1])
      for (const secret of [FIRST, SHORT, 'content']) assert.equal(error.message.includes(secret), false)

      const cleared = await exchange(ours, { middleware }, (req) => {
        req.session = null
      })
      assert.deepEqual(cleared.setCookie, [`session=${EXPIRED}`])

      keys.splice(0, keys.length, ...good)
      assert.deepEqual(await opens(middleware, value), [])
      assert.equal(heard.length, 1)
    })
  }

  it('are 256 at most, and good then', async () => {
    const many = [FIRST, ...Array.from({ length: 256 }, (_, i) => `${SECOND} ${i}`)]
    throwsType(() => make({ keys: many }), /keys/, /257/, /256/)
    await opens(make({ keys: many.slice(0, 256) }), encrypt('{"a":1}'), '{"a":1}')
  })
})

describe('encrypt: options', () => {
  it('a wrong value throws, and says what was expected', () => {
    for (const [wrong, type] of [
      ['yes', /a string/],
      [1, /number 1/],
      [null, /null/],
      [{}, /an object/],
      [[], /an array/]
    ]) {
      throwsType(() => make({ encrypt: wrong }), /encrypt/, type, /boolean/)
    }
  })

  it('`signed: false` throws when the middleware is made', () => {
    for (const signed of [false, 0, '']) throwsType(() => make({ signed }), /signed/, /encrypt/)
    throwsType(() => make({ signed: false, keys: undefined }), /signed/, /encrypt/)
  })

  it('false is as unset', async () => {
    const { setCookie } = await written(ours({ keys: [FIRST], encrypt: false }))
    assert.equal(setCookie.length, 2)
  })

  it('is read once', async () => {
    const options = { keys: [FIRST], encrypt: true }
    const middleware = ours(options)
    options.encrypt = false
    options.signed = false
    options.legacy = true
    const { setCookie, value } = await written(middleware)
    assert.equal(setCookie.length, 1)
    decrypt(value)
    await refuses(middleware, cookie('{"a":1}', { key: FIRST }))
  })

  for (const [what, set] of [
    ['null', (req) => Object.assign(req, { sessionOptions: null })],
    ['replaced', (req) => Object.assign(req, { sessionOptions: {} })],
    [
      'replaced and unsigned',
      (req) => Object.assign(req, { sessionOptions: { signed: false, encrypt: false } })
    ],
    ['unsigned', (req) => Object.assign(req.sessionOptions, { signed: false, encrypt: false, legacy: true })],
    ['of another name and value', (req) => Object.assign(req.sessionOptions, { name: 'other', value: 'x' })]
  ]) {
    it(`req.sessionOptions that are ${what} weaken nothing`, async () => {
      const middleware = make()
      const forged = `session=${Buffer.from('{"admin":true}').toString('base64')}`
      for (const sent of [forged, cookie('{"admin":true}', { key: FIRST })]) {
        const { seen } = await exchange(ours, { middleware, cookie: sent }, (req) => {
          set(req)
          return JSON.stringify(req.session)
        })
        assert.equal(seen, '{}')
      }
      const { setCookie } = await exchange(ours, { middleware }, (req) => {
        set(req)
        req.session.a = 1
      })
      assert.equal(setCookie.length, 1)
      assert.equal(decrypt(valuesOf(setCookie).session).json, '{"a":1}')
    })
  }
})
