'use strict'

// Worker threads that load the package, serve some requests and end, in every way that a thread can end. Prints the size
// of the process at the start and at the end. This file is also what the threads run.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads')
const cookieSession = require('../../..')
const { Browser, exchange } = require('./exchange')

const DAY = 24 * 60 * 60 * 1000
const MODES = [{}, { encrypt: true }, { ttl: DAY }]

/** Some requests of a user who comes back, under keys of this thread alone. */
function serve(number) {
  const keys = [`a key of thread number ${number}, made longer`]
  for (const mode of MODES) {
    const middleware = cookieSession({ keys, ...mode })
    const browser = new Browser()
    for (let n = 0; n < 4; n++) {
      const lines = exchange(middleware, browser.header, (req) => {
        assert.equal(req.session.n, n === 0 ? undefined : n)
        req.session.n = n + 1
      })
      browser.take(lines)
    }
  }
}

function inRequest(act) {
  const keys = ['a key that all threads have, as 32 bytes']
  exchange(cookieSession({ keys, encrypt: true }), '', (req) => {
    req.session.n = 1
    exchange(cookieSession({ keys }), '', (inner) => {
      inner.session.n = 1
      act()
    })
  })
}

/** How a thread ends: what it does at last, and the code that it is to end with. */
const ENDS = {
  'left to end': { act: () => undefined, code: 0 },
  'process.exit in a request': { act: () => inRequest(() => process.exit(7)), code: 7 },
  'an error in a request': {
    act: () =>
      inRequest(() => {
        throw new Error('on purpose')
      }),
    code: 1
  },
  'terminated in a request': {
    act: () =>
      inRequest(() => {
        parentPort.postMessage('ready')
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      }),
    terminated: true,
    code: 1
  },
  'terminated while it serves': {
    act(number) {
      parentPort.postMessage('ready')
      for (;;) serve(number)
    },
    terminated: true,
    code: 1
  },
  'terminated while it waits': {
    act() {
      setInterval(() => undefined, DAY)
      parentPort.postMessage('ready')
    },
    terminated: true,
    code: 1
  }
}
const NAMES = Object.keys(ENDS)

let started = 0

async function thread() {
  const number = started++
  const end = ENDS[NAMES[number % NAMES.length]]
  const worker = new Worker(__filename, { workerData: { number } })
  const errors = []
  worker.on('error', (error) => errors.push(error.message))
  // Not by `once` of node:events, which would reject on the error that comes first.
  const exit = new Promise((resolve) => worker.once('exit', resolve))
  if (end.terminated) {
    await Promise.race([once(worker, 'message'), exit])
    await worker.terminate()
  }
  assert.equal(await exit, end.code, `${NAMES[number % NAMES.length]}: ${errors}`)
  assert.deepEqual(errors, NAMES[number % NAMES.length] === 'an error in a request' ? ['on purpose'] : [])
  serve('main')
}

async function work(count) {
  for (let i = 0; i < count; i++) await thread()
}

if (isMainThread) {
  const { soak } = require('./memory')
  soak(Number(process.env.TOTAL), work).then((result) => {
    console.log(JSON.stringify({ engine: cookieSession.engine, ...result, ends: NAMES.length }))
  })
} else {
  serve(workerData.number)
  ENDS[NAMES[workerData.number % NAMES.length]].act(workerData.number)
}
