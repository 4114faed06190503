// The main proof that this package is a drop-in replacement: many thousands of random exchanges, each run
// through the original and through ours on both engines, must look the same from outside, down to the
// bytes sent.
//
// DIFFERENTIAL_SEED=1       the seed of the run (else a random one, printed)
// DIFFERENTIAL_SCRIPTS=1000 how many scripts (else 3,000, and on until all that is to occur has, 20,000 at most)
// DIFFERENTIAL_SCRIPT=12    that one script alone
// DIFFERENTIAL_COVERAGE=1   print how often each feature and each outcome occurred
// COOKIE_SESSION_ENGINE     that engine alone

'use strict'

const assert = require('node:assert')
const test = require('node:test')
const { generate } = require('../support/differential/generate')
const { run } = require('../support/differential/run')
const { compare, firstDifference, kind } = require('../support/differential/compare')
const { shrink } = require('../support/differential/shrink')
const { print } = require('../support/differential/print')
const { outcomes, OUTCOME_NAMES } = require('../support/differential/outcomes')
const { FEATURE_NAMES } = require('../support/differential/features')
const { loadOriginal, loadOurs } = require('../support/differential/implementations')

const SHORTEST = 3000
const LONGEST = 20000

// how often each feature and outcome must occur within the longest run
const AT_LEAST = 2

const seed = (process.env.DIFFERENTIAL_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0
const given = process.env.DIFFERENTIAL_SCRIPTS
const scripts = Number(given || LONGEST)
if (!Number.isSafeInteger(scripts) || scripts < 1) {
  // A run of no scripts would pass.
  throw new TypeError(`DIFFERENTIAL_SCRIPTS is ${given}; expected a whole number from 1`)
}
const only = process.env.DIFFERENTIAL_SCRIPT
const chosenEngine = process.env.COOKIE_SESSION_ENGINE
const engines = chosenEngine ? [chosenEngine] : ['native', 'node']

function report(index, script, original, ours) {
  const before = compare(script, original, ours)
  const sort = kind(before)
  const small = shrink(script, (candidate) => {
    const difference = compare(candidate, original, ours)
    return difference !== null && kind(difference) === sort
  })
  const difference = compare(small, original, ours) || before
  return [
    `${ours.label} is not as the original is: script ${index} of seed ${seed}.`,
    `Again: DIFFERENTIAL_SEED=${seed} DIFFERENTIAL_SCRIPT=${index} node --test __test__/once/differential.test.js`,
    '',
    print(small),
    '',
    'The transcripts, and where they part:',
    ...difference.before.map((line) => `           ${line.slice(0, 2000)}`),
    `original:  ${difference.left.slice(0, 4000)}`,
    `ours:      ${difference.right.slice(0, 4000)}`
  ].join('\n')
}

function count(counts, names) {
  for (const name of names) counts.set(name, (counts.get(name) || 0) + 1)
}

function seldom(counts, names) {
  return names
    .filter((name) => (counts.get(name) || 0) < AT_LEAST)
    .map((name) => `${name}: ${counts.get(name) || 0}`)
}

test('random exchanges look the same with the original and with ours', async (t) => {
  // to stderr at once, so that it is known even if the process dies
  console.error(`differential test: seed ${seed}, engines ${engines.join(', ')}`)
  const original = loadOriginal('the original')
  const ways = [...engines.map((engine) => [engine]), [engines[0], { subscribed: true }]]
  const ours = ways.map(([engine, way]) => {
    const loaded = loadOurs(engine, way)
    assert.strictEqual(loaded.cookieSession.engine, engine, 'the engine asked for is the one that runs')
    return loaded
  })
  const features = new Map()
  const found = new Map()

  const from = only === undefined ? 0 : Number(only)
  const to = only === undefined ? scripts : from + 1
  let done = from
  const isCovered = () => seldom(features, FEATURE_NAMES).length + seldom(found, OUTCOME_NAMES).length === 0
  for (let index = from; index < to; index++) {
    if (!given && index >= SHORTEST && index % 100 === 0 && isCovered()) break
    // lets Node finish what the responses left to do
    if (index % 25 === 0) await new Promise(setImmediate)
    if (index % 10000 === 0 && index > 0) console.error(`differential test: ${index} of ${to} scripts`)
    const generated = generate(seed, index)
    const expected = run(generated.script, original)
    for (const implementation of ours) {
      // The code is the same with a subscriber, up to the message.
      if (implementation.subscribe && !given && index % 4 > 0) continue
      if (firstDifference(expected, run(generated.script, implementation)) !== null) {
        assert.fail(report(index, generated.script, original, implementation))
      }
    }
    count(features, generated.features)
    count(found, outcomes(expected, generated.script))
    done++
  }
  console.error(`differential test: ${done - from} scripts`)

  if (process.env.DIFFERENTIAL_COVERAGE) {
    for (const counts of [features, found]) {
      console.error(
        [...counts]
          .sort((a, b) => a[1] - b[1])
          .map(([name, times]) => `${times} ${name}`)
          .join('\n')
      )
    }
  }
  if (only === undefined && scripts >= LONGEST) {
    await t.test('each feature of the generator occurred', () => {
      assert.deepStrictEqual(seldom(features, FEATURE_NAMES), [])
      const unknown = [...features.keys()].filter((name) => !FEATURE_NAMES.includes(name))
      assert.deepStrictEqual(unknown, [], 'features that features.js does not list')
    })
    await t.test('each rule of the original was in force', () => {
      assert.deepStrictEqual(seldom(found, OUTCOME_NAMES), [])
    })
  }
})
