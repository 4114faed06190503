'use strict'

// The long forms of the tests, those that SECURITY.md has figures of: `npm test` and `.ci/run` have time for short ones.
//
//   npm run test:all [-- NAME...]
//
// Without a name all run, one after another; that takes hours. What an environment variable of a test already says stays as
// it is. Of files that may be open, `connections` needs some 25,000: `ulimit -n 50000`.

const { spawnSync } = require('node:child_process')
const { availableParallelism } = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const test = (file, env) => ({ args: ['--test', path.join(ROOT, '__test__', file)], env })
const script = (name, ...flags) => ({ args: [path.join(__dirname, name), ...flags], env: {} })

/** @type {Record<string, { args: string[], env: Record<string, string> }>} */
const TESTS = {
  differential: test('once/differential.test.js', { DIFFERENTIAL_SCRIPTS: '20000' }),
  forgery: test('once/forgery.test.js', {
    FORGERY_EXHAUSTIVE: '200',
    FORGERY_COOKIES: '10000',
    FORGERY_MUTATIONS: '200',
    FORGERY_SOCKETS: '5000',
    FORGERY_DOWNGRADES: '3'
  }),
  codec: test('once/codec.test.js', { CODEC_HEADERS: '5000' }),
  random: test('once/random.test.js', { RANDOM_CASES: '1000000' }),
  dates: test('both-engines/dates.test.js', { DATES_WALKS: '10000' }),
  keygrip: test('both-engines/keygrip-random-keys.test.js', { KEYGRIP_WALKS: '50000' }),
  workers: test('both-engines/workers.test.js', { WORKERS_ROUNDS: '100' }),
  examples: test('once/examples.test.js', { EXAMPLES: 'all' }),
  package: script('test-package'),
  'break-rules': script('break-rules.js'),
  sanitizers: script('sanitizers.js', '--long'),
  valgrind: script('valgrind.js', '--long'),
  fuzz: script('fuzz.js', '--jobs', String(availableParallelism())),
  connections: test('once/connections.test.js', { CONNECTIONS: '10000', SECONDS: '60' }),
  soak: test('once/soak.test.js', { SOAK: 'long' })
}

function main(names) {
  const unknown = names.find((name) => !Object.hasOwn(TESTS, name))
  if (unknown !== undefined) {
    console.error(`There is no test ${unknown}. Usage: npm run test:all [-- NAME...]`)
    console.error(`Each NAME is one of ${Object.keys(TESTS).join(', ')}.`)
    process.exitCode = 2
    return
  }
  const failed = []
  for (const name of names.length > 0 ? names : Object.keys(TESTS)) {
    const { args, env } = TESTS[name]
    console.log(`\n# ${name}`)
    const started = Date.now()
    const { status } = spawnSync(process.execPath, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...env, ...process.env }
    })
    if (status !== 0) failed.push(name)
    const minutes = ((Date.now() - started) / 60_000).toFixed(1)
    console.log(`# ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${minutes} min`)
  }
  if (failed.length > 0) {
    console.error(`FAILED: ${failed.join(', ')}`)
    process.exitCode = 1
  }
}

module.exports = { TESTS }

if (require.main === module) main(process.argv.slice(2))
