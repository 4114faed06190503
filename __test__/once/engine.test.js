'use strict'

// Which engine serves where: the choice by platform and by COOKIE_SESSION_ENGINE, what a missing
// binary says, and that every way of importing the package gives the same function.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, it } = require('node:test')

const ROOT = path.join(__dirname, '..', '..')
const ENGINE = process.env.COOKIE_SESSION_ENGINE || 'native'

/** Runs a script in the package's folder, or in another that holds the package. */
function run(script, { env = {}, flags = [], cwd = ROOT } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', script], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, COOKIE_SESSION_ENGINE: '', ...env }
  })
  return { status, stdout: stdout.trim(), stderr }
}

const PRINT_ENGINE = "console.log(require('cookie-session-native').engine)"

describe('cookieSession.engine', () => {
  it('is the one that COOKIE_SESSION_ENGINE asks for', () => {
    assert.equal(require('../..').engine, ENGINE)
    for (const engine of ['native', 'node']) {
      assert.equal(run(PRINT_ENGINE, { env: { COOKIE_SESSION_ENGINE: engine } }).stdout, engine)
    }
  })

  it('is native where the variable is unset or empty and the binary fits', () => {
    assert.equal(run(PRINT_ENGINE).stdout, 'native')
  })

  it('throws for any other value of the variable, naming it and what was expected', () => {
    for (const value of ['rust', 'NATIVE', ' ', '1']) {
      const { status, stderr } = run(PRINT_ENGINE, { env: { COOKIE_SESSION_ENGINE: value } })
      assert.notEqual(status, 0)
      assert.match(stderr, /TypeError: COOKIE_SESSION_ENGINE is ".*"; expected 'native' or 'node'/)
    }
  })

  it('is node under --no-addons, and the missing binary an error where native is asked for', () => {
    assert.equal(run(PRINT_ENGINE, { flags: ['--no-addons'] }).stdout, 'node')
    const { status, stderr } = run(PRINT_ENGINE, {
      flags: ['--no-addons'],
      env: { COOKIE_SESSION_ENGINE: 'native' }
    })
    assert.notEqual(status, 0)
    assert.match(stderr, /cookie-session-native has no binary for \S+ here\. Looked for:/)
    assert.match(stderr, /- @cookie-session-native\/\S+: Cannot find module/)
    assert.match(stderr, /- \S+\.node: .*addons is disabled/)
  })

  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : process.allowedNodeEnvironmentFlags.has('--experimental-permission') && '--experimental-permission'
  it('is node under the permission model without addons', { skip: !permission }, () => {
    const { stdout, stderr } = run(PRINT_ENGINE, { flags: [permission, '--allow-fs-read=*'] })
    assert.equal(stdout, 'node', stderr)
  })
})

describe('an install without a binary', () => {
  let folder
  before(() => {
    // Only what npm packs, less the binary: an unknown platform, or --omit=optional.
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cookie-session-native-'))
    const home = path.join(folder, 'node_modules', 'cookie-session-native')
    fs.mkdirSync(home, { recursive: true })
    for (const name of ['index.js', 'package.json', 'lib']) {
      fs.cpSync(path.join(ROOT, name), path.join(home, name), { recursive: true })
    }
    for (const name of ['debug', 'ms', 'on-headers']) {
      fs.cpSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name), {
        recursive: true
      })
    }
  })
  after(() => fs.rmSync(folder, { recursive: true, force: true }))

  it('falls back to node:crypto without a word', () => {
    const { stdout, stderr } = run(PRINT_ENGINE, { cwd: folder })
    assert.equal(stdout, 'node')
    assert.equal(stderr, '')
  })

  it('says under COOKIE_SESSION_ENGINE=native what was looked for, where, and each cause', () => {
    const script = `
      try { require('cookie-session-native') } catch (error) {
        console.log(JSON.stringify({ code: error.code, message: error.message, causes: error.cause.errors.length }))
      }`
    const { stdout } = run(script, { cwd: folder, env: { COOKIE_SESSION_ENGINE: 'native' } })
    const { code, message, causes } = JSON.parse(stdout)
    assert.equal(code, 'ERR_COOKIE_SESSION_BINDING')
    assert.equal(causes, 2)
    const { target } = require('../../lib/engine/binding')
    assert.ok(message.includes(`@cookie-session-native/${target()}: Cannot find module`), message)
    assert.ok(message.includes(`cookie-session-native.${target()}.node: Cannot find module`), message)
  })

  it('names a binary that is there and does not load', () => {
    const { target } = require('../../lib/engine/binding')
    const home = path.join(folder, 'node_modules', 'cookie-session-native')
    const file = path.join(home, `cookie-session-native.${target()}.node`)
    fs.writeFileSync(file, 'not a library')
    try {
      assert.equal(run(PRINT_ENGINE, { cwd: folder }).stdout, 'node')
      const { stderr } = run(PRINT_ENGINE, { cwd: folder, env: { COOKIE_SESSION_ENGINE: 'native' } })
      assert.match(stderr, /- \S+\.node: (?!Cannot find module).+/)
    } finally {
      fs.rmSync(file)
    }
  })

  it('takes the package of its platform first', () => {
    const { target } = require('../../lib/engine/binding')
    const home = path.join(folder, 'node_modules', '@cookie-session-native', target())
    fs.mkdirSync(home, { recursive: true })
    const addon = `cookie-session-native.${target()}.node`
    fs.copyFileSync(path.join(ROOT, addon), path.join(home, addon))
    fs.writeFileSync(
      path.join(home, 'package.json'),
      JSON.stringify({ name: `@cookie-session-native/${target()}`, version: '0.1.0', main: addon })
    )
    try {
      assert.equal(
        run(PRINT_ENGINE, { cwd: folder, env: { COOKIE_SESSION_ENGINE: 'native' } }).stdout,
        'native'
      )
    } finally {
      fs.rmSync(home, { recursive: true })
    }
  })
})

describe('a source checkout', () => {
  it('installs without Rust, with one line that says so', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(ROOT, 'scripts', 'build.js'), '--if-rust'],
      { encoding: 'utf8', env: { ...process.env, PATH: '', Path: '' } }
    )
    assert.equal(status, 0)
    assert.equal(stderr, '')
    assert.match(stdout, /^cookie-session-native: no Rust here .+\n$/)
  })

  it('does not build without Rust where a build was asked for', () => {
    const { status, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'scripts', 'build.js')], {
      encoding: 'utf8',
      env: { ...process.env, PATH: '', Path: '' }
    })
    assert.equal(status, 1)
    assert.match(stderr, /cargo was not found/)
  })
})

describe('the package', () => {
  it('is one function, however it is imported', () => {
    const script = `
      const required = require('cookie-session-native')
      import('cookie-session-native').then((module) => {
        const { cookieSession, Keygrip, engine } = module
        console.log(
          module.default === required, cookieSession === required, required.cookieSession === required,
          Keygrip === required.Keygrip, engine === required.engine, required.name, required.length)
      })`
    assert.equal(run(script).stdout, 'true true true true true cookieSession 1')
  })

  it('reads no environment variable but its own', () => {
    const script = `
      const read = new Set()
      const { env } = process
      process.env = new Proxy(env, {
        get(target, key) { if (typeof key === 'string') read.add(key); return target[key] },
        ownKeys(target) { read.add('*'); return Reflect.ownKeys(target) },
        has(target, key) { read.add(key); return key in target }
      })
      require('debug')
      read.clear()
      require('cookie-session-native')
      console.log([...read].join())`
    assert.equal(run(script).stdout, 'COOKIE_SESSION_ENGINE')
  })
})
