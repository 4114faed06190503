// Tests of the differential test itself: the same package twice must never differ, and a package with one
// thing wrong must always be found out. Otherwise the silence of the differential test would mean nothing.

'use strict'

const assert = require('node:assert')
const test = require('node:test')
const vm = require('node:vm')
const { generate } = require('../support/differential/generate')
const { run } = require('../support/differential/run')
const { compare, firstDifference, kind } = require('../support/differential/compare')
const { shrink } = require('../support/differential/shrink')
const { print } = require('../support/differential/print')
const { mutants } = require('../support/differential/mutants')
const { loadOriginal } = require('../support/differential/implementations')

// a fixed one, so that this file always does the same
const seed = (process.env.DIFFERENTIAL_SEED ?? 1) >>> 0
const SCRIPTS = 20000

const pause = () => new Promise(setImmediate)

test('the original never differs from itself', async () => {
  const one = loadOriginal('one')
  const other = loadOriginal('other')
  for (let index = 0; index < 500; index++) {
    if (index % 25 === 0) await pause()
    const { script } = generate(seed, index)
    const difference = compare(script, one, other)
    if (difference)
      assert.fail(`seed ${seed}, script ${index}\n${difference.left}\n${difference.right}\n${print(script)}`)
  }
})

test('a script is the same each time it is made', () => {
  for (let index = 0; index < 500; index++) {
    const { script } = generate(seed, index)
    assert.deepStrictEqual(script, generate(seed, index).script)
    assert.deepStrictEqual(
      JSON.parse(JSON.stringify(script)),
      JSON.parse(JSON.stringify(generate(seed, index).script))
    )
  }
  assert.notDeepStrictEqual(generate(seed, 0).script, generate(seed, 1).script)
  assert.notDeepStrictEqual(generate(seed, 0).script, generate(seed + 1, 0).script)
})

test('a script that was stored as JSON runs as before', () => {
  const original = loadOriginal('the original')
  for (let index = 0; index < 500; index++) {
    const { script } = generate(seed, index)
    assert.deepStrictEqual(run(JSON.parse(JSON.stringify(script)), original), run(script, original))
  }
})

test('running a script leaves the process as it was', () => {
  const original = loadOriginal('the original')
  const before = [Object.keys(Object.prototype), Date, Date.now, process.env.DEBUG, BigInt.prototype.toJSON]
  for (let index = 0; index < 300; index++) run(generate(seed, index).script, original)
  const after = [Object.keys(Object.prototype), Date, Date.now, process.env.DEBUG, BigInt.prototype.toJSON]
  assert.deepStrictEqual(after, before)
})

test('the harness runs in strict mode, as assignments that fail must throw', () => {
  const original = loadOriginal('the original')
  const actions = [{ op: 'set', path: ['isNew'], value: 1 }]
  const script = { options: { own: [['keys', ['k']]] }, exchanges: [{ request: {}, actions }] }
  assert(
    run(script, original).includes(
      'set: threw TypeError: Cannot set property isNew of #<Session> which has only a getter'
    )
  )
})

// DIFFERENTIAL_VARIANTS=all  every variant (else each second one)
const step = process.env.DIFFERENTIAL_VARIANTS === 'all' ? 1 : 2

test('each wrong variant of the original is found out', async (t) => {
  const original = loadOriginal('the original')
  const all = mutants()
  assert(all.length >= 30)
  assert.strictEqual(new Set(all.map(({ label }) => label)).size, all.length)
  const tried = all.filter((_, place) => place % step === 0)
  let alive = tried.map(({ label, patches }) => loadOriginal(label, patches))
  let last = 0
  for (let index = 0; index < SCRIPTS && alive.length > 0; index++) {
    if (index % 25 === 0) await pause()
    const { script } = generate(seed, index)
    const expected = run(script, original)
    alive = alive.filter((mutant) => {
      if (firstDifference(expected, run(script, mutant)) === null) return true
      last = index
      return false
    })
  }
  t.diagnostic(`${tried.length} of ${all.length} variants, the last one found out by script ${last}`)
  assert.deepStrictEqual(
    alive.map(({ label }) => label),
    []
  )
})

test('a difference shrinks to a few lines', async () => {
  const original = loadOriginal('the original')
  const label = 'sends an empty new session'
  const { patches } = mutants().find((mutant) => mutant.label === label)
  const mutant = loadOriginal(label, patches)
  let index = 0
  while (compare(generate(seed, index).script, original, mutant) === null) index++
  const { script } = generate(seed, index)
  const sort = kind(compare(script, original, mutant))
  const small = shrink(script, (candidate) => {
    const difference = compare(candidate, original, mutant)
    return difference !== null && kind(difference) === sort
  })
  assert.notStrictEqual(compare(small, original, mutant), null)
  assert.strictEqual(small.exchanges.length, 1)
  assert(small.exchanges[0].actions.length <= 2, print(small))
})

test('every script prints as a program that compiles', () => {
  for (let index = 0; index < 1000; index++) {
    const program = print(generate(seed, index).script)
    try {
      new vm.Script(program)
    } catch (error) {
      assert.fail(`seed ${seed}, script ${index}: ${error.message}\n${program}`)
    }
  }
})
