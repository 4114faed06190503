'use strict'

// What sessionMethods promises: regenerate, save, reload, destroy and touch do what express-session's do as
// far as a cookie can, answer later, harm nobody who ignores the answer, and leave a session's content
// alone.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { original, signed } = require('../support/sockets/harness')
const {
  KEY,
  ANN,
  VALUE,
  VALID,
  FORGED,
  GONE,
  once,
  sent,
  rejected,
  watchProcess
} = require('../support/options-methods')

watchProcess()

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
