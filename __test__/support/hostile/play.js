'use strict'

// One request of an app that does what no app should, told as a log of everything that could be seen: calls on the
// response, debug messages, errors, the bytes sent, and the session that the next request finds.

const { createRequire } = require('node:module')
const crypto = require('node:crypto')
const util = require('node:util')
const OriginalKeygrip = createRequire(createRequire(require.resolve('cookie-session')).resolve('cookies'))(
  'keygrip'
)
const { EXPIRED, connection, header, original, ours } = require('../contract/harness')

/** Long enough for every option. Newest first. */
const KEYS = ['newest', 'older', 'oldest'].map((name) => `${name} key, of 32 bytes and more: 0123456789`)
const METHODS = ['getHeader', 'setHeader', 'removeHeader', 'writeHead', 'write', 'end']

/** Every option of ours in two sets, under which cookies of the original's format are still read. */
const MODERN = {
  signed: {
    ttl: 3_600_000,
    maxLifetime: 86_400_000,
    rolling: true,
    legacy: true,
    sessionMethods: true,
    reissue: true,
    digest: 'sha256'
  },
  encrypted: { encrypt: true, legacy: true, sessionMethods: true, accept: () => true }
}

/** The Cookie header for a session's text. */
function carried(text, key = KEYS[0]) {
  return header(Buffer.from(text).toString('base64'), { key })
}

/** A long text by its beginning, its length and its hash, as logs of megabytes take seconds to write. */
function brief(value) {
  if (Array.isArray(value)) return value.map(brief)
  if (typeof value !== 'string' || value.length < 5000) return value
  const hash = crypto.createHash('sha256').update(value, 'utf16le').digest('hex')
  return `${value.slice(0, 100)}... (${value.length} characters, ${hash})`
}

/** A value as text that two packages can be compared by; runs none of its code. */
function told(value) {
  if (util.types.isProxy(value)) return 'a Proxy'
  if (value instanceof Error) return `${value.name} ${value.code} ${value.message}`
  return util.inspect(isPlain(value) ? brief(value) : value, { customInspect: false, getters: false })
}

/** Whether a value is what headers are set to, so that reading it runs no code. */
function isPlain(value) {
  return typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'))
}

/** Both packages write to the `debug` that each finds for itself. */
const debugs = new Set(
  [require.resolve('cookie-session'), require.resolve('../../..')].map((file) => createRequire(file)('debug'))
)

async function listening(log, run) {
  const before = [...debugs].map(({ formatArgs, log: write }) => ({ formatArgs, write }))
  for (const debug of debugs) {
    debug.formatArgs = () => {}
    debug.log = (...args) => {
      const line = util.format(...args)
      // Keys are in the original's alone.
      if (!line.startsWith('session options')) log.push(`debug: ${brief(line)}`)
    }
    debug.enable('cookie-session')
  }
  try {
    return await run()
  } finally {
    for (const [i, debug] of [...debugs].entries()) {
      debug.disable()
      debug.formatArgs = before[i].formatArgs
      debug.log = before[i].write
    }
  }
}

/** Logs each call on a response that has to do with its head. */
function watch(res, log) {
  for (const method of METHODS) {
    const own = res[method]
    Object.defineProperty(res, method, {
      configurable: true,
      writable: true,
      value(...args) {
        log.push(`${method}(${args.map(told).join(', ')})`)
        return own.apply(this, args)
      }
    })
  }
}

/** What a browser would send next: by name, without what has expired. */
function merged(cookie, setCookie) {
  const pairs = new Map()
  const take = (pair) => pairs.set(pair.slice(0, pair.indexOf('=')), pair)
  for (const pair of (cookie ?? '').split('; ')) if (pair !== '') take(pair)
  for (const line of setCookie) {
    const pair = line.split(';', 1)[0]
    if (line.includes(EXPIRED.slice(8, 48))) pairs.delete(pair.slice(0, pair.indexOf('=')))
    else take(pair)
  }
  return [...pairs.values()].join('; ')
}

/** A text with the same content, whatever the order of its keys. */
function asRead(middleware, cookie) {
  const { req, res, wire } = connection({ cookie: cookie === '' ? undefined : cookie })
  middleware(req, res, () => {})
  try {
    return JSON.stringify(req.session)
  } catch (error) {
    return told(error)
  } finally {
    wire.destroy()
  }
}

/** Runs something, and tells the log what it threw. */
function attempting(log) {
  return (run) => {
    try {
      return run()
    } catch (error) {
      log.push(`thrown: ${told(error)}`)
      return undefined
    }
  }
}

/**
 * A middleware in the hands of a hostile app.
 *
 * @param {Function} cookieSession either package
 * @param {object} scenario `cookie`, `options`, `keygrip` (an algorithm), `before(world)`, `app(world)`
 * @param {object} [more] options
 */
async function play(cookieSession, scenario, more = {}) {
  const log = []
  const errors = []
  const keys = [...(scenario.keys?.() ?? KEYS)]
  const Keygrip = cookieSession === original ? OriginalKeygrip : cookieSession.Keygrip
  const given = scenario.keygrip ? new Keygrip(keys, scenario.keygrip) : keys
  const options = { keys: given, ...scenario.options, ...more }
  if (scenario.keygrip) delete options.digest
  if (cookieSession === ours && Object.keys(more).length > 0) {
    options.onError = (error) => errors.push(error)
  }
  const middleware = cookieSession(options)

  /** Another request through the same middleware, from its beginning to its end. */
  const serve = ({ cookie, use = middleware, app = () => {} } = {}) => {
    const other = connection({ cookie })
    use(other.req, other.res, () => {})
    const seen = attempt(() => app(other.req, other.res))
    attempt(() => other.res.end())
    const sent = attempt(() => other.res.getHeader('Set-Cookie'))
    other.wire.destroy()
    log.push(`served: ${told(seen)}; ${more.encrypt || more.ttl ? '' : told(sent)}`)
    return { seen, setCookie: sent || [] }
  }
  const attempt = attempting(log)

  const { req, res, wire } = connection({ cookie: scenario.cookie, encrypted: scenario.encrypted })
  const world = {
    req,
    res,
    wire,
    log,
    keys,
    given,
    Keygrip,
    cookieSession,
    middleware,
    options,
    serve,
    attempt
  }
  let ended = 'whole'
  await listening(log, async () => {
    watch(res, log)
    scenario.before?.(world)
    attempt(() => middleware(req, res, () => log.push('next')))
    attempt(() => scenario.app(world))
    try {
      if (!res.writableEnded) res.end('body')
    } catch (error) {
      log.push(`thrown: ${told(error)}`)
      ended = `thrown: ${told(error)}`
    }
    await new Promise((resolve) => setImmediate(resolve))
    scenario.after?.(world)
    wire.destroy()
    await new Promise((resolve) => setImmediate(resolve))
  })

  const setCookie = [...wire.text.matchAll(/^set-cookie: (.*)\r$/gim)].map(([, line]) => line)
  const next = merged(scenario.cookie, setCookie)
  const later = scenario.later?.(world) ?? middleware
  return { log, errors, ended, wire: wire.text, setCookie, next: attempt(() => asRead(later, next)) }
}

module.exports = { KEYS, MODERN, OriginalKeygrip, attempting, carried, merged, play, told }
