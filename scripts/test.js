'use strict'

// Everything that has to pass, in one run: the crate's tests, each test in __test__/both-engines on both engines, and each
// other one once (those choose their engines themselves). What they share is in __test__/support.
//
//   node scripts/test.js [--addon]
//
// --addon is for an addon that was built elsewhere: without what needs Rust.

const { spawnSync } = require('node:child_process')
const { existsSync, readdirSync } = require('node:fs')
const { availableParallelism } = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const TESTS = path.join(ROOT, '__test__')

/** Tests that compile. */
const COMPILING = ['instructions.test.js', 'panics.test.js']
const isAddonAlone = process.argv.includes('--addon')

function testsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.js') && !(isAddonAlone && COMPILING.includes(name)))
    .map((name) => path.join(folder, name))
}

/** Node's own choice leaves one processor out, which is half of a machine that has two. */
const TEST = ['--test', `--test-concurrency=${availableParallelism()}`]

const both = testsIn(path.join(TESTS, 'both-engines'))
const once = testsIn(path.join(TESTS, 'once'))

const stages = [
  ...(isAddonAlone ? [] : [{ name: 'cargo test', command: 'cargo', args: ['test', '--locked', '--quiet'] }]),
  ...['native', 'node'].map((engine) => ({
    name: `Node tests on the engine '${engine}'`,
    args: [...TEST, ...both],
    env: { COOKIE_SESSION_ENGINE: engine }
  })),
  { name: 'tests that choose their engines', args: [...TEST, ...once] }
]

const failed = []
for (const { name, command = process.execPath, args, env } of stages) {
  console.log(`\n# ${name}`)
  const started = Date.now()
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, COOKIE_SESSION_ENGINE: undefined, ...env }
  })
  if (error) console.error(`${command}: ${error.message}`)
  if (status !== 0) failed.push(name)
  console.log(
    `# ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s`
  )
}

if (failed.length > 0) {
  console.error(`\nFAILED: ${failed.join(', ')}`)
  if (!existsSync(path.join(ROOT, 'target')))
    console.error('The addon is built by `npm run build`, which needs Rust.')
  process.exit(1)
}
