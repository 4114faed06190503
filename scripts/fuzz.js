'use strict'

// Fuzzes the crate: libFuzzer makes inputs for the targets in fuzz/, and each target compares what the crate does with a
// slow, obvious implementation of it.
//
//   node scripts/fuzz.js [--seconds N] [--jobs N] [--stable] [--if-present] [TARGET...]
//
// Each target gets 600 seconds, or so many as --seconds says; --jobs: so many targets at a time. What libFuzzer learns
// goes to fuzz/corpus, where the next run goes on; an input that fails goes to fuzz/artifacts, and the exit code is 1.
// --stable runs the targets over their seeds and over random inputs, without libFuzzer and on any Rust.
// --if-present: without nightly Rust, do that instead; without Rust, say so and exit with 0.
// FUZZ_SEED chooses the random numbers; FUZZ_INPUTS how many random inputs --stable makes (20,000).
// By hand: `cargo +nightly fuzz run TARGET`, with cargo-fuzz. libFuzzer needs a C++ compiler.

const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { flagsOf } = require('./flags')

const ROOT = path.join(__dirname, '..')
const FUZZ = path.join(ROOT, 'fuzz')
const MANIFEST = path.join(FUZZ, 'Cargo.toml')
const TARGETS = fs.readdirSync(path.join(FUZZ, 'fuzz_targets')).map((file) => path.parse(file).name)

/** What cargo-fuzz 0.13 passes, in its order: then both share one build. Coverage for libFuzzer, and AddressSanitizer. */
const FLAGS = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  '--cfg fuzzing',
  '-Cllvm-args=-simplifycfg-branch-fold-threshold=0',
  '-Zsanitizer=address',
  ...(process.platform === 'linux' ? ['-Cllvm-args=-sanitizer-coverage-stack-depth'] : []),
  '-Cdebug-assertions',
  '-Ccodegen-units=1'
]

function fail(message) {
  console.error(`cookie-session-native: ${message}`)
  process.exit(1)
}

function cargo(args, env) {
  const { status } = spawnSync('cargo', args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) fail(`\`cargo ${args.join(' ')}\` failed; see above`)
}

/** What a command prints; undefined where there is no such command, or it fails. */
function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return status === 0 ? stdout : undefined
}

function runStable() {
  const args = ['test', '--manifest-path', MANIFEST, '--locked', '--no-default-features']
  cargo([...args, '--', '--nocapture'])
}

/** In a run of less than a minute, to compile libFuzzer well takes longer than the tenth of its speed that this brings. */
const SHORT_RUN = 60
const QUICKLY = ['opt-level=1', 'debug=false'].flatMap((setting) => [
  '--config',
  `profile.release.package.libfuzzer-sys.${setting}`
])

/** @returns {string} the folder of the programs */
function build(triple, seconds) {
  const args = ['+nightly', 'build', '--manifest-path', MANIFEST, '--locked', '--release', '--bins']
  const folder = path.join(FUZZ, 'target')
  cargo([...args, ...(seconds < SHORT_RUN ? QUICKLY : []), '--target', triple, '--target-dir', folder], {
    RUSTFLAGS: FLAGS.join(' ')
  })
  return path.join(folder, triple, 'release')
}

/** Runs one target to its end. */
function fuzz(programs, target, seconds, seed) {
  const folder = (name) => path.join(FUZZ, name, target)
  for (const name of ['corpus', 'artifacts']) fs.mkdirSync(folder(name), { recursive: true })
  const dictionary = path.join(FUZZ, 'dictionaries', `${target}.dict`)
  const args = [
    folder('corpus'),
    folder('seeds'),
    `-seed=${seed}`,
    `-max_total_time=${seconds}`,
    '-max_len=4096',
    '-timeout=60',
    `-artifact_prefix=${folder('artifacts')}${path.sep}`,
    ...(fs.existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
    '-print_final_stats=1'
  ]
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(programs, target), args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ target, status, log }))
  })
}

/** What libFuzzer says of a run. */
function figuresOf({ target, status, log }) {
  const last = (pattern) => [...log.matchAll(pattern)].at(-1)?.[1] ?? '?'
  return {
    target,
    executions: last(status === 0 ? /stat::number_of_executed_units: +(\d+)/g : /^#(\d+)/gm),
    'executions/s': last(/(?:stat::average_exec_per_sec:| exec\/s:) +(\d+)/g),
    cov: last(/ cov: (\d+)/g),
    ft: last(/ ft: (\d+)/g),
    inputs: last(/ corp: (\d+)/g),
    crashes: status === 0 ? 0 : 1
  }
}

function printTable(rows) {
  const names = Object.keys(rows[0])
  for (const line of [names, names.map(() => '---'), ...rows.map((row) => Object.values(row))]) {
    console.log(`| ${line.join(' | ')} |`)
  }
}

function printFailure(programs, { target, log }) {
  const relative = (file) => path.relative(process.cwd(), file)
  const reason = log.search(/^.*(?:panicked at|ERROR: )/m)
  console.error(`\n${log.slice(Math.max(reason, log.length - 20_000))}`)
  const artifact = /Test unit written to (.*)/.exec(log)?.[1]
  if (artifact === undefined) return console.error(`${target} FAILED, and left no input behind`)
  const program = relative(path.join(programs, target))
  console.error(`${target} FAILED on ${relative(artifact)}. Again: ${program} ${relative(artifact)}`)
}

async function main() {
  const { values, positionals } = flagsOf(
    'npm run fuzz [-- [--seconds N] [--jobs N] [--stable] [--if-present] [TARGET...]]',
    {
      seconds: { type: 'string', default: '600' },
      jobs: { type: 'string', default: '1' },
      stable: { type: 'boolean', default: false },
      'if-present': { type: 'boolean', default: false }
    },
    true
  )
  const [seconds, jobs] = [values.seconds, values.jobs].map(Number)
  // libFuzzer takes 0 seconds for no limit.
  if (![seconds, jobs].every((number) => Number.isInteger(number) && number > 0)) {
    fail('--seconds and --jobs take whole numbers above 0')
  }
  const unknown = positionals.find((name) => !TARGETS.includes(name))
  if (unknown !== undefined) fail(`there is no target ${unknown}; there are ${TARGETS.join(', ')}`)

  const missing = (what) => {
    if (!values['if-present']) fail(`${what} is not here`)
    console.log(`cookie-session-native: ${what} is not here`)
  }
  if (output('cargo', ['--version']) === undefined) return missing('Rust')
  if (values.stable) return runStable()
  const version = output('rustc', ['+nightly', '--version', '--verbose'])
  if (version === undefined) {
    missing('nightly Rust')
    return runStable()
  }

  const programs = build(/^host: (.*)$/m.exec(version)[1], seconds)
  const seed = Number(process.env.FUZZ_SEED ?? 1)
  const targets = positionals.length > 0 ? positionals : TARGETS
  console.log(`FUZZ_SEED=${seed}, ${seconds} s for each of ${targets.join(', ')}`)
  const waiting = [...targets]
  const runs = []
  const work = async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      runs.push(await fuzz(programs, target, seconds, seed))
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))

  const failed = runs.filter(({ status }) => status !== 0)
  printTable(runs.map(figuresOf))
  for (const one of failed) printFailure(programs, one)
  if (failed.length > 0) process.exitCode = 1
}

main()
