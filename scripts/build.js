'use strict'

// Compiles the addon and puts it where lib/engine/binding.js looks for it.
//
//   node scripts/build.js [--debug] [--if-rust] [--target NAME]
//
// --if-rust is for `npm install`: a checkout without Rust is installed too, and says so. --target is for what is
// published: NAME is one of scripts/targets.js, and a binary for Linux is linked by zig (`pip install cargo-zigbuild
// ziglang`), against the oldest C library that it is to run with.

const { spawnSync } = require('node:child_process')
const { copyFileSync, renameSync } = require('node:fs')
const path = require('node:path')
const { target } = require('../lib/engine/binding')
const { compile } = require('./addons')
const { flagsOf } = require('./flags')
const { GLIBC, TARGETS } = require('./targets')

const ROOT = path.join(__dirname, '..')

function fail(message) {
  console.error(`cookie-session-native: ${message}`)
  process.exit(1)
}

function hasRust() {
  const { status } = spawnSync('cargo', ['--version'], {
    stdio: 'ignore',
    shell: process.platform === 'win32'
  })
  return status === 0
}

/** What cargo is asked for in place of `build`, to build for a platform by its name. */
function buildFor(name) {
  const wanted = TARGETS[name]
  if (wanted === undefined) fail(`--target ${name}: expected one of ${Object.keys(TARGETS).join(', ')}`)
  const triple = wanted.libc === 'glibc' ? `${wanted.triple}.${GLIBC}` : wanted.triple
  // A library for musl has to leave the C library to the program that loads it.
  if (wanted.libc === 'musl')
    process.env.RUSTFLAGS = `${process.env.RUSTFLAGS ?? ''} -C target-feature=-crt-static`
  return [wanted.os === 'linux' ? 'zigbuild' : 'build', '--target', triple]
}

const { values } = flagsOf('node scripts/build.js [--debug] [--if-rust] [--target NAME]', {
  debug: { type: 'boolean', default: false },
  'if-rust': { type: 'boolean', default: false },
  target: { type: 'string' }
})
const release = !values.debug
const wanted = values.target
if (wanted === '') fail(`--target is empty; expected one of ${Object.keys(TARGETS).join(', ')}`)
if (!hasRust()) {
  if (!values['if-rust']) fail('cargo was not found; building the addon needs Rust')
  console.log(
    'cookie-session-native: no Rust here (cargo was not found), so the addon is not built and sessions are signed by node:crypto. With Rust, `npm run build` builds it.'
  )
} else {
  const args = wanted === undefined ? ['build'] : buildFor(wanted)
  let library
  try {
    library = compile([...args, '--features=addon', ...(release ? ['--release'] : [])])
  } catch (error) {
    fail(error.message)
  }
  const addon = path.join(ROOT, `cookie-session-native.${wanted ?? target()}.node`)
  // Moved into place whole: a process that runs on the old file keeps it.
  copyFileSync(library, `${addon}.new`)
  renameSync(`${addon}.new`, addon)
  console.log(`cookie-session-native: built ${path.basename(addon)} (${release ? 'release' : 'debug'})`)
}
