'use strict'

// What the tests of contract-writing share.

const { KEYS, base64, exchange } = require('../support/contract/harness')

// Connect prints the errors that it sends, but not here.
process.env.NODE_ENV = 'test'

const ONE = '{"a":1}'

const VALUE = base64(ONE)

const write = (req) => {
  req.session.a = 1
}

/** What is sent for a session that has {"a":1}, under options. */
const saved =
  (options = {}, { app, ...request } = {}) =>
  (cookieSession) =>
    exchange(cookieSession, { options: { keys: [...KEYS], ...options }, ...request }, (req, res) => {
      const seen = app && app(req, res)
      write(req)
      return seen
    })

/** Names of a test's values, as a reader would write them. */
function told(value) {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date'
  return typeof value === 'object' && value !== null ? `an object, ${JSON.stringify(value)}` : String(value)
}

module.exports = { ONE, VALUE, write, saved, told }
