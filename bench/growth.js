'use strict'

// How the cost grows with the session and with the Cookie header, up to what Node lets through, and what
// headers cost that were made to be slow.

const { measure } = require('./batches')
const { SETTINGS, SITUATIONS, OTHER_COOKIES, cookiesOf, sessionOf } = require('./work')

/** Lengths of the Cookie header. Node takes 16,384 bytes of headers; the others have to fit in as well. */
const LENGTHS = [1000, 2000, 4000, 8000, 16000]
const LONGEST = LENGTHS.at(-1)
const { name: NAME } = SETTINGS.default

function filled(piece, length) {
  let text = ''
  for (let i = 0; text.length < length; i++) text += typeof piece === 'string' ? piece : piece(i)
  return text.slice(0, length)
}

/** A small session at the end of a header that is filled with something. */
function headerFilledWith(piece, length) {
  const end = `; ${cookiesOf(NAME, sessionOf(60)).join('; ')}`
  return filled(piece, length - end.length) + end
}

/** A session as large as a header of this length can hold. */
function headerOfSession(length) {
  let header
  for (let bytes = 60; ; bytes += 20) {
    const longer = [...OTHER_COOKIES, ...cookiesOf(NAME, sessionOf(bytes))].join('; ')
    if (longer.length > length) return header
    header = longer
  }
}

const ordinary = (i) => `name_${i}=GA1.2.${1234567890 + i}; `

const HOSTILE = {
  'the name, but for its last letter': `${NAME.slice(0, -1)}=; `,
  'the name, and one letter more': `${NAME}x=1; `,
  'the name of the signature, without value': `${NAME}.sig; `,
  'the name within another': `x${NAME}=1;`,
  'the name, without =': `${NAME};`,
  'the name after spaces': ` ${NAME} =`,
  'the name in a value, after a space': `a ${NAME}=b`,
  'its first letter alone': `${NAME[0]};`,
  semicolons: ';',
  spaces: ' ',
  'semicolons and spaces': '; ',
  'equals signs': '=',
  quotes: '"'
}

function cellsOf() {
  const cells = {}
  for (const length of LENGTHS) {
    cells[`session/${length}`] = { header: headerOfSession(length), situation: 'read and modify' }
    cells[`header/${length}`] = { header: headerFilledWith(ordinary, length), situation: 'read' }
  }
  for (const [what, piece] of Object.entries(HOSTILE)) {
    cells[`hostile/${what}`] = { header: headerFilledWith(piece, LONGEST), situation: 'read' }
  }
  return cells
}

async function life({ packages, milliseconds }) {
  const { subjectsOf, tasksOf } = require('./life')
  const subjects = subjectsOf(packages, SETTINGS.default)
  const cells = cellsOf()
  const tasks = {}
  const bytes = {}
  for (const [cell, { header, situation }] of Object.entries(cells)) {
    tasks[cell] = tasksOf(subjects, SITUATIONS[situation].action(), header, false)
    bytes[cell] = header.length
  }
  return { bytes, cells: await measure(tasks, { milliseconds }) }
}

/** What a cost may grow by for each further byte, of what it grew by before: noise, and no square. */
const LINEAR = 1.3
/** What noise allows a header made to be slow to cost more than another. */
const NO_MORE = 1.1

/**
 * @param {Record<string, number>} bytes
 * @param {Record<string, Record<string, number>>} added microseconds, by cell and package
 */
function judge(bytes, added) {
  const series = ['session', 'header'].map((what) => {
    const points = LENGTHS.map((length) => ({
      bytes: bytes[`${what}/${length}`],
      added: added[`${what}/${length}`]
    }))
    const slope = (from, to) => (to.added.native - from.added.native) / (to.bytes - from.bytes)
    const bend = slope(points.at(-2), points.at(-1)) / slope(points[0], points.at(-2))
    return { what, points, bend, holds: bend <= LINEAR }
  })
  const ordinary = added[`header/${LONGEST}`]
  const filled = added[`session/${LONGEST}`]
  const hostile = Object.keys(HOSTILE).map((what) => {
    const cost = added[`hostile/${what}`]
    const ratio = Object.fromEntries(Object.keys(cost).map((name) => [name, cost[name] / ordinary[name]]))
    return { what, added: cost, ratio, holds: ratio.native <= NO_MORE }
  })
  return { series, hostile, ordinary, filled }
}

module.exports = { LONGEST, judge, life }
