'use strict'

// One request through a middleware, made of Node's own classes without a connection, as millions of them are needed.

const http = require('node:http')

const nothing = () => {}

/**
 * @param {Function} middleware
 * @param {string | undefined} cookie the Cookie header
 * @param {{ key?: string, before?: (req: object) => void, change?: (req: object) => void }} [settings] what is done
 *   before the session is read, and after
 * @returns {{ isNew: boolean, json: string, setCookie: string[] }}
 */
function drive(middleware, cookie, { key = 'session', before = nothing, change = nothing } = {}) {
  const req = new http.IncomingMessage({ encrypted: true })
  if (cookie !== undefined) req.headers.cookie = cookie
  const res = new http.ServerResponse(req)
  middleware(req, res, nothing)
  before(req)
  const session = req[key]
  const seen = { isNew: session.isNew, json: JSON.stringify(session) }
  change(req)
  res.writeHead(200)
  return { ...seen, setCookie: [].concat(res.getHeader('Set-Cookie') ?? []) }
}

/** The value and the signature in the Set-Cookie lines of a session. */
function pairsOf(setCookie) {
  return setCookie.map((line) => line.slice(line.indexOf('=') + 1, line.indexOf(';')))
}

module.exports = { drive, pairsOf }
