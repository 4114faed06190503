'use strict'

// `npm run bench`: everything but the sockets (see http.js), in two minutes. README.md here says how.

const fs = require('node:fs')
const path = require('node:path')
const { flagsOf } = require('../scripts/flags')
const alternatives = require('./alternatives')
const { clock } = require('./batches')
const { draw } = require('./chart')
const growth = require('./growth')
const { inTurns, live } = require('./lives')
const { measureLoading } = require('./load')
const { machine } = require('./machine')
const memory = require('./memory')
const { ROOT } = require('./packages')
const { Progress } = require('./progress')
const { printReport, printTooNoisy } = require('./report')
const { median } = require('./statistics')
const { CONTROL, ORIGINAL, floorsOf, selfCheck, tableOf } = require('./table')
const { SETTINGS } = require('./work')

const PACKAGES = [ORIGINAL, CONTROL, 'native', 'node']
const RUNS = 5
const LIVES = 2
/** Milliseconds of one run, or life, of each part. */
const TIME = { selfCheck: 2200, together: 2300, alone: 4000, alternatives: 4500, growth: 3500 }
const REQUESTS_A_SECOND = 100_000

const { values: flags } = flagsOf('npm run bench [-- [--json] [--svg] [--hurry]]', {
  json: { type: 'boolean' },
  svg: { type: 'boolean' },
  // For trying out the harness itself: a part of the time, and figures that are worth as much.
  hurry: { type: 'boolean' }
})
const timeOf = (part) => TIME[part] / (flags.hurry ? 4 : 1)

async function repeated(count, onRun, run) {
  const results = []
  for (let i = 1; i <= count; i++) {
    onRun(`${i} of ${count}`)
    results.push(await run())
  }
  return results
}

/** The same cell, or anything of nested numbers, as the median of several lives. */
function medianOf(lives) {
  const [first] = lives
  if (typeof first === 'number') return median(lives)
  return Object.fromEntries(Object.keys(first).map((key) => [key, medianOf(lives.map((one) => one[key]))]))
}

/** The costs that each package adds to nothing, in every cell. */
function addedOf(cells) {
  return Object.fromEntries(
    Object.entries(cells).map(([cell, { nothing, ...times }]) => [
      cell,
      Object.fromEntries(Object.entries(times).map(([name, time]) => [name, time - nothing]))
    ])
  )
}

async function measureTables(show) {
  const tables = {}
  for (const settings of Object.keys(SETTINGS)) {
    const together = await repeated(
      RUNS,
      (run) => show(`${settings} settings, side by side in one process: run ${run}`),
      () => live({ kind: 'together', packages: PACKAGES, settings, milliseconds: timeOf('together') })
    )
    const alone = await repeated(
      RUNS,
      (run) => show(`${settings} settings, each in a process, in turns: run ${run}`),
      () => inTurns([...PACKAGES, 'floor'], { settings, milliseconds: timeOf('alone') })
    )
    tables[settings] = {
      together: { selfCheck: selfCheck(together), cells: tableOf(together) },
      alone: { selfCheck: selfCheck(alone), cells: tableOf(alone), floors: floorsOf(alone) }
    }
  }
  return tables
}

async function measureAlternatives(show) {
  const lives = await repeated(
    LIVES,
    (run) => show(`other packages: life ${run}`),
    () => live({ kind: 'alternatives', milliseconds: timeOf('alternatives') })
  )
  return addedOf(medianOf(lives.map(({ cells }) => cells)))
}

async function measureGrowth(show) {
  const lives = await repeated(
    LIVES,
    (run) => show(`growth with the header, and headers made to be slow: life ${run}`),
    () => live({ kind: 'growth', packages: [ORIGINAL, 'native', 'node'], milliseconds: timeOf('growth') })
  )
  return growth.judge(lives[0].bytes, addedOf(medianOf(lives.map(({ cells }) => cells))))
}

/** Whole cores at so many requests a second: what is saved with a small session that each request changes. */
function coresOf(tables) {
  const of = (kind) => {
    const { added } = tables.default[kind].cells.find(
      ({ size, situation }) => size === 'small' && situation === 'read and modify'
    )
    const cores = (name) => (added[name] * REQUESTS_A_SECOND) / 1e6
    return { [ORIGINAL]: cores(ORIGINAL), native: cores('native'), node: cores('node') }
  }
  return { requestsASecond: REQUESTS_A_SECOND, ...of('alone') }
}

async function main() {
  const progress = new Progress()
  const show = (text) => progress.show(text)
  const report = { machine: machine(), clock, runs: RUNS, lives: LIVES }

  const first = await repeated(
    3,
    (run) => show(`cookie-session against itself: run ${run}`),
    () =>
      live({
        kind: 'together',
        packages: [ORIGINAL, CONTROL],
        settings: 'default',
        milliseconds: timeOf('selfCheck')
      })
  )
  report.selfCheck = selfCheck(first)
  if (!report.selfCheck.quiet) {
    progress.end()
    if (flags.json) console.log(JSON.stringify(report, null, 2))
    else printTooNoisy(report)
    process.exitCode = 2
    return
  }

  report.tables = await measureTables(show)
  report.cores = coresOf(report.tables)
  report.alternatives = {
    descriptions: alternatives.DESCRIPTIONS,
    cells: await measureAlternatives(show)
  }
  report.growth = await measureGrowth(show)
  show('loading')
  report.loading = await measureLoading(flags.hurry ? 5 : undefined)
  show('memory: a million requests')
  report.memory = {
    native: await live({ kind: 'memory', engine: 'native' }),
    first: memory.FIRST,
    all: memory.ALL
  }
  report.seconds = progress.end()

  if (flags.json) console.log(JSON.stringify(report, null, 2))
  else printReport(report)
  if (flags.svg) fs.writeFileSync(path.join(ROOT, 'docs', 'benchmark.svg'), draw(report))
}

main()
