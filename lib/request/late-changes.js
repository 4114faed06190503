'use strict'

// A session that is changed after the headers went is lost. Outside production this warns of it, once, without
// anything that an app could observe: no listener, no getter and no toJSON of the app's is called.

const { SessionError } = require('../errors')
const { warnNotSaved } = require('../warnings')

// As it is now: an app's tests may replace it.
const { queueMicrotask } = globalThis

let hasWarned = false

/** Whether there is anything left to warn of. */
function isOver() {
  return hasWarned || process.env.NODE_ENV === 'production'
}

function warn() {
  hasWarned = true
  warnNotSaved(new SessionError('ERR_SESSION_HEADERS_SENT'))
}

function isSame(before, after) {
  const keys = Reflect.ownKeys(after)
  if (keys.length !== Reflect.ownKeys(before).length) return false
  return keys.every((key) => Object.hasOwn(before, key) && Object.is(before[key].value, after[key].value))
}

/** To be called where an app assigns a session after the headers. */
function warnOfLateAssignment() {
  if (!isOver()) warn()
}

/**
 * To be called where an app gets a session after the headers: what the same statement then does to it is seen.
 *
 * @param {object} session
 */
function watchForLateChange(session) {
  if (isOver()) return
  const before = Object.getOwnPropertyDescriptors(session)
  queueMicrotask(() => {
    if (!isOver() && !isSame(before, Object.getOwnPropertyDescriptors(session))) warn()
  })
}

module.exports = { warnOfLateAssignment, watchForLateChange }
