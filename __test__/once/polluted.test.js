'use strict'

// Others change built-in prototypes, before the package is loaded, before a middleware is made, and while it serves.

const assert = require('node:assert')
const { execFile } = require('node:child_process')
const { availableParallelism } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { promisify } = require('node:util')

const SCRIPT = path.join(__dirname, '..', 'support', 'hostile', 'polluted.js')
/** What runs now: as many as there are processors. */
const running = Array(availableParallelism()).fill(Promise.resolve())

/** What support/hostile/polluted.js sees with a package; it runs beside the tests. */
function polluted(place, what, engine) {
  const env = { ...process.env, COOKIE_SESSION_ENGINE: engine }
  const start = () =>
    promisify(execFile)(process.execPath, [SCRIPT, place, what], { env, maxBuffer: 1 << 28 })
  const seen = running.shift().then(start)
  // Awaited later, where it fails its test.
  running.push(seen.catch(() => {}))
  return async () => JSON.parse((await seen).stdout)
}

/** Whether a request saw no session, an error, or the one that its cookie holds. */
function isHarmless(label, session) {
  if (/, (?:good|of an older key)/.test(label) && session === "{ user: 'ada', n: 1 }") return true
  return session === '{}' || session === 'undefined' || /^["'`]thrown: /.test(session)
}

const ORIGINAL = require.resolve('cookie-session')
const OURS = require.resolve('../..')

const seenPolluted = {
  original: polluted(ORIGINAL, 'default', ''),
  originalByOptions: polluted(ORIGINAL, 'options', '')
}

/** The engine is asked the same whether somebody listens or not. */
const WITH_SUBSCRIBERS = 'native'

for (const engine of ['native', 'node']) {
  const seenHere = {
    ours: polluted(OURS, 'default', engine),
    ...(engine === WITH_SUBSCRIBERS && { subscribed: polluted(OURS, 'subscribed', engine) }),
    modern: polluted(OURS, 'modern', engine),
    // Options are read by code that both engines share.
    ...(engine === WITH_SUBSCRIBERS && { byOptions: polluted(OURS, 'options', engine) })
  }

  for (const how of ['ours', 'subscribed']) {
    if (!(how in seenHere)) continue
    test(`others change built-in prototypes, before it is loaded and after: as the original (${how}, ${engine})`, async (t) => {
      const got = await seenHere[how]()
      const wanted = await seenPolluted.original()
      assert.ok(Object.keys(wanted).length > 50)
      for (const [what, requests] of Object.entries(wanted)) {
        await t.test(what, () => assert.deepStrictEqual(got[what], requests))
      }
    })
  }

  test(`others change built-in prototypes, with options of ours: no session but of a key of the app (${engine})`, async (t) => {
    const wanted = await seenPolluted.original()
    for (const [what, requests] of Object.entries(await seenHere.modern())) {
      await t.test(what, () => {
        const bySession = new Map(wanted[what].map(({ label, session }) => [label, session]))
        for (const { label, made, session, listeners } of requests) {
          if (made !== undefined) {
            assert.match(
              made,
              /^thrown: (?:TypeError|Error) undefined (?:option|\.keys|Keys|Invalid|Getter|Setter)/
            )
            continue
          }
          if (!isHarmless(label, session)) assert.strictEqual(session, bySession.get(label), label)
          assert.match(listeners, /^\[/, label)
        }
      })
    }
  })

  if (!('byOptions' in seenHere)) continue
  test(`options of ours on Object.prototype: a TypeError, or no session but of a key of the app (${engine})`, async (t) => {
    const wanted = await seenPolluted.originalByOptions()
    for (const [what, requests] of Object.entries(await seenHere.byOptions())) {
      await t.test(what, () => {
        const bySession = new Map(wanted[what].map(({ label, session }) => [label, session]))
        for (const { label, made, session, served } of requests) {
          if (made !== undefined) {
            assert.match(made, /^thrown: TypeError undefined option /, label)
            continue
          }
          if (!isHarmless(label, session)) assert.strictEqual(session, bySession.get(label), label)
          // Read when the middleware was made, and not again.
          if (/serving/.test(label)) assert.strictEqual(served, 'served', label)
        }
      })
    }
  })
}
