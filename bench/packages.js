'use strict'

// Loads each package apart from the others in one process: this one on either engine, and cookie-session as
// often as it is compared with itself. Code that two instances share would be optimized for both at once.

const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const DEPENDENCIES = path.join(ROOT, 'node_modules') + path.sep
const ORIGINALS = ['cookie-session', 'cookies', 'keygrip'].map((name) => DEPENDENCIES + name + path.sep)
const loaded = new Map()

function isOurs(file) {
  return file.startsWith(ROOT + path.sep) && !file.startsWith(DEPENDENCIES) && !file.startsWith(__dirname)
}

function isOriginal(file) {
  return ORIGINALS.some((directory) => file.startsWith(directory))
}

function loadAnew(id, isPart) {
  for (const file of Object.keys(require.cache)) if (isPart(file)) delete require.cache[file]
  return require(id)
}

function loadEngine(engine) {
  const before = process.env.COOKIE_SESSION_ENGINE
  process.env.COOKIE_SESSION_ENGINE = engine
  try {
    return loadAnew('..', isOurs)
  } finally {
    if (before === undefined) delete process.env.COOKIE_SESSION_ENGINE
    else process.env.COOKIE_SESSION_ENGINE = before
  }
}

const loaders = {
  'cookie-session': () => loadAnew('cookie-session', isOriginal),
  'cookie-session again': () => loadAnew('cookie-session', isOriginal),
  native: () => loadEngine('native'),
  node: () => loadEngine('node')
}

/**
 * @param {'cookie-session' | 'cookie-session again' | 'native' | 'node'} name
 * @returns {typeof import('..')} the same one each time
 */
function load(name) {
  if (!loaded.has(name)) loaded.set(name, loaders[name]())
  return loaded.get(name)
}

module.exports = { ROOT, load }
