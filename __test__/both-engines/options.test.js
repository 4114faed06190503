'use strict'

// docs/options.md says how the options combine, pair by pair. This reads the table and tries every pair: what each of the
// two does alone, it still does beside the other, or what the remark says.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { after, before, describe, it } = require('node:test')
const original = require('cookie-session')
const cookieSession = require('../..')

const KEY = 'a key that has thirty-two bytes, or more'
const OLDER = 'an older key that has thirty-two bytes'
const HOUR = 3_600_000

/** One server for all, whose middleware and app are exchanged. */
let current
let server
before(async () => {
  server = http.createServer((req, res) => current.middleware(req, res, () => current.app(req, res)))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const clock = { ahead: 0 }
const { now } = Date
before(() => {
  Date.now = () => now() + clock.ahead
})
after(() => {
  Date.now = now
})

/** @returns the Set-Cookie lines, what the app gave, and the Cookie header that comes back */
async function exchange(
  options,
  { cookie = '', app = () => undefined, headers = {}, make = cookieSession } = {}
) {
  let seen
  let failure
  const key = options.requestKey ?? 'session'
  current = {
    middleware: make(options),
    app(req, res) {
      try {
        seen = app(req[key], req, res)
      } catch (error) {
        failure = error
      }
      res.end()
    }
  }
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, {
    headers: { ...headers, ...(cookie ? { cookie } : {}) }
  })
  await answer.text()
  if (failure) throw failure
  const lines = answer.headers.getSetCookie()
  return { lines, seen, cookie: lines.map((line) => line.split(';')[0]).join('; ') }
}

const write = (session) => {
  session.a = (session.a ?? 0) + 1
}
const read = (session) => session.a
const later = async (ms, run) => {
  clock.ahead += ms
  try {
    return await run()
  } finally {
    clock.ahead -= ms
  }
}
const base = { keys: [KEY, OLDER] }
const good = async (options) => (await exchange(options, { app: write })).cookie

/** Each option: a value for it, and a look at whether it does what it is for. */
const OPTIONS = {
  sessionMethods: {
    value: true,
    async works(options) {
      const { seen } = await exchange(options, { app: (session) => typeof session.regenerate })
      assert.equal(seen, 'function')
    }
  },
  encrypt: {
    value: true,
    async works(options) {
      const { lines } = await exchange(options, { app: write })
      assert.equal(lines.length, 1)
      assert.match(lines[0], /^\w+=e1\./)
    }
  },
  digest: {
    value: 'sha512',
    async works(options) {
      const [, signature] = (await exchange(options, { app: write })).lines
      assert.equal(signature.split(';')[0].replace(/^[^=]+=/, '').length, 86)
    }
  },
  ttl: {
    value: HOUR,
    async works(options) {
      const cookie = await good(options)
      const seenAfter = (ms) => later(ms, async () => (await exchange(options, { cookie, app: read })).seen)
      assert.equal(await seenAfter(HOUR - 1000), 1)
      assert.equal(await seenAfter(HOUR + 1000), undefined)
    }
  },
  'ttl: true': {
    option: 'ttl',
    value: true,
    beside: { maxAge: HOUR },
    async works(options) {
      const cookie = await good(options)
      const seenAfter = (ms) => later(ms, async () => (await exchange(options, { cookie, app: read })).seen)
      assert.equal(await seenAfter(HOUR - 1000), 1)
      assert.equal(await seenAfter(HOUR + 1000), undefined)
    }
  },
  maxLifetime: {
    value: 2 * HOUR,
    async works(options) {
      let cookie = await good(options)
      const written = await later(HOUR / 2, () => exchange(options, { cookie, app: write }))
      assert.equal(written.cookie.includes('='), true)
      cookie = written.cookie
      const without = { ...options, ttl: options.ttl && 10 * HOUR, rolling: undefined }
      const { seen } = await later(2 * HOUR + 1000, () => exchange(without, { cookie, app: read }))
      assert.equal(seen, undefined)
    }
  },
  rolling: {
    value: true,
    async works(options) {
      const cookie = await good(options)
      const { lines } = await later(HOUR / 2, () => exchange(options, { cookie }))
      assert.equal(lines.length > 0, true)
    }
  },
  legacy: {
    value: true,
    async works(options) {
      const name = options.requestKey ?? 'session'
      const { cookie } = await exchange(
        { keys: [OLDER], name, requestKey: undefined },
        { app: write, make: original }
      )
      const { lines, seen } = await exchange(options, { cookie, app: read })
      assert.equal(seen, 1)
      assert.equal(lines[0].startsWith(`${name}=`), true)
      assert.notEqual(lines.map((line) => line.split(';')[0]).join('; '), cookie)
    }
  },
  onError: {
    value(error) {
      OPTIONS.onError.heard.push(error.code)
    },
    heard: [],
    async works(options) {
      OPTIONS.onError.heard.length = 0
      await exchange(options, {
        app(session) {
          session.a = 1n
        }
      })
      assert.deepEqual(OPTIONS.onError.heard, ['ERR_SESSION_NOT_SERIALIZABLE'])
    }
  },
  maxSize: {
    value: 1000,
    async works(options) {
      const { lines } = await exchange(options, {
        app(session) {
          session.a = 'x'.repeat(1000)
        }
      })
      assert.deepEqual(lines, [])
    }
  },
  proxy: {
    value: true,
    async works(options) {
      const { lines } = await exchange(options, {
        app: write,
        headers: { 'x-forwarded-proto': 'https, http' }
      })
      assert.match(lines[0], /; secure/)
    }
  },
  requestKey: {
    value: 'admin',
    async works(options) {
      const { lines, seen } = await exchange(options, {
        app(_session, req) {
          write(req.admin)
          return [req.session, typeof req.adminOptions]
        }
      })
      assert.deepEqual(seen, [undefined, 'object'])
      assert.match(lines[0], /^admin=/)
    }
  },
  reissue: {
    value: true,
    async works(options) {
      const cookie = await good({ ...options, keys: [OLDER] })
      const { lines } = await exchange({ ...options, maxAge: HOUR }, { cookie, app: read })
      assert.equal(lines.length > 0, true)
      for (const line of lines) assert.match(line, /expires/)
    }
  },
  accept: {
    value: (session) => session.refused !== true,
    async works(options) {
      const { cookie } = await exchange(options, {
        app(session) {
          session.refused = true
        }
      })
      const { lines, seen } = await exchange(options, {
        cookie,
        app: (session) => [session.isNew, session.refused]
      })
      assert.deepEqual(seen, [true, undefined])
      assert.deepEqual(lines, [])
    }
  }
}

const text = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'options.md'), 'utf8')
const rows = text
  .slice(0, text.indexOf('\n1. '))
  .split('\n')
  .filter((line) => /^\| (?:`| )/.test(line) || line.startsWith('| |'))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
const [[, , ...columns], ...lines] = rows
const pairs = lines.flatMap(([, first, ...cells]) =>
  columns.slice(0, -1).map((second, i) => ({ first, second, cell: cells[i] }))
)

describe('each option', () => {
  for (const [name, { value, works }] of Object.entries(OPTIONS)) {
    if (name === 'legacy') continue
    it(`${name} does what it is for, and nothing without it does`, async () => {
      await works({ ...base, ...OPTIONS[name].beside, [OPTIONS[name].option ?? name]: value })
      const without = name === 'requestKey' ? { ...base, name: 'session' } : base
      await assert.rejects(async () => works({ ...without }))
    })
  }
})

describe('each pair of docs/options.md', () => {
  it('stands in the table', () => {
    const names = Object.keys(OPTIONS)
    const stated = pairs.filter(({ cell }) => cell !== '').map(({ first, second }) => `${first} ${second}`)
    const all = names.flatMap((first, i) => names.slice(i + 1).map((second) => `${first} ${second}`))
    assert.deepEqual(stated.sort(), all.sort())
  })

  for (const { first, second, cell } of pairs) {
    if (cell === '') continue
    it(`${first} and ${second}: ${cell}`, async () => {
      const options = { ...base }
      for (const name of [first, second]) {
        const { option = name, value, beside } = OPTIONS[name]
        Object.assign(options, beside, { [option]: value })
      }
      if (cell === '9') {
        // The one that is set counts, and what was written under the other is read.
        await OPTIONS[second].works(options)
        const cookie = await good({ ...options, ttl: OPTIONS[first].value })
        assert.equal((await exchange(options, { cookie, app: read })).seen, 1)
        return
      }
      if (cell === '4') {
        assert.throws(() => cookieSession({ ...options }), {
          name: 'TypeError',
          message: /option legacy is set/
        })
        options.encrypt = true
      }
      await OPTIONS[first].works(options)
      if (cell === '1') {
        assert.equal((await exchange(options, { app: write })).lines.length, 1)
        return
      }
      await OPTIONS[second].works(options)
    })
  }
})
