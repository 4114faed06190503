// A session that could not be written is heard of: by the option onError, once a response, or else by one
// process warning for each code. What is sent stays what the original sends, whatever a handler does. And
// maxSize.
'use strict'

const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { describe, test } = require('node:test')

const processWarnings = require('../support/contract/warnings')
const { ask, decode, encode, listen, original, ours, signed } = require('../support/sockets/harness')

const KEY = 'a key of the app that is long enough for each format there is'
const VALUE = encode({ user: 'ann', n: 1 })
const VALID = signed('session', VALUE, KEY)
const FORGED = VALID.replace(VALUE, encode({ user: 'eve', n: 1 }))
const SECRET = 'hidden content'

/**
 * Serves one request and waits until its response is closed.
 *
 * @returns the reply, and the calls of onError
 */
async function serve(options, run, { cookie, transport = 'http', make = ours } = {}) {
  const calls = []
  const onError = (...args) => {
    calls.push(args)
    return options.onError?.(...args)
  }
  const own = make === ours ? { keys: [KEY], ...options, onError } : { keys: [KEY], ...options }
  const middleware = make(own)
  let failure
  let closed
  const server = await listen(transport, (req, res) => {
    middleware(req, res, async () => {
      closed = new Promise((resolve) => res.once('close', resolve))
      try {
        await run(req, res, own)
      } catch (err) {
        failure = err
      }
      if (!res.writableEnded) res.end('done')
    })
  })
  try {
    const reply = await ask(server, { headers: cookie ? [['Cookie', cookie]] : [] })
    await closed
    if (failure) throw failure
    return { reply, calls, errors: calls.map(([err]) => err) }
  } finally {
    await server.close()
  }
}

function isReported({ calls, errors }, code) {
  assert.deepStrictEqual(
    errors.map((err) => err.code),
    [code]
  )
  const [[err, req, res]] = calls
  assert.ok(err instanceof Error)
  assert.strictEqual(typeof req.headers, 'object')
  assert.strictEqual(typeof res.setHeader, 'function')
  assert.ok(err.message.length > 10)
  for (const text of [err.message, String(err), err.stack.split('\n    at ')[0]]) {
    assert.doesNotMatch(text, /hidden content/)
    assert.doesNotMatch(text, new RegExp(KEY))
    assert.doesNotMatch(text, new RegExp(encode(SECRET).slice(0, 12)))
  }
}

/** What cannot be written, and why: options, what the app does, and the code. */
const broken = [
  { line: 'a secure cookie on a plain connection', options: { secure: true }, code: 'ERR_SESSION_INSECURE' },
  {
    line: 'secure set for the request',
    run: (req) => {
      req.sessionOptions.secure = true
    },
    code: 'ERR_SESSION_INSECURE'
  },
  {
    line: 'a BigInt',
    run: ({ session }) => {
      session.big = 1n
    },
    code: 'ERR_SESSION_NOT_SERIALIZABLE'
  },
  {
    line: 'a circle',
    run: ({ session }) => {
      session[SECRET] = session
    },
    code: 'ERR_SESSION_NOT_SERIALIZABLE'
  },
  {
    line: 'a toJSON that throws',
    run: ({ session }) => {
      session.inner = {
        toJSON() {
          throw new Error(SECRET)
        }
      }
    },
    code: 'ERR_SESSION_NOT_SERIALIZABLE'
  },
  {
    line: 'a toJSON that throws no error',
    run: ({ session }) => {
      session.inner = {
        toJSON() {
          throw SECRET
        }
      }
    },
    code: 'ERR_SESSION_NOT_SERIALIZABLE'
  },
  {
    line: 'a toJSON that gives nothing',
    run: ({ session }) => Object.defineProperty(session, 'toJSON', { value: () => undefined }),
    code: 'ERR_SESSION_NOT_SERIALIZABLE'
  },
  { line: 'a path', options: { path: '/\n' }, code: 'ERR_SESSION_INVALID_ATTRIBUTE' },
  { line: 'a domain', options: { domain: 'ex\u0100mple' }, code: 'ERR_SESSION_INVALID_ATTRIBUTE' },
  { line: 'sameSite', options: { sameSite: 'sometimes' }, code: 'ERR_SESSION_INVALID_ATTRIBUTE' },
  { line: 'priority', options: { priority: 'urgent' }, code: 'ERR_SESSION_INVALID_ATTRIBUTE' },
  { line: 'maxAge', options: { maxAge: 'long' }, code: 'ERR_SESSION_INVALID_ATTRIBUTE' },
  { line: 'expires', options: { expires: 'tomorrow' }, code: 'ERR_SESSION_INVALID_ATTRIBUTE' },
  { line: 'a name', options: { name: 'a=b' }, code: 'ERR_SESSION_INVALID_ATTRIBUTE' },
  {
    line: 'keys that the app spoiled',
    run: (_req, _res, { keys }) => {
      keys[0] = { no: 'key' }
    },
    code: 'ERR_SESSION_KEYS'
  },
  {
    line: 'a keygrip that fails',
    options: {
      keys: {
        index: () => 0,
        sign() {
          throw new Error(SECRET)
        }
      }
    },
    code: 'ERR_SESSION_KEYS'
  },
  {
    line: 'no keys, though the request asks for a signature',
    options: { keys: undefined, signed: false },
    run: (req) => {
      req.sessionOptions.signed = true
    },
    code: 'ERR_SESSION_KEYS'
  }
]

