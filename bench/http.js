'use strict'

// `npm run bench:http`: what each package adds to a server's CPU time per request, over real sockets, a process for each package and
// each life. See README.md here.

const { flagsOf } = require('../scripts/flags')
const { machine, printMachine } = require('./machine')
const { Progress } = require('./progress')
const { life } = require('./sockets')
const { shuffled, spread } = require('./statistics')

const LIVES = 5
const ORIGINAL = 'cookie-session'
/** The same package in other processes: how far apart two figures may be that are the same. */
const CONTROL = 'cookie-session again'
const VARIANTS = [
  'constant cookies',
  'contract alone',
  ORIGINAL,
  CONTROL,
  'native',
  'node',
  'native, hardened',
  'node, hardened',
  'iron-session'
]
/** Which variants there are on which server. */
const FRAMEWORKS = { plain: VARIANTS, express: VARIANTS, fastify: ['@fastify/secure-session'] }
const TITLES = { plain: 'plain http', express: 'Express 5', fastify: 'Fastify 5' }
/** How many times cheaper a variant has to be than another on the same server. */
const TARGETS = [
  { framework: 'plain', variant: 'native', than: ORIGINAL, times: 5 },
  { framework: 'express', variant: 'native', than: ORIGINAL, times: 6 },
  { framework: 'express', variant: 'native, hardened', than: ORIGINAL, times: 4 },
  { framework: 'express', variant: 'native, hardened', than: 'iron-session', times: 10 }
]

const { values: flags } = flagsOf(
  "npm run bench:http [-- [--json] [--framework express] [--variants 'native;cookie-session'] [--lives N]]",
  {
    json: { type: 'boolean' },
    framework: { type: 'string' },
    lives: { type: 'string' },
    variants: { type: 'string' }
  }
)

function plansOf() {
  const frameworks = flags.framework ? [flags.framework] : Object.keys(FRAMEWORKS)
  const chosen = flags.variants?.split(';')
  return frameworks.flatMap((framework) =>
    FRAMEWORKS[framework]
      .filter((variant) => chosen === undefined || chosen.includes(variant))
      .map((variant) => ({ framework, variant, lives: [] }))
  )
}

/** @returns {{ framework: string, nothing: object, rows: Record<string, object> }[]} */
function resultsOf(plans) {
  return [...new Set(plans.map(({ framework }) => framework))].map((framework) => {
    const own = plans.filter((plan) => plan.framework === framework)
    const rows = own.map(({ variant, lives }) => [variant, spread(lives.map(({ added }) => added))])
    const nothing = spread(own.flatMap(({ lives }) => lives.map(({ nothing }) => nothing)))
    return { framework, nothing, rows: Object.fromEntries(rows) }
  })
}

function targetsOf(results) {
  return TARGETS.flatMap(({ framework, variant, than, times }) => {
    const rows = results.find((result) => result.framework === framework)?.rows ?? {}
    if (!rows[variant] || !rows[than]) return []
    const reached = rows[than].median / rows[variant].median
    return [{ framework, variant, than, times, reached, holds: reached >= times }]
  })
}

function print({ results, targets, lives }) {
  for (const { framework, nothing, rows } of results) {
    console.log(
      `\n${TITLES[framework]}: a request without a session ${nothing.median.toFixed(1)} µs; added to that:`
    )
    const original = rows[ORIGINAL]?.median
    for (const [variant, { median, least, most }] of Object.entries(rows)) {
      const times = original && variant !== ORIGINAL ? `${(original / median).toFixed(1)} times cheaper` : ''
      const range = `${least.toFixed(1)} to ${most.toFixed(1)}`
      console.log(
        `  ${variant.padEnd(24)}${median.toFixed(1).padStart(7)} µs   ${range.padEnd(16)}${times}`.trimEnd()
      )
    }
  }
  console.log()
  for (const { framework, variant, than, times, reached, holds } of targets) {
    const what = `${TITLES[framework]}, ${variant}: ${reached.toFixed(1)} times cheaper than ${than}`
    console.log(`${what}; at least ${times} ${holds ? '✓' : '✗'}`)
  }
  console.log(
    `CPU time of the server, user and system; medians of ${lives} lives, then the least and the most.`
  )
}

async function main() {
  const progress = new Progress()
  const report = { machine: machine(), lives: Number(flags.lives ?? LIVES) }
  if (!flags.json) printMachine(report.machine)
  const plans = plansOf()
  for (let i = 1; i <= report.lives; i++) {
    for (const [done, { framework, variant, lives }] of shuffled(plans).entries()) {
      progress.show(`life ${i} of ${report.lives}: ${done} of ${plans.length}`)
      lives.push(await life({ framework, variant: variant === CONTROL ? ORIGINAL : variant }))
    }
  }
  report.results = resultsOf(plans)
  report.targets = targetsOf(report.results)
  report.seconds = progress.end()
  if (flags.json) console.log(JSON.stringify(report, null, 2))
  else print(report)
}

main()
