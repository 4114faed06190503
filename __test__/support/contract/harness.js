'use strict'

// What the tests of the contract share: both packages, asked the same and compared; requests over a
// socket that only remembers its bytes; cookies signed here by hand, so that no test trusts the code
// it tests.

// Read when `cookies` is loaded: its deprecation lines are no part of the contract.
process.env.NO_DEPRECATION = 'cookies'

const assert = require('node:assert')
const crypto = require('node:crypto')
const http = require('node:http')
const http2 = require('node:http2')
const { Duplex } = require('node:stream')

const original = require('cookie-session')
const ours = require('../../..')

/** Newest first, as an app lists them. */
const KEYS = ['newest', 'older', 'oldest']
/** A moment to stand still at. */
const NOW = Date.UTC(2030, 0, 2, 3, 4, 5, 678)
/** The attributes of a cookie where no option says otherwise. */
const PLAIN = '; path=/; httponly'
/** The attributes of a cookie that is to go. */
const EXPIRED = '; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly'

// --- comparing ---------------------------------------------------------------------------------------

/**
 * Runs the same with the original and with ours, and wants the same of them, and of the original what
 * the contract says.
 *
 * @param {(cookieSession: Function) => object | Promise<object>} run
 * @param {object} [expected] what is to be in the result, which may hold more
 * @returns {Promise<object>} the original's result
 */
async function both(run, expected = {}) {
  const of = { original: await run(original), ours: await run(ours) }
  const facts = {}
  for (const fact of Object.keys(expected)) facts[fact] = of.original[fact]
  assert.deepStrictEqual(facts, expected)
  assert.deepStrictEqual(of.ours, of.original)
  return of.original
}

/** What a call threw, to be compared; it has to throw. */
function thrown(run) {
  try {
    run()
  } catch (error) {
    return { type: error.constructor, message: error.message, code: error.code }
  }
  assert.fail('nothing was thrown')
}

/** What a call gave or threw, to be compared. */
function outcome(run) {
  try {
    return { value: run() }
  } catch (error) {
    return { type: error.constructor, message: error.message, code: error.code }
  }
}

/** What there is to see of a session. The two packages' classes are not the same one. */
function look(session) {
  if (session === null) return null
  return {
    class: session.constructor.name,
    isNew: session.isNew,
    isPopulated: session.isPopulated,
    isChanged: session.isChanged,
    content: JSON.stringify(session)
  }
}

/** Runs with the clock at a standstill; what is awaited in it sees that clock as well. */
async function atTime(time, run) {
  const now = Date.now
  Date.now = () => time
  try {
    return await run((later) => {
      Date.now = () => later
    })
  } finally {
    Date.now = now
  }
}

// --- cookies by hand ---------------------------------------------------------------------------------

function base64(text) {
  return Buffer.from(text).toString('base64')
}

