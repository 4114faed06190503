'use strict'

// regenerate, save, reload, destroy and touch, as express-session (1.19) has them, for passport and what else was
// written for it. They end at the state of their request; see lib/extended-session.js.

const { warnOnce } = require('../errors')
const { openFound, sessionsWith } = require('./session')

/** The request's state behind a session. */
const states = new WeakMap()

function stateOf(session) {
  const state = states.get(session)
  if (state === undefined) throw new TypeError('not a session of cookie-session-native')
  return state
}

/**
 * Does something at once and says so later: to the callback, or by a promise that may be ignored.
 *
 * @param {object} session what is returned where there is a callback
 * @param {(() => void) | undefined} callback
 * @param {() => void} work
 */
function answer(session, callback, work) {
  let failure
  try {
    work()
  } catch (error) {
    failure = error
  }
  if (typeof callback === 'function') {
    process.nextTick(callback, failure)
    return session
  }
  const promise = failure === undefined ? Promise.resolve() : Promise.reject(failure)
  // Ignored, it must not end the process.
  promise.catch(() => {})
  return promise
}

const methods = {
  regenerate(callback) {
    return answer(this, callback, () => {
      stateOf(this).regenerate()
      stateOf(this).checkHeaders()
    })
  },
  save(callback) {
    return answer(this, callback, () => stateOf(this).save())
  },
  reload(callback) {
    return answer(this, callback, () => stateOf(this).reload())
  },
  destroy(callback) {
    return answer(this, callback, () => {
      stateOf(this).set(null)
      stateOf(this).checkHeaders()
    })
  },
  touch() {
    stateOf(this).touch()
    return this
  }
}

const sessions = sessionsWith(methods)
const names = Object.keys(methods)

/** Warns of a method that a session's own property hides: once for each of them. */
function warnOfHidden(session) {
  for (const name of names) {
    if (!Object.hasOwn(session, name)) continue
    warnOnce(
      'COOKIE_SESSION_METHOD_HIDDEN',
      `a session has a property ${name}, which hides the method of that name`,
      `method ${name}`
    )
  }
}

/** Lets a session's methods find its request's state. */
function tie(session, state) {
  states.set(session, state)
  warnOfHidden(session)
  return session
}

module.exports = {
  warnOfHidden,
  createSession: (state, obj) => tie(sessions.createSession(obj), state),
  openSession: (state, found) => tie(openFound(found, sessions.openSession), state)
}
