'use strict'

// Prints what `npm run bench` found for people. `--json` prints the same for machines.

const loading = require('./load')
const { LONGEST } = require('./growth')
const { printMachine } = require('./machine')
const memory = require('./memory')
const { SITUATIONS, SIZES, TOLERANCE } = require('./work')

const mark = (holds) => (holds ? '✓' : '✗')
const us = (value) => value.toFixed(value < 10 ? 2 : 1)

function heading(text) {
  console.log(`\n${text}\n`)
}

/** Columns as wide as they have to be; the first to the left, the others to the right. */
function printRows(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)))
  for (const row of rows) {
    const [first, ...others] = row.map(String)
    console.log(
      `  ${first.padEnd(widths[0])}${others.map((text, i) => '  ' + text.padStart(widths[i + 1])).join('')}`
    )
  }
}

function ratioCell({ ratio, target, holds, quiet, control }) {
  if (!quiet) return `too noisy (${control.median.toFixed(2)})`
  const range = `${ratio.least.toFixed(1)}-${ratio.most.toFixed(1)}`
  return `${ratio.median.toFixed(2)} (${range}) of ${target} ${mark(holds)}`
}

function grid(cells, textOf) {
  const rows = [['', ...Object.keys(SITUATIONS)]]
  for (const size of Object.keys(SIZES)) {
    rows.push([size, ...cells.filter((cell) => cell.size === size).map(textOf)])
  }
  return rows
}

function printTable({ selfCheck, cells }) {
  printRows(grid(cells, ratioCell))
  console.log('\n  microseconds added: cookie-session, native engine, node engine')
  printRows(grid(cells, ({ added }) => [added['cookie-session'], added.native, added.node].map(us).join(' ')))
  const fallback = cells.filter(({ node }) => node.target !== undefined)
  for (const { situation, node } of fallback) {
    const part = (1 / node.ratio.median).toFixed(2)
    console.log(
      `\n  node engine, small, ${situation}: ${part} of cookie-session, at most ${node.target} ${mark(node.holds)}`
    )
  }
  const { overall, least, most } = selfCheck
  console.log(
    `\n  cookie-session against itself: ${overall.toFixed(2)} on the whole, cells ${least.toFixed(2)}-${most.toFixed(2)}`
  )
}

function printFloors({ rows, between }) {
  const aims = { small: 'aim: 2', medium: '', large: 'aim: 1.3' }
  const situations = Object.keys(SITUATIONS).filter((situation) => situation !== 'untouched')
  const table = [['', ...situations, '']]
  for (const size of Object.keys(SIZES)) {
    const own = rows.filter((row) => row.size === size)
    table.push([size, ...own.map(({ times, floor }) => `${times.toFixed(2)} × ${us(floor)} µs`), aims[size]])
  }
  printRows(table)
  console.log('\n  what is in the way, read and modify, in microseconds:')
  printRows([
    ['', 'floor', 'untouched', 'Node: two cookies', 'the rest', 'all'],
    ...between.map(({ size, floor, untouched, cookies, rest, all }) => [
      size,
      ...[floor, untouched, cookies, rest, all].map(us)
    ])
  ])
}

function printAlternatives({ descriptions, cells }) {
  const columns = Object.keys(cells)
  printRows([
    ['', ...columns],
    ...Object.keys(descriptions).map((name) => [
      name,
      ...columns.map((column) => {
        const cost = cells[column]
        return `${us(cost[name])} (${(cost[name] / cost.native).toFixed(1)}×)`
      })
    ])
  ])
  console.log('')
  for (const [name, description] of Object.entries(descriptions)) console.log(`  ${name}: ${description}`)
}

function printGrowth({ series, hostile, ordinary, filled }) {
  const names = Object.keys(ordinary)
  for (const { what, points, bend, holds } of series) {
    const title = what === 'session' ? 'a session fills it, read and modify' : 'other cookies fill it, read'
    printRows([
      [title, ...points.map(({ bytes }) => `${bytes} B`)],
      ...names.map((name) => [name, ...points.map(({ added }) => us(added[name]))])
    ])
    console.log(`  the last half costs ${bend.toFixed(2)} times as much a byte as the first ${mark(holds)}\n`)
  }
  const row = (text, cost) => [text, ...names.map((name) => ((cost[name] * 1000) / LONGEST).toFixed(2))]
  printRows([
    [`nanoseconds a byte, ${LONGEST} bytes`, ...names, ''],
    [...row('ordinary: other cookies', ordinary), ''],
    ...hostile.map(({ what, added, ratio, holds }) => [
      ...row(what, added),
      `${ratio.native.toFixed(2)} ${mark(holds)}`
    ]),
    [...row('ordinary: a session (read and modify)', filled), '']
  ])
}

function printTooNoisy({ machine, selfCheck: { least, most } }) {
  printMachine(machine)
  console.log(
    `\nThis machine is too noisy: cookie-session against itself came out between ${least.toFixed(2)} and ` +
      `${most.toFixed(2)}, and has to between 0.9 and 1.1. No figure.`
  )
}

function printReport(report) {
  printMachine(report.machine)
  const { least, most } = report.selfCheck
  console.log(
    `cookie-session against itself: ${least.toFixed(2)} to ${most.toFixed(2)}; time of the ` +
      `${report.clock === 'cpu' ? 'processor' : 'clock on the wall'}`
  )
  for (const [settings, { together, alone }] of Object.entries(report.tables)) {
    heading(
      `cookie-session over native, ${settings} settings, each in a process of its own with the garbage it makes;\n` +
        `median of ${report.runs} runs (spread) of target, which holds from ${TOLERANCE} of it`
    )
    if (alone.selfCheck.quietOverall) printTable(alone)
    else
      console.log(
        `  too noisy: cookie-session against itself is ${alone.selfCheck.overall.toFixed(2)}; no figure`
      )
    heading(`The same side by side in one process, without collecting garbage, ${settings} settings`)
    if (together.selfCheck.quiet) printTable(together)
    else {
      const range = `${together.selfCheck.least.toFixed(2)}-${together.selfCheck.most.toFixed(2)}`
      console.log(`  too noisy: cookie-session against itself is ${range}; no figure`)
    }
  }
  heading('Native over the floor: JSON.parse, JSON.stringify and the SHA-1 blocks')
  printFloors(report.tables.default.alone.floors)

  heading('Other packages: microseconds added, processor time of all threads (times the native engine)')
  printAlternatives(report.alternatives)

  heading('Growth with the Cookie header: microseconds added')
  printGrowth(report.growth)

  heading('Loading, lower quartile of fresh processes')
  for (const line of loading.lines(report.loading)) console.log(`  ${line}`)

  const { native, first, all } = report.memory
  heading(`Memory after ${first} requests, and after ${all}`)
  console.log(`  ${memory.line('native', native)}`)

  console.log(`\n${coresLine(report.cores)}\n${report.seconds} s.`)
}

function coresLine(cores) {
  return (
    `At ${cores.requestsASecond.toLocaleString('en-US')} requests a second that read and modify a small session, cookie-session takes ` +
    `${cores['cookie-session'].toFixed(1)} cores, this package ${cores.native.toFixed(1)} ` +
    `(without the addon ${cores.node.toFixed(1)}).`
  )
}

module.exports = { coresLine, printReport, printTooNoisy }
