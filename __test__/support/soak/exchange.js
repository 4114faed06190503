'use strict'

// A request through the middleware without a connection: of the classes that Node's server makes them of, but for the
// parsing, so that millions of them take minutes.

const http = require('node:http')
const net = require('node:net')

const socket = new net.Socket()

/**
 * @param {Function} middleware
 * @param {string} cookie the request's Cookie header, or none
 * @param {(req: object, res: object) => void} app
 * @returns {string[]} the Set-Cookie lines
 */
function exchange(middleware, cookie, app) {
  const req = new http.IncomingMessage(socket)
  Object.assign(req, {
    method: 'GET',
    url: '/',
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1
  })
  req.headers = { host: 'localhost', accept: 'text/html' }
  if (cookie !== '') req.headers.cookie = cookie
  const res = new http.ServerResponse(req)
  let called = false
  middleware(req, res, () => {
    called = true
  })
  if (!called) throw new Error('the middleware did not call next')
  app(req, res)
  res.writeHead(200)
  return res.getHeader('Set-Cookie') ?? []
}

/** The cookies that a browser keeps, by name. */
class Browser {
  #cookies = new Map()

  take(lines) {
    for (const line of lines) {
      const pair = line.slice(0, line.indexOf(';'))
      const at = pair.indexOf('=')
      const name = pair.slice(0, at)
      if (line.includes('expires=Thu, 01 Jan 1970')) this.#cookies.delete(name)
      else this.#cookies.set(name, pair)
    }
    return this
  }

  get header() {
    return [...this.#cookies.values()].join('; ')
  }
}

module.exports = { Browser, exchange }
