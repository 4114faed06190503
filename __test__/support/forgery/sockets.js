'use strict'

// Changed cookies as they come from a network: what Node's parser makes of the header is what counts.

const assert = require('node:assert')
const http = require('node:http')
const { listen } = require('../sockets/harness')
const { MODES, engines, optionsOf, original } = require('./apps')

/** What an HTTP client can send in a header. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/
const PARALLEL = 8

function middlewares() {
  const found = new Map()
  for (const mode of MODES) {
    for (const [place, implementation] of [...engines, original].entries()) {
      if (implementation === original && !mode.isDefault) continue
      found.set(
        `/${MODES.indexOf(mode)}/${place}`,
        implementation.cookieSession(optionsOf(mode, implementation))
      )
    }
  }
  return found
}

function ask(agent, port, path, cookie) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { agent, host: '127.0.0.1', port, path, headers: { cookie } },
      (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const { received, ...seen } = JSON.parse(Buffer.concat(chunks).toString())
          resolve({ received, seen, setCookie: response.headers['set-cookie'] ?? [] })
        })
      }
    )
    request.setTimeout(10_000, () => request.destroy(new Error('the server went silent')))
    request.on('error', reject)
    request.end()
  })
}

/**
 * @param {{ mode: object, pool: object, header: string, kind: string }[]} requests those that cannot be sent are left out
 * @returns {Promise<{ asked: number, opened: number }>}
 */
async function overSockets(requests) {
  const apps = middlewares()
  const server = await listen('http', (req, res) => {
    apps.get(req.url)(req, res, () => {
      const { session } = req
      res.end(
        JSON.stringify({
          received: req.headers.cookie,
          isNew: session.isNew,
          json: JSON.stringify(session)
        })
      )
    })
  })
  const agent = new http.Agent({ keepAlive: true, maxSockets: PARALLEL })
  let asked = 0
  let opened = 0

  async function check({ mode, pool, header, kind }) {
    const lines = asked % 3 === 0 ? header.split('; ') : header
    const paths = [...apps.keys()].filter((path) => path.startsWith(`/${MODES.indexOf(mode)}/`))
    const replies = []
    for (const path of paths) replies.push(await ask(agent, server.port, path, lines))
    asked += replies.length
    const theirs = mode.isDefault ? replies.at(-1) : undefined
    for (const { received, seen, setCookie } of replies) {
      const { json } = pool.expected(received)
      const note = `mode ${mode.label}, ${kind}, Cookie: ${JSON.stringify(received)}`
      assert.deepStrictEqual(seen, { isNew: json === undefined, json: json ?? '{}' }, note)
      if (theirs) assert.deepStrictEqual(setCookie, theirs.setCookie, note)
      if (json !== undefined) opened++
    }
  }

  try {
    const waiting = requests.filter(({ header }) => SENDABLE.test(header))
    const worker = async () => {
      while (waiting.length > 0) await check(waiting.pop())
    }
    await Promise.all(Array.from({ length: PARALLEL }, worker))
  } finally {
    agent.destroy()
    await server.close()
  }
  return { asked, opened }
}

module.exports = { overSockets }
