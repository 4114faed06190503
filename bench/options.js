'use strict'

// `npm run bench:options`: what each opt-in option adds to a request that reads and modifies a small session, over what a
// request without options takes, on both engines. A process for each setting, as one setting's code would be compiled for
// all; several lives of each, in turns. Without sockets, and with `--sockets` over Express 5.

const { spawn } = require('node:child_process')
const { channel } = require('node:diagnostics_channel')
const http = require('node:http')
const { parseArgs } = require('node:util')
const { measure, requestClass, requests } = require('./batches')
const { machine, printMachine } = require('./machine')
const { load } = require('./packages')
const { Progress } = require('./progress')
const { shuffled } = require('./statistics')
const { SESSIONS, SITUATIONS, headerOf } = require('./work')

const KEYS = ['0123456789abcdefghijklmnopqrstuv', 'klmnopqrstuvwxyz0123456789abcdef']
const HOUR = 60 * 60 * 1000
const MILLISECONDS = 1500
const LIVES = 5
const WARM_UP_REQUESTS = 8000
const REQUESTS = 12_000
const SOCKETS = 8

const NONE = 'no option'
const HARDENED = 'encrypt, ttl, rolling, sessionMethods, reissue, onError, maxSize'

/** Each setting: its options, and how many times the cost without options it may have, on each engine. */
const SETTINGS = {
  [NONE]: { options: {} },
  'a channel subscriber': { options: {}, subscribes: true, native: 1.15, node: 1.15 },
  maxSize: { options: { maxSize: 4096 }, native: 1.15, node: 1.15 },
  proxy: { options: { proxy: true }, native: 1.15, node: 1.15 },
  requestKey: { options: { requestKey: 'session' }, native: 1.15, node: 1.15 },
  reissue: { options: { reissue: true }, native: 1.15, node: 1.15 },
  accept: { options: { accept: () => true }, native: 1.15, node: 1.15 },
  onError: { options: { onError() {} }, native: 1.15, node: 1.15 },
  "digest: 'sha256'": { options: { digest: 'sha256' }, native: 1.2, node: 1.2 },
  encrypt: { options: { encrypt: true }, native: 1.5, node: 2 },
  ttl: { options: { ttl: HOUR }, native: 1.5, node: 2 },
  'ttl: true': { options: { ttl: true, maxAge: HOUR }, native: 1.5, node: 2 },
  maxLifetime: { options: { maxLifetime: HOUR }, native: 1.5, node: 2 },
  rolling: { options: { rolling: true }, native: 1.5, node: 2 },
  sessionMethods: { options: { sessionMethods: true }, native: 1.5, node: 2 },
  [HARDENED]: {
    options: {
      encrypt: true,
      ttl: HOUR,
      rolling: true,
      sessionMethods: true,
      reissue: true,
      onError() {},
      maxSize: 4096
    },
    native: 1.8,
    node: 2.5
  }
}
const ENGINES = ['native', 'node']

// --- one life of one setting ---------------------------------------------------------------------------------

function setUp(engine, setting) {
  const { options, subscribes } = SETTINGS[setting]
  const cookieSession = load(engine)
  const given = () => ({ keys: [...KEYS], ...options })
  if (subscribes) {
    for (const event of ['opened', 'rejected', 'saved', 'failed']) {
      channel(`cookie-session:${event}`).subscribe(() => {})
    }
  }
  const header = headerOf(cookieSession.cookieHeader(SESSIONS.small, given()).split('; '))
  return { middleware: cookieSession(given()), header }
}

/** @returns {Promise<number>} microseconds added to a request, on a busy loop */
async function inLoop(engine, setting) {
  const { header, middleware } = setUp(engine, setting)
  const action = SITUATIONS['read and modify'].action()
  const nothing = requests(requestClass(), (_req, _res, next) => next(), undefined, header, false)
  const ours = requests(requestClass(), middleware, action, header, false)
  const { cell } = await measure({ cell: { nothing, ours } }, { milliseconds: MILLISECONDS })
  return cell.ours - cell.nothing
}

