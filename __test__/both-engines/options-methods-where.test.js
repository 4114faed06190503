'use strict'

// What sessionMethods promises: regenerate, save, reload, destroy and touch do what express-session's do as
// far as a cookie can, answer later, harm nobody who ignores the answer, and leave a session's content
// alone.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { original } = require('../support/sockets/harness')
const {
  NAMES,
  ANN,
  VALID,
  FORGED,
  GONE,
  settled,
  unhandled,
  once,
  sent,
  rejected,
  child,
  watchProcess
} = require('../support/options-methods')

watchProcess()

describe('where they stand', () => {
  test('on the prototype, not enumerable, and of use to no one else', async () => {
    await once({}, ({ session }) => {
      const prototype = Object.getPrototypeOf(session)
      for (const name of NAMES) {
        assert.strictEqual(typeof session[name], 'function', name)
        assert.strictEqual(Object.hasOwn(session, name), false)
        const { enumerable } = Object.getOwnPropertyDescriptor(prototype, name)
        assert.strictEqual(enumerable, false, name)
      }
      const seen = []
      for (const key in session) seen.push(key)
      assert.deepStrictEqual(seen, [])
      assert.deepStrictEqual(Object.keys({ ...session }), [])
      assert.strictEqual(JSON.stringify(session), '{}')
      assert.strictEqual(session.isPopulated, false)
    })
  })

  test('a session that was read has them, and its flags', async () => {
    await once(
      {},
      ({ session }) => {
        for (const name of NAMES) assert.strictEqual(typeof session[name], 'function')
        assert.deepStrictEqual({ ...session }, ANN)
        assert.deepStrictEqual([session.isNew, session.isChanged, session.isPopulated], [false, false, true])
      },
      VALID
    )
  })

  test('a session that was assigned has them', async () => {
    await once({}, (req) => {
      req.session = { a: 1 }
      for (const name of NAMES) assert.strictEqual(typeof req.session[name], 'function')
      assert.deepStrictEqual({ ...req.session }, { a: 1 })
    })
  })

  test('without the option there are none, whatever else is set', async () => {
    for (const options of [{}, { reissue: true }, { onError() {} }]) {
      await once({ ...options, sessionMethods: undefined }, ({ session }) => {
        for (const name of NAMES) assert.strictEqual(session[name], undefined)
      })
      await once({ ...options, sessionMethods: false }, ({ session }) => {
        for (const name of NAMES) assert.strictEqual(session[name], undefined)
      })
    }
  })

  test('switched on and not called, the bytes are those of the original', async () => {
    const runs = [
      (req) => req.session,
      (req) => {
        req.session.n = 2
      },
      (req) => {
        req.session = null
      },
      (req) => {
        req.session = { other: [1, 'é', null] }
      },
      () => {}
    ]
    for (const run of runs) {
      for (const cookie of [undefined, VALID, FORGED]) {
        const reply = await once({}, run, cookie)
        assert.strictEqual(reply.raw, (await once({}, run, cookie, original)).raw)
      }
    }
  })

  test('torn off its session a method is rejected and ends nothing', async () => {
    await once({}, async ({ session }) => {
      const { save, regenerate } = session
      assert.ok((await rejected(save.call({}))) instanceof TypeError)
      regenerate.call({})
      const err = await new Promise((resolve) => save.call(undefined, resolve))
      assert.ok(err instanceof TypeError)
    })
  })
})

describe('answers', () => {
  for (const name of ['regenerate', 'save', 'reload', 'destroy']) {
    test(`${name} calls back later, without an error, and returns the session`, async () => {
      await once(
        {},
        async (req) => {
          const { session } = req
          let called = 0
          const returned = await new Promise((resolve) => {
            const value = session[name]((err) => {
              assert.ok(err === undefined || err === null)
              called++
              setImmediate(resolve, value)
            })
            assert.strictEqual(called, 0)
          })
          assert.strictEqual(called, 1)
          assert.strictEqual(returned, session)
        },
        VALID
      )
    })

    test(`${name} without a callback gives a promise`, async () => {
      await once(
        {},
        async ({ session }) => {
          const promise = session[name]()
          assert.ok(promise instanceof Promise)
          assert.strictEqual(await promise, undefined)
        },
        VALID
      )
    })
  }

  test('touch returns the session at once', async () => {
    await once({}, ({ session }) => assert.strictEqual(session.touch(), session), VALID)
  })

  test('an error reaches the callback later, and is not thrown', async () => {
    await once({}, async ({ session }) => {
      session.big = 1n
      let isLater = false
      const err = await new Promise((resolve) => {
        session.save(resolve)
        isLater = true
      })
      assert.ok(isLater)
      assert.ok(err)
    })
  })

  test('a promise that is rejected may be ignored, or handled later', async () => {
    await once({}, async ({ session }) => {
      session.big = 1n
      const promise = session.save()
      session.save()
      session.reload()
      await settled()
      assert.ok(await rejected(promise))
    })
    await settled()
    assert.deepStrictEqual(unhandled, [])
  })

  test('a process that ignores every rejected promise goes on, and ends by itself', async () => {
    const { code, stdout, stderr } = await child(`
      const middleware = ours({ keys: ['key'], sessionMethods: true, maxSize: 100, onError() {} })
      const run = async () => {
        const server = await listen('http', (req, res) => middleware(req, res, () => {
          req.session.reload()
          req.session.text = 'x'.repeat(200)
          req.session.save()
          req.session.text = 1n
          req.session.save()
          res.end('alive')
          req.session.save()
        }))
        const replies = [await ask(server, {}), await ask(server, {})]
        await server.close()
        console.log(replies.map((reply) => reply.body).join(' '))
      }
      run()
    `)
    assert.deepStrictEqual({ code, stdout }, { code: 0, stdout: 'alive alive\n' }, stderr)
    assert.doesNotMatch(stderr, /unhandled/i)
  })
})

