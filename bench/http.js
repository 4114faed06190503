'use strict'

// What the middleware adds to a server's CPU time per request, over real keep-alive sockets. See README.md here.

const { fork } = require('node:child_process')
const net = require('node:net')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { machine, printMachine } = require('./machine')
const { Progress } = require('./progress')
const { lowerQuartile, shuffled, spread } = require('./statistics')
const { SESSIONS, SETTINGS, cookiesOf, headerOf } = require('./work')

const SOCKETS = 8
const REQUESTS = 1500
const BLOCKS = 12
/** Before each block, not measured: caches and branch predictor get to know the handler again. */
const LEAD_IN = 300
const WARM_UP_BLOCKS = 3
const LIVES = 2
const SELF_CHECK = ['nothing', 'cookie-session', 'cookie-session again']
const PACKAGES = [...SELF_CHECK, 'native', 'node']
/** The floor beneath them, see http-server.js. */
const CONTRACT = 'contract alone'
const CONTROLS = ['constant cookies', 'own properties']
const FRAMEWORKS = ['plain', 'express']
/** What the native engine may add at most, of what cookie-session adds. */
const TARGETS = { plain: 7, express: 3 }
const HEAD_END = '\r\n\r\n'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    'one-class': { type: 'boolean' },
    blocks: { type: 'string' },
    framework: { type: 'string' }
  }
})
const blocks = Number(flags.blocks ?? BLOCKS)

function requestText({ name, secure }) {
  return [
    'GET / HTTP/1.1',
    'Host: localhost',
    'User-Agent: bench',
    'Accept: text/html,application/xhtml+xml',
    ...(secure ? ['X-Forwarded-Proto: https'] : []),
    `Cookie: ${headerOf(cookiesOf(name, SESSIONS.small))}`,
    '',
    ''
  ].join('\r\n')
}

/** Keeps one request under way on a socket until there are none left. */
class Client {
  #socket
  #request
  #received = ''
  #answered

  constructor(port, request) {
    this.#request = Buffer.from(request)
    this.#socket = net.connect(port, '127.0.0.1').setNoDelay(true)
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.latin1Slice()
      if (!this.#received.endsWith(`${HEAD_END}ok`)) return
      const answer = this.#received
      this.#received = ''
      this.#answered(answer)
    })
  }

  /** Sends requests as long as `takeOne` says so. */
  run(takeOne) {
    return new Promise((resolve, reject) => {
      const onClose = () => reject(new Error('the server closed a connection'))
      this.#socket.once('error', reject).once('close', onClose)
      this.#answered = (answer) => {
        if (takeOne()) return this.#socket.write(this.#request)
        this.#socket.off('error', reject).off('close', onClose)
        resolve(answer)
      }
      this.#answered()
    })
  }

  close() {
    this.#socket.removeAllListeners('close').destroy()
  }
}

