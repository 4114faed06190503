'use strict'

// What the tests of options-errors share.

const assert = require('node:assert')
const { ask, encode, listen, ours, signed } = require('../support/sockets/harness')

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

module.exports = { KEY, VALUE, VALID, FORGED, SECRET, serve, isReported, broken, fill }
