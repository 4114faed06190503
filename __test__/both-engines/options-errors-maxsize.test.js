'use strict'

// A session that could not be written is heard of: by the option onError, once a response, or else by one
// process warning for each code. What is sent stays what the original sends, whatever a handler does. And
// maxSize.

const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { describe, test } = require('node:test')
const processWarnings = require('../support/contract/warnings')
const { ask, decode, listen, original } = require('../support/sockets/harness')
const { KEY, VALID, serve, isReported, fill } = require('../support/options-errors')

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
