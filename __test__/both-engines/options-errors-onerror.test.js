'use strict'

// A session that could not be written is heard of: by the option onError, once a response, or else by one
// process warning for each code. What is sent stays what the original sends, whatever a handler does. And
// maxSize.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { ask, listen, original, ours } = require('../support/sockets/harness')
const { KEY, VALID, FORGED, SECRET, serve, isReported, broken, fill } = require('../support/options-errors')

describe('onError, with what the original sends beside it', () => {
  for (const { line, options = {}, run = () => {}, code } of broken) {
    test(`${line}: ${code}`, async () => {
      const handler = async (req, res, own) => {
        fill(req)
        await run(req, res, own)
        res.setHeader('Set-Cookie', 'other=1')
      }
      // The original writes into the options that it is given.
      const reported = await serve({ ...options }, handler)
      isReported(reported, code)
      assert.deepStrictEqual(reported.reply.cookies, ['other=1'])
      const { reply } = await serve({ ...options }, handler, { make: original })
      assert.strictEqual(reported.reply.raw, reply.raw)
    })
  }

  test('the message of an insecure one says trust proxy', async () => {
    const { errors } = await serve({ secure: true }, fill)
    assert.match(errors[0].message, /trust proxy/)
  })

  test('what was thrown stands in cause', async () => {
    const { errors } = await serve({}, ({ session }) => {
      session.inner = {
        toJSON() {
          throw new RangeError(SECRET)
        }
      }
    })
    assert.ok(errors[0].cause instanceof RangeError)
  })

  for (const [line, options] of [
    ['not secure with a __Host- name', { name: '__Host-s' }],
    ['not secure with a __Secure- name', { name: '__Secure-s' }],
    ['not secure with a name as __secure-', { name: '__secure-s' }],
    ["not secure with sameSite 'none'", { sameSite: 'none' }],
    ["not secure with sameSite 'None'", { sameSite: 'None' }],
    ['not secure and partitioned', { partitioned: true }]
  ]) {
    test(`${line}: ERR_SESSION_INVALID_ATTRIBUTE`, async () => {
      isReported(await serve(options, fill), 'ERR_SESSION_INVALID_ATTRIBUTE')
    })
  }

  for (const [line, options] of [
    ['a __Host- name with a path', { name: '__Host-s', path: '/app' }],
    ['a __Host- name with a domain', { name: '__Host-s', domain: 'localhost' }],
    ['a __Secure- name with secure: false', { name: '__Secure-s', secure: false }],
    ["sameSite 'none' with secure: false", { sameSite: 'none', secure: false }]
  ]) {
    test(`over TLS, ${line}: ERR_SESSION_INVALID_ATTRIBUTE`, async () => {
      isReported(await serve(options, fill, { transport: 'https' }), 'ERR_SESSION_INVALID_ATTRIBUTE')
    })
  }

  test('over TLS, where the conditions are met, nothing is reported', async () => {
    for (const options of [
      { name: '__Host-s' },
      { name: '__Secure-s', path: '/app', domain: 'localhost' },
      { sameSite: 'none', partitioned: true },
      { secure: true }
    ]) {
      const { reply, errors } = await serve(options, fill, { transport: 'https' })
      assert.deepStrictEqual(errors, [])
      assert.strictEqual(reply.cookies.length, 2)
      for (const line of reply.cookies) assert.match(line, /; secure/)
    }
  })

  test('a clearing that cannot be sent is reported, too', async () => {
    const clear = (req) => {
      req.session = null
    }
    isReported(await serve({ secure: true }, clear, { cookie: VALID }), 'ERR_SESSION_INSECURE')
    isReported(await serve({ sameSite: 'sometimes' }, clear), 'ERR_SESSION_INVALID_ATTRIBUTE')
    isReported(
      await serve(
        {},
        (req, _res, { keys }) => {
          req.session = null
          keys[0] = null
        },
        { cookie: VALID }
      ),
      'ERR_SESSION_KEYS'
    )
  })

  test('a clearing that browsers ignore is reported, too', async () => {
    const clear = (req) => {
      req.session = null
    }
    isReported(await serve({ name: '__Host-s' }, clear), 'ERR_SESSION_INVALID_ATTRIBUTE')
  })

  for (const [line, options] of [
    ['encrypt', { encrypt: true }],
    ['ttl', { ttl: 60_000 }]
  ]) {
    test(`${line}: each kind has its code, and nothing is sent`, async () => {
      for (const { options: more = {}, run = () => {}, code } of broken) {
        if ('keys' in more) continue
        const reported = await serve({ ...options, ...more }, async (req, res, own) => {
          fill(req)
          await run(req, res, own)
        })
        isReported(reported, code)
        assert.deepStrictEqual(reported.reply.cookies, [])
      }
    })

    test(`${line}: a first key that got too short`, async () => {
      const reported = await serve({ ...options }, (req, _res, { keys }) => {
        fill(req)
        keys[0] = 'short'
      })
      isReported(reported, 'ERR_SESSION_KEYS')
      assert.deepStrictEqual(reported.reply.cookies, [])
    })

    test(`${line}: nothing is sent, though there is an array to add to`, async () => {
      const { reply } = await serve({ ...options }, (req, res, { keys }) => {
        res.setHeader('Set-Cookie', ['other=1', 'more=2'])
        fill(req)
        keys[0] = 'short'
      })
      assert.deepStrictEqual(reply.cookies, ['other=1', 'more=2'])
    })

    test(`${line}: no key left`, async () => {
      const reported = await serve({ ...options }, (req, _res, { keys }) => {
        fill(req)
        keys.length = 0
      })
      isReported(reported, 'ERR_SESSION_KEYS')
    })
  }

  test('nothing is reported where all is well', async () => {
    const runs = [
      () => {},
      (req) => void req.session,
      fill,
      (req) => {
        req.session = null
      },
      (req) => {
        req.session = {}
      },
      (_req, res) => res.flushHeaders(),
      (req, res) => {
        fill(req)
        res.flushHeaders()
      }
    ]
    for (const run of runs) {
      for (const cookie of [undefined, VALID, FORGED]) {
        assert.deepStrictEqual((await serve({}, run, { cookie })).errors, [])
      }
    }
  })
})

