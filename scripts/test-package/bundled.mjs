// The app that bundlers and file tracing get: it uses each part of the package that is loaded when it is first used,
// asks itself, and ends, with exit code 0 where every session was kept.

import assert from 'node:assert'
import { channel } from 'node:diagnostics_channel'
import http from 'node:http'
import cookieSession, { Keygrip } from 'cookie-session-native'

const [, , engine] = process.argv
const KEY = 'a key of the app that is long enough for each format there is'
const keys = [KEY]

/** Middlewares that count, and what each does besides. */
const APPS = {
  'no new option': { options: { keys } },
  Keygrip: { options: { keys: new Keygrip(keys, 'sha256', 'hex') } },
  'a Keygrip of a digest that no engine has': { options: { keys: new Keygrip(keys, 'sha224') } },
  digest: { options: { keys, digest: 'sha256' } },
  encrypt: { options: { keys, encrypt: true } },
  'ttl, maxLifetime, rolling': { options: { keys, ttl: 60_000, maxLifetime: 120_000, rolling: true } },
  legacy: {
    options: { keys, encrypt: true, legacy: true },
    cookie: () => cookieSession.cookieHeader({ views: 5 }, { keys }),
    first: 6
  },
  sessionMethods: { options: { keys, sessionMethods: true }, work: (session) => session.save() },
  'onError, maxSize, proxy, requestKey, reissue, accept': {
    options: {
      keys,
      onError: assert.ifError,
      maxSize: 4096,
      proxy: true,
      requestKey: 'admin',
      reissue: true,
      accept: () => true
    }
  }
}

function ask(port, cookie) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, headers: { cookie } }, (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (data) => {
          text += data
        })
        res.on('end', () => {
          const cookies = (res.headers['set-cookie'] ?? []).map((line) => line.split(';')[0])
          resolve({ text, cookie: cookies.join('; ') })
        })
      })
      .on('error', reject)
  })
}

async function keepsSessions(name, { options, work, cookie = () => '', first = 1 }) {
  const middleware = cookieSession(options)
  const server = http.createServer((req, res) => {
    middleware(req, res, () => {
      const session = req[options.requestKey ?? 'session']
      session.views = (session.views ?? 0) + 1
      work?.(session)
      res.end(String(session.views))
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  let sent = cookie()
  for (const views of [first, first + 1, first + 2]) {
    const reply = await ask(server.address().port, sent)
    assert.strictEqual(reply.text, String(views), name)
    sent = reply.cookie
  }
  const forged = await ask(
    server.address().port,
    sent.replace(/.(?=;|$)/, (last) => (last === 'A' ? 'B' : 'A'))
  )
  assert.strictEqual(forged.text, '1', name)
  server.close()
}

async function main() {
  assert.strictEqual(cookieSession.engine, engine)
  for (const [name, app] of Object.entries(APPS)) await keepsSessions(name, app)

  let opened = 0
  const count = () => {
    opened++
  }
  channel('cookie-session:opened').subscribe(count)
  await keepsSessions('watched', APPS['no new option'])
  channel('cookie-session:opened').unsubscribe(count)
  assert.strictEqual(opened, 2)

  const { seal, unseal } = cookieSession.codec({ keys, encrypt: true })
  assert.deepStrictEqual({ ...unseal(seal({ user: 1 })[0].split(';')[0]) }, { user: 1 })
  assert.throws(() => cookieSession.seal({ big: 1n }, { keys }), { code: 'ERR_SESSION_NOT_SERIALIZABLE' })

  const warnings = []
  process.on('warning', ({ code }) => warnings.push(code))
  await assert.rejects(
    keepsSessions('no JSON', {
      options: { keys },
      work: (session) => {
        session.big = 1n
      }
    })
  )
  // NODE_ENV is production.
  cookieSession({ keys: ['short', ''], name: undefined, cookie: {} })
  await new Promise((resolve) => setTimeout(resolve))
  const expected = ['NOT_SAVED', 'EMPTY_KEY', 'SHORT_KEY', 'NAME', 'OPTION_IGNORED']
  assert.deepStrictEqual(
    warnings,
    expected.map((code) => `COOKIE_SESSION_${code}`)
  )
  process.exit(0)
}

main()
