'use strict'

// What sessionMethods promises: regenerate, save, reload, destroy and touch do what express-session's do as
// far as a cookie can, answer later, harm nobody who ignores the answer, and leave a session's content
// alone.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { encode, original, signed } = require('../support/sockets/harness')
const {
  KEY,
  VALID,
  warnings,
  settled,
  serve,
  once,
  sent,
  watchProcess
} = require('../support/options-methods')

watchProcess()

describe('a property of the same name', () => {
  test('hides the method in its session; the JSON stays, with one warning', async () => {
    const content = { save: 'money', touch: { a: [1] }, n: 1 }
    const cookie = signed('session', encode(content), KEY)
    const handler = (req) => {
      assert.strictEqual(req.session.save, 'money')
      assert.deepStrictEqual(req.session.touch, { a: [1] })
      assert.strictEqual(typeof req.session.regenerate, 'function')
      assert.strictEqual(JSON.stringify(req.session), JSON.stringify(content))
      assert.strictEqual(req.session.isChanged, false)
    }
    const replies = await serve({}, handler, [cookie, cookie])
    for (const reply of replies) assert.deepStrictEqual(reply.cookies, [])
    await once({}, (req) => assert.strictEqual(typeof req.session.save, 'function'), VALID)
    await settled()
    const hidden = warnings.filter(({ code }) => code === 'COOKIE_SESSION_METHOD_HIDDEN')
    for (const name of ['save', 'touch']) {
      const about = hidden.filter(({ message }) => message.includes(name))
      assert.strictEqual(about.length, 1, name)
      assert.doesNotMatch(about[0].message, /money/)
    }
  })

  test('written by the app, it is sent and comes back', async () => {
    const reply = await once({}, (req) => {
      req.session.reload = 'later'
      assert.strictEqual(req.session.reload, 'later')
    })
    assert.deepStrictEqual(sent(reply), { reload: 'later' })
    const assigned = await once({}, (req) => {
      req.session = { destroy: 1, isNew: 'no', a: 2 }
      assert.strictEqual(req.session.destroy, 1)
      assert.strictEqual(req.session.isNew, true)
    })
    assert.deepStrictEqual(sent(assigned), { destroy: 1, a: 2 })
  })

  test('a function of the app there is warned of, too', async () => {
    // As apps do it that make do with the original: passport then regenerates nothing.
    await once({}, (req) => {
      req.session.reload = (callback) => callback()
    })
    await settled()
    const about = warnings.filter(({ code }) => code === 'COOKIE_SESSION_METHOD_HIDDEN')
    assert.strictEqual(about.filter(({ message }) => message.includes('reload')).length, 1)
  })

  test('with the original the same content gives the same bytes', async () => {
    const run = (req) => {
      req.session.regenerate = { of: 'energy' }
      req.session.save = true
    }
    const reply = await once({}, run, VALID)
    assert.strictEqual(reply.raw, (await once({}, run, VALID, original)).raw)
  })

  test('deleted, the method is there again', async () => {
    const cookie = signed('session', encode({ save: 1 }), KEY)
    const reply = await once(
      {},
      async (req) => {
        delete req.session.save
        await req.session.save()
      },
      cookie
    )
    assert.deepStrictEqual(sent(reply), {})
  })
})
