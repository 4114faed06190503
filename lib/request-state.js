'use strict'

// Ties a request to its session's state where nobody sees it: in a private field of the request's
// `_readableState`, one object of each Node request, which a Proxy over the request and objects that
// inherit from it lead to as well.

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
  const target = request._readableState
  return typeof target === 'object' && target !== null && !Carrier.has(target)
}

/** @throws {TypeError} where the request carries a state already */
function carry(request, state) {
  new Carrier(request._readableState, state)
}

/** @throws {TypeError} where nothing is carried: the accessor was torn off its request */
function carriedBy(request) {
  return Carrier.stateOf(request._readableState)
}

module.exports = { canCarry, carry, carriedBy }
