'use strict'

// One life of a measuring process. It gets a plan, measures, answers and ends; what one life's compiler,
// memory layout and neighbours favour, another's do not.

const { createHash } = require('node:crypto')
const { on } = require('node:events')
const { Meter, clock, measure, requestClass, requests } = require('./batches')
const { load } = require('./packages')
const { SESSIONS, SETTINGS, SITUATIONS, blocksOf, cookiesOf, headerOf, optionsOf } = require('./work')

const nothing = (_req, _res, next) => next()

/** What of it no middleware can do without: sending two cookies. */
function constants(name, session) {
  const cookies = cookiesOf(name, session).map((cookie) => `${cookie}; path=/; httponly`)
  return (_req, res, next) => {
    next()
    res.setHeader('Set-Cookie', [...cookies])
  }
}

const HASHED = Buffer.alloc(256 * 1024, 'x')
const hash = (count) => {
  for (let i = 0; i < count; i++) createHash('sha1').update(HASHED).digest()
}

function repeat(work) {
  return (count) => {
    for (let i = 0; i < count; i++) work()
  }
}

/** V8's two functions on the sessions, a block of SHA-1, and what Node takes for two cookies. */
function floorCells() {
  const { name } = SETTINGS.default
  const Request = requestClass()
  const cells = { sha1: { block: hash } }
  for (const [size, session] of Object.entries(SESSIONS)) {
    const json = JSON.stringify(session)
    const header = headerOf(cookiesOf(name, session))
    cells[`floor ${size}`] = {
      parse: repeat(() => JSON.parse(json)),
      stringify: repeat(() => JSON.stringify(session))
    }
    cells[`cookies ${size}`] = {
      nothing: requests(Request, nothing, undefined, header, false),
      constants: requests(Request, constants(name, session), undefined, header, false)
    }
  }
  return cells
}

/** @returns for each size: what the floor consists of, and how deep it is for each situation */
function floorsOf(results) {
  const block = results.sha1.block / (HASHED.length / 64)
  const floors = {}
  for (const [size, session] of Object.entries(SESSIONS)) {
    const [value] = cookiesOf(SETTINGS.default.name, session)
    const { parse, stringify } = results[`floor ${size}`]
    const { nothing, constants } = results[`cookies ${size}`]
    const hmac = blocksOf(value.length) * block
    const parts = { parse, stringify, hmac, cookies: constants - nothing }
    const situations = Object.entries(SITUATIONS).map(([situation, { floor }]) => [
      situation,
      floor.hmacs * hmac + (floor.parse ? parse : 0) + (floor.stringify ? stringify : 0)
    ])
    floors[size] = { parts, situations: Object.fromEntries(situations) }
  }
  return floors
}

/** The middlewares of some packages, and none, each with its class of requests. */
function subjectsOf(packages, setting) {
  const subjects = { nothing: { Request: requestClass(), middleware: nothing } }
  for (const name of packages) {
    subjects[name] = { Request: requestClass(), middleware: load(name)(optionsOf(setting)) }
  }
  return subjects
}

/** The same requests through each of the middlewares, as tasks to compare. */
function tasksOf(subjects, action, header, secure) {
  return Object.fromEntries(
    Object.entries(subjects).map(([name, { Request, middleware }]) => [
      name,
      requests(Request, middleware, middleware === nothing ? undefined : action, header, secure)
    ])
  )
}

/** Every situation in every size, for the packages named. */
function tableCells(packages, settings) {
  const setting = SETTINGS[settings]
  const subjects = subjectsOf(packages, setting)
  const cells = {}
  for (const [size, session] of Object.entries(SESSIONS)) {
    for (const [situation, { cookies, action }] of Object.entries(SITUATIONS)) {
      const header = headerOf(cookies(setting.name, session))
      cells[`${size}/${situation}`] = tasksOf(subjects, action(session), header, setting.secure)
    }
  }
  return cells
}

/** All packages in one process. */
async function together({ packages, settings, milliseconds }) {
  return { cells: await measure(tableCells(packages, settings), { milliseconds }) }
}

/** One package in a process, which measures when it is told to: see `inTurns` in lives.js. */
async function turns({ subject, settings }) {
  const isFloor = subject === 'floor'
  const meter = new Meter(isFloor ? floorCells() : tableCells([subject], settings), {
    batchMs: 4,
    collects: !isFloor
  })
  process.send('ready')
  for await (const [message] of on(process, 'message')) {
    if (message === 'end') break
    if (message === 'calibrate') await meter.calibrate()
    else await meter.pass(message.counts)
    process.send('done')
  }
  return isFloor ? { floors: floorsOf(meter.results()) } : { cells: meter.results() }
}

const kinds = {
  together,
  turns,
  growth: (plan) => require('./growth').life(plan),
  alternatives: (plan) => require('./alternatives').life(plan),
  memory: (plan) => require('./memory').life(plan)
}

if (require.main === module) {
  process.once('message', async (plan) => {
    process.send({ clock, ...(await kinds[plan.kind](plan)) }, () => process.exit(0))
  })
}

module.exports = { subjectsOf, tasksOf }
