'use strict'

// What an app does that no app should, played with both packages and with our own options: in its default mode ours has to
// do what cookie-session does, call by call and byte by byte; with options of its own it must not crash, mix up sessions,
// or lose one without telling `onError`.

const assert = require('node:assert')
const { test } = require('node:test')
const { NOW, atTime, both, original: cookieSession, ours } = require('../contract/harness')
const { subscribe } = require('../differential/implementations')
const { MODERN, play } = require('./play')

const USER = '{"user":"ada","n":1}'
const OTHER = '{"user":"bob","n":2}'
/** What only code of ours would say. */
const INTERNAL = /in use|panic|no memory|expected a function|#\w+|must be a (?:string|number)|Found|Failure/

/** Plays a scenario with both packages, and then with ours under its own options. */
function scenario(name, what) {
  let original
  const run = (cookieSession) => {
    if (cookieSession === ours) return play(ours, what)
    original ??= play(cookieSession, what)
    return original
  }
  test(name, () => atTime(NOW, () => both(run)))
  test(`${name}, with subscribers`, () =>
    atTime(NOW, async () => {
      const unsubscribe = subscribe()
      try {
        await both(run)
      } finally {
        unsubscribe()
      }
    }))
  if (what.defaultOnly) return
  test(`${name}, with options of ours`, () =>
    atTime(NOW, async () => {
      const wanted = await run(cookieSession)
      original = undefined
      const wasLost = wanted.log.some((line) => line.startsWith('debug: error saving'))
      for (const [mode, options] of Object.entries(MODERN)) {
        const got = await play(ours, what, options)
        const why = `${mode}\n${got.log.join('\n')}\n--- the original's\n${wanted.log.join('\n')}`
        assert.ok(!INTERNAL.test(got.log.join('\n')), why)
        for (const error of got.errors) assert.match(error.code, /^ERR_SESSION_/)
        if (!what.endsEarly) assert.strictEqual(got.ended, 'whole', why)
        assert.ok(!got.next?.includes('bob') || wanted.next.includes('bob'), `another user's session: ${why}`)
        if (what.differs || got.errors.length > 0) continue
        assert.ok(!wasLost, `lost without a report: ${why}`)
        assert.strictEqual(got.next, wanted.next, why)
      }
    }))
}

module.exports = { OTHER, USER, scenario }
