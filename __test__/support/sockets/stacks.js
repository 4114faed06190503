'use strict'

// The servers that an app may run on, and the frameworks it may be written in: every scenario gets the original's answer on
// each of them, byte for byte.

const { describe, test } = require('node:test')
const connect = require('connect')
const express4 = require('express4')
const express5 = require('express')

const { ask, compare } = require('./harness')
const { check, mount, scenarios } = require('./scenarios')

function bare(handlers) {
  return (req, res) => {
    let i = 0
    const next = (err) => {
      if (err) {
        res.statusCode = 500
        return res.end(`caught ${err.message}`)
      }
      const handler = handlers[i++]
      try {
        handler(req, res, next)
      } catch (err) {
        next(err)
      }
    }
    next()
  }
}

const framework = {
  bare,
  connect(handlers) {
    const app = connect()
    for (const handler of handlers) app.use(handler)
    return app
  },
  express4(handlers) {
    const app = express4()
    for (const handler of handlers) app.use(handler)
    return app
  },
  express5(handlers) {
    const app = express5()
    for (const handler of handlers) app.use(handler)
    return app
  }
}

const stacks = [
  { name: 'node:http', transport: 'http', build: framework.bare },
  { name: 'Connect', transport: 'http', build: framework.connect },
  { name: 'Express 4', transport: 'http', build: framework.express4 },
  { name: 'Express 5', transport: 'http', build: framework.express5 },
  { name: 'node:https', transport: 'https', build: framework.bare, tls: true },
  { name: 'Express 5 over https', transport: 'https', build: framework.express5, tls: true },
  { name: 'HTTP/1.1 to node:http2 over TLS', transport: 'h2+1', build: framework.bare, tls: true },
  { name: 'node:http2, h2c', transport: 'h2c', build: framework.bare, h2: true },
  { name: 'node:http2 over TLS', transport: 'h2', build: framework.bare, tls: true, h2: true },
  { name: 'Connect over http2 and TLS', transport: 'h2', build: framework.connect, tls: true, h2: true }
]

/** One of each protocol, where the engine is the matter. */
const ON_BOTH = ['node:http', 'node:http2 over TLS']

/** The frames of the two packages are not the same, and some error pages show them. */
function shortStack(run) {
  return (req, res) => {
    try {
      run(req, res)
    } catch (err) {
      err.stack = String(err)
      throw err
    }
  }
}

/** @param {(name: string) => boolean} isWanted of which servers */
function describeStacks(isWanted) {
  for (const stack of stacks.filter(({ name }) => isWanted(name))) {
    describe(stack.name, () => {
      for (const scenario of scenarios) {
        if (scenario.http1 && stack.h2) continue
        test(scenario.line, async () => {
          const reply = await compare(
            stack.transport,
            (cookieSession) => {
              const handlers = mount(scenario, cookieSession)
              if (scenario.between) {
                handlers.splice(1, 0, (req, _res, next) => {
                  scenario.between(req)
                  next()
                })
              }
              return stack.build([...handlers, shortStack(scenario.run)])
            },
            (server) =>
              ask(server, {
                method: scenario.method,
                body: scenario.body,
                headers: scenario.cookie === undefined ? [] : [['Cookie', scenario.cookie]]
              })
          )
          check(scenario, reply, stack)
        })
      }
    })
  }
}

module.exports = { ON_BOTH, describeStacks, framework }
