// What every socket test needs: the two packages side by side, servers on free ports, clients that keep the
// bytes of a response as they came, and cookies signed here by hand, so that no test trusts the code it tests.
'use strict'

const assert = require('node:assert')
const crypto = require('node:crypto')
const fs = require('node:fs')
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const net = require('node:net')
const path = require('node:path')
const tls = require('node:tls')

const original = require('cookie-session')
const ours = require('../../..')

const packages = [
  ['original', original],
  ['ours', ours]
]

const cert = fs.readFileSync(path.join(__dirname, 'localhost-cert.pem'))
const key = fs.readFileSync(path.join(__dirname, 'localhost-key.pem'))
/** What all clients trust. */
const secureContext = tls.createSecureContext({ ca: cert })

/** A moment that stands still: `expires` is then the same for whoever is asked first. */
const NOW = Date.UTC(2030, 0, 2, 3, 4, 5, 678)

function freezeTime() {
  const now = Date.now
  Date.now = () => NOW
  return () => {
    Date.now = now
  }
}

// --- servers -----------------------------------------------------------------------------------------------

function createServer(transport, listener) {
  switch (transport) {
    case 'http':
      return http.createServer(listener)
    case 'https':
      return https.createServer({ cert, key }, listener)
    case 'h2':
      return http2.createSecureServer({ cert, key }, listener)
    case 'h2+1':
      return http2.createSecureServer({ cert, key, allowHTTP1: true }, listener)
    case 'h2c':
      return http2.createServer(listener)
  }
  throw new Error(`unknown transport ${transport}`)
}

/** Servers that listen and serve nobody, by transport: half the time of a test over TLS went to their certificates. */
const idle = new Map()

/** @returns {Promise<{ server: object, sockets: Set<object>, serve: (req: object, res: object) => void }>} */
async function start(transport) {
  const one = {
    sockets: new Set(),
    server: createServer(transport, (req, res) => one.serve(req, res))
  }
  for (const event of ['connection', 'secureConnection']) {
    one.server.on(event, (socket) => {
      one.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => one.sockets.delete(socket))
    })
  }
  await new Promise((resolve, reject) => {
    one.server.once('error', reject)
    one.server.listen(0, '127.0.0.1', resolve)
  })
  return one
}

/** Drops what is still connected, and waits until it is gone. */
function disconnect(sockets) {
  return Promise.all(
    [...sockets].map((socket) => {
      if (socket.closed) return undefined
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.destroy()
      return closed
    })
  )
}

/** Listens on a free port of the loopback; `close` drops what is still connected. */
async function listen(transport, listener) {
  const isSecure = !['http', 'h2c'].includes(transport)
  const one = idle.get(transport)?.pop() ?? (await start(transport))
  one.serve = listener
  one.server.ref()
  return {
    transport,
    server: one.server,
    port: one.server.address().port,
    async close() {
      await disconnect(one.sockets)
      if (!isSecure) return new Promise((resolve) => one.server.close(resolve))
      one.serve = undefined
      // The process may end without it.
      one.server.unref()
      if (!idle.has(transport)) idle.set(transport, [])
      idle.get(transport).push(one)
    }
  }
}

/**
 * Serves both packages in turn through servers that `build(cookieSession)` makes alike, lets `talk` speak to
 * each, and wants one answer. Returns the original's, for a look at what was compared.
 */
async function compare(transport, build, talk) {
  const seen = {}
  for (const [who, cookieSession] of packages) {
    const log = []
    const server = await listen(transport, build(cookieSession, log))
    try {
      seen[who] = { reply: await talk(server, log), log }
    } finally {
      await server.close()
    }
  }
  assert.deepStrictEqual(seen.ours, seen.original)
  return seen.original.reply
}

// --- HTTP/1.1, as bytes ------------------------------------------------------------------------------------

/** Milliseconds after which a silent server counts as hung. No test waits for it unless it fails. */
const PATIENCE = 10_000

function connect(server) {
  const to = { host: '127.0.0.1', port: server.port }
  const socket =
    server.transport === 'http'
      ? net.connect(to)
      : tls.connect({ ...to, secureContext, servername: 'localhost' })
  return socket.setTimeout(PATIENCE, () => socket.destroy(new Error('the server went silent')))
}

