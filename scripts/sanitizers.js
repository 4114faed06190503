'use strict'

// Looks for memory errors and leaks in the addon: builds it with AddressSanitizer, and runs under Node, with
// LeakSanitizer at the end of each process, the tests that reach native code. First it plants bugs in a copy of the
// crate and wants each reported, since a watcher that sees nothing also prints "0 errors".
//
//   node scripts/sanitizers.js [--long] [--if-present]
//
// --long adds the tests that take minutes. --if-present: where a tool is missing, say so and exit with 0.
// Needs Linux on x64, Rust's nightly toolchain, and the runtime of GCC's AddressSanitizer, which comes with gcc.
// SEED repeats the random tests. No file of the repository is touched: all that is built is in target/.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { target } = require('../lib/engine/binding')
const { compile, copyCrate, putAsPackage } = require('./addons')
const { flagsOf } = require('./flags')

const ROOT = path.join(__dirname, '..')
const TESTS = path.join(ROOT, '__test__')
const TRIPLE = 'x86_64-unknown-linux-gnu'

/** Where the copy gets its bugs: in what reads strings, which does them where a string names one. */
const PLANTED_AT = '    unsafe { memory.set_len(length) };\n'
const PLANTED = `
#[inline(never)]
fn planted(value: napi::bindgen_prelude::Unknown<'_>, bug: &[u8]) {
    use std::hint::black_box;
    unsafe {
        match bug {
            b"leak" => {
                black_box(Box::leak(black_box(Box::new([1_u8; 1000]))));
            }
            b"read past the end" => {
                let memory = black_box(vec![1_u8; 100]);
                black_box(*memory.as_ptr().add(black_box(100)));
            }
            b"write past the end" => {
                let mut memory = black_box(vec![1_u8; 100]);
                *memory.as_mut_ptr().add(black_box(100)) = 1;
                black_box(&memory);
            }
            b"use after free" => {
                let memory = black_box(vec![1_u8; 100]);
                let pointer = memory.as_ptr();
                drop(memory);
                black_box(*pointer);
            }
            b"double free" => {
                let mut memory = std::mem::ManuallyDrop::new(black_box(vec![1_u8; 100]));
                std::mem::ManuallyDrop::drop(&mut memory);
                std::mem::ManuallyDrop::drop(&mut memory);
            }
            b"unwritten memory" => {
                let memory = black_box(Vec::<u8>::with_capacity(100));
                if *memory.as_ptr() == 7 {
                    drop(black_box(vec![1_u8]));
                }
            }
            b"wrong length for Node" => {
                let mut memory = black_box(Vec::<u8>::with_capacity(5));
                let mut length = 0;
                let to = memory.as_mut_ptr().cast();
                let value = value.value();
                sys::napi_get_value_string_utf8(value.env, value.value, to, black_box(100), &raw mut length);
            }
            _ => {}
        }
    }
}
`

/** A tool that is not here. */
class Missing extends Error {}

function fail(message) {
  console.error(`cookie-session-native: ${message}`)
  process.exit(1)
}

/** What a command prints. @throws {Missing} */
function output(command, args, what) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Missing(`${what} is not here: \`${[command, ...args].join(' ')}\` failed`)
  return stdout.trim()
}

/** The crate with bugs, as a folder below target/. */
function plantBugs() {
  const folder = path.join(ROOT, 'target', 'planted')
  copyCrate(folder)
  const file = path.join(folder, 'src', 'napi', 'raw.rs')
  const source = fs.readFileSync(file, 'utf8')
  if (source.split(PLANTED_AT).length !== 2) fail(`src/napi/raw.rs no longer has the line${PLANTED_AT}`)
  const call = '    planted(value.to_unknown(), memory);\n'
  fs.writeFileSync(file, source.replace(PLANTED_AT, PLANTED_AT + call) + PLANTED)
  return folder
}

/**
 * Builds an addon that names its lines, and puts it where lib/engine/binding.js finds it as a package.
 *
 * @returns {string} what NODE_PATH has to be
 */
