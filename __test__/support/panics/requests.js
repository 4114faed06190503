'use strict'

// A server whose native code panics at every step of a request. Prints how many panics and requests there were.

const assert = require('node:assert/strict')
const http = require('node:http')
const { loadBinding } = require('../../../lib/engine/binding')
const cookieSession = require('../../..')

const { panicAfter } = loadBinding()
const NEVER = 2 ** 32 - 1
const KEY = 'a key of the app that is long enough for each format there is'

let panics = 0
let requests = 0

function serve(options) {
  const heard = []
  const session = cookieSession({
    keys: [KEY],
    onError: options ? (err) => heard.push(err.code) : undefined,
    ...options
  })
  const server = http.createServer((req, res) => {
    const at = Number(req.headers.at ?? NEVER)
    const when = req.headers.when
    session(req, res, () => {
      try {
        if (when === 'read') panicAfter(at)
        const { views = 0 } = req.session
        req.session.views = views + 1
        panicAfter(when === 'write' ? at : NEVER)
        res.end(String(views + 1))
      } catch (error) {
        panicAfter(NEVER)
        res.statusCode = 500
        res.end(error.message)
      }
    })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ server, heard })))
}

function ask(server, headers) {
  requests++
  return new Promise((resolve, reject) => {
    const { port } = server.address()
    http
      .get({ host: '127.0.0.1', port, headers }, (res) => {
        let text = ''
        res.setEncoding('utf8').on('data', (data) => {
          text += data
        })
        res.on('end', () => {
          panicAfter(NEVER)
          const cookie = (res.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ')
          resolve({ status: res.statusCode, text, cookie })
        })
      })
      .on('error', reject)
  })
}

/** Panics ever later when the session is read, or written, until one comes too late; after each, a request like any. */
async function each(server, heard, when) {
  let { cookie } = await ask(server, {})
  for (let at = 0, views = 1; ; at++) {
    const shown = panics
    const reply = await ask(server, { cookie, when, at })
    if (reply.status === 500) {
      assert.equal(when, 'read')
      assert.equal(reply.text, 'cookie-session-native: a panic in native code')
      panics++
    } else if (when === 'write' && reply.cookie === '') {
      // As for all that goes wrong in writing, the response goes out, without the cookie.
      assert.equal(reply.text, String(views + 1))
      if (heard) assert.equal(heard.splice(0).length, 1)
      panics++
    }
    const next = await ask(server, { cookie })
    assert.deepEqual([next.status, next.text], [200, String(++views)])
    cookie = next.cookie
    if (panics === shown) return
  }
}

async function main() {
  for (const options of [undefined, { encrypt: true }, { ttl: 60_000 }]) {
    const { server, heard } = await serve(options)
    for (const when of ['read', 'write']) await each(server, options && heard, when)
    server.closeAllConnections()
    server.close()
  }
  console.log(JSON.stringify({ panics, requests }))
}

main()