/** Writes the bytes and returns everything that comes back until the server closes, as latin1. */
function raw(server, bytes) {
  return new Promise((resolve, reject) => {
    const socket = connect(server)
    const chunks = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(withoutDate(Buffer.concat(chunks).toString('latin1'))))
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
}

function withoutDate(text) {
  return text.replace(/\r\nDate: [^\r]*/gi, '\r\nDate: -')
}

function requestText({ method = 'GET', path = '/', headers = [], body }, close = true) {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost']
  for (const [name, value] of headers) lines.push(`${name}: ${value}`)
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`)
  if (close) lines.push('Connection: close')
  return `${lines.join('\r\n')}\r\n\r\n${body === undefined ? '' : body}`
}

/** The parts of one raw response, 1xx ones apart, for assertions; the comparison itself is on `raw`. */
function parse(text) {
  const informational = []
  let rest = text
  while (/^HTTP\/1\.1 1\d\d/.test(rest)) {
    const end = rest.indexOf('\r\n\r\n') + 4
    informational.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  const end = rest.indexOf('\r\n\r\n')
  const head = rest.slice(0, end).split('\r\n')
  return {
    raw: text,
    informational,
    status: Number(head[0].split(' ')[1]),
    cookies: head
      .filter((line) => /^set-cookie:/i.test(line))
      .map((line) => line.slice('set-cookie: '.length)),
    head: head.slice(1),
    body: rest.slice(end + 4)
  }
}

/** One socket kept open: a request is sent when the answer to the one before has come in whole. */
class KeepAlive {
  constructor(server) {
    this.socket = connect(server)
    this.buffer = ''
    this.socket.on('data', (chunk) => {
      this.buffer += chunk.toString('latin1')
      this.#settle()
    })
    this.socket.on('error', (err) => this.waiting?.reject(err))
    this.socket.on('close', () => this.waiting?.reject(new Error('closed before the response was whole')))
  }

  request(options) {
    this.bodyless = options.method === 'HEAD'
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.socket.write(Buffer.from(requestText(options, false), 'latin1'))
    })
  }

  end() {
    this.waiting = undefined
    this.socket.destroy()
  }

  #settle() {
    const length = wholeResponse(this.buffer, this.bodyless)
    if (length === undefined || !this.waiting) return
    const text = withoutDate(this.buffer.slice(0, length))
    this.buffer = this.buffer.slice(length)
    const { resolve } = this.waiting
    this.waiting = undefined
    resolve(parse(text))
  }
}

/** How many characters the first response in the text takes, or undefined while it is not whole. */
function wholeResponse(text, bodyless) {
  let start = 0
  for (;;) {
    const end = text.indexOf('\r\n\r\n', start)
    if (end < 0) return undefined
    const head = text.slice(start, end)
    const body = end + 4
    const status = Number(head.split(' ')[1])
    if (status < 200) {
      start = body
      continue
    }
    if (bodyless || status === 204 || status === 304) return body
    const sized = /\r\ncontent-length: (\d+)/i.exec(head)
    if (sized) {
      const length = body + Number(sized[1])
      return length <= text.length ? length : undefined
    }
    const last = text.indexOf('0\r\n\r\n', body)
    return last < 0 ? undefined : last + 5
  }
}

// --- HTTP/2 ------------------------------------------------------------------------------------------------

function connect2(server) {
  return server.transport === 'h2'
    ? http2.connect(`https://localhost:${server.port}`, {
        createConnection: () =>
          tls.connect({
            host: '127.0.0.1',
            port: server.port,
            secureContext,
            servername: 'localhost',
            ALPNProtocols: ['h2']
          })
      })
    : http2.connect(`http://127.0.0.1:${server.port}`)
}

function fields(headers) {
  return Object.entries(headers).map(([name, value]) => [name, name === 'date' ? '-' : value])
}

function stream2(session, { method = 'GET', path = '/', headers = [], body }) {
  return new Promise((resolve, reject) => {
    const fieldsOut = { ':method': method, ':path': path }
    for (const [name, value] of headers) {
      const lower = name.toLowerCase()
      fieldsOut[lower] = lower in fieldsOut ? [].concat(fieldsOut[lower], value) : value
    }
    const stream = session.request(fieldsOut, { endStream: body === undefined })
    stream.setTimeout(PATIENCE, () => stream.destroy(new Error('the server went silent')))
    const informational = []
    const chunks = []
    let head
    stream.on('headers', (headers) => informational.push(JSON.stringify(fields(headers))))
    stream.on('continue', () => informational.push('continue'))
    stream.on('response', (headers) => {
      head = headers
    })
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('close', () => {
      if (!head) return reject(new Error('stream closed without a response'))
      const text = Buffer.concat(chunks).toString('latin1')
      resolve({
        raw: JSON.stringify([informational, fields(head), text]),
        informational,
        status: head[':status'],
        cookies: head['set-cookie'] || [],
        head: fields(head),
        body: text
      })
    })
    if (body !== undefined) stream.end(body)
  })
}

async function ask(server, request) {
  if (server.transport !== 'h2' && server.transport !== 'h2c') {
    return parse(await raw(server, requestText(request)))
  }
  const session = connect2(server)
  try {
    return await stream2(session, request)
  } finally {
    await new Promise((resolve) => session.close(resolve))
  }
}

// --- cookies -----------------------------------------------------------------------------------------------

function signature(text, secret) {
  return crypto
    .createHmac('sha1', secret)
    .update(text)
    .digest('base64')
    .replace(/[/+=]/g, (x) => ({ '/': '_', '+': '-', '=': '' })[x])
}

/** A Cookie header's text: the value as given, and its signature. */
function signed(name, value, secret) {
  return `${name}=${value}; ${name}.sig=${signature(`${name}=${value}`, secret)}`
}

function encode(value) {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')
}

function decode(value) {
  return JSON.parse(Buffer.from(value, 'base64').toString())
}

/** Enough of a browser: keeps what Set-Cookie gives, by name alone, and forgets what has expired. */
class Jar {
  cookies = new Map()

  take(setCookies) {
    for (const line of setCookies) {
      const pair = line.split(';')[0]
      const at = pair.indexOf('=')
      if (/; expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(pair.slice(0, at))
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }

  get headers() {
    return this.cookies.size ? [['Cookie', this.text]] : []
  }

  get text() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }
}

module.exports = {
  Jar,
  KeepAlive,
  NOW,
  PATIENCE,
  ask,
  compare,
  connect,
  connect2,
  decode,
  encode,
  freezeTime,
  listen,
  original,
  ours,
  packages,
  parse,
  raw,
  requestText,
  signature,
  signed,
  stream2,
  withoutDate
}
