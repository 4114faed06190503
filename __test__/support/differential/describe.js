// Turns values, errors, property descriptors and sessions into text, so that what two implementations did
// can be compared line by line.

'use strict'

const util = require('node:util')

const inspectOptions = {
  depth: 7,
  breakLength: Infinity,
  compact: true,
  maxArrayLength: 60,
  maxStringLength: 3000
}

function show(value) {
  // what util.inspect would give for these, at less cost
  if (value === undefined || value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string' && /^[\w /;=.,:-]*$/.test(value)) return `'${value}'`
  return util.inspect(value, inspectOptions)
}

// Messages that V8 makes of the source text of the failing expression are no contract.
function plainMessage(message) {
  return (
    String(message)
      // JavaScriptCore quotes the source that was running.
      .replace(/ \(evaluating '.*'\)$/s, '')
      .replace(/^.* is not an Object\.$/s, '… is not an Object')
      .replace(/^.* is not a (function|constructor)(\. \(In '.*)?$/s, '… is not a $1')
      .replace(/^.* is not iterable.*$/s, '… is not iterable')
      .replace(/^(Cannot use 'in' operator to search for) '.*?' in /s, '$1 … in ')
  )
}

function showError(error) {
  if (error === null || typeof error !== 'object') return `threw ${show(error)}`
  const name = error.constructor ? error.constructor.name : '(none)'
  const code = error.code === undefined ? '' : ` [${String(error.code)}]`
  return `threw ${name}${code}: ${plainMessage(error.message)}`
}

function flags(descriptor) {
  return (
    (descriptor.writable === undefined ? '' : descriptor.writable ? 'w' : '-') +
    (descriptor.enumerable ? 'e' : '-') +
    (descriptor.configurable ? 'c' : '-')
  )
}

// the shape of one own property: for an accessor, that of its functions too
function showProperty(object, key) {
  const descriptor = Object.getOwnPropertyDescriptor(object, key)
  if (!descriptor) return `${String(key)}: none`
  if (!('value' in descriptor)) {
    const parts = ['get', 'set'].map((kind) =>
      descriptor[kind] ? `${kind}/${descriptor[kind].length}` : `no ${kind}`
    )
    return `${String(key)}: ${flags(descriptor)} ${parts.join(' ')}`
  }
  return `${String(key)}: ${flags(descriptor)} ${show(descriptor.value)}`
}

function showFunction(object, key) {
  const descriptor = Object.getOwnPropertyDescriptor(object, key)
  if (!descriptor || typeof descriptor.value !== 'function') return showProperty(object, key)
  return `${String(key)}: ${flags(descriptor)} function ${descriptor.value.name}/${descriptor.value.length}`
}

function showKeys(object) {
  return Reflect.ownKeys(object).map(String).join(' ')
}

function attempt(fn) {
  try {
    return show(fn())
  } catch (error) {
    return showError(error)
  }
}

// Everything that can be seen of a session. `line` takes one line at a time.
function describeSession(session, line) {
  if (session === null || typeof session !== 'object') {
    line(show(session))
    return
  }
  line(`prints ${attempt(() => session)}`)
  for (const key of Reflect.ownKeys(session)) {
    if (key !== '_ctx') line(`own ${attemptText(() => showProperty(session, key))}`)
  }
  line(`isNew ${attempt(() => session.isNew)}`)
  line(`isPopulated ${attempt(() => session.isPopulated)}`)
  line(`isChanged ${attempt(() => session.isChanged)}`)
  const context = Object.getOwnPropertyDescriptor(session, '_ctx')
  if (!context) {
    line('_ctx none')
    return
  }
  line(`_ctx ${flags(context)} ${attempt(() => context.value)} ${attemptText(() => showKeys(context.value))}`)
}

function attemptText(fn) {
  try {
    return fn()
  } catch (error) {
    return showError(error)
  }
}

// the class of a session, as far as an application can reach it
function describeClass(session, line) {
  const proto = Object.getPrototypeOf(session)
  line(`class ${proto.constructor.name}/${proto.constructor.length} proto keys ${showKeys(proto)}`)
  for (const key of ['isNew', 'isChanged', 'isPopulated']) line(showProperty(proto, key))
  line(`above ${Object.getPrototypeOf(proto) === Object.prototype}`)
  line(`instance ${session instanceof proto.constructor}`)
}

module.exports = {
  show,
  showError,
  showProperty,
  showFunction,
  showKeys,
  plainMessage,
  describeSession,
  describeClass
}
