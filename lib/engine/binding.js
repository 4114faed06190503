'use strict'

// Finds the compiled addon: a package made for this platform, else a file that a build left in this
// folder. It reads one file's head and no environment variable, and starts no process. In a bundle it
// must not fail, whatever the bundler made of `require` and `__dirname`.

const { openSync, readSync, closeSync } = require('node:fs')
const path = require('node:path')

/**
 * This package's folder. A bundle has none: as an ES module it has no `__dirname`, and any other's is that of the app, in
 * which a file with an addon's name could be anyone's.
 */
const ROOT =
  typeof __dirname === 'string' && /[\\/]lib[\\/]engine[\\/]binding\.js$/.test(__filename)
    ? path.join(__dirname, '..', '..')
    : undefined

/**
 * The C library that this Node was linked to, as the names of prebuilt packages have it. A program
 * names its dynamic loader near its start (ELF, PT_INTERP): musl's is `ld-musl-<arch>.so.1`.
 *
 * @returns {'gnu' | 'musl'}
 */
function libc() {
  try {
    const head = Buffer.alloc(4096)
    const file = openSync(process.execPath, 'r')
    readSync(file, head, 0, head.length, 0)
    closeSync(file)
    return head.includes('/ld-musl-') ? 'musl' : 'gnu'
  } catch {
    // Not readable, as under Node's permission model.
    return 'gnu'
  }
}

/** @returns {string} for example `linux-x64-gnu` */
function target() {
  const { platform, arch } = process
  if (platform === 'linux') return `${platform}-${arch}-${libc()}`
  return platform === 'win32' ? `${platform}-${arch}-msvc` : `${platform}-${arch}`
}

/**
 * The only `require` of what is not known beforehand. File tracing (@vercel/nft) knows a function of this shape, one that
 * gives what it required, and follows its calls. Bundlers do not.
 *
 * @param {string} place
 */
function load(place) {
  const addon = require(place)
  return addon
}

/**
 * Never called: file tracing reads in it which packages to take along. As calls of `require` bundlers would read them
 * too, and stop at a `.node` file.
 */
function _traced() {
  load('@cookie-session-native/darwin-arm64')
  load('@cookie-session-native/darwin-x64')
  load('@cookie-session-native/linux-arm64-gnu')
  load('@cookie-session-native/linux-arm64-musl')
  load('@cookie-session-native/linux-x64-gnu')
  load('@cookie-session-native/linux-x64-musl')
  load('@cookie-session-native/win32-arm64-msvc')
  load('@cookie-session-native/win32-x64-msvc')
}

/**
 * Loads the addon.
 *
 * @returns {{ createKeyring: Function }}
 * @throws {Error} `ERR_COOKIE_SESSION_BINDING`, naming each place looked at and why it did not do
 */
function loadBinding() {
  const name = target()
  const places = [`@cookie-session-native/${name}`]
  if (ROOT !== undefined) places.push(path.join(ROOT, `cookie-session-native.${name}.node`))
  const causes = []
  for (const place of places) {
    try {
      return load(place)
    } catch (error) {
      causes.push(error)
    }
  }
  const tried = places.map(
    (place, i) => `\n- ${place}: ${String(causes[i]?.message ?? causes[i]).split('\n')[0]}`
  )
  const error = new Error(
    `cookie-session-native has no binary for ${name} here. Looked for:${tried.join('')}`
  )
  error.code = 'ERR_COOKIE_SESSION_BINDING'
  error.cause = new AggregateError(causes)
  throw error
}

module.exports = { loadBinding, target }
