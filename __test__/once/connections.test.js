'use strict'

// Many users at once on keep-alive connections, while the keys change: not one session is lost, mixed up or wrongly
// refused. Server and clients are processes of their own, as each has a limit of open files. CONNECTIONS=10000 SECONDS=60
// is the long form; SEED repeats what the users do, and COOKIE_SESSION_ENGINE chooses one engine.

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { describe, it } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')

const CONNECTIONS = Number(process.env.CONNECTIONS || 500)
const SECONDS = Number(process.env.SECONDS || 2)
const SEED = Number(process.env.SEED || Date.now() % 1_000_000)
/** Once a second; in a short run oftener, so that keys go away in it. */
const ROTATION_MS = Math.min(1000, (SECONDS * 1000) / 50)
const ENGINES = process.env.COOKIE_SESSION_ENGINE ? [process.env.COOKIE_SESSION_ENGINE] : ['native', 'node']
const USERS_PER_CLIENT = 5000

function start(script, env) {
  return fork(path.join(__dirname, '..', 'support', 'connections', script), {
    env: { ...process.env, CONNECTIONS, SECONDS, SEED, ROTATION_MS, ...env }
  })
}

/** The next message of a process, which is not to end before. */
async function told(child) {
  const ended = new AbortController()
  const message = once(child, 'message', { signal: ended.signal })
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
    throw new Error(`${path.basename(child.spawnargs[1])} ended with ${code ?? signal}`)
  })
  try {
    return (await Promise.race([message, exit]))[0]
  } finally {
    ended.abort()
    await Promise.allSettled([message, exit])
  }
}

function sum(reports, of) {
  return reports.reduce((total, report) => total + of(report), 0)
}

async function run(engine) {
  const children = []
  const started = (script, env) => {
    const child = start(script, { ...env, COOKIE_SESSION_ENGINE: engine })
    children.push(child)
    return child
  }
  try {
    const server = started('server.js')
    const { port, engine: served } = await told(server)
    assert.equal(served, engine)
    const look = () => {
      assert.ok(server.connected, 'the server ended')
      server.send('look')
      return told(server)
    }

    const clients = []
    for (let first = 0; first < CONNECTIONS; first += USERS_PER_CLIENT) {
      const count = Math.min(USERS_PER_CLIENT, CONNECTIONS - first)
      const ADDRESS = `127.0.0.${1 + clients.length}`
      clients.push(started('client.js', { PORT: port, ADDRESS, FIRST: first, COUNT: count }))
    }
    await Promise.all(clients.map(told))
    const looks = []
    while (!(looks[0]?.connections >= CONNECTIONS)) looks[0] = await look()
    for (const client of clients) client.send('go')
    const reports = Promise.all(clients.map(told))
    reports.catch(() => {})
    await sleep(SECONDS * 500)
    looks.push(await look())
    const ended = await reports
    looks.push(await look())
    return { reports: ended, looks }
  } finally {
    for (const child of children) child.kill()
  }
}

function print(engine, { reports, looks }) {
  const kinds = {}
  for (const report of reports) {
    for (const [kind, count] of Object.entries(report.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count
  }
  const sizes = looks.map(({ rss }) => Math.round(rss / 1e6)).join(', ')
  const counts = Object.entries(kinds).map(([kind, count]) => `${kind}: ${count}`)
  console.log(`${engine}: seed ${SEED}; ${counts.sort().join('; ')}`)
  console.log(
    `${engine}: ${looks[0].connections} connections, ${SECONDS} s, ${sum(reports, ({ requests }) => requests)} requests, ` +
      `${looks[2].rotations} rotations of the keys, ${looks[2].unfinished} clients gone before their answer, ` +
      `${sum(reports, ({ checked }) => checked)} sessions at the end, ` +
      `wrong: ${sum(reports, ({ wrong }) => wrong)}; resident size at start, middle, end: ${sizes} MB`
  )
}

describe('many connections', () => {
  for (const engine of ENGINES) {
    it(`lose, mix up and refuse no session on the engine '${engine}'`, {
      timeout: (SECONDS + 300) * 1000
    }, async () => {
      const outcome = await run(engine)
      print(engine, outcome)
      const { reports, looks } = outcome
      assert.deepEqual(
        reports.flatMap(({ details }) => details),
        []
      )
      assert.ok(sum(reports, ({ checked }) => checked) > CONNECTIONS / 2)
      assert.ok(looks[1].connections >= CONNECTIONS)
      assert.deepEqual(looks[2].failures, [])
      assert.deepEqual(looks[2].warnings, [])
    })
  }
})
