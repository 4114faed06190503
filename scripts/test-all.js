'use strict'

// Runs a test in its long form, the one that SECURITY.md has figures of. `npm test` runs the short one.
//
//   node scripts/long-test.js NAME
//
// What an environment variable of the test already says stays as it is.

const { spawnSync } = require('node:child_process')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/** @type {Record<string, { file: string, env: Record<string, string> }>} */
const TESTS = {
  connections: {
    file: 'once/connections.test.js',
    env: { CONNECTIONS: '10000', SECONDS: '60' }
  },
  dates: { file: 'both-engines/dates.test.js', env: { DATES_WALKS: '10000' } },
  differential: { file: 'once/differential.test.js', env: { DIFFERENTIAL_SCRIPTS: '20000' } },
  forgery: {
    file: 'once/forgery.test.js',
    env: {
      FORGERY_EXHAUSTIVE: '200',
      FORGERY_COOKIES: '10000',
      FORGERY_MUTATIONS: '200',
      FORGERY_SOCKETS: '5000',
      FORGERY_DOWNGRADES: '3'
    }
  },
  keygrip: { file: 'both-engines/keygrip-random-keys.test.js', env: { KEYGRIP_WALKS: '50000' } },
  random: { file: 'once/random.test.js', env: { RANDOM_CASES: '1000000' } },
  workers: { file: 'both-engines/workers.test.js', env: { WORKERS_ROUNDS: '100' } },
  soak: { file: 'once/soak.test.js', env: { SOAK: 'long' } }
}

const test = Object.hasOwn(TESTS, process.argv[2]) ? TESTS[process.argv[2]] : undefined
if (test === undefined) {
  console.error(`usage: node scripts/long-test.js ${Object.keys(TESTS).join(' | ')}`)
  process.exit(2)
}
const { status } = spawnSync(process.execPath, ['--test', path.join(ROOT, '__test__', test.file)], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...test.env, ...process.env }
})
process.exit(status ?? 1)