function sign(data, key = KEYS[0], algorithm = 'sha1') {
  const digest = crypto.createHmac(algorithm, key).update(data).digest('base64')
  return digest.replace(/\//g, '_').replace(/\+/g, '-').replace(/=/g, '')
}

/** The Cookie header for a value, signed. */
function header(value, { name = 'session', key } = {}) {
  return `${name}=${value}; ${name}.sig=${sign(`${name}=${value}`, key)}`
}

/** The Cookie header for a session's JSON text, signed. */
function cookie(json, settings) {
  return header(base64(json), settings)
}

/** The two Set-Cookie lines for a session's JSON text. */
function lines(json, attributes = PLAIN, { name = 'session', key } = {}) {
  const pair = `${name}=${base64(json)}`
  return [`${pair}${attributes}`, `${name}.sig=${sign(pair, key)}${attributes}`]
}

/** The two Set-Cookie lines that drop a session. */
function clearing(name = 'session') {
  return [`${name}=${EXPIRED}`, `${name}.sig=${sign(`${name}=`)}${EXPIRED}`]
}

// --- requests ----------------------------------------------------------------------------------------

/** A connection's end that remembers what is written to it. */
class Wire extends Duplex {
  #chunks = []

  _read() {}

  _write(chunk, _encoding, done) {
    this.#chunks.push(chunk)
    done()
  }

  get text() {
    return Buffer.concat(this.#chunks).toString('latin1')
  }
}

/** The Set-Cookie lines of the one response that is not informational. */
function setCookiesIn(text) {
  let rest = text
  while (/^HTTP\/1\.1 1(?!01)\d\d /.test(rest)) rest = rest.slice(rest.indexOf('\r\n\r\n') + 4)
  const head = rest.slice(0, rest.indexOf('\r\n\r\n'))
  const found = head.split('\r\n').filter((line) => /^set-cookie: /i.test(line))
  return found.map((line) => line.slice('set-cookie: '.length))
}

/**
 * A request that came, and the response to it, by the classes that Node's server makes them of.
 *
 * @param {{ cookie?: string, method?: string, protocol?: string, encrypted?: boolean }} [request]
 */
function connection(request = {}) {
  const wire = new Wire()
  if (request.encrypted) wire.encrypted = true
  const req = new http.IncomingMessage(wire)
  Object.assign(req, { method: request.method || 'GET', url: '/' })
  Object.assign(req, { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 })
  if (request.cookie !== undefined) req.headers.cookie = request.cookie
  if (request.protocol !== undefined) req.protocol = request.protocol
  const res = new http.ServerResponse(req)
  res.sendDate = false
  res.assignSocket(wire)
  return { req, res, wire }
}

/** Ends a response and waits until its bytes are written. */
async function sent(res, wire) {
  if (!res.writableEnded) res.end()
  if (!res.writableFinished) await new Promise((resolve) => res.once('finish', resolve))
  return { setCookie: setCookiesIn(wire.text), wire: wire.text }
}

/**
 * One request through the middleware.
 *
 * @param {Function} cookieSession either package
 * @param {object} request as for `connection`, and `options` for the middleware, or a `middleware`
 * @param {(req: object, res: object) => unknown} [app] what it returns is compared
 * @returns {Promise<{ seen: unknown, setCookie: string[], wire: string }>}
 */
async function exchange(cookieSession, request, app = () => {}) {
  const { options = { keys: [...KEYS] } } = request
  const middleware = request.middleware || cookieSession(options)
  const { req, res, wire } = connection(request)
  if (request.before) request.before(req, res)
  let called = false
  middleware(req, res, () => {
    called = true
  })
  assert.ok(called)
  const seen = await app(req, res)
  return { seen, ...(await sent(res, wire)) }
}

/** Serves one request on a free port with `handle(req, res)`, and gives what `ask(port)` gives. */
async function serve(server, ask) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await ask(server.address().port)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

/** One request by HTTP/1.1; `client` is http or https. */
function ask(client, port, settings) {
  return new Promise((resolve, reject) => {
    const request = client.request({ host: '127.0.0.1', port, agent: false, ...settings }, (response) => {
      response.resume()
      response.on('end', () => {
        resolve({ status: response.statusCode, setCookie: response.headers['set-cookie'] || [] })
      })
    })
    request.on('error', reject)
    request.end()
  })
}

/** One request by HTTP/2 over plain TCP, with the middleware in front of `app`. */
async function overHttp2(cookieSession, { options = { keys: [...KEYS] }, cookie: value }, app) {
  const middleware = cookieSession(options)
  let seen
  const server = http2.createServer((req, res) => middleware(req, res, () => (seen = app(req, res))))
  return serve(server, async (port) => {
    const client = http2.connect(`http://127.0.0.1:${port}`)
    try {
      const setCookie = await new Promise((resolve, reject) => {
        client.on('error', reject)
        const stream = client.request(value === undefined ? {} : { cookie: value })
        let received
        stream.on('error', reject)
        stream.on('response', (headers) => {
          received = headers['set-cookie'] || []
        })
        stream.on('end', () => resolve(received))
        stream.resume()
        stream.end()
      })
      return { seen, setCookie }
    } finally {
      client.close()
    }
  })
}

module.exports = {
  EXPIRED,
  KEYS,
  NOW,
  PLAIN,
  ask,
  atTime,
  base64,
  both,
  clearing,
  connection,
  cookie,
  exchange,
  header,
  lines,
  look,
  original,
  ours,
  outcome,
  overHttp2,
  sent,
  serve,
  sign,
  thrown
}
