'use strict'

// Process warnings: what apps hear of by default, once each, under codes that begin with `COOKIE_SESSION_`.

const { MAX_COOKIE_BYTES } = require('./cookies/browser-rules')

const warned = new Set()

/**
 * Emits a process warning, once for each subject.
 *
 * @param {string} code `COOKIE_SESSION_` and more
 * @param {string} message
 * @param {string} [subject]
 */
function warnOnce(code, message, subject = code) {
  if (warned.has(subject)) return
  warned.add(subject)
  process.emitWarning(message, { type: 'CookieSessionWarning', code })
}

/** Warns of a session that was not saved, once for each code. */
function warnNotSaved({ code, message }) {
  warnOnce(
    'COOKIE_SESSION_NOT_SAVED',
    `a session was not saved: ${message}. The option onError hears of each such session; this warning is not repeated for ${code}`,
    code
  )
}

function warnTooLarge(name, bytes) {
  warnOnce(
    'COOKIE_SESSION_TOO_LARGE',
    `the cookie ${JSON.stringify(name)} has ${bytes} bytes; browsers drop cookies of more than ${MAX_COOKIE_BYTES}. ` +
      'The option maxSize makes it an error'
  )
}

module.exports = { warnNotSaved, warnOnce, warnTooLarge }
