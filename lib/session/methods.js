'use strict'

// regenerate, save, reload, destroy and touch, as express-session (1.19) has them, for passport and what else was
// written for it. They end at their request's policy, lib/request/policy.js.

const { warnOnce } = require('../warnings')
const { ownerOf, sessionsWith } = require('./session')

/** The request's session behind what an app has, see lib/request/request-session.js. */
function requireOwner(session) {
  const owner = ownerOf(session)
  if (owner === undefined) throw new TypeError('not a session of cookie-session-native')
  return owner
}

function policyOf(session) {
  return requireOwner(session).policy
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
      policyOf(this).regenerate()
      policyOf(this).checkHeaders()
    })
  },
  save(callback) {
    return answer(this, callback, () => policyOf(this).save())
  },
  reload(callback) {
    return answer(this, callback, () => policyOf(this).reload())
  },
  destroy(callback) {
    return answer(this, callback, () => {
      requireOwner(this).set(null)
      policyOf(this).checkHeaders()
    })
  },
  touch() {
    policyOf(this).touch()
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

module.exports = { ...sessions, warnOfHidden }
