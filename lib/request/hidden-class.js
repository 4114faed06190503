'use strict'

// Express gives each request and response another prototype after they were made. V8 up to 12 (Node 22) then finds
// no hidden class (map) to share for any property that comes later: each request gets classes of its own, and every
// access to it, here, in Express and in the app, is looked up anew. What is sent through here gets one that all share.

const { types } = require('node:util')

/** From V8 13 (Node 24) on it costs more than it saves: 16 to 21 against 7 to 11 microseconds on Node 26. */
const IS_CHEAPER = Number.parseInt(process.versions.v8, 10) < 13

// Without a prototype, as what somebody left on Object.prototype would be part of a descriptor.
const SHOWN = { __proto__: null, enumerable: true }
const HIDDEN = { __proto__: null, enumerable: false }

/** A property that each Node stream and message has for itself, see `EventEmitter`. */
const PROPERTY = '_events'

/** Two prototypes that were classes' own when they were looked at: those of nearly all requests and responses. */
let known
let knownToo

/**
 * Has V8 keep an object's properties in a dictionary, whose hidden class is shared by all objects of one prototype,
 * where the prototype was exchanged: that is, where it is no class's own. Changing a property's attributes does
 * that to an object that has no transition from one hidden class to the next; changed back, nothing is left to
 * see. On Express 5, what a session adds to a request goes from 41 to 3 microseconds of CPU by this (Node 20).
 *
 * @param {unknown} message a request or response; anything else is left alone
 */
function shareHiddenClass(message) {
  // Short, so that V8 inlines it.
  if (!IS_CHEAPER || typeof message !== 'object' || message === null) return
  const prototype = Object.getPrototypeOf(message)
  if (prototype !== known && prototype !== knownToo) share(message, prototype)
}

function share(message, prototype) {
  if (prototype === null) return
  if (Object.hasOwn(prototype, 'constructor')) {
    knownToo = known
    known = prototype
    return
  }
  if (types.isProxy(message)) return
  const property = Object.getOwnPropertyDescriptor(message, PROPERTY)
  if (property === undefined || !property.configurable || !property.enumerable) return
  Object.defineProperty(message, PROPERTY, HIDDEN)
  Object.defineProperty(message, PROPERTY, SHOWN)
}

module.exports = { shareHiddenClass }
