'use strict'

// What can be seen from outside: diagnostics channels (node:diagnostics_channel). Nothing is made for a channel that
// nobody subscribes to, and no message holds a request, a cookie's value or a session's content.

const { channel } = require('node:diagnostics_channel')

const channels = {
  opened: channel('cookie-session:opened'),
  rejected: channel('cookie-session:rejected'),
  saved: channel('cookie-session:saved'),
  failed: channel('cookie-session:failed')
}

/** Whether anyone listens to any of them. */
function isWatched() {
  const { opened, rejected, saved, failed } = channels
  return opened.hasSubscribers || rejected.hasSubscribers || saved.hasSubscribers || failed.hasSubscribers
}

/**
 * @param {keyof typeof channels} event
 * @param {{ name: string, requestKey: string, reason?: string, keyIndex?: number, ageMs?: number, bytes?: number,
 *   code?: string }} fields those that are undefined are left out
 */
function publish(event, fields) {
  if (!channels[event].hasSubscribers) return
  const message = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) message[key] = value
  channels[event].publish(message)
}

/**
 * @param {{ name: string, requestKey: string }} middleware whose sessions are told of
 * @returns {(event: keyof typeof channels, fields: object) => void} see `publish`
 */
function publisher({ name, requestKey }) {
  return (event, fields) => publish(event, { name, requestKey, ...fields })
}

module.exports = { isWatched, publisher }