describe('after the headers', () => {
  /** @param {(req: object) => void} before what happens while the headers can still be sent */
  function late(run, before = () => {}) {
    return async (req, res) => {
      before(req)
      res.writeHead(200)
      res.write('sent')
      await run(req, res)
      res.end()
    }
  }

  const look = (req) => void req.session
  const change = (req) => {
    req.session.n = 2
  }
  const clear = (req) => {
    req.session = null
  }
  const replace = (req) => {
    req.session = { user: 'bob' }
  }

  const lost = [
    ['changed, after it had been read', change, look, VALID],
    [
      'changed, after it had been changed',
      change,
      (req) => {
        req.session.n = 7
      },
      VALID
    ],
    ['changed, and not looked at before', change, undefined, VALID],
    ['filled first', change, undefined, undefined],
    ['filled first, after it had been looked at', change, look, undefined],
    ['cleared', clear, look, VALID],
    ['cleared, and not looked at before', clear, undefined, VALID],
    ['replaced', replace, look, VALID],
    ['replaced, and not looked at before', replace, undefined, VALID],
    ['set again after it was cleared', replace, clear, VALID]
  ]
  for (const transport of ['http', 'h2']) {
    for (const [line, run, before, cookie] of lost) {
      test(`${line}: ERR_SESSION_HEADERS_SENT (${transport})`, async () => {
        isReported(await serve({}, late(run, before), { cookie, transport }), 'ERR_SESSION_HEADERS_SENT')
      })
    }
  }

  for (const name of ['regenerate', 'destroy']) {
    for (const [line, before] of [
      ['', look],
      [', and not looked at before', undefined]
    ]) {
      test(`given up by ${name}${line}: ERR_SESSION_HEADERS_SENT`, async () => {
        const run = late((req) => void req.session[name](), before)
        isReported(await serve({ sessionMethods: true }, run, { cookie: VALID }), 'ERR_SESSION_HEADERS_SENT')
      })
    }
  }

  test('filled with what has no JSON, and not looked at before: reported', async () => {
    const run = late((req) => {
      req.session.big = 1n
    })
    assert.strictEqual((await serve({}, run)).errors.length, 1)
  })

  test('only looked at, or left as it was: nothing is reported', async () => {
    const restore = (req) => {
      req.session.n = 2
      req.session.n = 1
    }
    for (const [run, before, cookie] of [
      [look, undefined, VALID],
      [look, undefined, undefined],
      [look, look, VALID],
      [() => {}, change, VALID],
      [() => {}, clear, VALID],
      [look, clear, VALID],
      [restore, undefined, VALID],
      [restore, look, VALID]
    ]) {
      assert.deepStrictEqual((await serve({}, late(run, before), { cookie })).errors, [])
    }
  })

  test('is reported once the response is over, and with it at hand', async () => {
    let isFinished
    const { calls } = await serve(
      {
        onError(_err, _req, res) {
          isFinished = res.writableFinished
        }
      },
      late(change, look),
      { cookie: VALID }
    )
    assert.strictEqual(isFinished, true)
    assert.strictEqual(calls[0][1].session.n, 2)
  })

  test('the response is the same as without a handler', async () => {
    const { reply } = await serve({}, late(change, look), { cookie: VALID })
    const other = await serve({}, late(change, look), { cookie: VALID, make: original })
    assert.strictEqual(reply.raw, other.reply.raw)
  })
})

