'use strict'

// Runs the test suites of cookie-session and keygrip, as their authors wrote them, against this package. A
// drop-in replacement that fails the original's own tests is none, whatever its own tests say.
//
//   npm run test:upstream
//   COOKIE_SESSION_GIT=<clone> KEYGRIP_GIT=<clone> npm run test:upstream
//
// The suites come from the projects' repositories, or from local clones. Where neither can be had this says so
// and exits with 1: a suite that did not run has not passed.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const MOCHA = path.join(path.dirname(require.resolve('mocha/package.json')), 'bin', 'mocha.js')
const ENGINES = ['native', 'node']
const GIT_TIMEOUT = 60_000
const MOCHA_TIMEOUT = 120_000

// The commits are fixed beside the tags: what runs here is what was read, even if somebody moves a tag.
const SUITES = [
  {
    name: 'cookie-session',
    url: 'https://github.com/expressjs/cookie-session',
    variable: 'COOKIE_SESSION_GIT',
    tag: 'v2.1.1',
    commit: 'beb3ece1bacf56b4e9970bce628f8831855560d6',
    index: "module.exports = require('..')\n"
  },
  {
    name: 'keygrip',
    url: 'https://github.com/crypto-utils/keygrip',
    variable: 'KEYGRIP_GIT',
    tag: '1.1.0',
    commit: '8c1174d6aab9e2284a5305ab4b7a417984e65dda',
    index: "module.exports = require('..').Keygrip\n"
  }
]

/** A reason why a suite could not be run at all. */
class DidNotRun extends Error {}

function git(args) {
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0' }
  // set where this runs from a hook; they would point git at this repository
  for (const name of ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE']) delete env[name]
  try {
    return execFileSync('git', args, {
      env,
      encoding: 'utf8',
      timeout: GIT_TIMEOUT,
      stdio: ['ignore', 'pipe', 'pipe']
    }).trim()
  } catch (err) {
    if (err.code === 'ETIMEDOUT')
      throw new DidNotRun(`git ${args[0]} took longer than ${GIT_TIMEOUT / 1000} s`)
    throw new DidNotRun(String(err.stderr || err.message).trim())
  }
}

/** Puts the suite's test folder, and an index.js that stands for the package it tests, into the folder. */
function checkOut(suite, folder) {
  const source = process.env[suite.variable] || suite.url
  const clone = path.join(folder, 'clone')
  git([
    '-c',
    'advice.detachedHead=false',
    'clone',
    '--quiet',
    '--depth',
    '1',
    '--branch',
    suite.tag,
    '--',
    source,
    clone
  ])
  const [commit, date] = git(['-C', clone, 'log', '-1', '--format=%H %cI']).split(' ')
  if (commit !== suite.commit) {
    throw new DidNotRun(`${suite.tag} of ${source} is commit ${commit}, not ${suite.commit}`)
  }
  fs.cpSync(path.join(clone, 'test'), path.join(folder, 'test'), { recursive: true })
  fs.rmSync(clone, { recursive: true, force: true })
  fs.writeFileSync(path.join(folder, 'index.js'), suite.index)
  console.log(`${suite.name} ${suite.tag}, commit ${commit} of ${date}`)
}

/** Runs mocha over the folder; true if tests ran and all of them passed. */
function runMocha(folder, engine) {
  const env = { ...process.env, COOKIE_SESSION_ENGINE: engine }
  const loaded = spawnSync(process.execPath, ['-p', 'require(process.argv[1]).engine', ROOT], {
    env,
    encoding: 'utf8'
  })
  if (loaded.stdout.trim() !== engine) {
    console.log(`  ${engine}: FAILED, the engine cannot be loaded\n${loaded.stderr}`)
    return false
  }
  const report = path.join(folder, `${engine}.json`)
  const args = [
    '--no-config',
    '--no-package',
    '--check-leaks',
    '--reporter',
    'json',
    '--reporter-option',
    `output=${report}`
  ]
  const run = spawnSync(process.execPath, [MOCHA, ...args, 'test/'], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: MOCHA_TIMEOUT
  })
  if (!fs.existsSync(report)) {
    const why = run.error ? run.error.message : `mocha ended with ${run.signal || run.status}`
    console.log(`  ${engine}: FAILED, ${why}\n${run.stdout}${run.stderr}`)
    return false
  }
  const { stats, failures } = JSON.parse(fs.readFileSync(report, 'utf8'))
  const passed = run.status === 0 && stats.tests > 0 && stats.passes === stats.tests
  console.log(
    `  ${engine}: ${passed ? 'passed' : 'FAILED'}, ${stats.passes} of ${stats.tests} tests` +
      `${stats.pending ? `, ${stats.pending} pending` : ''}, ${stats.duration} ms`
  )
  for (const { fullTitle, err } of failures) console.log(`    ${fullTitle}\n      ${err.message}`)
  return passed
}

/** True if the suite ran and passed on both engines. */
function runSuite(suite) {
  const folder = fs.mkdtempSync(path.join(ROOT, '.upstream-'))
  const remove = () => fs.rmSync(folder, { recursive: true, force: true })
  const stop = (signal) => {
    remove()
    process.kill(process.pid, signal)
  }
  const signals = ['SIGINT', 'SIGTERM']
  for (const signal of signals) process.once(signal, stop)
  try {
    checkOut(suite, folder)
    return ENGINES.map((engine) => runMocha(folder, engine)).every(Boolean)
  } catch (err) {
    if (!(err instanceof DidNotRun)) throw err
    console.log(
      `${suite.name} ${suite.tag}: DID NOT RUN\n  ${err.message.replaceAll('\n', '\n  ')}\n` +
        `  Give a clone of ${suite.url} in ${suite.variable} to run it without the network.`
    )
    return false
  } finally {
    remove()
    for (const signal of signals) process.removeListener(signal, stop)
  }
}

process.exitCode = SUITES.map(runSuite).every(Boolean) ? 0 : 1
