'use strict'

// Whether a million requests leave anything behind that ten thousand do not.
// `node bench/memory.js` prints it for both engines, and for no middleware at all.

const { load } = require('./packages')
const { requestClass, requests } = require('./batches')
const { SESSIONS, SETTINGS, SITUATIONS, headerOf, optionsOf } = require('./work')

const FIRST = 10_000
const ALL = 1_000_000
/** What a heap of some megabytes varies by, and what the resident size does by the collector's whims. */
const HEAP_TOLERANCE = 0.25e6
const RESIDENT_TOLERANCE = 8e6
const MEASURED = ['native', 'node', 'nothing']

function sizes() {
  for (let i = 0; i < 3; i++) global.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

/** Runs in a process of its own: all situations in turns. */
async function life({ engine }) {
  const setting = SETTINGS.default
  const none = engine === 'nothing'
  const middleware = none ? (_req, _res, next) => next() : load(engine)(optionsOf(setting))
  const Request = requestClass()
  const session = SESSIONS.small
  const tasks = Object.values(SITUATIONS).map(({ cookies, action }) =>
    requests(
      Request,
      middleware,
      none ? undefined : action(session),
      headerOf(cookies(setting.name, session)),
      false
    )
  )
  const run = async (from, to) => {
    for (let done = from, turn = 0; done < to; done += 100) {
      tasks[turn++ % tasks.length](100)
      // Deferred frees, of strings that belong to an addon for one, are done between turns of the loop.
      if (turn % 50 === 0) await new Promise(setImmediate)
    }
  }
  await run(0, FIRST)
  const early = sizes()
  await run(FIRST, ALL)
  const late = sizes()
  const heap = late.heap - early.heap
  const resident = late.resident - early.resident
  return { early, late, holds: heap <= HEAP_TOLERANCE && resident <= RESIDENT_TOLERANCE }
}

function line(engine, { early, late, holds }) {
  const mb = (bytes) => (bytes / 1e6).toFixed(1).padStart(6)
  return (
    `${engine.padEnd(10)} heap ${mb(early.heap)} MB, then ${mb(late.heap)} MB; ` +
    `resident ${mb(early.resident)} MB, then ${mb(late.resident)} MB  ${holds ? '✓' : '✗'}`
  )
}

async function main() {
  const { live } = require('./lives')
  console.log(`after ${FIRST} requests, and after ${ALL}`)
  for (const engine of MEASURED) console.log(line(engine, await live({ kind: 'memory', engine })))
}

if (require.main === module) main()

module.exports = { ALL, FIRST, life, line }
