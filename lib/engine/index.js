'use strict'

// Decides, once, what signs and serializes: the compiled addon, or node:crypto where none fits.

const { loadBinding } = require('./binding')

/** Where the value of the environment variable comes from, for messages. */
const VARIABLE = 'COOKIE_SESSION_ENGINE'

function chooseEngine(wanted) {
  if (wanted === 'node') return require('./node')
  if (wanted === 'native') return require('./native')(loadBinding())
  if (wanted !== undefined && wanted !== '') {
    throw new TypeError(`${VARIABLE} is ${JSON.stringify(wanted)}; expected 'native' or 'node', or nothing`)
  }
  let binding
  try {
    binding = loadBinding()
  } catch {
    return require('./node')
  }
  return require('./native')(binding)
}

module.exports = chooseEngine(process.env[VARIABLE])
