'use strict'

// The server of the HTTP benchmark: every variant in one process, one of them answering at a time, and its
// CPU time on request. The parent (http.js) says which and counts.

const http = require('node:http')
const express = require('express')
const onHeaders = require('on-headers')
const { load } = require('./packages')
const { SESSIONS, SETTINGS, cookiesOf, optionsOf } = require('./work')

const plan = JSON.parse(process.env.BENCH_PLAN)
const setting = SETTINGS[plan.settings]

function withSession(name) {
  return { middleware: load(name)(optionsOf(setting)), session: true }
}

const constant = cookiesOf(setting.name, SESSIONS.small).map((cookie) => `${cookie}; path=/; httponly`)

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
  const options = { name: setting.name }
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

/** What each variant mounts in front of the handler, and whether the handler uses a session. */
const variants = {
  nothing: () => ({}),
  'cookie-session': () => withSession('cookie-session'),
  'cookie-session again': () => withSession('cookie-session again'),
  native: () => withSession('native'),
  node: () => withSession('node'),
  'constant cookies': () => ({
    middleware: (_req, res, next) => {
      res.setHeader('Set-Cookie', [...constant])
      next()
    }
  }),
  'contract alone': () => ({ middleware: contractAlone(), session: true }),
  'own properties': () => ({
    middleware: (req, res, next) => {
      req.ownProperty = undefined
      res.ownProperty = undefined
      next()
    }
  })
}

function answer(_req, res) {
  res.setHeader('Content-Length', 2)
  res.end('ok')
}

function answerWithSession(req, res) {
  req.session.views++
  answer(req, res)
}

const build = {
  plain({ middleware, session }) {
    const handler = session ? answerWithSession : answer
    if (!middleware) return handler
    return (req, res) => middleware(req, res, () => handler(req, res))
  },
  express({ middleware, session }) {
    const app = express()
    if (middleware) app.use(middleware)
    app.get('/', session ? answerWithSession : answer)
    return app
  }
}

/**
 * Handlers are swapped by connecting to another port. Each has a class of requests of its own, unless the plan
 * says otherwise: see "One accessor, one hidden class" in README.md here.
 */
function listen(handler) {
  const IncomingMessage = plan.oneClass ? http.IncomingMessage : class extends http.IncomingMessage {}
  const server = http.createServer({ IncomingMessage, keepAlive: true }, handler)
  server.keepAliveTimeout = 0
  // Stands for TLS, whose own work would be the same for all.
  if (setting.secure) server.on('connection', (socket) => Object.assign(socket, { encrypted: true }))
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))
}

async function main() {
  const ports = {}
  for (const name of plan.variants) ports[name] = await listen(build[plan.framework](variants[name]()))

  let usage
  process.on('message', (message) => {
    if (message === 'start') {
      // What is young and dead goes, so that no handler pays for the one before.
      global.gc({ type: 'minor' })
      usage = process.cpuUsage()
      process.send('started')
    } else {
      process.send(process.cpuUsage(usage).user)
    }
  })
  process.on('disconnect', () => process.exit(0))
  process.send(ports)
}

main()
