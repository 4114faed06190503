'use strict'

// Millions of requests of a few dozen users in one process, whose keys change all the while. What each session has to hold
// is known and compared. Prints the size of the process at the start and at the end.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const cookieSession = require('../../..')
const { Random } = require('../differential/random')
const { Browser, exchange } = require('./exchange')
const { soak } = require('./memory')

const SEED = Number(process.env.SEED)
const TOTAL = Number(process.env.TOTAL)
const USERS = 50
const DAY = 24 * 60 * 60 * 1000
/** Requests between two changes of the keys, and how many keys there are. */
const ROTATION = 2000
const KEPT_KEYS = 3
const LARGE = 'é"\\ and so on '.repeat(120)

const random = new Random(SEED, 0)
const keys = []
let rotation = -1

function rotate() {
  rotation++
  keys.unshift(createHash('sha256').update(`${SEED} ${rotation}`).digest('hex'))
  if (keys.length > KEPT_KEYS) keys.pop()
}
rotate()

const MODES = {
  default: { maxAge: DAY },
  keygrip: { keys: new cookieSession.Keygrip(keys, 'sha256') },
  encrypt: { encrypt: true },
  ttl: { ttl: DAY, rolling: true },
  all: {
    encrypt: true,
    ttl: DAY,
    maxLifetime: DAY,
    legacy: true,
    sessionMethods: true,
    maxSize: 4096,
    accept
  }
}

function accept() {
  return true
}

/** What went wrong in a mode of ours, which an app would only hear of. */
function onError(error) {
  throw error
}

const middlewares = Object.entries(MODES).map(([mode, options]) =>
  cookieSession({ keys, ...options, ...(mode === 'default' || mode === 'keygrip' ? {} : { onError }) })
)

const users = Array.from({ length: USERS }, (_, id) => ({
  id,
  // Half of them are users of an app that sets none of our options.
  middleware: middlewares[id % 2 === 0 ? 0 : ((id - 1) / 2) % middlewares.length],
  browser: new Browser(),
  session: {},
  madeAt: 0
}))

/** What a user's session has to hold: nothing, where the key that made its cookie is gone. */
function heldBy(user) {
  return rotation - user.madeAt < KEPT_KEYS ? user.session : {}
}

function check(req, expected) {
  assert.equal(JSON.stringify(req.session), JSON.stringify(expected))
}

/** One character of the session's value, or of its signature, is another. */
function tampered(header) {
  const at = header.indexOf('=') + 1 + random.below(header.length - header.indexOf('=') - 1)
  if (/[=; .]|session|sig/.test(header[at]) || header.slice(at - 12, at + 12).includes('.sig'))
    return undefined
  return header.slice(0, at) + (header[at] === 'A' ? 'B' : 'A') + header.slice(at + 1)
}

const ACTIONS = [
  [3, 'untouched'],
  [5, 'read'],
  [5, 'modify'],
  [1, 'login'],
  [1, 'large'],
  [1, 'logout'],
  [2, 'tampered'],
  [1, 'nobody']
]
const counts = Object.fromEntries(ACTIONS.map(([, action]) => [action, 0]))

/** What each action does with the session; what it returns is what the session holds from then on. */
const does = {
  untouched: (_req, held) => held,
  read(req, held) {
    check(req, held)
    return held
  },
  modify(req, held) {
    check(req, held)
    req.session.n = (held.n ?? 0) + 1
    return { ...held, n: (held.n ?? 0) + 1 }
  },
  login(req, _held, user) {
    req.session = { user: user.id, n: 0 }
    return { user: user.id, n: 0 }
  },
  large(req, held) {
    check(req, held)
    req.session = { ...held, text: LARGE }
    return { ...held, text: LARGE }
  },
  logout(req) {
    req.session = null
    return {}
  }
}

function request() {
  const user = random.pick(users)
  const action = random.weighted(ACTIONS)
  counts[action]++
  if (action === 'tampered' || action === 'nobody') {
    const header = action === 'nobody' ? '' : tampered(user.browser.header)
    if (header !== undefined) exchange(user.middleware, header, (req) => check(req, {}))
    return
  }
  const held = heldBy(user)
  const lines = exchange(user.middleware, user.browser.header, (req) => {
    user.session = does[action](req, held, user)
  })
  user.browser.take(lines)
  if (lines.some((line) => !line.includes('expires=Thu, 01 Jan 1970'))) user.madeAt = rotation
}

let served = 0

async function work(count) {
  for (let i = 0; i < count; i++) {
    if (++served % ROTATION === 0) rotate()
    request()
    // Node frees what an addon gave to it between turns of the loop.
    if (served % 1000 === 0) await new Promise(setImmediate)
  }
}

soak(TOTAL, work).then((result) => {
  console.log(JSON.stringify({ engine: cookieSession.engine, ...result, rotations: rotation, counts }))
})
