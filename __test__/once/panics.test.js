'use strict'

// No panic crosses into JavaScript: an addon built as a release is, but with the cargo feature `panics`, panics at every
// place where a function of it talks to Node. Each becomes an error, and the process goes on.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { before, describe, it } = require('node:test')

const { target } = require('../../lib/engine/binding')
const { compile, copyCrate, putAsPackage } = require('../../scripts/addons')

const ROOT = path.join(__dirname, '..', '..')
const TARGET = path.join(ROOT, 'target')
const FOLDER = path.join(TARGET, 'panics')
const PACKAGES = path.join(FOLDER, 'packages')
const SYMBOL = 'COOKIE_SESSION_NATIVE_PANICS'
const EXPORT = 'panicAfter'

/** Builds the addon, where lib/engine/binding.js finds it as a package. @returns {string} its path */
function build() {
  const crate = path.join(FOLDER, 'crate')
  copyCrate(crate, 'cookie-session-native-panics')
  const args = ['build', '--release', '--features=panics', '--quiet', '--target-dir', TARGET]
  const library = compile(args, { cwd: crate })
  return putAsPackage(library, PACKAGES)
}

/** Runs a script of this folder with the addon. */
function run(script) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', path.join(__dirname, '..', 'support', 'panics', script)],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        NODE_PATH: PACKAGES,
        COOKIE_SESSION_ENGINE: 'native',
        RUST_BACKTRACE: '0'
      }
    }
  )
  assert.deepEqual({ signal, status }, { signal: null, status: 0 }, stderr)
  return { ...JSON.parse(stdout), reported: stderr.split('provoked').length - 1 }
}

describe('panics in native code', () => {
  let addon
  before(() => {
    addon = build()
  })

  it('become errors, in every function and at every step of it', (t) => {
    const { panics, functions, reported } = run('functions.js')
    t.diagnostic(`${panics} panics in ${functions} functions`)
    assert.equal(functions, 15)
    assert.equal(reported, panics + 1, 'and one in what Node calls when a function is gone')
  })

  it('leave the server to serve the next request', (t) => {
    const { panics, requests } = run('requests.js')
    t.diagnostic(`${panics} panics in ${requests} requests`)
    assert.ok(panics > 15)
  })

  it('are no part of what `npm run build` makes', () => {
    const release = fs.readFileSync(path.join(ROOT, `cookie-session-native.${target()}.node`))
    const provoked = fs.readFileSync(addon)
    for (const name of [SYMBOL, EXPORT]) {
      assert.ok(provoked.includes(name))
      assert.ok(!release.includes(name), `${name} is in the addon`)
    }
  })

  it('unwind, since the crate does not compile where a profile says otherwise', () => {
    const compile = (strategy) => {
      const args = ['--edition=2024', '--crate-type=lib', '--emit=metadata', '-o', path.join(FOLDER, 'none')]
      return spawnSync('rustc', [...args, '-C', `panic=${strategy}`, 'src/lib.rs'], {
        cwd: ROOT,
        encoding: 'utf8'
      }).stderr
    }
    const refusal = 'needs a profile with panic = "unwind"'
    assert.ok(compile('abort').includes(refusal))
    assert.ok(!compile('unwind').includes(refusal))
  })
})