function build(name, { toolchain, flags = '', crate = ROOT }) {
  const folder = path.join(ROOT, 'target', name)
  const args = [
    'build',
    '--release',
    '--features=addon',
    `--target=${TRIPLE}`,
    '--target-dir',
    folder,
    '--quiet'
  ]
  const library = compile([...toolchain, ...args], {
    cwd: crate,
    env: {
      ...process.env,
      RUSTFLAGS: `${flags} -Cforce-frame-pointers=yes`,
      CARGO_PROFILE_RELEASE_DEBUG: '1',
      CARGO_PROFILE_RELEASE_STRIP: 'none',
      CARGO_PROFILE_RELEASE_LTO: 'off',
      // What the standard library takes for granted of unsafe code is checked too.
      CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS: 'true',
      CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS: 'true'
    }
  })
  const packages = path.join(folder, crate === ROOT ? 'packages' : 'planted')
  putAsPackage(library, packages)
  return packages
}

/** A script that signs data, and so does the bugs of these names, in an environment that is torn down as it ends. */
function scriptOf(bugs, packages) {
  return `
    const { loadBinding } = require('./lib/engine/binding')
    const { change, sign } = loadBinding().createKeyring('sha1', 'base64')
    if (!process.report.getReport().sharedObjects.some((file) => file.startsWith(${JSON.stringify(packages)})))
      throw new Error('another addon was loaded')
    change([Buffer.from('key')])
    for (const bug of ${JSON.stringify(bugs)}) sign(bug)`
}

const NO_BUG = 'none'
const SEEN = {
  leak: /detected memory leaks[\s\S]*1000 byte[\s\S]*raw.*planted/,
  'read past the end': /heap-buffer-overflow[\s\S]*READ of size 1[\s\S]*raw.*planted/,
  'write past the end': /heap-buffer-overflow[\s\S]*WRITE of size 1[\s\S]*raw.*planted/,
  'use after free': /heap-use-after-free[\s\S]*raw.*planted/,
  'double free': /attempting double-free[\s\S]*raw.*planted/
}

/** Ways in which an environment of Node ends, with a script in it. */
const ENDS = [
  (script) => script,
  (script) => `${script}\nprocess.exit()`,
  (script) =>
    `const { Worker } = require('node:worker_threads')\nnew Worker(${JSON.stringify(script)}, { eval: true })`
]

/** Tests that take seconds each. */
const SHORT = /^(?:contract-(?:reading|session|writing)|options-(?:encrypt|ttl)|keys|xaes|workers)\b/

/** [what, arguments of Node, environment]. */
function runs(isLong, seed) {
  const names = isLong ? /^(?:contract|options|keygrip|keys|xaes|sockets|workers|outside)\b/ : SHORT
  const both = path.join(TESTS, 'both-engines')
  const files = fs
    .readdirSync(both)
    .filter((name) => names.test(name) && name.endsWith('.test.js'))
    .map((name) => path.join(both, name))
  // Node would look for tests everywhere.
  if (files.length === 0) fail('no test has such a name any more')
  const test = (name) => path.join(TESTS, 'once', `${name}.test.js`)
  const calls = path.join(TESTS, 'support', 'boundary', 'calls.js')
  const parts = ['wrong', 'surrogates', 'keys', 'arrays', ...(isLong ? ['huge', 'hugeWithTimes'] : [])]
  return [
    ['tests', ['--test', '--test-reporter=tap', ...files]],
    ...parts.map((part) => [`wrong calls: ${part}`, ['--expose-gc', calls, part]]),
    [
      'random exchanges',
      ['--test', '--test-reporter=tap', test('differential')],
      { DIFFERENTIAL_SEED: seed, DIFFERENTIAL_SCRIPTS: isLong ? 20_000 : 300 }
    ],
    ...(isLong
      ? [
          ['forged cookies', ['--test', '--test-reporter=tap', test('forgery')], { FORGERY_SEED: seed }],
          ['connections', ['--test', '--test-reporter=tap', test('connections')], { SEED: seed }]
        ]
      : [])
  ]
}

/** What a script of this kind takes. */
function longFlagsOf(script) {
  const { values } = flagsOf(`node scripts/${script} [--long] [--if-present]`, {
    long: { type: 'boolean', default: false },
    'if-present': { type: 'boolean', default: false }
  })
  return { isLong: values.long }
}

