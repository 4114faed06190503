'use strict'

// The app that the package is installed into: it counts in the session, and says which engine serves. It asks itself
// and ends, with exit code 0 where the session was kept.

const assert = require('node:assert')
const http = require('node:http')
const cookieSession = require('cookie-session-native')
const express = require('express')

const [, , engine] = process.argv
const KEY = 'a key of the app that is long enough for each format there is'

const app = express()
app.use('/signed', cookieSession({ keys: [KEY] }))
app.use('/encrypted', cookieSession({ name: 'sealed', keys: [KEY], encrypt: true, ttl: 60_000 }))
app.use((req, res) => {
  req.session.views = (req.session.views ?? 0) + 1
  res.send(String(req.session.views))
})

function ask(port, path, cookie) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path, headers: { cookie } }, (res) => {
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

const server = app.listen(0, '127.0.0.1', async () => {
  const { port } = server.address()
  for (const path of ['/signed', '/encrypted']) {
    let cookie = ''
    for (const views of ['1', '2', '3']) {
      const reply = await ask(port, path, cookie)
      assert.strictEqual(reply.text, views)
      cookie = reply.cookie
    }
    const forged = await ask(
      port,
      path,
      cookie.replace(/.(?=;|$)/, (last) => (last === 'A' ? 'B' : 'A'))
    )
    assert.strictEqual(forged.text, '1')
  }
  assert.strictEqual(cookieSession.engine, engine)
  process.exit(0)
})
