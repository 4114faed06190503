'use strict'

// Ties a request to its session's state where nobody sees it: in a private field. The accessor of
// req.session is one for all requests, and is called on the request, on an object that inherits from it, or on
// a Proxy over it; of these, only the request has the field. Its `_readableState`, an object that each
// Node request has for itself and that all three lead to, has another.

class Carrier extends function carrier(target) {
  return target
} {
  #state

  constructor(target, state) {
    super(target)
    this.#state = state
  }

  static has(target) {
    return #state in target
  }

  static stateOf(target) {
    return target.#state
  }
}

/**
 * Whether a request can carry a state: it is a stream, and carries none yet. A second middleware on
 * one request finds the first one's there, which an accessor kept elsewhere may still need.
 */
function canCarry(request) {
  if (typeof request !== 'object' || request === null) return false
  const stream = request._readableState
  return typeof stream === 'object' && stream !== null && !Carrier.has(stream) && !Carrier.has(request)
}

/**
 * To be called before the request gets any property: V8 keeps one hidden class for each order in which
 * properties come, and where another package's `session` came first in that order, it gives up on it.
 *
 * @throws {TypeError} where the request carries a state already
 */
function carry(request, state) {
  new Carrier(request, state)
  new Carrier(request._readableState, state)
}

/**
 * @param {object} view the request, an object that inherits from it, or a Proxy over it
 * @throws {TypeError} where nothing is carried: the accessor was torn off its request
 */
function carriedBy(view) {
  if (Carrier.has(view)) return Carrier.stateOf(view)
  const stream = view._readableState
  if (typeof stream === 'object' && stream !== null && Carrier.has(stream)) return Carrier.stateOf(stream)
  let target = view
  while (target !== null && !Carrier.has(target)) target = Object.getPrototypeOf(target)
  return Carrier.stateOf(target)
}

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
 * @param {import('node:http').IncomingMessage} req has to have no property of ours yet, see lib/request/session-accessor.js
 * @param {{ get(): unknown, set(value: unknown): void, config: object }} state
 * @returns {PropertyDescriptor}
 */
function accessorFor(req, state) {
  if (canCarry(req)) {
    carry(req, state)
    return sharedAccessor
  }
  if (typeof req === 'object' && req !== null && Carrier.has(req)) {
    require('./shared-names').warnOfSharedName(req, [Carrier.stateOf(req).config, state.config])
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
