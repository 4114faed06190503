// Runs one script against one implementation and returns its transcript: a list of lines that holds
// everything that could be observed from outside. Two implementations agree on a script if the transcripts
// are equal.

'use strict'

const PlainKeygrip = require('keygrip')
const { build } = require('./values')
const { headerText } = require('./header')
const { makeExchange } = require('./exchange')
const { freezeClock } = require('./clock')
const { actions } = require('./actions')
const { debugSink } = require('./implementations')
const {
  show,
  showError,
  showProperty,
  showFunction,
  showKeys,
  plainMessage,
  describeSession
} = require('./describe')

const START = Date.UTC(2031, 4, 6, 7, 8, 9, 123)

function run(script, implementation) {
  const lines = []
  const note = (line) => lines.push(line)
  const cleanups = []
  const clock = freezeClock(START)
  const w = { implementation, clock, note, cleanups, jar: new Map(), arrays: [] }
  w.env = {
    note,
    Keygrip: implementation.Keygrip,
    PlainKeygrip,
    session: () => w.req.session,
    replaceSession: (value) => {
      w.req.session = value
    }
  }
  w.buildOptions = (spec) => buildOptions(spec, w.env)
  if (implementation.subscribe) cleanups.push(implementation.subscribe())
  if (script.debug) startDebug(implementation.debug, note, cleanups)
  try {
    construct(w, script)
    if (w.middleware) {
      script.exchanges.forEach((exchange, i) => {
        note(`--- exchange ${i + 1}`)
        runExchange(w, exchange)
      })
      describeOptions(w.options, note)
    }
  } catch (error) {
    // no script gets here unless the harness is at fault
    note(`harness: ${error.stack}`)
    w.broken = error
  } finally {
    while (cleanups.length > 0) cleanups.pop()()
    clock.restore()
  }
  if (w.broken) throw w.broken
  return lines
}

function startDebug(debug, note, cleanups) {
  const before = process.env.DEBUG
  debug.enable('cookie-session')
  debugSink.current = (text) => {
    if (!text.startsWith('session options')) note(`debug ${plainDebug(text)}`)
  }
  cleanups.push(() => {
    debugSink.current = null
    debug.disable()
    if (before === undefined) delete process.env.DEBUG
    else process.env.DEBUG = before
  })
}

function plainDebug(text) {
  const prefix = 'error saving session '
  return text.startsWith(prefix) ? prefix + plainMessage(text.slice(prefix.length)) : text
}

// spec: a value, or { own: [[key, value, how]], proto: [[key, value]], freeze }
function buildOptions(spec, env) {
  if (spec === null || typeof spec !== 'object' || spec.$ !== undefined) return build(spec, env)
  const proto = spec.proto
    ? Object.fromEntries(spec.proto.map(([key, value]) => [key, build(value, env)]))
    : null
  const options = proto ? Object.create(proto) : {}
  for (const [key, data, how] of spec.own) {
    let value = build(data, env)
    const descriptor = { configurable: true, enumerable: how !== 'hidden' }
    if (how === 'accessor') {
      descriptor.get = () => value
      descriptor.set = (next) => {
        env.note(`options.${key} set`)
        value = next
      }
    } else if (how === 'ticking') {
      descriptor.get = () => tick(key)
    } else if (how === 'getter') {
      descriptor.get = () => value
    } else {
      descriptor.value = value
      descriptor.writable = true
    }
    Object.defineProperty(options, key, descriptor)
  }
  if (spec.freeze) Object.freeze(options)
  return options
}

// the value of an option that follows the clock
function tick(key) {
  const now = Date.now()
  if (key === 'expires') return new Date(now + 60000)
  if (key === 'maxAge') return (now % 100000) + 1
  return `/t${now}`
}

function describeOptions(options, note) {
  if (options === null || typeof options !== 'object') return
  for (const key of Reflect.ownKeys(options)) note(`options ${showProperty(options, key)}`)
}

function construct(w, script) {
  const { note } = w
  for (const action of script.before || []) perform(w, action)
  try {
    w.options = buildOptions(script.options, w.env)
  } catch (error) {
    note(`building the options ${showError(error)}`)
    return
  }
  w.constructing = true
  try {
    w.middleware = w.implementation.cookieSession(w.options)
    note(`middleware ${w.middleware.name}/${w.middleware.length} ${showKeys(w.middleware)}`)
  } catch (error) {
    note(`constructor ${showError(error)}`)
  }
  w.constructing = false
  describeOptions(w.options, note)
}

function perform(w, action) {
  let result
  try {
    const value = actions[action.op](w, action)
    if (value === undefined) return
    result = show(value)
  } catch (error) {
    result = showError(error)
  }
  w.note(`${action.op}: ${result}`)
}

function runExchange(w, spec) {
  const { note } = w
  const cookie = headerText(spec.cookie, w.jar, w.env)
  const { req, res, socket, sent } = makeExchange(spec.request, cookie, note)
  Object.assign(w, { req, res, socket })
  if (!w.firstReq) w.firstReq = req
  for (const action of spec.before || []) perform(w, action)
  callMiddleware(w, spec)
  for (const action of spec.actions) {
    note(action.op)
    perform(w, action)
  }
  if (!res.writableEnded) perform(w, { op: 'end', chunk: 'over' })
  for (const line of sent()) note(`sent ${line}`)
  perform(w, { op: 'header', how: 'get', name: 'Set-Cookie' })
  for (const array of w.arrays) note(`array ${show(array)}`)
  w.arrays = []
  try {
    describeSession(req.session, note)
  } catch (error) {
    note(`session ${showError(error)}`)
  }
  note(`request keys ${showKeys(req)}`)
  fillJar(w.jar, sent())
}

function callMiddleware(w, spec) {
  const { req, res, note } = w
  const odd = spec.odd
  if (odd === 'frozen request') Object.freeze(req)
  if (odd === 'sealed session') Object.defineProperty(req, 'session', { value: 'fixed' })
  if (odd === 'session there') req.session = { there: true }
  const next = (...args) => {
    note(`next ${args.length} ${show(typeof req.sessionOptions)}`)
    if (odd === 'next throws') throw new RangeError('next threw')
    return 'next returned'
  }
  const before = new Set(Reflect.ownKeys(req))
  const beforeRes = new Set(Reflect.ownKeys(res))
  try {
    const result = w.middleware(
      req,
      odd === 'no response' ? undefined : res,
      odd === 'no next' ? undefined : next
    )
    note(`returned ${show(result)}`)
  } catch (error) {
    note(`middleware ${showError(error)}`)
  }
  for (const key of Reflect.ownKeys(req)) {
    if (!before.has(key)) note(`request got ${key === 'session' ? showProperty(req, key) : String(key)}`)
  }
  for (const key of Reflect.ownKeys(res)) {
    if (!beforeRes.has(key)) note(`response got ${showFunction(res, key)}`)
  }
}

// what a browser would keep of the answer
function fillJar(jar, lines) {
  for (const line of lines) {
    const match = /^Set-Cookie: ([^=]*)=([^;]*)/i.exec(line)
    if (!match) continue
    if (match[2] === '') jar.delete(match[1])
    else jar.set(match[1], match[2])
  }
}

module.exports = { run, buildOptions, START }
