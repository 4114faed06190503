'use strict'

// Frameworks and servers: what the engine gives them is a text, whichever it is. Those on both engines are in
// both-engines/sockets.test.js.

process.env.NODE_ENV = 'test'
process.env.NO_DEPRECATION = 'cookies'

const { after, before } = require('node:test')

const { freezeTime } = require('../support/sockets/harness')
const { ON_BOTH, describeStacks } = require('../support/sockets/stacks')

let thaw
before(() => {
  thaw = freezeTime()
})
after(() => thaw())

describeStacks((name) => !ON_BOTH.includes(name))
