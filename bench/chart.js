'use strict'

// Draws docs/benchmark.svg from what `npm run bench -- --json` prints. `--svg` draws it right away;
// `node bench/chart.js results.json` does later.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./packages')
const { coresLine } = require('./report')
const { SITUATIONS, SIZES } = require('./work')

const WIDTH = 860
const LEFT = 130
const BAR = 9
const ROW = 3 * BAR + 11
const TOP = 64
const PANEL_HEAD = 26
const PANEL_WIDTH = WIDTH - LEFT - 120
const SERIES = {
  'cookie-session': 'cookie-session',
  node: 'this package, node engine',
  native: 'this package, native engine'
}

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 } .head { font-weight: 600 } .small { font-size: 11px; fill: #57606a }
  .label { text-anchor: end } .cookie-session { fill: #8c959f } .node { fill: #80b3ff } .native { fill: #d9622b }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 }
    .cookie-session { fill: #6e7681 } .node { fill: #4f86d1 } .native { fill: #e8804f }
  }`

function text(x, y, content, className = '') {
  return `<text x="${x}" y="${y}" class="${className}">${content}</text>`
}

function panel(size, cells, top) {
  const own = cells.filter((cell) => cell.size === size)
  const most = Math.max(...own.map(({ added }) => added['cookie-session']))
  const parts = [text(8, top + 15, `${size}, ${SIZES[size].toLocaleString('en-US')} bytes`, 'head')]
  own.forEach(({ situation, added, ratio }, i) => {
    const y = top + PANEL_HEAD + i * ROW
    parts.push(text(LEFT - 8, y + 1.5 * BAR + 4, situation, 'label'))
    Object.keys(SERIES).forEach((name, j) => {
      const width = Math.max(1, (added[name] / most) * PANEL_WIDTH).toFixed(1)
      parts.push(
        `<rect x="${LEFT}" y="${y + j * BAR}" width="${width}" height="${BAR - 1}" class="${name}"/>`
      )
      if (name === 'node') return
      const times = name === 'native' ? `, 1/${ratio.median.toFixed(1)}` : ''
      const x = (LEFT + Number(width) + 5).toFixed(1)
      parts.push(text(x, y + j * BAR + 8, `${added[name].toFixed(1)} µs${times}`, 'small'))
    })
  })
  return parts
}

/** @param {object} report what `npm run bench -- --json` prints */
function draw(report) {
  const { cells } = report.tables.default.alone
  const panelHeight = PANEL_HEAD + Object.keys(SITUATIONS).length * ROW + 8
  const height = TOP + Object.keys(SIZES).length * panelHeight + 44
  const parts = [text(8, 22, 'Processor time that the session middleware adds to a request', 'title')]
  Object.entries(SERIES).forEach(([name, title], i) => {
    const x = 8 + i * 190
    parts.push(`<rect x="${x}" y="36" width="12" height="12" class="${name}"/>`, text(x + 18, 47, title))
  })
  Object.keys(SIZES).forEach((size, i) => {
    parts.push(...panel(size, cells, TOP + i * panelHeight))
  })
  const { node, cpu } = report.machine
  parts.push(
    text(8, height - 26, coresLine(report.cores), 'small'),
    text(
      8,
      height - 8,
      `Node ${node}, ${cpu}; median of ${report.runs} runs, garbage collection included`,
      'small'
    )
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${coresLine(report.cores)}</title>`,
    `<style>${STYLE}\n</style>`,
    ...parts,
    '</svg>',
    ''
  ].join('\n')
}

if (require.main === module) {
  const [file] = process.argv.slice(2)
  const report = JSON.parse(fs.readFileSync(file ?? 0, 'utf8'))
  fs.writeFileSync(path.join(ROOT, 'docs', 'benchmark.svg'), draw(report))
}

module.exports = { draw }