/** @returns {Promise<number>} microseconds of user CPU of a request to Express 5, less those without a session */
async function overSockets(engine, setting) {
  const { header, middleware } = setUp(engine, setting)
  const express = require('express')
  const app = express()
  app.get('/nothing', (_req, res) => res.end('ok'))
  app.use(middleware)
  app.get('/session', (req, res) => {
    req.session.views++
    res.end('ok')
  })
  const server = http.createServer({ keepAlive: true }, app)
  server.keepAliveTimeout = 0
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = spawn(process.execPath, [__filename, '--client', `${server.address().port}`, header], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  const told = (message) =>
    new Promise((resolve) => {
      client.once('message', resolve)
      if (message) client.send(message)
    })
  await told()
  const spent = { '/nothing': [], '/session': [] }
  for (const path of Object.keys(spent)) await told({ path, count: WARM_UP_REQUESTS })
  for (let block = 0; block < 4; block++) {
    for (const path of shuffled(Object.keys(spent))) {
      await told({ path, count: REQUESTS / 20 })
      global.gc({ type: 'minor' })
      const before = process.cpuUsage()
      await told({ path, count: REQUESTS / 4 })
      spent[path].push(process.cpuUsage(before).user / (REQUESTS / 4))
    }
  }
  client.kill()
  server.close()
  server.closeAllConnections()
  const least = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 4)]
  return least(spent['/session']) - least(spent['/nothing'])
}

/** The process that sends the requests, so that the server's CPU time is the server's alone. */
async function client(port, cookie) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: SOCKETS })
  const ask = (path) =>
    new Promise((resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port, path, agent, headers: { cookie } }, (response) => {
        response.resume().once('end', resolve)
      })
      request.once('error', reject)
    })
  process.on('message', async ({ path, count }) => {
    let left = count
    const worker = async () => {
      while (left-- > 0) await ask(path)
    }
    await Promise.all(Array.from({ length: SOCKETS }, worker))
    process.send('done')
  })
  process.send('ready')
}

// --- all of them ---------------------------------------------------------------------------------------------

/** @returns {Promise<number>} what one process says */
function life(engine, setting, sockets) {
  const args = ['--expose-gc', __filename, ...(sockets ? ['--sockets'] : []), '--life', engine, setting]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_ENV: 'production', DEBUG: '' }
    })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.once('close', (code) =>
      code === 0 ? resolve(Number(text)) : reject(new Error(`${setting}: ${code}`))
    )
  })
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

async function main() {
  const { values: flags, positionals } = parseArgs({
    options: {
      sockets: { type: 'boolean', default: false },
      life: { type: 'boolean' },
      client: { type: 'boolean' },
      lives: { type: 'string' }
    },
    allowPositionals: true
  })
  if (flags.client) return client(...positionals)
  if (flags.life) {
    const run = flags.sockets ? overSockets : inLoop
    process.stdout.write(String(await run(...positionals)), () => process.exit())
    return undefined
  }
  printMachine(machine())
  const progress = new Progress()
  const lives = Number(flags.lives ?? LIVES)
  const plans = ENGINES.flatMap((engine) =>
    Object.keys(SETTINGS).map((setting) => ({ engine, setting, times: [] }))
  )
  for (let i = 0; i < lives; i++) {
    for (const [done, plan] of shuffled(plans).entries()) {
      progress.show(`life ${i + 1} of ${lives}: ${done} of ${plans.length}`)
      plan.times.push(await life(plan.engine, plan.setting, flags.sockets))
    }
  }
  const timeOf = (engine, setting) => {
    const { times } = plans.find((plan) => plan.engine === engine && plan.setting === setting)
    return median(times)
  }
  progress.end()
  const where = flags.sockets ? 'Express 5 over sockets, user CPU' : 'on a busy loop'
  console.log(`\nmicroseconds added to a request that reads and modifies a small session, ${where};`)
  console.log(`and how many times those without options. Medians of ${lives} lives, a process each.`)
  console.log(`  ${''.padEnd(66)}native                     node`)
  for (const setting of Object.keys(SETTINGS)) {
    const cells = ENGINES.map((engine) => {
      const time = timeOf(engine, setting)
      const limit = SETTINGS[setting][engine]
      const text = `${time.toFixed(1).padStart(6)}`
      if (limit === undefined) return text.padEnd(27)
      const times = time / timeOf(engine, NONE)
      return `${text}  ${times.toFixed(2)} of ${limit} ${times <= limit ? '✓' : '✗'}`.padEnd(27)
    })
    console.log(`  ${setting.padEnd(64)}${cells.join('')}`.trimEnd())
  }
  return undefined
}

main()
