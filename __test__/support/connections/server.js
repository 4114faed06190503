'use strict'

// An Express app whose keys change all the time, as a process of its own. Each answer says what the session held when it
// was opened, and which rotations of the keys it was opened and sealed under.

const { channel } = require('node:diagnostics_channel')
const { setImmediate } = require('node:timers/promises')
const express = require('express')
const cookieSession = require('../../..')
const { KEPT_KEYS, MODES, checksum, fillerOf, keyOf } = require('./shared')

const { SEED, ROTATION_MS } = process.env
const LARGE_BODY = Buffer.alloc(16 << 20, ' ')

const failures = []
const warnings = []
let unfinished = 0
let rotation = 0

const keys = Object.fromEntries(MODES.map(([, mode]) => [mode, [keyOf(SEED, mode, 0)]]))

function rotate() {
  rotation++
  for (const [mode, list] of Object.entries(keys)) {
    list.unshift(keyOf(SEED, mode, rotation))
    if (list.length > KEPT_KEYS) list.pop()
  }
}

const onError = (error) => failures.push(error.code)
const options = {
  default: {},
  encrypt: { encrypt: true, path: '/encrypt', onError },
  ttl: { ttl: 3_600_000, path: '/ttl', onError }
}

/** Notes why a cookie is refused. For these requests alone, as a listener sends them on another way through the package. */
function watch(req, _res, next) {
  if (!req.query.watched) return next()
  const rejected = channel('cookie-session:rejected')
  const note = ({ reason }) => {
    req.reason = reason
  }
  rejected.subscribe(note)
  next()
  rejected.unsubscribe(note)
}

const actions = {
  read() {},
  modify({ session }) {
    session.count++
  },
  grow({ session }, length) {
    session.count++
    session.filler = fillerOf(session.user, session.count, length)
  },
  login(req, length, user) {
    req.session = { user, count: 0, filler: fillerOf(user, 0, length) }
  },
  logout(req) {
    req.session = null
  }
}

async function answer(req, res) {
  const { action, id, length, user, waits, large } = req.query
  const openedAt = rotation
  const { user: seenUser, count, filler } = req.session
  const seen = seenUser === undefined ? null : { user: seenUser, count, sum: checksum(filler) }

  for (let i = 0; i < Number(waits); i++) await setImmediate()

  if (seen !== null || action === 'login' || action === 'logout') actions[action](req, Number(length), user)
  if (large) res.end(LARGE_BODY)
  else res.json({ id, seen, reason: req.reason, openedAt, sealedAt: rotation })
}

const app = express()
app.use((_req, res, next) => {
  res.on('close', () => {
    if (!res.writableFinished) unfinished++
  })
  next()
})
app.use(watch)
for (const [, mode] of MODES) {
  app.use(`/${mode}`, cookieSession({ keys: keys[mode], ...options[mode] }), answer)
}

process.on('warning', (warning) => warnings.push(String(warning)))

// As many connections as there are come at once, and some stay idle for long.
const server = app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  setInterval(rotate, Number(ROTATION_MS))
  process.send({ port: server.address().port, engine: cookieSession.engine })
})
Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 })

process.on('message', () => {
  server.getConnections((_error, connections) => {
    const rss = process.memoryUsage.rss()
    process.send({ connections, rss, rotations: rotation, unfinished, failures, warnings })
  })
})
process.on('disconnect', () => process.exit())
