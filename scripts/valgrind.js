'use strict'

// Looks for memory errors in the addon with Valgrind's memcheck, under Node. It also sees memory that is used
// before it was written, and what Node writes into the addon's memory, neither of which AddressSanitizer does.
// First it plants bugs in a copy of the crate and wants each reported, as scripts/sanitizers.js does.
//
//   node scripts/valgrind.js [--long] [--if-present]
//
// --long adds tests that take minutes. --if-present: where a tool is missing, say so and exit with 0.
// Needs Linux on x64, Rust, and Valgrind. Node runs without its compiler (--jitless): then memcheck finds one
// error in Node, see valgrind.supp. Any other counts, whether the addon is on the stack or not: Node may be
// misled by what it was given. Processes that a test starts are not watched.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { Worker, isMainThread } = require('node:worker_threads')
const { target } = require('../lib/engine/binding')

/** The argument with which this file does, under memcheck, what is to be watched. */
const WORK = '--work'

// --- what is watched -----------------------------------------------------------------------------------

/** Lengths of texts: each short one, those about a block, a page and the memory that the addon keeps, and long ones. */
const LENGTHS = [...Array(40).keys(), 63, 64, 65, 127, 128, 129, 1000, 4096, 65535, 65536, 65537]
/** One byte, two, three and four in UTF-8, and a lone surrogate. */
const CHARACTERS = ['a', 'é', '€', '😀', '\ud83d']
const KEYS = [1, 64, 65, 300].map((length) => Buffer.alloc(length, `key of ${length}`))
const ENCRYPTION_KEYS = [1, 2, 3].map((byte) => Buffer.alloc(32, byte))

function textsOf(length) {
  return CHARACTERS.map((character) =>
    character.repeat(Math.ceil(length / character.length)).slice(0, length)
  )
}

/** The text with another character at each place of a short one, and at some of a long one. */
function* tampered(text) {
  const step = Math.ceil(text.length / 60)
  for (let at = 0; at < text.length; at += step) {
    yield text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
  }
  yield text.slice(0, -1)
  yield ''
}

/** What both engines found in a header. Where the other leaves a text to the caller, ours may have it. */
function agree(found, expected) {
  if (expected?.json === undefined && found) assert.deepEqual({ ...found, json: undefined }, { ...expected })
  else assert.deepEqual(found, expected)
}

/** Signatures and cookies, beside the engine over node:crypto. */
function signing(engine, other, algorithm, encoding, lengths) {
  const rings = [engine, other].map((one) => one.createKeyring(algorithm, encoding))
  const [ring, oracle] = rings
  for (const one of rings) one.change(KEYS)
  const settings = { name: 'session', current: [algorithm], legacy: [], encoding }
  const codecs = [engine, other].map((one) => one.createCodec(settings))
  for (const one of codecs) one.change(KEYS)
  const [codec, expected] = codecs
  for (const length of lengths) {
    for (const text of textsOf(length)) {
      const signature = ring.sign(text)
      assert.equal(signature, oracle.sign(text))
      assert.equal(ring.index(text, signature), 0)
      assert.equal(ring.index(text, signature.slice(1)), -1)
      const sealed = codec.seal(text)
      assert.equal(sealed, expected.seal(text))
      const value = sealed.slice(0, -codec.signatureLength)
      const header = `a=b; session=${value}; session.sig=${sealed.slice(value.length)}; c="d"`
      agree(codec.open(header, false), expected.open(header, false))
      if (length !== 9) continue
      for (const wrong of tampered(header)) agree(codec.open(wrong, false), expected.open(wrong, false))
    }
  }
  // The last key is the first, then some go, then all do.
  const older = `session=e30=; session.sig=${ring.sign('session=e30=')}`
  for (const change of [[3, 0, 1, 2], [1, Buffer.from('new')], [0], []]) {
    for (const one of [...rings, ...codecs]) one.change(change)
    if (change.length > 0) agree(codec.open(older, false), expected.open(older, false))
  }
  assert.equal(ring.sign('data'), undefined)
  for (const wrong of [() => ring.sign(1), () => ring.index('data'), () => codec.open(undefined, false)]) {
    assert.throws(wrong, TypeError)
  }
}

