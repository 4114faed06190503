// Loads what is compared: the original package (whole, or with parts of its source text replaced, for the
// tests of the harness itself) and ours on either of its engines. Each comes as { label, cookieSession,
// Keygrip, debug }, where `debug` is the copy of the debug package it writes to.

'use strict'

const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')
const { channel } = require('node:diagnostics_channel')
const { createRequire } = require('node:module')

// the original's own warnings about old options go to stderr, where nothing is compared
process.env.NO_DEPRECATION = `${process.env.NO_DEPRECATION || ''},cookies`

const root = path.resolve(__dirname, '..', '..', '..')

// what debug writes goes to the script that is running, if it asked for it
const debugSink = { current: null }
const { format } = require('node:util')

function catchDebug(debug) {
  debug.formatArgs = () => {}
  debug.log = (...args) => {
    if (debugSink.current) debugSink.current(format(...args))
  }
  return debug
}

const originalFile = require.resolve('cookie-session')
const files = {
  'cookie-session': originalFile,
  cookies: createRequire(originalFile).resolve('cookies')
}
files.keygrip = createRequire(files.cookies).resolve('keygrip')
files['on-headers'] = createRequire(originalFile).resolve('on-headers')

// patches: [{ file: 'cookies', from: 'text', to: 'text' }, ...]; each `from` must occur in the file
function loadOriginal(label, patches = []) {
  const loaded = new Map()

  function load(name) {
    if (loaded.has(name)) return loaded.get(name).exports
    const filename = files[name]
    let source = fs.readFileSync(filename, 'utf8')
    for (const patch of patches) {
      if (patch.file !== name) continue
      if (!source.includes(patch.from))
        throw new Error(`${label}: nothing to patch in ${name}: ${patch.from}`)
      source = source.split(patch.from).join(patch.to)
    }
    const module = { exports: {} }
    loaded.set(name, module)
    const plainRequire = createRequire(filename)
    const ownRequire = (request) => (request in files ? load(request) : plainRequire(request))
    const parameters = ['exports', 'require', 'module', '__filename', '__dirname']
    const wrapper = vm.compileFunction(source, parameters, { filename })
    wrapper.call(module.exports, module.exports, ownRequire, module, filename, path.dirname(filename))
    return module.exports
  }

  return {
    label,
    cookieSession: load('cookie-session'),
    Keygrip: load('keygrip'),
    debug: catchDebug(createRequire(originalFile)('debug'))
  }
}

const channels = ['opened', 'rejected', 'saved', 'failed'].map((event) => channel(`cookie-session:${event}`))

// Listens to all channels until the function that it returns is called.
function subscribe() {
  const listener = () => {}
  for (const each of channels) each.subscribe(listener)
  return () => {
    for (const each of channels) each.unsubscribe(listener)
  }
}

// Ours, with modules of its own, on the engine given ('native', 'node', or undefined for its own choice). What is
// loaded only when an option needs it would otherwise be shared by all that are loaded here, and so would the engine
// be. `subscribed` has somebody listen to the diagnostics channels while a script runs; `extended` sends everything the
// way that it goes with opt-in options, though none is set; `folder` is where the package is installed, if not this
// repository.
function loadOurs(engine, { extended = false, subscribed = false, folder = root } = {}) {
  const loaded = new Map()

  function load(file) {
    if (loaded.has(file)) return loaded.get(file).exports
    const module = { exports: {} }
    loaded.set(file, module)
    const plainRequire = createRequire(file)
    const ownRequire = (request) => {
      const resolved = request.startsWith('.') ? plainRequire.resolve(request) : request
      return resolved.endsWith('.js') ? load(resolved) : plainRequire(resolved)
    }
    const parameters = ['exports', 'require', 'module', '__filename', '__dirname']
    const wrapper = vm.compileFunction(fs.readFileSync(file, 'utf8'), parameters, { filename: file })
    wrapper.call(module.exports, module.exports, ownRequire, module, file, path.dirname(file))
    return module.exports
  }

  const before = process.env.COOKIE_SESSION_ENGINE
  if (engine !== undefined) process.env.COOKIE_SESSION_ENGINE = engine
  try {
    if (extended) load(path.join(folder, 'lib', 'opt-in.js')).hasOptIn = () => true
    const cookieSession = load(path.join(folder, 'index.js'))
    return {
      label:
        `ours on the ${engine || 'default'} engine` +
        `${extended ? ', as with opt-in options' : ''}${subscribed ? ', with subscribers' : ''}`,
      subscribe: subscribed ? subscribe : undefined,
      cookieSession,
      Keygrip: cookieSession.Keygrip,
      debug: catchDebug(createRequire(path.join(folder, 'package.json'))('debug'))
    }
  } finally {
    if (before === undefined) delete process.env.COOKIE_SESSION_ENGINE
    else process.env.COOKIE_SESSION_ENGINE = before
  }
}

module.exports = { loadOriginal, loadOurs, debugSink, subscribe }
