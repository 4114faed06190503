'use strict'

// Everything that has to pass, in one run: the crate's tests, each test in __test__/both-engines on both engines, and each
// other one once (those choose their engines themselves). What they share is in __test__/support.
//
//   node scripts/test.js [--addon]
//
// --addon is for an addon that was built elsewhere: without what needs Rust.
//
// Each file is a process. All wait in one queue, so that no processor idles while another ends a part of the work.

const { spawn } = require('node:child_process')
const { existsSync, readdirSync } = require('node:fs')
const { availableParallelism } = require('node:os')
const path = require('node:path')
const { flagsOf } = require('./flags')

const ROOT = path.join(__dirname, '..')
const TESTS = path.join(ROOT, '__test__')

/** What needs a release build of its own, and Valgrind: `.ci/run` has it beside what else runs under Valgrind. */
const ELSEWHERE = ['instructions.test.js']
/** Tests that compile. */
const COMPILING = ['panics.test.js']
/** What takes longest starts first, so that it does not run on alone at the end. */
const LONGEST = ['browser', 'panics', 'forgery', 'differential', 'boundary', 'soak', 'types']
/** Seconds after which a file counts as hung. */
const PATIENCE = 600
/** One more than there are processors: tests wait for browsers, sockets and processes. */
const PLACES = availableParallelism() + 1

const { values } = flagsOf('npm test [-- --addon]', { addon: { type: 'boolean', default: false } })
const isAddonAlone = values.addon

/** @typedef {{ name: string, command: string, args: string[], env?: object }} Job */

/** @returns {Job[]} */
function jobsIn(folder, engine) {
  const where = path.join(TESTS, folder)
  return readdirSync(where)
    .filter(
      (file) =>
        file.endsWith('.test.js') && !ELSEWHERE.includes(file) && !(isAddonAlone && COMPILING.includes(file))
    )
    .map((file) => ({
      name: engine === undefined ? file : `${file} (${engine})`,
      command: process.execPath,
      args: ['--test-reporter=tap', path.join(where, file)],
      env: { COOKIE_SESSION_ENGINE: engine }
    }))
}

/** @returns {Promise<{ code: number | null, signal: string | null, output: string, seconds: number }>} */
function run({ command, args, env }) {
  return new Promise((resolve) => {
    const started = Date.now()
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, COOKIE_SESSION_ENGINE: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE * 1000,
      killSignal: 'SIGKILL'
    })
    const output = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => output.push(bytes))
    const end = (code, signal) =>
      resolve({
        code,
        signal,
        output: Buffer.concat(output).toString(),
        seconds: (Date.now() - started) / 1000
      })
    child.on('error', (error) => {
      output.push(Buffer.from(`${command}: ${error.message}\n`))
      end(null, null)
    })
    child.on('close', end)
  })
}

/** How many tests a file had, and which of them it left out. `cargo test` says it in other words. */
function countsOf(output) {
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0)
  const inRust = [...output.matchAll(/^test result: ok\. (\d+) passed/gm)]
  return {
    passed: count('pass') + inRust.reduce((sum, [, number]) => sum + Number(number), 0),
    skipped: [...output.matchAll(/^ *ok \d+ - (.*# SKIP.*)$/gm)].map(([, what]) => what)
  }
}

/** Runs a job and prints what became of it. @returns {Promise<number>} how many tests passed; NaN if it failed */
async function report(job) {
  const { code, signal, output, seconds } = await run(job)
  const { passed, skipped } = countsOf(output)
  const isPassed = code === 0 && passed + skipped.length > 0
  if (!isPassed) console.log(`\n${output}`)
  const what = isPassed ? `${passed} passed` : `FAILED${signal ? ` by ${signal}` : ''}`
  console.log(`${job.name}: ${what}, ${seconds.toFixed(1)} s`)
  for (const one of skipped) console.log(`  left out: ${one}`)
  return isPassed ? passed : Number.NaN
}

async function main() {
  const started = Date.now()
  const rank = ({ name }) => {
    const at = LONGEST.indexOf(name.replace('.test.js', ''))
    return at < 0 ? LONGEST.length : at
  }
  const jobs = [
    ...(isAddonAlone
      ? []
      : [{ name: 'cargo test', command: 'cargo', args: ['test', '--locked', '--quiet'] }]),
    ...jobsIn('once').sort((a, b) => rank(a) - rank(b)),
    ...['native', 'node'].flatMap((engine) => jobsIn('both-engines', engine))
  ]
  const waiting = [...jobs]
  const failed = []
  let passed = 0
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const count = await report(job)
      if (Number.isNaN(count)) failed.push(job.name)
      else passed += count
    }
  }
  await Promise.all(Array.from({ length: PLACES }, work))
  console.log(
    `\n${passed} tests passed in ${jobs.length - failed.length} of ${jobs.length} runs, ` +
      `${((Date.now() - started) / 1000).toFixed(1)} s`
  )
  if (failed.length === 0) return
  console.error(`FAILED: ${failed.join(', ')}`)
  if (!existsSync(path.join(ROOT, 'target'))) {
    console.error('The addon is built by `npm run build`, which needs Rust.')
  }
  process.exitCode = 1
}

main()