/** Encrypted texts, each opened by the other engine as well. */
function sealing(engine, other, lengths) {
  const settings = { name: 'session', timed: 'e1', current: [], legacy: [], encoding: 'base64' }
  const codecs = [engine, other].map((one) => one.createCodec(settings))
  for (const one of codecs) one.change(ENCRYPTION_KEYS)
  const [codec, oracle] = codecs
  const seal = (one, text) => `session=${one.sealTimed(text, 2, 1)}`
  for (const length of lengths) {
    if (length === 0) continue
    for (const text of textsOf(length)) {
      const sealed = seal(codec, text)
      assert.equal(codec.open(sealed, false).json, oracle.open(sealed, false).json)
      assert.equal(codec.open(seal(oracle, text), false).json, oracle.open(sealed, false).json)
      if (length !== 9) continue
      for (const wrong of tampered(sealed)) agree(codec.open(wrong, false), oracle.open(wrong, false))
    }
  }
  const older = seal(codec, 'older')
  for (const [change, keyIndex] of [
    [[1, 2, 0], 2],
    [[0, Buffer.alloc(32, 4)], undefined],
    [[], undefined]
  ]) {
    codec.change(change)
    assert.equal(codec.open(older, false).keyIndex, keyIndex)
  }
  for (const wrong of [() => seal(codec, 'no key'), () => seal(codec, 1)]) {
    assert.throws(wrong)
  }
}

/** Cookies with times, beside an obvious implementation. */
function timing(engine, timed, timedAlgorithm, lengths) {
  const { ObviousCodec, briefOf } = require('../__test__/support/codec/obvious')
  const settings = {
    name: 'session',
    timed,
    timedAlgorithm,
    current: [],
    legacy: ['sha1'],
    encoding: 'base64'
  }
  const codec = engine.createCodec(settings)
  codec.change(ENCRYPTION_KEYS)
  const obvious = new ObviousCodec(settings, ENCRYPTION_KEYS)
  for (const length of lengths) {
    for (const text of textsOf(length)) {
      const sealed = codec.sealTimed(
        text,
        2 ** 53 - 1,
        1,
        length % 2 ? undefined : 3,
        length % 2 ? length : null
      )
      const end = sealed.length - codec.timedSignatureLength
      const header = `a=b; é="; session=${sealed.slice(0, end)}; session.sig=${sealed.slice(end)}`
      const older = `session=${obvious.seal(text).join('; session.sig=')}`
      const headers = [header, older, ...(length === 9 ? tampered(header) : [])]
      for (const one of headers) assert.deepEqual(briefOf(codec.open(one, true)), obvious.open(one, true))
    }
  }
  codec.change([Buffer.from('short'), 0])
  for (const wrong of [() => codec.sealTimed('no key', 2, 1), () => codec.open(1, true)]) {
    assert.throws(wrong)
  }
}

async function work() {
  const engine = require('../lib/engine')
  const other = require('../lib/engine/node')
  assert.equal(engine.name, 'native')
  if (!isMainThread) {
    signing(engine, other, 'sha1', 'base64', [9])
    sealing(engine, other, [9])
    for (const timed of ['v1', 'e1']) timing(engine, timed, 'sha256', [9])
    return
  }
  signing(engine, other, 'sha1', 'base64', LENGTHS)
  sealing(engine, other, LENGTHS)
  for (const algorithm of ['sha1', 'sha256', 'sha384', 'sha512']) {
    for (const encoding of ['base64', 'hex']) signing(engine, other, algorithm, encoding, [0, 9, 200])
  }
  timing(engine, 'v1', 'sha256', [0, 9, 200, 65536])
  timing(engine, 'v1', 'sha512', [9])
  timing(engine, 'e1', undefined, [0, 9, 200, 65536])
  // A thread's end gives back what is the addon's there.
  const worker = new Worker(__filename, { argv: [WORK] })
  await new Promise((resolve, reject) => worker.once('error', reject).once('exit', resolve))
}

/** Tests that do without `fetch`, which needs WebAssembly, and so V8's compiler. */
const LONG = /^(?:keys|xaes|options-(?:encrypt|errors|ttl)|contract-session)[-.]/

// --- what watches --------------------------------------------------------------------------------------

