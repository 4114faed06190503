'use strict'

// Looks at properties of objects that belong to an app without running its code: a getter or a Proxy would notice.

const { types } = require('node:util')

/** The data property of an object, or of its prototypes, that a name stands for; undefined where code does. */
function dataOf(object, name) {
  for (let owner = object; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const property = Object.getOwnPropertyDescriptor(owner, name)
    if (property !== undefined) return Object.hasOwn(property, 'value') ? property : undefined
  }
  return undefined
}

/** Whether an object, or one of its prototypes, is a Proxy. */
function hasProxy(object) {
  for (let owner = object; owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (types.isProxy(owner)) return true
  }
  return false
}

/** A property's value; undefined where reading it would run code. */
function peek(object, name) {
  return hasProxy(object) ? undefined : dataOf(object, name)?.value
}

module.exports = { dataOf, hasProxy, peek }
