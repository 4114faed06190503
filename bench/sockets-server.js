'use strict'

// The server of a measurement over sockets: one package in a process, as in an app. `/start` makes a session, `/session` reads
// and modifies it, `/nothing` has no middleware before it. It tells its CPU time when it is asked; sockets.js asks and counts.

const http = require('node:http')
const express = require('express')
const onHeaders = require('on-headers')
const { HARDENED, middlewareOf } = require('./opt-in')
const { load } = require('./packages')
const { SESSIONS, SETTINGS, cookiesOf, optionsOf } = require('./work')

const PASSWORD = 'a password of 32 bytes and some more'
const { name } = SETTINGS.default
const constant = cookiesOf(name, SESSIONS.small).map((cookie) => `${cookie}; path=/; httponly`)

function answer(_req, res) {
  res.setHeader('Content-Length', 2)
  res.end('ok')
}

/** @typedef {{ middleware?: Function, start: Function, session: Function }} Variant handlers of `/start` and `/session` */

/** A middleware whose session is `req.session`. @returns {Variant} */
function withMiddleware(middleware) {
  return {
    middleware,
    start(req, res) {
      req.session = { ...SESSIONS.small }
      answer(req, res)
    },
    session(req, res) {
      req.session.views++
      answer(req, res)
    }
  }
}

/**
 * What stays where opening, signing, base64 and the attributes cost nothing: the accessor, the options and the hook
 * at header time, V8's JSON functions as often as an app can see them called, and two constant cookies.
 */
function contractAlone() {
  const json = JSON.stringify(SESSIONS.small)
  const loaded = Symbol('session')
  const accessor = {
    configurable: true,
    enumerable: true,
    get() {
      this[loaded] ??= JSON.parse(json)
      return this[loaded]
    }
  }
  const options = { name }
  return (req, res, next) => {
    req.sessionOptions = Object.create(options)
    Object.defineProperty(req, 'session', accessor)
    onHeaders(res, () => {
      if (JSON.stringify(req.session) === json) return
      JSON.stringify(req.session)
      res.setHeader('Set-Cookie', [...constant])
    })
    next()
  }
}

/** @returns {Variant} */
function constantCookies() {
  const middleware = (_req, res, next) => {
    res.setHeader('Set-Cookie', [...constant])
    next()
  }
  return { middleware, start: answer, session: answer }
}

/** @returns {Variant} */
function ironSession() {
  const { getIronSession } = require('iron-session')
  const options = { password: PASSWORD, cookieName: name, cookieOptions: { secure: false } }
  const change = (change) => async (req, res) => {
    const session = await getIronSession(req, res, options)
    change(session)
    await session.save()
    answer(req, res)
  }
  return {
    start: change((session) => Object.assign(session, SESSIONS.small)),
    session: change((session) => {
      session.views++
    })
  }
}

const VARIANTS = {
  'cookie-session': () => withMiddleware(load('cookie-session')(optionsOf(SETTINGS.default))),
  native: () => withMiddleware(load('native')(optionsOf(SETTINGS.default))),
  node: () => withMiddleware(load('node')(optionsOf(SETTINGS.default))),
  'native, hardened': () => withMiddleware(middlewareOf('native', HARDENED)),
  'node, hardened': () => withMiddleware(middlewareOf('node', HARDENED)),
  'iron-session': ironSession,
  'constant cookies': constantCookies,
  'contract alone': () => ({ ...withMiddleware(contractAlone()), start: constantCookies().start })
}

const FRAMEWORKS = {
  plain({ middleware, ...handlers }) {
    const run = (handler) =>
      middleware ? (req, res) => middleware(req, res, () => handler(req, res)) : handler
    const routes = { '/nothing': answer, '/start': run(handlers.start), '/session': run(handlers.session) }
    return http.createServer({ keepAlive: true }, (req, res) => routes[req.url](req, res))
  },

  express({ middleware, start, session }) {
    const app = express()
    app.get('/nothing', answer)
    if (middleware) app.use(middleware)
    app.get('/start', start)
    app.get('/session', session)
    return http.createServer({ keepAlive: true }, app)
  }
}

/** Fastify's own session of this kind, on Fastify. */
async function secureSession() {
  const fastify = require('fastify')({ keepAliveTimeout: 0 })
  const reply = (_request, reply) => reply.send('ok')
  fastify.get('/nothing', reply)
  await fastify.register(async (scope) => {
    await scope.register(require('@fastify/secure-session'), { key: Buffer.alloc(32, 'k'), cookieName: name })
    scope.get('/start', (request, response) => {
      for (const [key, value] of Object.entries(SESSIONS.small)) request.session.set(key, value)
      return reply(request, response)
    })
    scope.get('/session', (request, response) => {
      request.session.set('views', request.session.get('views') + 1)
      return reply(request, response)
    })
  })
  await fastify.ready()
  return fastify.server
}

/** @param {{ framework: string, variant?: string, engine?: string, setting?: string }} plan see sockets.js */
function serverOf({ framework, variant, engine, setting }) {
  if (framework === 'fastify') return secureSession()
  const mounted = variant === undefined ? withMiddleware(middlewareOf(engine, setting)) : VARIANTS[variant]()
  return FRAMEWORKS[framework](mounted)
}

async function main() {
  const server = await serverOf(JSON.parse(process.env.BENCH_PLAN))
  server.keepAliveTimeout = 0
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.on('message', () => process.send(process.cpuUsage()))
  process.on('disconnect', () => process.exit(0))
  process.send(server.address().port)
}

main()
