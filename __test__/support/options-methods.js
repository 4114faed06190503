'use strict'

// What the tests of options-methods share.

const assert = require('node:assert')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { after, before } = require('node:test')
const { ask, decode, encode, listen, ours, signed } = require('../support/sockets/harness')

const KEY = 'a key of the app that is long enough for each format there is'

const NAMES = ['regenerate', 'save', 'reload', 'destroy', 'touch']

const ANN = { user: 'ann', n: 1 }

const VALUE = encode(ANN)

const VALID = signed('session', VALUE, KEY)

const FORGED = VALID.replace(VALUE, encode({ user: 'eve', n: 1 }))

const GONE = /^session=; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT/

const warnings = []

const unhandled = []

/** Until all that was put off to the next tick or turn has happened. */
async function settled() {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Collects the process warnings of a file's tests in `warnings`, and fails where a promise was rejected and nobody handled it. */
function watchProcess() {
  const onWarning = (warning) => warnings.push(warning)
  const onUnhandled = (reason) => unhandled.push(reason)
  before(() => {
    process.on('warning', onWarning)
    process.on('unhandledRejection', onUnhandled)
  })
  after(async () => {
    await settled()
    process.off('warning', onWarning)
    process.off('unhandledRejection', onUnhandled)
    assert.deepStrictEqual(unhandled, [])
  })
}

/**
 * Lets `run` handle one request, or as many as there are cookies, and returns the replies. What `run` throws
 * fails the test.
 */
async function serve(options, run, cookies, make = ours) {
  const middleware = make({ keys: [KEY], sessionMethods: make === ours ? true : undefined, ...options })
  let failure
  const server = await listen('http', (req, res) => {
    middleware(req, res, async () => {
      try {
        await run(req, res)
      } catch (err) {
        failure = err
      }
      if (!res.writableEnded) res.end('done')
    })
  })
  const replies = []
  try {
    for (const cookie of [].concat(cookies)) {
      replies.push(await ask(server, { headers: cookie ? [['Cookie', cookie]] : [] }))
      if (failure) throw failure
    }
  } finally {
    await server.close()
  }
  return replies
}

async function once(options, run, cookie, make) {
  const [reply] = await serve(options, run, [cookie], make)
  return reply
}

/** What the reply's session cookie holds; undefined where none was sent. */
function sent(reply) {
  const line = reply.cookies.find((cookie) => cookie.startsWith('session='))
  return line && decode(line.slice('session='.length).split(';')[0])
}

function rejected(promise) {
  return promise.then(
    () => assert.fail('it was not rejected'),
    (err) => err
  )
}

/** Runs a script with the package at hand; returns how it ended. */
function child(script) {
  const file = path.join(__dirname, '..', 'support', 'sockets', 'harness.js')
  const code = `const { ask, listen, ours, signed } = require(${JSON.stringify(file)})\n${script}`
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', code], (err, stdout, stderr) => {
      resolve({ code: err ? err.code : 0, stdout, stderr })
    })
  })
}

module.exports = {
  KEY,
  NAMES,
  ANN,
  VALUE,
  VALID,
  FORGED,
  GONE,
  warnings,
  unhandled,
  settled,
  serve,
  once,
  sent,
  rejected,
  child,
  watchProcess
}