describe('how often, and what a handler may do', () => {
  test('at most once a response, though more went wrong', async () => {
    const { errors } = await serve({ secure: true }, (req, res) => {
      fill(req)
      res.writeHead(200)
      req.session.text = 'changed late'
      res.end()
    })
    assert.deepStrictEqual(
      errors.map(({ code }) => code),
      ['ERR_SESSION_INSECURE']
    )
  })

  test('once a response for a cookie that browsers refuse, changed late', async () => {
    const { errors } = await serve({ sameSite: 'none' }, (req, res) => {
      fill(req)
      res.writeHead(200)
      req.session.text = 'changed late'
      res.end()
    })
    assert.strictEqual(errors.length, 1)
  })

  test('for each response anew', async () => {
    const errors = []
    const middleware = ours({ keys: [KEY], maxSize: 50, onError: (err) => errors.push(err) })
    const server = await listen('http', (req, res) => {
      middleware(req, res, () => {
        req.session.text = 'x'.repeat(100)
        res.end()
      })
    })
    await ask(server, {})
    await ask(server, {})
    await server.close()
    assert.deepStrictEqual(
      errors.map(({ code }) => code),
      ['ERR_SESSION_TOO_LARGE', 'ERR_SESSION_TOO_LARGE']
    )
    assert.notStrictEqual(errors[0], errors[1])
  })

  test('it is given the request and the response', async () => {
    let seen
    const { calls } = await serve({ secure: true }, (req, res) => {
      seen = [req, res]
      fill(req)
    })
    assert.strictEqual(calls[0].length, 3)
    assert.strictEqual(calls[0][1], seen[0])
    assert.strictEqual(calls[0][2], seen[1])
  })

  const handlers = [
    [
      'throws',
      () => {
        throw new Error('of the handler')
      }
    ],
    [
      'throws no error',
      () => {
        throw undefined
      }
    ],
    ['rejects', () => Promise.reject(new Error('of the handler'))],
    [
      'rejects later',
      async () => {
        await new Promise(setImmediate)
        throw new Error('of the handler')
      }
    ],
    [
      'gives a thenable that throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: a handler may give anything
        then() {
          throw new Error('of the handler')
        }
      })
    ],
    [
      'gives a thenable that calls back with an error',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: a handler may give anything
        then: (_resolve, reject) => reject(new Error('of the handler'))
      })
    ],
    [
      'gives what throws when looked at',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: a handler may give anything
        get then() {
          throw new Error('of the handler')
        }
      })
    ]
  ]
  for (const [line, onError] of handlers) {
    test(`a handler that ${line} harms nothing`, async () => {
      const unhandled = []
      const note = (reason) => unhandled.push(reason)
      process.on('unhandledRejection', note)
      process.on('uncaughtException', note)
      const late = (req, res) => {
        res.write('sent')
        fill(req)
        res.end()
      }
      try {
        for (const [options, run] of [
          [{ secure: true }, fill],
          [{}, late]
        ]) {
          const { reply, errors } = await serve({ ...options, onError }, run)
          assert.strictEqual(errors.length, 1)
          const other = await serve(options, run, { make: original })
          assert.strictEqual(reply.raw, other.reply.raw)
        }
        for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve))
        assert.deepStrictEqual(unhandled, [])
      } finally {
        process.off('unhandledRejection', note)
        process.off('uncaughtException', note)
      }
    })
  }

  test('a handler may still set a header', async () => {
    const { reply } = await serve(
      { secure: true, onError: (err, _req, res) => res.setHeader('X-Session', err.code) },
      fill
    )
    assert.match(reply.raw, /\r\nX-Session: ERR_SESSION_INSECURE\r\n/)
  })

  test('a request that breaks off before there are headers is not reported', async () => {
    const errors = []
    const middleware = ours({ keys: [KEY], onError: (err) => errors.push(err) })
    let closed
    const seen = new Promise((resolve) => {
      closed = resolve
    })
    const server = await listen('http', (req, res) => {
      middleware(req, res, () => {
        fill(req)
        res.once('close', closed)
        req.socket.destroy()
      })
    })
    await ask(server, {}).catch(() => {})
    await seen
    await server.close()
    assert.deepStrictEqual(errors, [])
  })
})
