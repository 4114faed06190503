'use strict'

// Two middlewares on one request that use one cookie name: each reads what the other wrote, so that a session of the one
// passes for one of the other's.

const { peek } = require('../data-property')
const { warnOnce } = require('../warnings')

/** The middlewares that each request with more than one has passed. */
const passed = new WeakMap()

function describe({ name, requestKey, options }) {
  return `requestKey ${JSON.stringify(requestKey)}, path ${JSON.stringify(pathOf(options))}, name ${JSON.stringify(name)}`
}

function pathOf(options) {
  return peek(options, 'path') ?? '/'
}

/**
 * @param {object} request
 * @param {{ name: string, requestKey: string, options: object }[]} middlewares the one that serves the request now, last
 */
function warnOfSharedName(request, middlewares) {
  const all = passed.get(request) ?? new Set()
  passed.set(request, all)
  for (const one of middlewares) {
    for (const other of all) {
      if (one.name !== other.name) continue
      if (one.requestKey === other.requestKey && pathOf(one.options) === pathOf(other.options)) continue
      warnOnce(
        'COOKIE_SESSION_SHARED_NAME',
        `two middlewares read one cookie, each taking the other's session for its own: ${describe(other)}; ` +
          `${describe(one)}. Give each a name of its own`,
        `shared name ${String(one.name)}`
      )
    }
    all.add(one)
  }
}

module.exports = { warnOfSharedName }