function fill({ session }) {
  session.text = SECRET
}

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

describe('maxSize', () => {
  /** A session whose cookie has as many bytes as asked for, a multiple of 4 for its value. */
  function filling(bytes, name = 'session') {
    const length = ((bytes - name.length) * 3) / 4 - '{"t":""}'.length
    assert.ok(Number.isInteger(length))
    return (req) => {
      req.session.t = 'x'.repeat(length)
    }
  }

  const bytesOf = (reply) => reply.cookies[0].split(';')[0].replace('=', '').length

  test('name and value of one cookie count: at the limit it is sent, over it nothing is', async () => {
    const at = await serve({ maxSize: 1207 }, filling(1207))
    assert.deepStrictEqual(at.errors, [])
    assert.strictEqual(at.reply.cookies.length, 2)
    assert.strictEqual(bytesOf(at.reply), 1207)

    const over = await serve({ maxSize: 1206 }, filling(1207))
    isReported(over, 'ERR_SESSION_TOO_LARGE')
    assert.deepStrictEqual(over.reply.cookies, [])
  })

  test('a longer name leaves less room', async () => {
    const name = 'session-of-the-app'
    const at = await serve({ name, maxSize: 1218 }, filling(1218, name))
    assert.deepStrictEqual(at.errors, [])
    assert.strictEqual(bytesOf(at.reply), 1218)
    isReported(await serve({ name, maxSize: 1217 }, filling(1218, name)), 'ERR_SESSION_TOO_LARGE')
  })

  test('attributes and signature do not count', async () => {
    const options = { maxSize: 1207, path: `/${'p'.repeat(300)}`, maxAge: 1000, sameSite: 'lax' }
    const { reply, errors } = await serve(options, filling(1207))
    assert.deepStrictEqual(errors, [])
    assert.strictEqual(reply.cookies.length, 2)
  })

  test('it may allow more than browsers do', async () => {
    const { reply, errors } = await serve({ maxSize: 8007 }, filling(8007))
    assert.deepStrictEqual(errors, [])
    assert.strictEqual(bytesOf(reply), 8007)
  })

  test('clearing is always small enough', async () => {
    const clear = (req) => {
      req.session = null
    }
    const { reply, errors } = await serve({ maxSize: 1 }, clear, { cookie: VALID })
    assert.deepStrictEqual(errors, [])
    assert.strictEqual(reply.cookies.length, 2)
  })

  for (const [line, options] of [
    ['encrypt', { encrypt: true }],
    ['ttl', { ttl: 60_000 }]
  ]) {
    test(`counts what is sent under ${line}`, async () => {
      const { reply } = await serve(options, fill)
      const bytes = bytesOf(reply)
      assert.deepStrictEqual((await serve({ ...options, maxSize: bytes }, fill)).errors, [])
      const over = await serve({ ...options, maxSize: bytes - 1 }, fill)
      isReported(over, 'ERR_SESSION_TOO_LARGE')
      assert.deepStrictEqual(over.reply.cookies, [])
    })
  }

  test('unset, a cookie over 4,096 bytes is sent as ever', async () => {
    const run = filling(4107)
    const { reply, errors } = await serve({}, run)
    assert.deepStrictEqual(errors, [])
    assert.strictEqual(bytesOf(reply), 4107)
    assert.strictEqual(reply.raw, (await serve({}, run, { make: original })).reply.raw)
    assert.deepStrictEqual(decode(reply.cookies[0].slice('session='.length).split(';')[0]), {
      t: 'x'.repeat((4100 * 3) / 4 - 8)
    })
  })
})

