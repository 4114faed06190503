'use strict'

// From what the measuring processes found to the table: costs added, ratios, targets, floors.

const { mean, median, spread } = require('./statistics')
const { FALLBACK_TARGETS, SITUATIONS, SIZES, TARGETS, TOLERANCE } = require('./work')

const ORIGINAL = 'cookie-session'
const CONTROL = 'cookie-session again'
const QUIET = { least: 0.9, most: 1.1 }

const CELLS = Object.keys(SIZES).flatMap((size) =>
  Object.keys(SITUATIONS).map((situation, i) => ({ size, situation, target: TARGETS[size][i] }))
)

function isQuiet(ratio) {
  return ratio >= QUIET.least && ratio <= QUIET.most
}

/** One run's costs by package and cell, whether its packages shared a process or not. */
function addedIn(run) {
  return ({ size, situation }, name) => {
    const cells = run.cells ?? run[name].cells
    const times = cells[`${size}/${situation}`]
    return times[name] - times.nothing
  }
}

/** cookie-session runs twice everywhere: its cost is the mean of both. */
function originalIn(run, cell) {
  return mean([ORIGINAL, CONTROL].map((name) => addedIn(run)(cell, name)))
}

function ratiosOf(runs, cell, name) {
  return runs.map((run) => originalIn(run, cell) / addedIn(run)(cell, name))
}

/** The one cookie-session over the other. */
function controlOf(runs, cell) {
  return spread(runs.map((run) => addedIn(run)(cell, ORIGINAL) / addedIn(run)(cell, CONTROL)))
}

/** cookie-session against itself: each cell's median, and the mean of all. */
function selfCheck(runs) {
  const cells = CELLS.map((cell) => ({
    size: cell.size,
    situation: cell.situation,
    ratio: controlOf(runs, cell)
  }))
  const medians = cells.map(({ ratio }) => ratio.median)
  const overall = Math.exp(mean(medians.map(Math.log)))
  return {
    cells,
    overall,
    least: Math.min(...medians),
    most: Math.max(...medians),
    quiet: medians.every(isQuiet),
    quietOverall: isQuiet(overall)
  }
}

/** @returns a row for each cell, with the native engine's verdict and the fallback's */
function tableOf(runs) {
  return CELLS.map((cell) => {
    const { size, situation, target } = cell
    const added = (name) => median(runs.map((run) => addedIn(run)(cell, name)))
    const ratio = spread(ratiosOf(runs, cell, 'native'))
    const control = controlOf(runs, cell)
    const node = spread(ratiosOf(runs, cell, 'node'))
    const most = size === 'small' ? FALLBACK_TARGETS[situation] : undefined
    return {
      size,
      situation,
      target,
      added: {
        [ORIGINAL]: median(runs.map((run) => originalIn(run, cell))),
        native: added('native'),
        node: added('node')
      },
      ratio,
      quiet: isQuiet(control.median),
      holds: isQuiet(control.median) && ratio.median >= TOLERANCE * target,
      node: { ratio: node, target: most, holds: most === undefined ? undefined : 1 / node.median <= most },
      control
    }
  })
}

/** How far the native engine is from what V8 and SHA-1 take, and what lies between. */
function floorsOf(runs) {
  const rows = CELLS.filter(({ situation }) => situation !== 'untouched').map((cell) => {
    const { size, situation } = cell
    const floor = median(runs.map((run) => run.floor.floors[size].situations[situation]))
    const native = median(runs.map((run) => addedIn(run)(cell, 'native')))
    return { size, situation, floor, native, times: native / floor, aim: { small: 2, large: 1.3 }[size] }
  })
  const between = Object.keys(SIZES).map((size) => {
    const native = (situation) => median(runs.map((run) => addedIn(run)({ size, situation }, 'native')))
    const { floor } = rows.find((row) => row.size === size && row.situation === 'read and modify')
    const untouched = native('untouched')
    const cookies = median(runs.map((run) => run.floor.floors[size].parts.cookies))
    const all = native('read and modify')
    return { size, floor, untouched, cookies, rest: all - floor - untouched - cookies, all }
  })
  return { rows, between }
}

module.exports = { CONTROL, ORIGINAL, floorsOf, selfCheck, tableOf }
