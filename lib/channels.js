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
 * What tells of one middleware's sessions.
 *
 * @param {{ name: string, requestKey: string }} middleware
 * @returns {(event: keyof typeof channels, fields: { reason?: string, keyIndex?: number, ageMs?: number, bytes?: number, code?:
 *   string }) => void} fields that are undefined are left out
 */
function publisher({ name, requestKey }) {
  return (event, fields) => {
    const channel = channels[event]
    if (!channel.hasSubscribers) return
    const message = { name, requestKey }
    for (const field of Object.keys(fields)) {
      if (fields[field] !== undefined) message[field] = fields[field]
    }
    channel.publish(message)
  }
}

module.exports = { isWatched, publisher }
