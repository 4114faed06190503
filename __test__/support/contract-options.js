'use strict'

// What the tests of contract-options share.

const { look } = require('../support/contract/harness')

const read = (req) => look(req.session)

const write = (req) => {
  req.session.a = 1
}

module.exports = { read, write }
