'use strict'

// Process warnings come once a process, so that each test of them needs the package as a process has it at its start. Its
// modules hold all that it knows: loaded anew they know nothing, which takes a fiftieth of the time of a process.
// contract-differences.test.js and channels.test.js look at what real processes print.

const { createRequire } = require('node:module')
const path = require('node:path')
const harness = require('./harness')

const ROOT = path.join(__dirname, '..', '..', '..')
const AsyncFunction = (async () => {}).constructor

/** The package's modules that are loaded; not the addon, which a process loads once. */
function modules() {
  return Object.keys(require.cache).filter(
    (file) =>
      file === path.join(ROOT, 'index.js') ||
      (/\.js$/.test(file) && file.startsWith(path.join(ROOT, 'lib', '/')))
  )
}

/** Takes the package's modules away, so that the next to ask for one loads it. @returns what puts them back */
function forget() {
  const before = modules().map((file) => [file, require.cache[file]])
  for (const [file] of before) delete require.cache[file]
  return () => {
    for (const file of modules()) delete require.cache[file]
    for (const [file, module] of before) require.cache[file] = module
  }
}

function listen(warnings) {
  const before = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', ({ name, code, message }) => warnings.push({ name, code, message }))
  return () => {
    process.removeAllListeners('warning')
    for (const listener of before) process.on('warning', listener)
  }
}

function setEnvironment(env) {
  const before = Object.keys(env).map((name) => [name, process.env[name]])
  Object.assign(process.env, env)
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

/**
 * Runs code with the package loaded anew, as `ours`, and with what the harness of the contract's tests exports.
 *
 * @param {string} body of an async function
 * @param {NodeJS.ProcessEnv} [env]
 * @param {object} [more] what else the body finds, by name
 * @returns {Promise<{ name: string, code: string, message: string }[]>} the warnings, in order
 */
async function warningsOf(body, env = {}, more = {}) {
  const warnings = []
  // Warnings are emitted on a later turn: those of what ran before are none of these.
  await new Promise(setImmediate)
  const undo = [setEnvironment({ NODE_ENV: '', ...env }), listen(warnings), forget()]
  try {
    const names = { ...harness, require: createRequire(__filename), http: require('node:http'), ...more }
    names.ours = require('../../..')
    await new AsyncFunction(...Object.keys(names), body)(...Object.values(names))
    await new Promise(setImmediate)
  } finally {
    for (const each of undo.reverse()) each()
  }
  return warnings
}

module.exports = { warningsOf }