/** What memcheck calls each of the bugs that sanitizers.js plants: a paragraph of its report, by its words in their order. */
const SEEN = {
  'read past the end': ['Invalid read of size 1', 'planted', '0 bytes after a block of size 100'],
  'write past the end': ['Invalid write of size 1', 'planted', '0 bytes after a block of size 100'],
  'use after free': ['Invalid read of size 1', 'planted', "inside a block of size 100 free'd"],
  'double free': ['Invalid free()', 'planted', "inside a block of size 100 free'd"],
  'unwritten memory': ['Conditional jump or move depends on uninitialised value', 'planted'],
  'wrong length for Node': ['Invalid write', 'napi_get_value_string_utf8', 'planted'],
  leak: ['1,000 bytes in 1 blocks are definitely lost', 'planted']
}

function hasWords(text, words) {
  let at = 0
  return words.every((word) => {
    at = text.indexOf(word, at)
    return at >= 0
  })
}

function memcheck(packages, args) {
  const log = path.join(path.dirname(packages), 'memcheck.log')
  const options = [
    '--tool=memcheck',
    '--smc-check=all-non-file',
    '--leak-check=full',
    '--show-leak-kinds=definite',
    '--errors-for-leak-kinds=definite',
    '--error-exitcode=99',
    `--suppressions=${path.join(__dirname, 'valgrind.supp')}`,
    `--log-file=${log}`
  ]
  const { status, stdout, stderr } = spawnSync(
    'valgrind',
    [...options, process.execPath, '--jitless', '--no-expose-wasm', ...args],
    {
      cwd: path.join(__dirname, '..'),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, NODE_PATH: packages, NODE_OPTIONS: '', COOKIE_SESSION_ENGINE: 'native' }
    }
  )
  const report = fs.readFileSync(log, 'utf8')
  const errors = Number(/ERROR SUMMARY: (\d+) errors/.exec(report)?.[1] ?? Number.NaN)
  return { status, output: stdout + stderr, report, errors }
}

function main() {
  const {
    NO_BUG,
    ROOT,
    Missing,
    build,
    fail,
    longFlagsOf,
    output,
    plantBugs,
    scriptOf
  } = require('./sanitizers')
  const { isLong } = longFlagsOf('valgrind.js')
  const test = (...names) => path.join(ROOT, '__test__', ...names)
  try {
    if (target() !== 'linux-x64-gnu') throw new Missing('Linux on x64 with glibc')
    const rust = output('rustc', ['--version'], 'Rust')
    const valgrind = output('valgrind', ['--version'], 'Valgrind')
    console.log(`Node ${process.version} --jitless; ${rust}; ${valgrind}`)
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    console.error(`Valgrind did not run. ${error.message}`)
    process.exitCode = process.argv.includes('--if-present') ? 0 : 1
    return
  }

  const buggy = build('valgrind', { toolchain: [], crate: plantBugs() })
  const without = memcheck(buggy, ['-e', scriptOf([NO_BUG], buggy)])
  if (without.errors !== 0 || without.output !== '') {
    fail(`without a planted bug reported was\n${without.output}${without.report}`)
  }
  // Memcheck goes on after an error, and each start of Node under it takes seconds.
  const { report, output: printed } = memcheck(buggy, ['-e', scriptOf(Object.keys(SEEN), buggy)])
  const paragraphs = report.split(/^==\d+== $/m)
  for (const [bug, words] of Object.entries(SEEN)) {
    if (paragraphs.some((paragraph) => hasWords(paragraph, words))) continue
    fail(`a planted bug, ${bug}, is not among what was reported:\n${printed}${report}`)
  }
  console.log(`planted bugs, each reported: ${Object.keys(SEEN).join(', ')}`)

  const packages = build('valgrind', { toolchain: [] })
  let all = 0
  let failures = 0
  for (const [what, args] of [
    ['both engines side by side', [__filename, WORK]],
    [
      'wrong calls',
      ['--expose-gc', test('support', 'boundary', 'calls.js'), 'wrong', 'surrogates', 'keys', 'arrays']
    ],
    ...(isLong ? fs.readdirSync(test('both-engines')).filter((name) => LONG.test(name)) : []).map((name) => [
      name,
      [test('both-engines', name)]
    ])
  ]) {
    const { status, output, report, errors } = memcheck(packages, args)
    all += errors
    if (status !== 0) failures++
    if (status !== 0 || errors !== 0) console.log(output + report)
    console.log(`${what}: ${status === 0 ? 'passed' : 'FAILED'}, ${errors} errors`)
  }
  console.log(`${all} errors, ${failures} runs failed`)
  process.exitCode = all === 0 && failures === 0 ? 0 : 1
}

if (process.argv.includes(WORK)) {
  work().catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
} else {
  main()
}
