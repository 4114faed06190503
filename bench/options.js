'use strict'

// `npm run bench:options`: what each opt-in option adds to a request that reads and modifies a small session, over what a
// request without options takes, on both engines. A process for each setting, as one setting's code would be compiled for
// all; several lives of each, in turns. Without sockets, and with `--sockets` over Express 5.

const { spawn } = require('node:child_process')
const { flagsOf } = require('../scripts/flags')
const { measure, requestClass, requests } = require('./batches')
const { machine, printMachine } = require('./machine')
const { NONE, OPT_IN, middlewareOf, optionsOf } = require('./opt-in')
const { load } = require('./packages')
const { Progress } = require('./progress')
const { life: lifeOverSockets } = require('./sockets')
const { median, shuffled } = require('./statistics')
const { SESSIONS, SITUATIONS, headerOf } = require('./work')

const MILLISECONDS = 1500
const LIVES = 5
const ENGINES = ['native', 'node']

/** @returns {Promise<number>} microseconds added to a request, on a busy loop */
async function inLoop(engine, setting) {
  const middleware = middlewareOf(engine, setting)
  const header = headerOf(load(engine).cookieHeader(SESSIONS.small, optionsOf(setting)).split('; '))
  const action = SITUATIONS['read and modify'].action()
  const nothing = requests(requestClass(), (_req, _res, next) => next(), undefined, header, false)
  const ours = requests(requestClass(), middleware, action, header, false)
  const { cell } = await measure({ cell: { nothing, ours } }, { milliseconds: MILLISECONDS })
  return cell.ours - cell.nothing
}

/** @returns {Promise<number>} what a process of its own says */
async function life(engine, setting, sockets) {
  if (sockets) return (await lifeOverSockets({ framework: 'express', engine, setting })).added
  const args = ['--expose-gc', __filename, '--life', engine, setting]
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

async function main() {
  const { values: flags, positionals } = flagsOf(
    'npm run bench:options [-- [--sockets] [--lives N]]',
    {
      sockets: { type: 'boolean', default: false },
      lives: { type: 'string' },
      life: { type: 'boolean' }
    },
    true
  )
  if (flags.life) {
    process.stdout.write(String(await inLoop(...positionals)), () => process.exit())
    return undefined
  }
  printMachine(machine())
  const progress = new Progress()
  const lives = Number(flags.lives ?? LIVES)
  const plans = ENGINES.flatMap((engine) =>
    Object.keys(OPT_IN).map((setting) => ({ engine, setting, times: [] }))
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
  const where = flags.sockets ? 'Express 5 over sockets' : 'on a busy loop'
  console.log(`\nmicroseconds added to a request that reads and modifies a small session, ${where};`)
  console.log(`and how many times those without options. Medians of ${lives} lives, a process each.`)
  console.log(`  ${''.padEnd(66)}native                     node`)
  for (const setting of Object.keys(OPT_IN)) {
    const cells = ENGINES.map((engine) => {
      const time = timeOf(engine, setting)
      const limit = OPT_IN[setting][engine]
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
