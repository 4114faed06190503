// The differential test over a package that is installed somewhere, in a runtime that may have no test runner:
//
//   node __test__/support/differential/installed.js FOLDER ENGINE SCRIPTS [SEED]
//
// FOLDER is the package's, ENGINE the one that it has to choose by itself.

'use strict'

const assert = require('node:assert')
const { firstDifference } = require('./compare')
const { generate } = require('./generate')
const { loadOriginal, loadOurs } = require('./implementations')
const { print } = require('./print')
const { run } = require('./run')

const [folder, engine, scripts, chosen] = process.argv.slice(2)
const seed = (chosen ?? Math.floor(Math.random() * 2 ** 32)) >>> 0
const count = Number(scripts)
assert.ok(count > 0, 'usage: installed.js FOLDER ENGINE SCRIPTS [SEED]')

/** Deno's createHmac takes no key that is a typed array but of bytes, so that the original fails there. */
function isBeyondDeno(script) {
  return process.versions.deno !== undefined && /\/\* (?!Uint8)\w+Array \*\//.test(print(script))
}

async function main() {
  let aside = 0
  const original = loadOriginal('the original')
  const ours = loadOurs(undefined, { folder })
  assert.strictEqual(ours.cookieSession.engine, engine)
  for (let index = 0; index < count; index++) {
    // lets the runtime finish what the responses left to do
    if (index % 25 === 0) await new Promise(setImmediate)
    const { script } = generate(seed, index)
    if (isBeyondDeno(script)) {
      aside++
      continue
    }
    const difference = firstDifference(run(script, original), run(script, ours))
    if (difference !== null) {
      throw new Error(
        `script ${index} of seed ${seed}: not as the original\n${print(script)}\n${JSON.stringify(difference)}`
      )
    }
  }
  console.log(`${count} scripts of seed ${seed}: as the original${aside > 0 ? `, ${aside} set aside` : ''}`)
}

main()
