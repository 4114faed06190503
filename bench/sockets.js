'use strict'

// What a session adds to a server's CPU time per request, over real keep-alive sockets: a process for the server, whose client
// is this one, and requests with a session and without, in turns. See README.md here.

const { fork } = require('node:child_process')
const http = require('node:http')
const net = require('node:net')
const path = require('node:path')
const { answerOf } = require('./lives')
const { mean, shuffled } = require('./statistics')
const { headerOf } = require('./work')

const SOCKETS = 8
/** Of each kind. V8 compiles for some seconds, on other threads, whose time counts. */
const WARM_UP_REQUESTS = 20_000
const BLOCKS = 16
const REQUESTS = 1500
/** Before each block, not measured: caches and branch predictor get to know the path again. */
const LEAD_IN = 150
const PATHS = ['/nothing', '/session']
const HEAD_END = '\r\n\r\n'

function requestText(url, cookie) {
  const lines = [
    `GET ${url} HTTP/1.1`,
    'Host: localhost',
    'User-Agent: bench',
    'Accept: text/html,application/xhtml+xml'
  ]
  return Buffer.from([...lines, `Cookie: ${cookie}`, '', ''].join('\r\n'))
}

/** Keeps one request under way on a socket until there are none left. */
class Client {
  #socket
  #received = ''
  #answered

  constructor(port) {
    this.#socket = net.connect(port, '127.0.0.1').setNoDelay(true)
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.latin1Slice()
      if (!this.#received.endsWith(`${HEAD_END}ok`)) return
      const answer = this.#received
      this.#received = ''
      this.#answered(answer)
    })
  }

  /** Sends a request as long as `takeOne` says so. @returns {Promise<string>} the last answer */
  run(request, takeOne) {
    return new Promise((resolve, reject) => {
      const onClose = () => reject(new Error('the server closed a connection'))
      this.#socket.once('error', reject).once('close', onClose)
      this.#answered = (answer) => {
        if (takeOne()) return this.#socket.write(request)
        this.#socket.off('error', reject).off('close', onClose)
        resolve(answer)
      }
      this.#answered()
    })
  }

  close() {
    this.#socket.removeAllListeners('close').destroy()
  }
}

/** The Cookie header of whoever was at `/start`, with cookies of others in it. */
async function cookieHeader(port) {
  const response = await new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path: '/start' }, resolve).once('error', reject)
  })
  response.resume()
  return headerOf((response.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]))
}

/**
 * One life of a server.
 *
 * @param {{ framework: 'plain' | 'express' | 'fastify', variant?: string, engine?: string, setting?: string }} plan
 *   a variant of sockets-server.js, or an engine and a setting of opt-in.js
 * @returns {Promise<{ nothing: number, added: number }>} microseconds of CPU time, user and system, of a request without a
 *   session, and what a session adds that is read and modified
 */
async function life(plan) {
  const child = fork(path.join(__dirname, 'sockets-server.js'), {
    env: { ...process.env, NODE_ENV: 'production', DEBUG: '', BENCH_PLAN: JSON.stringify(plan) }
  })
  const port = await answerOf(child)
  const cookie = await cookieHeader(port)
  const requests = PATHS.map((url) => requestText(url, cookie))
  const clients = Array.from({ length: SOCKETS }, () => new Client(port))
  const send = (request, count) => {
    let left = count
    return Promise.all(clients.map((client) => client.run(request, () => left-- > 0)))
  }
  const usage = async () => {
    child.send('usage')
    const { user, system } = await answerOf(child)
    return user + system
  }

  const [[without], [answer]] = [await send(requests[0], SOCKETS), await send(requests[1], SOCKETS)]
  if (!/^HTTP\/1\.1 200/.test(answer) || !/^set-cookie: /im.test(answer) || /^set-cookie: /im.test(without)) {
    throw new Error(`unexpected answers of ${JSON.stringify(plan)}: ${without}\n${answer}`)
  }
  for (const request of requests) await send(request, WARM_UP_REQUESTS)
  const times = PATHS.map(() => [])
  for (let block = 0; block < BLOCKS; block++) {
    for (const at of shuffled(PATHS.keys())) {
      await send(requests[at], LEAD_IN)
      const before = await usage()
      await send(requests[at], REQUESTS)
      times[at].push(((await usage()) - before) / REQUESTS)
    }
  }
  for (const client of clients) client.close()
  child.disconnect()
  // Means: collecting garbage is part of what a session costs.
  const [nothing, session] = times.map(mean)
  return { nothing, added: session - nothing }
}

module.exports = { life }
