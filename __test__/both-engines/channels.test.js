'use strict'

// What is published on diagnostics channels, and that a subscriber changes nothing on the wire.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { channel } = require('node:diagnostics_channel')
const http = require('node:http')
const path = require('node:path')
const { after, beforeEach, describe, it } = require('node:test')
const cookieSession = require('../..')
const { connection, sent } = require('../support/contract/harness')

const KEY = 'a key that has thirty-two bytes, or more'
const EVENTS = ['opened', 'rejected', 'saved', 'failed']
const messages = []
const listeners = EVENTS.map((event) => [
  channel(`cookie-session:${event}`),
  (message) => messages.push([event, message])
])
function subscribe() {
  for (const [on, listener] of listeners) on.subscribe(listener)
}
function unsubscribe() {
  for (const [on, listener] of listeners) on.unsubscribe(listener)
}

async function exchange(options, cookie, app) {
  const middleware = cookieSession(options)
  const server = http.createServer((req, res) =>
    middleware(req, res, () => {
      app(req, res)
      res.end()
    })
  )
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, {
    headers: cookie ? { cookie } : {}
  })
  await answer.text()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  return answer.headers.getSetCookie()
}

const read = (req) => req.session.a
const write = (req) => {
  req.session.a = 1
}
const back = (setCookie) => setCookie.map((line) => line.split(';')[0]).join('; ')

describe('diagnostics channels', () => {
  beforeEach(() => {
    unsubscribe()
    messages.length = 0
    subscribe()
  })
  after(unsubscribe)

  it('tell of a session that was saved, opened, and refused', async () => {
    const cookie = back(await exchange({ keys: ['k'] }, '', write))
    await exchange({ keys: ['newer', 'k'] }, cookie, read)
    await exchange({ keys: ['other'] }, cookie, read)
    const bytes = 'session'.length + Buffer.from('{"a":1}').toString('base64').length
    assert.deepEqual(messages, [
      ['saved', { name: 'session', requestKey: 'session', bytes }],
      ['opened', { name: 'session', requestKey: 'session', keyIndex: 1, bytes }],
      ['rejected', { name: 'session', requestKey: 'session', reason: 'signature' }]
    ])
  })

  it('give every reason', async () => {
    const { now } = Date
    const sealed = (options, data = { a: 1 }) => cookieSession.cookieHeader(data, { keys: [KEY], ...options })
    const hour = 3_600_000
    const cases = {
      expired: [sealed({ ttl: hour }), { ttl: hour }, 2 * hour],
      future: [sealed({ ttl: hour }), { ttl: hour }, -hour],
      legacy: [sealed({}), { encrypt: true }, 0],
      malformed: [sealed({ ttl: hour }), { encrypt: true }, 0],
      accept: [sealed({}), { accept: () => false }, 0],
      signature: [`${sealed({})}x`, {}, 0]
    }
    for (const [reason, [cookie, options, ahead]] of Object.entries(cases)) {
      messages.length = 0
      Date.now = () => now() + ahead
      try {
        await exchange({ keys: [KEY], ...options }, cookie, read)
      } finally {
        Date.now = now
      }
      const [[event, message]] = messages
      assert.equal(event, 'rejected')
      assert.equal(message.reason, reason)
      for (const key of Object.keys(message)) {
        assert.ok(['name', 'requestKey', 'reason', 'keyIndex', 'ageMs'].includes(key), key)
      }
    }
  })

  it('give the age, and the code of a failure', async () => {
    const options = { keys: [KEY], ttl: 60_000, requestKey: 'admin' }
    await exchange(options, cookieSession.cookieHeader({ a: 1 }, options), (req) => req.admin.a)
    messages.length = 0
    await exchange({ keys: ['k'], onError() {} }, '', (req) => {
      req.session.a = 1n
    })
    assert.deepEqual(messages, [
      ['failed', { name: 'session', requestKey: 'session', code: 'ERR_SESSION_NOT_SERIALIZABLE' }]
    ])
  })

  it('change nothing for the request where a subscriber throws', async () => {
    const failure = new Error('of a subscriber')
    const throwing = () => {
      throw failure
    }
    const uncaught = []
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => uncaught.push(error))
    channel('cookie-session:saved').subscribe(throwing)
    try {
      assert.equal((await exchange({ keys: ['k'] }, '', write)).length, 2)
    } finally {
      channel('cookie-session:saved').unsubscribe(throwing)
      process.removeAllListeners('uncaughtException')
      for (const listener of before) process.on('uncaughtException', listener)
    }
    assert.deepEqual(uncaught, [failure])
  })

  it('what is set on the options object later is no opt-in option', async () => {
    const options = { keys: ['k'], maxAge: 0 }
    const middleware = cookieSession(options)
    Object.assign(options, { encrypt: true, ttl: 1, maxSize: 1, requestKey: 'admin', accept: () => false })
    const cookie = cookieSession.cookieHeader({ a: 1 }, { keys: ['k'] })
    for (const change of [unsubscribe, subscribe]) {
      change()
      const { req, res, wire } = connection({ cookie })
      middleware(req, res, () => {})
      assert.equal(req.session.a, 1)
      assert.equal(req.admin, undefined)
      req.session.a = 2
      const { setCookie } = await sent(res, wire)
      assert.equal(setCookie[0], `session=${Buffer.from('{"a":2}').toString('base64')}; path=/; httponly`)
    }
  })

  it('change nothing on the wire', async () => {
    unsubscribe()
    const alone = await exchange({ keys: ['k'], maxAge: 0, path: '/p' }, '', write)
    subscribe()
    assert.deepEqual(await exchange({ keys: ['k'], maxAge: 0, path: '/p' }, '', write), alone)
  })
})

describe('keys in production', () => {
  const warningsOf = (keys) => {
    const code =
      `const cookieSession = require(${JSON.stringify(path.join(__dirname, '..', '..'))});` +
      `for (let i = 0; i < 2; i++) cookieSession({ keys: ${JSON.stringify(keys)} })`
    const env = { ...process.env, NODE_ENV: 'production' }
    return spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', env }).stderr
  }

  it('under 16 bytes give one warning', () => {
    assert.equal(warningsOf(['x'.repeat(16), 'short']).match(/COOKIE_SESSION_SHORT_KEY/g).length, 1)
    assert.equal(warningsOf(['x'.repeat(16)]), '')
  })
})
