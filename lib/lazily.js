'use strict'

// Modules that most apps never need are loaded when they are first used. `require` by itself resolves a path anew at each
// call, which takes microseconds of a request.

/**
 * @template T
 * @param {() => T} load calls `require`
 * @returns {() => T}
 */
function lazily(load) {
  let loaded
  return () => {
    loaded ??= load()
    return loaded
  }
}

module.exports = { lazily }
