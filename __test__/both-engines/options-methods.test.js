// What sessionMethods promises: regenerate, save, reload, destroy and touch do what express-session's do as
// far as a cookie can, answer later, harm nobody who ignores the answer, and leave a session's content
// alone.
'use strict'

const assert = require('node:assert')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')

const { ask, decode, encode, listen, original, ours, signed } = require('../support/sockets/harness')

const KEY = 'a key of the app that is long enough for each format there is'
const NAMES = ['regenerate', 'save', 'reload', 'destroy', 'touch']
const ANN = { user: 'ann', n: 1 }
const VALUE = encode(ANN)
const VALID = signed('session', VALUE, KEY)
const FORGED = VALID.replace(VALUE, encode({ user: 'eve', n: 1 }))
const GONE = /^session=; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT/

const warnings = []
const unhandled = []
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

/** Until all that was put off to the next tick or turn has happened. */
async function settled() {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
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

describe('save', () => {
  test('the session is written though nothing changed', async () => {
    const reply = await once({}, (req) => void req.session.save(), VALID)
    assert.deepStrictEqual(sent(reply), ANN)
    assert.strictEqual(reply.cookies.length, 2)
  })

  test('what is written is what it holds when the headers go', async () => {
    const reply = await once(
      {},
      async (req) => {
        req.session.n = 2
        await req.session.save()
        req.session.n = 3
      },
      VALID
    )
    assert.deepStrictEqual(sent(reply), { user: 'ann', n: 3 })
    assert.strictEqual(reply.cookies.length, 2)
  })

  test('nothing is set before the headers go', async () => {
    await once({}, async (req, res) => {
      req.session.n = 2
      await req.session.save()
      assert.strictEqual(res.getHeader('Set-Cookie'), undefined)
      assert.strictEqual(res.headersSent, false)
    })
  })

  test('changed and changed back after it, the session is written', async () => {
    const reply = await once(
      {},
      async (req) => {
        req.session.n = 2
        await req.session.save()
        req.session.n = 1
      },
      VALID
    )
    assert.deepStrictEqual(sent(reply), ANN)
  })

  test('saved and then regenerated, nothing of the old one is sent', async () => {
    const reply = await once(
      {},
      async (req) => {
        req.session.secret = 'old'
        await req.session.save()
        await req.session.regenerate()
        req.session.user = 'bob'
      },
      VALID
    )
    assert.deepStrictEqual(sent(reply), { user: 'bob' })
  })

  test('saved and then given up, it is cleared', async () => {
    const reply = await once(
      {},
      async (req) => {
        await req.session.save()
        req.session = null
      },
      VALID
    )
    assert.match(reply.cookies[0], GONE)
  })

  test('a replaced session is written, whichever of the two saves', async () => {
    const reply = await once(
      {},
      async (req) => {
        const before = req.session
        req.session = { user: 'bob' }
        await before.save()
      },
      VALID
    )
    assert.deepStrictEqual(sent(reply), { user: 'bob' })
  })

  /** What save says of a session or options that cannot be written. */
  async function refusal(options, spoil, cookie) {
    let answer
    const reply = await once(
      options,
      async (req, res) => {
        await spoil(req, res)
        answer = await new Promise((resolve) => req.session.save(resolve))
        const other = await rejected(req.session.save())
        assert.strictEqual(other?.code, answer?.code)
      },
      cookie
    )
    return { answer, reply }
  }

  function isSessionError(err, code) {
    assert.ok(err instanceof Error, `an Error and not ${err?.constructor?.name}`)
    assert.strictEqual(err.code, code)
    assert.strictEqual(err.name, 'SessionError')
    assert.doesNotMatch(err.message, /hidden content/)
  }

  test('refuses what has no JSON', async () => {
    const spoilers = [
      (session) => {
        session.text = 1n
      },
      (session) => {
        session.self = session
      },
      (session) => {
        session.bad = {
          toJSON() {
            throw new Error('hidden content')
          }
        }
      },
      (session) => Object.defineProperty(session, 'toJSON', { value: () => undefined })
    ]
    for (const spoil of spoilers) {
      const { answer, reply } = await refusal({}, ({ session }) => {
        session.text = 'hidden content'
        spoil(session)
      })
      isSessionError(answer, 'ERR_SESSION_NOT_SERIALIZABLE')
      assert.deepStrictEqual(reply.cookies, [])
    }
  })

  test('refuses what is larger than maxSize', async () => {
    const { answer, reply } = await refusal({ maxSize: 100 }, ({ session }) => {
      session.text = 'hidden content'.repeat(10)
    })
    isSessionError(answer, 'ERR_SESSION_TOO_LARGE')
    assert.deepStrictEqual(reply.cookies, [])
  })

  for (const [line, options] of [
    ['a path', { path: '/\n' }],
    ['a domain', { domain: 'ex\u0100mple.org' }],
    ['sameSite', { sameSite: 'sometimes' }],
    ['priority', { priority: 'urgent' }],
    ['maxAge', { maxAge: 'long' }],
    ['a name', { name: 'a=b' }]
  ]) {
    test(`refuses ${line} that cannot be sent`, async () => {
      const { answer, reply } = await refusal(options, ({ session }) => {
        session.text = 'hidden content'
      })
      isSessionError(answer, 'ERR_SESSION_INVALID_ATTRIBUTE')
      assert.deepStrictEqual(reply.cookies, [])
    })
  }

  test('refuses an expires that is no date', async () => {
    const { answer, reply } = await refusal({ expires: 'tomorrow' }, ({ session }) => {
      session.text = 'hidden content'
    })
    assert.deepStrictEqual(reply.cookies, [])
    isSessionError(answer, 'ERR_SESSION_INVALID_ATTRIBUTE')
  })

  for (const [line, options] of [
    ['a __Host- name that is not secure', { name: '__Host-s' }],
    ['sameSite none that is not secure', { sameSite: 'none' }],
    ['partitioned that is not secure', { partitioned: true }]
  ]) {
    test(`refuses ${line}`, async () => {
      const { answer } = await refusal(options, ({ session }) => {
        session.text = 'hidden content'
      })
      isSessionError(answer, 'ERR_SESSION_INVALID_ATTRIBUTE')
    })
  }

  test('refuses attributes that req.sessionOptions got in the meantime', async () => {
    const { answer } = await refusal({}, (req) => {
      req.session.text = 'hidden content'
      req.sessionOptions.sameSite = 'sometimes'
    })
    isSessionError(answer, 'ERR_SESSION_INVALID_ATTRIBUTE')
  })

  test('refuses a secure cookie on a plain connection', async () => {
    const { answer, reply } = await refusal({ secure: true }, ({ session }) => {
      session.text = 'hidden content'
    })
    isSessionError(answer, 'ERR_SESSION_INSECURE')
    assert.match(answer.message, /trust proxy/)
    assert.deepStrictEqual(reply.cookies, [])
  })

  test('refuses once the headers are sent', async () => {
    const { answer } = await refusal({}, ({ session }, res) => {
      session.text = 'hidden content'
      res.flushHeaders()
    })
    isSessionError(answer, 'ERR_SESSION_HEADERS_SENT')
  })

  test('refused and then mended, it is sent', async () => {
    const reply = await once({ maxSize: 100 }, async ({ session }) => {
      session.text = 'x'.repeat(200)
      await rejected(session.save())
      session.text = 'x'
      await session.save()
    })
    assert.deepStrictEqual(sent(reply), { text: 'x' })
  })

  test('refused, the session it was is not written over the cookie, and still stands', async () => {
    const reply = await once(
      {},
      async ({ session }) => {
        session.big = 1n
        await rejected(session.save())
        delete session.big
        assert.strictEqual(session.isChanged, false)
      },
      VALID
    )
    assert.deepStrictEqual(reply.cookies, [])
  })
})

describe('reload', () => {
  test('reads the cookie of the request again', async () => {
    const reply = await once(
      {},
      async (req) => {
        const before = req.session
        before.n = 7
        await before.reload()
        assert.notStrictEqual(req.session, before)
        assert.deepStrictEqual({ ...req.session }, ANN)
        assert.deepStrictEqual([req.session.isNew, req.session.isChanged], [false, false])
      },
      VALID
    )
    assert.deepStrictEqual(reply.cookies, [])
  })

  test('brings back a session that was replaced', async () => {
    const reply = await once(
      {},
      async (req) => {
        const before = req.session
        req.session = { other: 1 }
        await before.reload()
        assert.deepStrictEqual({ ...req.session }, ANN)
      },
      VALID
    )
    assert.deepStrictEqual(reply.cookies, [])
  })

  test('does not bring back one that was given up, destroyed or regenerated', async () => {
    for (const giveUp of [
      (req) => {
        req.session = null
      },
      (req) => req.session.destroy(),
      (req) => req.session.regenerate()
    ]) {
      const reply = await once(
        {},
        async (req) => {
          const before = req.session
          await giveUp(req)
          await assert.rejects(before.reload(), /no session to reload/)
          assert.strictEqual(req.session?.user, undefined)
        },
        VALID
      )
      assert.match(reply.cookies[0], /expires=Thu, 01 Jan 1970/)
    }
  })

  test('a session of another user that cannot be written drops the one that it replaced', async () => {
    const reply = await once(
      { onError() {} },
      async (req) => {
        await req.session.regenerate()
        req.session.user = 1n
      },
      VALID
    )
    assert.match(reply.cookies[0], /^session=; .*expires=Thu, 01 Jan 1970/)
  })

  test('changed after it, the session is sent', async () => {
    const reply = await once(
      {},
      async (req) => {
        await req.session.reload()
        req.session.n = 2
      },
      VALID
    )
    assert.deepStrictEqual(sent(reply), { user: 'ann', n: 2 })
  })

  test('is rejected where the request brought no session, and what was there stays', async () => {
    for (const cookie of [undefined, FORGED, `session=${VALUE}`, signed('session', 'bm8ganNvbg==', KEY)]) {
      const reply = await once(
        {},
        async (req) => {
          req.session.user = 'new'
          const before = req.session
          const err = await new Promise((resolve) => req.session.reload(resolve))
          assert.ok(err instanceof Error)
          assert.ok((await rejected(req.session.reload())) instanceof Error)
          assert.strictEqual(req.session, before)
        },
        cookie
      )
      assert.deepStrictEqual(sent(reply), { user: 'new' })
    }
  })

  test('a reload in vain does not make the session any younger', async (t) => {
    const start = Date.now()
    let now = start
    t.mock.method(Date, 'now', () => now)
    let isAccepted = true
    const options = { maxLifetime: 60_000, accept: () => isAccepted }
    const put = await once(options, (req) => Object.assign(req.session, ANN))
    const cookie = put.cookies.map((line) => line.split(';')[0]).join('; ')
    now += 50_000
    const reply = await once(
      options,
      async (req) => {
        req.session.n = 2
        isAccepted = false
        await rejected(req.session.reload())
        isAccepted = true
      },
      cookie
    )
    const again = reply.cookies.map((line) => line.split(';')[0]).join('; ')
    await once(options, (req) => assert.strictEqual(req.session.n, 2), again)
    now += 20_000
    await once(options, (req) => assert.deepStrictEqual({ ...req.session }, {}), again)
  })

  test('a reload in vain does not undo a save or a touch', async () => {
    for (const name of ['save', 'touch']) {
      const reply = await once(
        {},
        async (req) => {
          const { cookie } = req.headers
          await req.session[name]()
          req.headers.cookie = ''
          await rejected(req.session.reload())
          req.headers.cookie = cookie
        },
        VALID
      )
      assert.deepStrictEqual(sent(reply), ANN, name)
    }
  })
})

describe('destroy', () => {
  test('equals req.session = null: the same bytes, and req.session is null', async () => {
    for (const cookie of [undefined, VALID, FORGED]) {
      const reply = await once(
        {},
        async (req) => {
          await req.session.destroy()
          assert.strictEqual(req.session, null)
        },
        cookie
      )
      const other = await once(
        {},
        (req) => {
          void req.session
          req.session = null
        },
        cookie,
        original
      )
      assert.deepStrictEqual(reply.cookies, other.cookies)
    }
  })

  test('a session assigned after it is sent', async () => {
    const reply = await once(
      {},
      async (req) => {
        await req.session.destroy()
        req.session = { user: 'bob' }
      },
      VALID
    )
    assert.deepStrictEqual(sent(reply), { user: 'bob' })
  })

  test('saving or touching what was destroyed does not bring it back', async () => {
    const reply = await once(
      {},
      async (req) => {
        const before = req.session
        await before.destroy()
        await before.save()
        before.touch()
      },
      VALID
    )
    assert.match(reply.cookies[0], GONE)
  })
})

describe('touch', () => {
  test('an unchanged session is issued again', async () => {
    const reply = await once({ maxAge: 60_000 }, (req) => void req.session.touch(), VALID)
    assert.deepStrictEqual(sent(reply), ANN)
    assert.strictEqual(reply.cookies.length, 2)
    for (const line of reply.cookies) assert.match(line, /; expires=/)
  })

  test('a session of a newer format is issued again with its content', async () => {
    const options = { ttl: 60_000 }
    const put = await once(options, (req) => Object.assign(req.session, ANN))
    const cookie = put.cookies.map((line) => line.split(';')[0]).join('; ')
    const reply = await once(options, (req) => void req.session.touch(), cookie)
    assert.strictEqual(reply.cookies.length, 2)
    const again = reply.cookies.map((line) => line.split(';')[0]).join('; ')
    await once(options, (req) => assert.deepStrictEqual({ ...req.session }, ANN), again)
  })

  test('an anonymous visitor whose session was never issued gets no cookie', async () => {
    const reply = await once({}, (req) => void req.session.touch())
    assert.deepStrictEqual(reply.cookies, [])
  })
})

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
