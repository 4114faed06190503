'use strict'

// The accessor of req.session, for any state that has `get` and `set`.

const { canCarry, carriedBy, carry } = require('./request-state')

/** The accessor that all requests share. A pair made for each would cost a hidden class each. */
const sharedAccessor = {
  configurable: true,
  enumerable: true,
  get: function getSession() {
    return carriedBy(this).get()
  },
  set: function setSession(value) {
    carriedBy(this).set(value)
  }
}

/**
 * @param {import('node:http').IncomingMessage} req has to have no property of ours yet, see lib/request-state.js
 * @param {{ get(): unknown, set(value: unknown): void }} state
 * @returns {PropertyDescriptor}
 */
function accessorFor(req, state) {
  if (canCarry(req)) {
    carry(req, state)
    return sharedAccessor
  }
  return {
    configurable: true,
    enumerable: true,
    get: function getSession() {
      return state.get()
    },
    set: function setSession(value) {
      state.set(value)
    }
  }
}

module.exports = { accessorFor }
