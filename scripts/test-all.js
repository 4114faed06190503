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
const { flagsOf } = require('./flags')

const ROOT = path.join(__dirname, '..')
/** What chooses its engines itself. */
const CHOOSES = [undefined]
const ENGINES = ['native', 'node']

/** @typedef {{ args: string[], env: Record<string, string>, engines: (string | undefined)[] }} Test */

/** @returns {Test} */
function test(file, env) {
  const args = ['--test', path.join(ROOT, '__test__', file)]
  return { args, env, engines: file.startsWith('both-engines/') ? ENGINES : CHOOSES }
}

/** @returns {Test} */
function script(name, ...flags) {
  return { args: [path.join(__dirname, name), ...flags], env: {}, engines: CHOOSES }
}

/** @type {Record<string, Test>} */
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
  instructions: test('once/instructions.test.js', {}),
  harness: test('once/differential-harness.test.js', { DIFFERENTIAL_VARIANTS: 'all' }),
  sanitizers: script('sanitizers.js', '--long'),
  valgrind: script('valgrind.js', '--long'),
  fuzz: script('fuzz.js', '--jobs', String(availableParallelism())),
  connections: test('once/connections.test.js', { CONNECTIONS: '10000', SECONDS: '60' }),
  soak: test('once/soak.test.js', { SOAK: 'long' })
}

function run(name, engine) {
  const { args, env } = TESTS[name]
  const what = engine === undefined ? name : `${name} on the engine ${engine}`
  console.log(`\n# ${what}`)
  const started = Date.now()
  const { status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...env, ...process.env, ...(engine !== undefined && { COOKIE_SESSION_ENGINE: engine }) }
  })
  const minutes = ((Date.now() - started) / 60_000).toFixed(1)
  return { isPassed: status === 0, report: `${what}: ${status === 0 ? 'passed' : 'FAILED'}, ${minutes} min` }
}

function main() {
  const known = Object.keys(TESTS)
  const usage = `npm run test:all [-- NAME...], where each NAME is one of ${known.join(', ')}`
  const { positionals } = flagsOf(usage, {}, true)
  const unknown = positionals.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    console.error(`There is no test ${unknown}\nusage: ${usage}`)
    process.exitCode = 2
    return
  }
  const names = positionals.length > 0 ? positionals : known
  const results = names.flatMap((name) => TESTS[name].engines.map((engine) => run(name, engine)))
  console.log(`\n${results.map(({ report }) => report).join('\n')}`)
  if (results.some(({ isPassed }) => !isPassed)) process.exitCode = 1
}

module.exports = { TESTS }

if (require.main === module) main()