function main() {
  const { isLong } = longFlagsOf('sanitizers.js')
  const seed = Number(process.env.SEED || Date.now() % 1_000_000)
  if (target() !== 'linux-x64-gnu') throw new Missing('It needs Linux on x64 with glibc')
  const rust = output('rustc', ['+nightly', '--version'], 'Rust nightly')
  const named = output('gcc', ['-print-file-name=libasan.so'], 'gcc')
  if (!path.isAbsolute(named)) throw new Missing('the runtime of AddressSanitizer, libasan.so, is not here')
  const runtime = fs.realpathSync(named)
  const gcc = output('gcc', ['-dumpfullversion'], 'gcc')
  console.log(`Node ${process.version}; ${rust}; ${path.basename(runtime)} of gcc ${gcc}; seed ${seed}`)

  const options = { toolchain: ['+nightly'], flags: '-Zsanitizer=address' }
  const buggy = build('sanitizers', { ...options, crate: plantBugs() })
  const packages = build('sanitizers', options)
  const reports = path.join(ROOT, 'target', 'sanitizers', 'reports')

  /** Runs Node with an addon. @returns what was reported by it and by all processes that it started */
  const watch = (packages, args, env = {}) => {
    fs.rmSync(reports, { recursive: true, force: true })
    fs.mkdirSync(reports)
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: {
        ...process.env,
        ...env,
        NODE_PATH: packages,
        NODE_OPTIONS: '',
        COOKIE_SESSION_ENGINE: 'native',
        LD_PRELOAD: runtime,
        ASAN_OPTIONS: `detect_leaks=1:allocator_may_return_null=1:log_path=${path.join(reports, 'process')}`,
        LSAN_OPTIONS: `suppressions=${path.join(__dirname, 'lsan.supp')}:print_suppressions=0`
      }
    })
    const found = fs.readdirSync(reports).map((name) => fs.readFileSync(path.join(reports, name), 'utf8'))
    return { status, output: stdout + stderr, found }
  }

  const plant = (bug, script, seen) => {
    const { output, found } = watch(buggy, ['-e', script])
    const isAsExpected = seen
      ? found.some((report) => seen.test(report))
      : output === '' && found.length === 0
    if (!isAsExpected) fail(`a planted bug, ${bug}: reported was\n${output}${found.join('\n')}`)
  }
  const ends = ENDS.map((end, i) => [`end ${i}`, (bug) => end(scriptOf([bug], buggy))])
  for (const [, script] of ends) plant(NO_BUG, script(NO_BUG))
  for (const [bug, seen] of Object.entries(SEEN)) plant(bug, scriptOf([bug], buggy), seen)
  for (const [end, script] of ends) plant(`leak, ${end}`, script('leak'), SEEN.leak)
  console.log(
    `planted bugs, each reported: ${Object.keys(SEEN).join(', ')}, and leaks at ${ends.length} kinds of end`
  )

  let errors = 0
  let leaks = 0
  let tests = 0
  let failures = 0
  for (const [what, args, env] of runs(isLong, seed)) {
    const started = Date.now()
    const { status, output, found } = watch(packages, args, env)
    const seconds = ((Date.now() - started) / 1000).toFixed(1)
    for (const report of found) {
      leaks += report.split(/^(?:Direct|Indirect) leak of/m).length - 1
      if (/ERROR: AddressSanitizer/.test(report)) errors++
      console.log(report)
    }
    const count =
      args[0] === '--test' ? Number(/^# pass (\d+)/m.exec(output)?.[1] ?? 0) : Number(status === 0)
    tests += count
    const isPassed = status === 0 && count > 0
    if (!isPassed) {
      failures++
      console.log(output)
    }
    console.log(`${what}: ${isPassed ? `${count} passed` : 'FAILED'}, ${found.length} reports, ${seconds} s`)
  }
  console.log(`${errors} errors, ${leaks} leaks; ${tests} tests passed, ${failures} runs failed`)
  process.exitCode = errors + leaks + failures === 0 ? 0 : 1
}

module.exports = { Missing, NO_BUG, ROOT, build, fail, longFlagsOf, output, plantBugs, scriptOf }

if (require.main === module) {
  try {
    main()
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    console.error(`Sanitizers did not run. ${error.message}`)
    process.exitCode = process.argv.includes('--if-present') ? 0 : 1
  }
}