describe('process warnings', () => {
  /** Runs a script with the package as at the start of a process, and `serve(options, run)` at hand. */
  function warningsOf(script) {
    const body = `
      async function serve(options, run) {
        const own = { keys: [KEY], ...options }
        const middleware = ours(own)
        const server = await listen('http', (req, res) => {
          middleware(req, res, () => {
            req.session.text = 'hidden content'
            run?.(req, res, own)
            res.end()
          })
        })
        await ask(server, {})
        await ask(server, {})
        await server.close()
      }
      ${script}`
    return processWarnings.warningsOf(body, {}, { KEY, ask, listen })
  }

  const withoutHandler = (more) => `
    const more = ${more}
    await serve({ ...more, secure: true })
    await serve({ ...more, secure: true, path: '/app' })
    await serve(more, (req) => { req.session.big = 1n })
    await serve(more, (req) => { req.session.self = req.session })
    await serve({ ...more, sameSite: 'sometimes' })
    await serve({ ...more, name: '__Host-s' })
    await serve(more, (req, res, own) => { own.keys[0] = {} })
    await serve(more, (req, res) => { res.flushHeaders(); req.session.late = 1 })
  `
  const CODES = ['HEADERS_SENT', 'INSECURE', 'INVALID_ATTRIBUTE', 'KEYS', 'NOT_SERIALIZABLE']

  function codesIn(warnings) {
    return warnings
      .map(({ message }) => /ERR_SESSION_(\w+)/.exec(message)?.[1])
      .sort()
      .join(' ')
  }

  for (const [line, more, also] of [
    ['sessionMethods', '{ sessionMethods: true }', []],
    ['no new option', '{}', []],
    ['maxSize', '{ maxSize: 4096 }', []],
    ['encrypt', '{ encrypt: true }', []]
  ]) {
    test(`without onError each code is told once (${line})`, async () => {
      const warnings = await warningsOf(withoutHandler(more))
      assert.strictEqual(codesIn(warnings), [...CODES, ...also].sort().join(' '))
      for (const { name, code, message } of warnings) {
        assert.strictEqual(code, 'COOKIE_SESSION_NOT_SAVED')
        assert.strictEqual(typeof name, 'string')
        assert.doesNotMatch(message, /hidden content/)
      }
    })
  }

  test('without onError a cookie over maxSize is told once', async () => {
    const warnings = await warningsOf(`
      for (const size of [20, 30]) await serve({ maxSize: size })
    `)
    assert.strictEqual(codesIn(warnings), 'TOO_LARGE')
    assert.strictEqual(warnings[0].code, 'COOKIE_SESSION_NOT_SAVED')
  })

  test('with onError there is no warning', async () => {
    const warnings = await warningsOf(withoutHandler('{ onError() {} }'))
    assert.deepStrictEqual(warnings, [])
  })

  for (const [line, more] of [
    ['no new option', '{}'],
    ['onError', '{ onError() {} }'],
    ['sessionMethods', '{ sessionMethods: true }']
  ]) {
    test(`a cookie over 4,096 bytes gives one warning, that browsers drop it (${line})`, async () => {
      const warnings = await warningsOf(`
        const grow = (req) => { req.session.big = 'x'.repeat(4096) }
        await serve(${more}, grow)
        await serve(${more}, grow)
      `)
      assert.strictEqual(warnings.length, 1)
      assert.match(warnings[0].code, /^COOKIE_SESSION_/)
      assert.match(warnings[0].message, /4,?096/)
      assert.match(warnings[0].message, /browser/)
      assert.doesNotMatch(warnings[0].message, /hidden|xxx/)
    })
  }

  test('none at 4,096 bytes', async () => {
    // 7 bytes of name and 4,088 of value are 4,095; a name of 8 makes it 4,096.
    const warnings = await warningsOf(`
      const fit = (req) => {
        delete req.session.text
        req.session.t = 'x'.repeat((4088 * 3) / 4 - 8)
      }
      await serve({}, fit)
      await serve({ name: 'session8' }, fit)
      await serve({ name: 'session8', reissue: true }, fit)
    `)
    assert.deepStrictEqual(warnings, [])
  })

  test('one at 4,097 bytes', async () => {
    const warnings = await warningsOf(`
      await serve({ name: 'session-9', reissue: true }, (req) => {
        delete req.session.text
        req.session.t = 'x'.repeat((4088 * 3) / 4 - 8)
      })
    `)
    assert.strictEqual(warnings.length, 1)
  })
})

describe('what the app does wrong is heard of', () => {
  const code = (options, app) => `
    const http = require('node:http')
    const cookieSession = require(${JSON.stringify(path.join(__dirname, '..', '..'))})
    const middleware = cookieSession({ keys: ['k'], ${options} })
    const server = http.createServer((req, res) => middleware(req, res, () => { ${app}; res.end() }))
    server.listen(0, '127.0.0.1', async () => {
      const { status } = await fetch('http://127.0.0.1:' + server.address().port)
      console.log(status)
      server.closeAllConnections()
      server.close()
    })`
  const run = (...args) => spawnSync(process.execPath, ['-e', code(...args)], { encoding: 'utf8' })

  for (const [line, handler] of [
    ['throws', '() => { throw new TypeError() }'],
    ['rejects', 'async () => { throw new TypeError() }']
  ]) {
    test(`an onError that ${line} gives a warning, and so does the session`, () => {
      const { stdout, stderr } = run(`onError: ${handler}`, 'req.session.a = 1n')
      assert.strictEqual(stdout.trim(), '200')
      assert.match(stderr, /COOKIE_SESSION_ON_ERROR_FAILED/)
      assert.match(stderr, /COOKIE_SESSION_NOT_SAVED/)
    })
  }

  test('a null that toJSON throws does not break the response', () => {
    const { stdout } = run('onError: () => {}', 'req.session.a = { toJSON() { throw null } }')
    assert.strictEqual(stdout.trim(), '200')
  })
})
