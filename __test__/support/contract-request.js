'use strict'

// What the tests of contract-request share.

const { look } = require('../support/contract/harness')

const ONE = '{"a":1}'

const CLEARED = ['session.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly']

const read = (req) => look(req.session)

const write = (req) => {
  req.session.a = 1
}

module.exports = { ONE, CLEARED, read, write }