function once(child) {
  return new Promise((resolve, reject) => {
    const onExit = (code) => reject(new Error(`the server ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}

function send(clients, requests) {
  let left = requests
  return Promise.all(clients.map((client) => client.run(() => left-- > 0)))
}

/** Whether a variant does what it is measured for. */
async function check(name, client) {
  const [answer] = await send([client], 1)
  const cookies = answer.match(/^set-cookie: /gim) ?? []
  const expected = name === 'nothing' || name === 'own properties' ? 0 : 2
  if (!answer.startsWith('HTTP/1.1 200') || cookies.length !== expected) {
    throw new Error(`unexpected answer from ${name}: ${answer}`)
  }
}

/** One life of the server: each variant in blocks, in turns. Microseconds of user CPU a request. */
async function life(plan, onBlock) {
  const child = fork(path.join(__dirname, 'http-server.js'), {
    execArgv: ['--expose-gc'],
    env: { ...process.env, NODE_ENV: 'production', DEBUG: '', BENCH_PLAN: JSON.stringify(plan) }
  })
  const ports = await once(child)
  const request = requestText(SETTINGS[plan.settings])
  const clients = {}
  for (const name of plan.variants) {
    clients[name] = Array.from({ length: SOCKETS }, () => new Client(ports[name], request))
    await check(name, clients[name][0])
  }

  const times = Object.fromEntries(plan.variants.map((name) => [name, []]))
  for (let block = -WARM_UP_BLOCKS; block < plan.blocks; block++) {
    for (const name of shuffled(plan.variants)) {
      await send(clients[name], LEAD_IN)
      child.send('start')
      await once(child)
      await send(clients[name], REQUESTS)
      child.send('stop')
      const user = await once(child)
      if (block >= 0) times[name].push(user / REQUESTS)
    }
    onBlock((block + WARM_UP_BLOCKS + 1) / (plan.blocks + WARM_UP_BLOCKS))
  }
  for (const client of Object.values(clients).flat()) client.close()
  child.disconnect()
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, lowerQuartile(values)]))
}

/** What each variant adds, and what part that is of what cookie-session adds: both for each life. */
function compare(lives) {
  const { nothing: _, ...rest } = lives[0]
  const added = (one, name) => one[name] - one.nothing
  const rows = Object.keys(rest).map((name) => {
    const parts = lives.map((one) => added(one, name) / added(one, 'cookie-session'))
    return [name, { added: spread(lives.map((one) => added(one, name))), part: spread(parts), parts }]
  })
  return { nothing: spread(lives.map((one) => one.nothing)), rows: Object.fromEntries(rows) }
}

function isQuiet({ rows }) {
  const { median } = rows['cookie-session again'].part
  return median >= 0.9 && median <= 1.1
}

/** A part of cookie-session's cost. One below a hundredth, or below nothing, cannot be told from nothing. */
function partText(part) {
  return part < 0.01 ? 'nothing to measure' : `1/${(1 / part).toFixed(1)}`
}

function print(framework, settings, result) {
  const { nothing, rows } = result
  console.log(`\n${framework === 'plain' ? 'plain http' : 'Express 5'}, ${settings} settings`)
  if (!result.quiet) {
    const { median } = rows['cookie-session again'].part
    console.log(`  too noisy: cookie-session against itself came out at ${median.toFixed(2)}; no figure`)
    return
  }
  console.log(`  without a session ${nothing.median.toFixed(1)} µs; added to that:`)
  for (const [name, { added, parts: ofTheirs }] of Object.entries(rows)) {
    const parts = CONTROLS.includes(name) ? '' : ofTheirs.map(partText).join(', ')
    const target = name === 'native' ? `  at most 1/${TARGETS[framework]} ${result.holds ? '✓' : '✗'}` : ''
    console.log(`  ${name.padEnd(22)}${added.median.toFixed(1).padStart(6)} µs   ${parts}${target}`)
  }
}

async function main() {
  const progress = new Progress()
  const oneClass = flags['one-class'] ?? false
  const results = []
  const report = { machine: machine(), requests: REQUESTS, blocks, lives: LIVES, oneClass, results }
  if (!flags.json) printMachine(report.machine)

  const livesOf = async (plan, count, title) => {
    const lives = []
    for (let i = 0; i < count; i++) {
      const text = `${title}, life ${i + 1} of ${count}`
      lives.push(await life(plan, (part) => progress.show(`${text}: ${Math.round(part * 100)} %`)))
    }
    return compare(lives)
  }

  const first = { framework: 'plain', settings: 'default', variants: SELF_CHECK, blocks, oneClass }
  const self = await livesOf(first, 2, 'cookie-session against itself')
  report.selfCheck = { ...self.rows['cookie-session again'].part, quiet: isQuiet(self) }
  if (!report.selfCheck.quiet) {
    progress.end()
    const message = `This machine is too noisy: cookie-session against itself came out at ${report.selfCheck.median.toFixed(2)}.`
    console.log(flags.json ? JSON.stringify(report, null, 2) : message)
    process.exitCode = 2
    return
  }

  for (const settings of Object.keys(SETTINGS)) {
    for (const framework of flags.framework ? [flags.framework] : FRAMEWORKS) {
      const variants = settings === 'default' ? [...PACKAGES, CONTRACT, ...CONTROLS] : PACKAGES
      const plan = { framework, settings, variants, blocks, oneClass }
      const result = await livesOf(plan, LIVES, `${framework}, ${settings} settings`)
      result.quiet = isQuiet(result)
      result.holds = result.quiet && result.rows.native.part.median <= 1 / TARGETS[framework]
      if (!result.quiet) result.rows = { 'cookie-session again': result.rows['cookie-session again'] }
      results.push({ framework, settings, target: TARGETS[framework], ...result })
      if (!flags.json) {
        progress.clear()
        print(framework, settings, result)
      }
    }
  }
  report.seconds = progress.end()
  if (flags.json) console.log(JSON.stringify(report, null, 2))
  else console.log(`\nUser CPU of the server, lower quartiles; ${report.seconds} s.`)
}

main()