describe('regenerate', () => {
  test('an empty session of its own takes the place of the old one', async () => {
    const reply = await once(
      {},
      async (req) => {
        const before = req.session
        await before.regenerate()
        assert.notStrictEqual(req.session, before)
        assert.deepStrictEqual({ ...req.session }, {})
        assert.deepStrictEqual([req.session.isNew, req.session.isPopulated], [true, false])
        before.user = 'changed in vain'
      },
      VALID
    )
    assert.match(reply.cookies[0], GONE)
    assert.match(reply.cookies[1], /^session\.sig=.*; expires=Thu, 01 Jan 1970/)
  })

  test('left empty, a cookie that came is cleared as the original clears it', async () => {
    const reply = await once({}, (req) => void req.session.regenerate(), VALID)
    const cleared = await once(
      {},
      (req) => {
        req.session = null
      },
      VALID,
      original
    )
    assert.deepStrictEqual(reply.cookies, cleared.cookies)
  })

  test('filled, it is sent', async () => {
    for (const cookie of [undefined, VALID]) {
      const reply = await once(
        {},
        async (req) => {
          await req.session.regenerate()
          req.session.user = 'bob'
        },
        cookie
      )
      assert.deepStrictEqual(sent(reply), { user: 'bob' })
    }
  })

  test('filled as before, it is sent all the same', async () => {
    const reply = await once(
      {},
      async (req) => {
        await req.session.regenerate()
        Object.assign(req.session, ANN)
      },
      VALID
    )
    assert.deepStrictEqual(sent(reply), ANN)
  })

  test('an anonymous visitor gets no cookie', async () => {
    const reply = await once({}, async (req) => {
      await req.session.save()
      await req.session.regenerate()
    })
    assert.deepStrictEqual(reply.cookies, [])
  })

  test('a cookie that does not verify is cleared, too', async () => {
    const reply = await once({}, (req) => void req.session.regenerate(), FORGED)
    assert.ok(
      reply.cookies.some((line) => GONE.test(line)),
      reply.raw
    )
  })

  test('a cookie that nobody looked at before is cleared, too', async () => {
    const reply = await once(
      {},
      async (req) => {
        req.session = {}
        await req.session.regenerate()
      },
      VALID
    )
    assert.match(reply.cookies[0], GONE)
  })

  test('an empty session assigned after it does not bring the old one back', async () => {
    const reply = await once(
      {},
      async (req) => {
        await req.session.regenerate()
        req.session = {}
      },
      VALID
    )
    assert.match(String(reply.cookies[0]), GONE)
  })

  test('a reload in vain after it does not bring the old one back', async () => {
    const accept = (session) => session.user !== 'ann'
    const reply = await once(
      { accept },
      async (req) => {
        await req.session.regenerate()
        await rejected(req.session.reload())
      },
      VALID
    )
    assert.match(String(reply.cookies[0]), GONE)
  })

  test('twice is as once', async () => {
    const reply = await once(
      {},
      async (req) => {
        await req.session.regenerate()
        req.session.a = 1
        await req.session.regenerate()
      },
      VALID
    )
    assert.match(reply.cookies[0], GONE)
  })

  test('after a destroy it starts anew', async () => {
    const reply = await once(
      {},
      async (req) => {
        const before = req.session
        await before.destroy()
        await before.regenerate()
        req.session.user = 'bob'
      },
      VALID
    )
    assert.deepStrictEqual(sent(reply), { user: 'bob' })
  })
})
