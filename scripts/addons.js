'use strict'

// Addons as cargo builds them, for `npm run build` and for the tests that need one of another kind.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { target } = require('../lib/engine/binding')

const ROOT = path.join(__dirname, '..')

/**
 * Compiles the crate to a shared library. What cargo says goes to stderr.
 *
 * @param {string[]} args cargo's: `build`, or what does it in its place, and flags
 * @param {{ cwd?: string, env?: object }} [options] where the crate is, if not here
 * @returns {string} the library's path
 * @throws {Error} where there is none
 */
function compile(args, options = {}) {
  const { status, stdout } = spawnSync(
    'cargo',
    [...args, '--lib', '--locked', '--message-format=json-render-diagnostics'],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28, encoding: 'utf8', ...options }
  )
  if (status !== 0) throw new Error('cargo could not build the addon; see above')
  const library = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ reason, target: built }) => reason === 'compiler-artifact' && built.kind.includes('cdylib'))
    .flatMap(({ filenames }) => filenames)
    .find((file) => /\.(?:so|dylib|dll)$/.test(file))
  if (library === undefined) throw new Error('cargo built no shared library')
  return library
}

/**
 * A copy of the crate, for addons that are not to be shipped.
 *
 * @param {string} folder where to put it
 * @param {string} [name] the copy's own, so that its library is another file where both are built in one target folder
 */
function copyCrate(folder, name = 'cookie-session-native') {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  for (const part of ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src', 'bench']) {
    // With their times: cargo compiles again what is newer than what it built.
    fs.cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true, preserveTimestamps: true })
  }
  for (const part of ['Cargo.toml', 'Cargo.lock']) {
    const file = path.join(folder, part)
    const text = fs.readFileSync(file, 'utf8')
    fs.writeFileSync(file, text.replace('\nname = "cookie-session-native"\n', `\nname = "${name}"\n`))
  }
}

/**
 * Puts a library where lib/engine/binding.js finds it as the package of this platform, before the one of this folder.
 *
 * @param {string} library
 * @param {string} packages what NODE_PATH has to be
 * @returns {string} the addon's path
 */
function putAsPackage(library, packages) {
  const folder = path.join(packages, '@cookie-session-native', target())
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ main: 'addon.node' }))
  const addon = path.join(folder, 'addon.node')
  // Not written over: a process that runs on the old file keeps it.
  fs.rmSync(addon, { force: true })
  fs.copyFileSync(library, addon)
  return addon
}

module.exports = { compile, copyCrate, putAsPackage }
