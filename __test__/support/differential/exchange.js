// One request and one response made of Node's own classes, on a socket that exists only in memory and keeps
// every byte written to it. A real connection would be slower and would add timing; bare mocks would not
// show what the real classes do with the headers. Also an HTTP/2 response of Node's compatibility API, and
// a response object that is no class of Node's at all.

'use strict'

const { EventEmitter } = require('node:events')
const http = require('node:http')
const http2 = require('node:http2')
const { Duplex } = require('node:stream')

class MemorySocket extends Duplex {
  constructor(encrypted) {
    super({ emitClose: false })
    this.pieces = []
    if (encrypted !== undefined) this.encrypted = encrypted
    this.on('error', () => {})
  }

  // writes arrive here at once, whatever Node wants to cork
  write(chunk, encoding) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding || 'utf8') : chunk
    this.pieces.push(bytes.toString('latin1'))
    return true
  }

  cork() {}

  uncork() {}

  end() {
    return this
  }

  _read() {}

  setTimeout() {
    return this
  }
}

class MemoryHttp2Stream extends EventEmitter {
  constructor(encrypted) {
    super()
    this.headersSent = false
    this.destroyed = false
    this.writableEnded = false
    this.log = []
    this.session = { encrypted, socket: { encrypted } }
    this.id = 1
  }

  respond(headers, options) {
    this.headersSent = true
    this.log.push(['respond', Object.entries(headers), options])
  }

  additionalHeaders(headers) {
    this.log.push(['additional', Object.entries(headers)])
  }

  write(chunk) {
    this.log.push(['data', String(chunk)])
    return true
  }

  end(chunk) {
    if (chunk !== undefined && typeof chunk !== 'function') this.log.push(['data', String(chunk)])
    this.writableEnded = true
    this.log.push(['end'])
  }

  cork() {}

  uncork() {}

  sendTrailers() {}

  close() {}
}

class ForeignResponse {
  constructor() {
    this.statusCode = 200
    this.headersSent = false
    this.writableEnded = false
    this.own = new Map()
    this.log = []
  }

  getHeader(name) {
    return this.own.get(name.toLowerCase())
  }

  setHeader(name, value) {
    if (this.headersSent) throw new Error('sent already')
    this.own.set(name.toLowerCase(), value)
    return this
  }

  appendHeader(name, value) {
    const before = this.getHeader(name)
    return this.setHeader(name, before === undefined ? value : [].concat(before, value))
  }

  removeHeader(name) {
    this.own.delete(name.toLowerCase())
  }

  getHeaders() {
    return Object.fromEntries(this.own)
  }

  writeHead(...args) {
    if (this.headersSent) throw new Error('sent already')
    this.headersSent = true
    this.log.push(['head', this.statusCode, args, [...this.own]])
    return this
  }

  flushHeaders() {
    if (!this.headersSent) this.writeHead(this.statusCode)
  }

  write(chunk) {
    this.flushHeaders()
    this.log.push(['data', chunk])
    return true
  }

  end(chunk) {
    this.flushHeaders()
    this.writableEnded = true
    this.log.push(['end', chunk])
    return this
  }
}

function makeRequest(spec, cookie) {
  const socket = new MemorySocket(spec.encrypted)
  const req = new http.IncomingMessage(socket)
  req.method = spec.method || 'GET'
  req.url = '/'
  req.httpVersionMajor = 1
  req.httpVersionMinor = spec.http10 ? 0 : 1
  req.httpVersion = spec.http10 ? '1.0' : '1.1'
  req.headers = { host: 'example.test' }
  if (cookie !== undefined) req.headers.cookie = cookie
  if (spec.protocol !== undefined) req.protocol = spec.protocol
  if (spec.noSocket) req.socket = undefined
  return { req, socket }
}

// Returns { req, res, socket, sent() }; sent() gives the lines of what went out so far.
function makeExchange(spec, cookie, note) {
  const { req, socket } = makeRequest(spec, cookie)
  let res
  let sent
  if (spec.response === 'http2') {
    const stream = new MemoryHttp2Stream(spec.encrypted)
    res = new http2.Http2ServerResponse(stream)
    res.sendDate = false
    sent = () => stream.log.map((entry) => JSON.stringify(entry))
  } else if (spec.response === 'foreign') {
    res = new ForeignResponse()
    sent = () => res.log.map((entry) => JSON.stringify(entry))
  } else {
    res = new http.ServerResponse(req)
    res.sendDate = false
    res.on('error', () => {})
    res.assignSocket(socket)
    sent = () => socket.pieces.join('').split('\r\n')
  }
  if (spec.resSet) addSet(res, spec.resSet)
  if (spec.spy) addSpy(res, note)
  return { req, res, socket, sent }
}

// as Express does it: a `set` on the response, or on its prototype
function addSet(res, where) {
  function set(name, value) {
    this.setHeader(name, value)
    return this
  }
  if (where === 'own') res.set = set
  else if (where === 'not callable') res.set = true
  else Object.setPrototypeOf(res, Object.assign(Object.create(Object.getPrototypeOf(res)), { set }))
}

function addSpy(res, note) {
  const before = res.setHeader
  res.setHeader = function setHeader(...args) {
    const [name, value] = args
    note(`res.setHeader ${String(name)} ${JSON.stringify(value)} this ${this === res}`)
    return before.apply(this, args)
  }
}

module.exports = { makeExchange }
