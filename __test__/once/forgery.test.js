'use strict'

// Nobody without a key makes a session: cookies changed in every small way there is, and at random in large ones, are
// what the original makes of them by default, and refused by every option of ours unless name, value and signature
// are still the genuine ones, byte for byte. Nor does a value, a request's options or a polluted prototype get a weaker
// rule applied.
//
// FORGERY_SEED=1        the seed of the run (else a random one, printed); nonces and times are new each time
// FORGERY_EXHAUSTIVE=n  how many cookies get every small change (else 17)
// FORGERY_COOKIES=n     how many get random changes (else 255), and
// FORGERY_MUTATIONS=n   how many each (else 20)
// FORGERY_SOCKETS=n     how many changed cookies go over a socket (else 480)
// FORGERY_DOWNGRADES=n  how many cookies are shown to an app after each change of its options (else 1)

const assert = require('node:assert')
const { after, describe, test } = require('node:test')
const { Random } = require('../support/differential/random')
const { MODES } = require('../support/forgery/apps')
const { downgrades } = require('../support/forgery/downgrades')
const { Judge } = require('../support/forgery/judge')
const { MUTATIONS, headerWith, smallChanges } = require('../support/forgery/mutations')
const { Pool } = require('../support/forgery/pool')
const { overSockets } = require('../support/forgery/sockets')

function countOf(name, otherwise) {
  const count = Number(process.env[name] || otherwise)
  // A run of nothing would pass.
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new TypeError(`${name} is ${process.env[name]}; expected a whole number from 1`)
}

const seed = (process.env.FORGERY_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0
const EXHAUSTIVE = countOf('FORGERY_EXHAUSTIVE', 17)
const COOKIES = countOf('FORGERY_COOKIES', 255)
const EACH = countOf('FORGERY_MUTATIONS', 20)
const SOCKETS = countOf('FORGERY_SOCKETS', 480)
const DOWNGRADES = countOf('FORGERY_DOWNGRADES', 1)
/** Cookies that are mixed with one another. */
const POOL = 25

const kinds = Object.keys(MUTATIONS)
/** [mode, kind of change, refused or opened] and how often. */
const verdicts = new Map()
let wrong = 0

function count(mode, kind, expected) {
  const id = JSON.stringify([mode.label, kind])
  if (!verdicts.has(id)) verdicts.set(id, { refused: 0, opened: 0 })
  verdicts.get(id)[expected.json === undefined ? 'refused' : 'opened']++
}

/** How many of a number fall to a place, where all places get as many. */
function share(total, place) {
  return Math.ceil((total - place) / MODES.length)
}

function judge({ judge: it, pool, mode }, kind, header) {
  const expected = pool.expected(header)
  count(mode, kind, expected)
  try {
    it.judge(header, expected)
  } catch (error) {
    wrong++
    error.message += `\nmode ${mode.label}, ${kind}, seed ${seed}, Cookie: ${JSON.stringify(header)}`
    throw error
  }
}

/** Genuine cookies of a mode, each with what it is mixed with. */
function* cookiesOf(mode, total, random) {
  for (let made = 0; made < total; made += POOL) {
    const pool = new Pool(mode, random)
    pool.refill(POOL)
    for (const cookie of pool.own.slice(0, total - made)) yield { pool, cookie }
  }
}

function mutated(random, { pool, cookie }) {
  const kind = random.pick(kinds)
  const header = MUTATIONS[kind](random, cookie, random.pick(pool.own), random.pick(pool.others), pool)
  return { kind, header }
}

function sum(rows) {
  const total = { refused: 0, opened: 0 }
  for (const row of rows) {
    total.refused += row.refused
    total.opened += row.opened
  }
  return total
}

function printTable(what, place) {
  const names = [...new Set([...verdicts.keys()].map((id) => JSON.parse(id)[place]))]
  const rows = names.map((name) => {
    return [name, sum([...verdicts].filter(([id]) => JSON.parse(id)[place] === name).map(([, row]) => row))]
  })
  console.error(`| ${what} | refused | opened, being genuine |\n| --- | --- | --- |`)
  for (const [name, { refused, opened }] of rows) console.error(`| ${name} | ${refused} | ${opened} |`)
}

console.error(`forgery test: seed ${seed}`)
after(() => {
  const { refused, opened } = sum(verdicts.values())
  printTable('mode', 0)
  printTable('change', 1)
  console.error(
    `forgery test: ${refused + opened} changed cookies in ${MODES.length} modes, on both engines: ` +
      `${refused} refused, ${opened} still genuine and opened, ${wrong} wrong`
  )
})

for (const [place, mode] of MODES.entries()) {
  describe(`forged cookies: ${mode.label}`, () => {
    test('every small change of a cookie', () => {
      const random = new Random(seed, place)
      const it = new Judge(mode)
      return it.listening(() => {
        for (const { pool, cookie } of cookiesOf(mode, share(EXHAUSTIVE, place), random)) {
          const context = { judge: it, pool, mode }
          judge(context, 'none', headerWith(cookie))
          for (const [kind, header] of smallChanges(cookie)) judge(context, kind, header)
        }
      })
    })

    test('random changes, and mixes with others', () => {
      const random = new Random(seed, MODES.length + place)
      const it = new Judge(mode)
      return it.listening(() => {
        for (const { pool, cookie } of cookiesOf(mode, share(COOKIES, place), random)) {
          const context = { judge: it, pool, mode }
          judge(context, 'none', headerWith(cookie))
          for (const other of pool.others.slice(0, 1)) judge(context, 'none', headerWith(other))
          for (let i = 0; i < EACH; i++) {
            const { kind, header } = mutated(random, { pool, cookie })
            judge(context, kind, header)
          }
        }
      })
    })
  })
}

test('forged cookies over a socket', async () => {
  const random = new Random(seed, 2 * MODES.length)
  const requests = MODES.flatMap((mode, place) =>
    [...cookiesOf(mode, share(SOCKETS, place), random)].map(({ pool, cookie }) => {
      return { mode, pool, ...mutated(random, { pool, cookie }) }
    })
  )
  const { asked, opened } = await overSockets(requests)
  console.error(`forgery test: ${asked} requests over sockets, ${opened} opened`)
  assert.ok(opened > 0 && opened < asked)
})

downgrades(seed, DOWNGRADES)
