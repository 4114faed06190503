'use strict'

// Other session packages on the work that comes closest to what this one does. No two do the same; what each
// row includes and what it does not stands beside it.

const { exchangeMaker, measure, requestClass } = require('./batches')
const { load } = require('./packages')
const { SESSIONS, SETTINGS, headerOf, optionsOf } = require('./work')

const NAME = SETTINGS.default.name
const PASSWORD = 'a password of 32 bytes and some more'
const SIZES = ['small', 'large']
const SITUATIONS = ['read', 'read and modify', 'new session']
/** Requests under way at a time, as some of them wait for another thread. */
const AT_A_TIME = 8

const DESCRIPTIONS = {
  native:
    'this package, native engine: signed, not encrypted; verifies, decodes, and writes both cookies if the session changed',
  node: 'this package, node:crypto engine, the best in pure JavaScript: the same work',
  'cookie-session': 'the same work',
  'iron-session':
    'encrypts (AES-256-CBC) and signs with keys derived for each cookie; writes when told to; asynchronous',
  'client-sessions':
    'encrypts (AES-256-CBC) and signs; parses and writes the header; writes if the session changed',
  '@fastify/secure-session':
    'encrypts (XSalsa20-Poly1305), codec alone: no Cookie header is parsed, no Set-Cookie written',
  'express-session':
    'signs an id alone; the session stays in the memory of this process, as JSON; nothing is sent but for new sessions'
}

function change(session, situation, data) {
  if (situation === 'new session') return Object.assign(session, data)
  if (session.views === undefined) throw new Error('the session was not read')
  if (situation === 'read and modify') session.views++
  return session
}

function finish(res) {
  res.writeHead(200)
  res.end()
}

/** The packages that are middlewares and done when they return. */
function synchronous(middleware, apply) {
  return (req, res) => {
    middleware(req, res, () => apply(req))
    finish(res)
  }
}

function signed(name) {
  return ({ situation, data }) =>
    synchronous(load(name)(optionsOf(SETTINGS.default)), (req) => {
      if (situation === 'new session') req.session = data
      else change(req.session, situation, data)
    })
}

function ironSession({ situation, data }) {
  const { getIronSession } = require('iron-session')
  const options = { password: PASSWORD, cookieName: NAME, cookieOptions: { secure: false } }
  return async (req, res) => {
    const session = await getIronSession(req, res, options)
    change(session, situation, data)
    if (situation !== 'read') await session.save()
    finish(res)
  }
}

function clientSessions({ situation, data }) {
  const middleware = require('client-sessions')({ cookieName: NAME, secret: PASSWORD, activeDuration: 0 })
  return synchronous(middleware, (req) => change(req.session, situation, data))
}

async function secureSession({ situation, data }) {
  const fastify = require('fastify')()
  fastify.register(require('@fastify/secure-session'), { key: Buffer.alloc(32, 'k') })
  await fastify.ready()
  const known = fastify.encodeSecureSession(fastify.createSecureSession(data))
  return (_req, res) => {
    if (situation === 'new session') {
      fastify.encodeSecureSession(fastify.createSecureSession(data))
    } else {
      const session = fastify.decodeSecureSession(known)
      if (situation === 'read') session.get('views')
      else {
        session.set('views', session.get('views') + 1)
        fastify.encodeSecureSession(session)
      }
    }
    finish(res)
  }
}

function expressSession({ situation, data, shared }) {
  const session = require('express-session')
  shared.store ??= new session.MemoryStore()
  const { store } = shared
  const middleware = session({ name: NAME, secret: PASSWORD, resave: false, saveUninitialized: false, store })
  const run = (req, res) =>
    new Promise((resolve) => {
      const { end } = res
      res.end = function (...args) {
        end.apply(this, args)
        resolve()
      }
      middleware(req, res, () => {
        change(req.session, situation, data)
        finish(res)
      })
    })
  // Sessions pile up in the store; a server's would expire.
  if (situation === 'new session') run.afterBatch = () => store.clear()
  return run
}

const PACKAGES = {
  native: signed('native'),
  node: signed('node'),
  'cookie-session': signed('cookie-session'),
  'iron-session': ironSession,
  'client-sessions': clientSessions,
  '@fastify/secure-session': secureSession,
  'express-session': expressSession
}

/** The Cookie header that a package's own answer to a new session makes. */
async function headerFrom(run) {
  const { request, response } = exchangeMaker(requestClass(), headerOf([]), false)
  const req = request()
  const res = response(req)
  await run(req, res)
  const values = [res.getHeader('Set-Cookie') ?? []].flat()
  return headerOf(values.map((value) => value.split(';')[0]))
}

function batchOf(Request, run, header) {
  const { request, response } = exchangeMaker(Request, header, false)
  return async (count) => {
    let left = count
    const worker = async () => {
      while (left-- > 0) {
        const req = request()
        await run(req, response(req))
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
    run.afterBatch?.()
  }
}

async function taskOf(Request, build, situation, data) {
  const shared = {}
  const run = await build({ situation, data, shared })
  if (situation === 'new session') return batchOf(Request, run, headerOf([]))
  const create = await build({ situation: 'new session', data, shared })
  return batchOf(Request, run, await headerFrom(create))
}

async function life({ milliseconds }) {
  // In production the memory store warns.
  process.env.NODE_ENV = 'test'
  const classes = Object.fromEntries(
    ['nothing', ...Object.keys(PACKAGES)].map((name) => [name, requestClass()])
  )
  const cells = {}
  for (const size of SIZES) {
    for (const situation of SITUATIONS) {
      const data = SESSIONS[size]
      const tasks = { nothing: batchOf(classes.nothing, (_req, res) => finish(res), headerOf([])) }
      for (const [name, build] of Object.entries(PACKAGES)) {
        tasks[name] = await taskOf(classes[name], build, situation, data)
      }
      cells[`${size}/${situation}`] = tasks
    }
  }
  return { cells: await measure(cells, { milliseconds, batchMs: 6 }) }
}

module.exports = { DESCRIPTIONS, PACKAGES: Object.keys(PACKAGES), SITUATIONS, SIZES, life }
