'use strict'

// The measuring loop: tasks in short batches, in turns and in another order each time, so that whatever
// else the machine does falls on all of them alike.

const http = require('node:http')
const net = require('node:net')
const tls = require('node:tls')
const { lowerQuartile, mean, shuffled } = require('./statistics')

const WARM_UP = 0.2
const LEAST_BATCHES = 6

/** The smallest step of the process's CPU clock, in microseconds. */
function stepOfCpuClock() {
  let least = Infinity
  for (let i = 0; i < 20; i++) {
    const before = process.cpuUsage()
    let used
    do used = process.cpuUsage(before)
    while (used.user + used.system === 0)
    least = Math.min(least, used.user + used.system)
  }
  return least
}

/** CPU time is not taken by other processes, where the system tells it finely; else it is the wall's. */
const clock = stepOfCpuClock() <= 20 ? 'cpu' : 'wall'

function microseconds() {
  if (clock === 'wall') return Number(process.hrtime.bigint()) / 1000
  const { user, system } = process.cpuUsage()
  return user + system
}

const sockets = { plain: new net.Socket(), tls: new tls.TLSSocket(new net.Socket()) }

/**
 * The requests and responses of a Node server, made as it makes them but for the parsing.
 *
 * @param {typeof http.IncomingMessage} Request each middleware gets a class of its own: V8 has one fast hidden
 *   class for an accessor by the name of `session`, and the first middleware in the process would keep it
 */
function exchangeMaker(Request, cookie, secure) {
  const headers = { host: 'localhost', 'user-agent': 'bench', accept: 'text/html,application/xhtml+xml' }
  if (cookie !== '') headers.cookie = cookie
  const socket = secure ? sockets.tls : sockets.plain
  return {
    request() {
      const req = new Request(socket)
      req.httpVersionMajor = 1
      req.httpVersionMinor = 1
      req.httpVersion = '1.1'
      req.method = 'GET'
      req.url = '/'
      req.headers = headers
      return req
    },
    response: (req) => new http.ServerResponse(req)
  }
}

/** A class of requests for one middleware. */
function requestClass() {
  return class extends http.IncomingMessage {}
}

/**
 * A batch of requests through a middleware, from new objects to the response's head.
 *
 * @param {typeof http.IncomingMessage} Request
 * @param {(req: object, res: object, next: () => void) => void} middleware
 * @param {((req: object) => unknown) | undefined} action what the app does
 */
function requests(Request, middleware, action, cookie, secure) {
  const exchange = exchangeMaker(Request, cookie, secure)
  return (count) => {
    for (let i = 0; i < count; i++) {
      const req = exchange.request()
      const res = exchange.response(req)
      middleware(req, res, () => {
        if (action !== undefined) action(req)
      })
      res.writeHead(200)
    }
  }
}

/** Tasks to compare, cell by cell, and what their batches took. */
class Meter {
  #batchMs
  #collects
  #states

  /**
   * @param {Record<string, Record<string, (count: number) => void | Promise<void>>>} cells tasks by name that
   *   are compared with each other
   * @param {object} [how]
   * @param {number} [how.batchMs] how long a batch of the slowest task of a cell may take
   * @param {boolean} [how.collects] whether garbage is collected when V8 sees fit. Otherwise what is young and
   *   dead goes between the cells, so that hardly a batch sees a collection.
   */
  constructor(cells, { batchMs = 3, collects = false } = {}) {
    this.#batchMs = batchMs
    this.#collects = collects
    this.#states = Object.entries(cells).map(([cell, tasks]) => ({
      cell,
      tasks: Object.entries(tasks).map(([name, run]) => ({ name, run, times: [] }))
    }))
  }

  /** Decides how often each task runs in a batch: as many times as the slowest of its cell needs to fill it. */
  async calibrate() {
    for (const state of this.#states) {
      let slowest = 0
      for (const { run } of state.tasks) {
        await run(20)
        const before = process.hrtime.bigint()
        await run(20)
        slowest = Math.max(slowest, Number(process.hrtime.bigint() - before) / 20)
      }
      state.count = Math.max(10, Math.ceil((this.#batchMs * 1e6) / slowest))
    }
  }

  /** @param {boolean} counts whether the compiler is warm */
  async pass(counts) {
    for (const { count, tasks } of shuffled(this.#states)) {
      if (!this.#collects) global.gc({ type: 'minor' })
      for (const { run, times } of shuffled(tasks)) {
        // The processor's caches and branch predictor get to know the task again before it counts.
        await run(Math.ceil(count / 8))
        const before = microseconds()
        const pending = run(count)
        if (pending !== undefined) await pending
        const time = (microseconds() - before) / count
        if (counts) times.push(time)
      }
    }
  }

  /** Microseconds of each: the lower quartile of its batches, or their mean where collections belong to it. */
  results() {
    const statistic = this.#collects ? mean : lowerQuartile
    return Object.fromEntries(
      this.#states.map(({ cell, tasks }) => [
        cell,
        Object.fromEntries(tasks.map(({ name, times }) => [name, statistic(times)]))
      ])
    )
  }
}

/**
 * Lets a meter, or several in turns, pass over their tasks for some time.
 *
 * @param {{ calibrate(): Promise<void>, pass(counts: boolean): Promise<void> }[]} meters
 */
async function passes(meters, milliseconds) {
  const started = performance.now()
  const passed = () => (performance.now() - started) / milliseconds
  for (const meter of meters) await meter.calibrate()
  let counted = 0
  while (passed() < 1 || counted < LEAST_BATCHES) {
    const warm = passed() > WARM_UP
    if (warm && counted === 0) for (const meter of meters) await meter.calibrate()
    for (const meter of shuffled(meters)) await meter.pass(warm)
    if (warm) counted++
  }
}

async function measure(cells, { milliseconds, batchMs }) {
  const meter = new Meter(cells, { batchMs })
  await passes([meter], milliseconds)
  return meter.results()
}

module.exports = { Meter, clock, exchangeMaker, measure, passes, requestClass, requests }
