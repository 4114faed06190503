'use strict'

// A session that one package wrote and the other reads, and keys and options that change while the server runs.

process.env.NODE_ENV = 'test'
process.env.NO_DEPRECATION = 'cookies'

const assert = require('node:assert')
const { after, before, test } = require('node:test')

const {
  Jar,
  ask,
  compare,
  encode,
  freezeTime,
  listen,
  packages,
  signed
} = require('../support/sockets/harness')
const { VALUE, attempt, tell } = require('../support/sockets/app')
const { framework } = require('../support/sockets/stacks')
const { count } = require('../support/sockets/visits')

let thaw
before(() => {
  thaw = freezeTime()
})
after(() => thaw())

test('a session goes from the original to ours and back: written, modified, rotated, tampered, cleared', async () => {
  /** One site, on which the key is changed in two steps. */
  const site = (cookieSession) => {
    const steps = Object.fromEntries(
      Object.entries({ before: ['old'], during: ['new', 'old'], after: ['new'] }).map(([step, keys]) => [
        step,
        cookieSession({ keys, maxAge: 60_000 })
      ])
    )
    return (req, res) => {
      const [, step, what] = req.url.split('/')
      steps[step](req, res, () => {
        if (what === 'clear') req.session = null
        if (what === 'add') count(req)
        tell(req, res)
      })
    }
  }
  const walk = async (first, second) => {
    const jar = new Jar()
    const transcript = []
    const visit = async (server, path) => {
      const reply = await ask(server, { path, headers: jar.headers })
      jar.take(reply.cookies)
      transcript.push(reply)
      return JSON.parse(reply.body)
    }
    assert.strictEqual((await visit(first, '/before/add')).session.n, 1)
    assert.strictEqual((await visit(second, '/before/add')).session.n, 2)
    assert.strictEqual((await visit(first, '/before/look')).session.n, 2)
    assert.strictEqual((await visit(second, '/during/look')).session.n, 2)
    assert.strictEqual((await visit(first, '/after/add')).session.n, 3)
    assert.strictEqual((await visit(second, '/after/look')).session.n, 3)
    // a key that has gone: nothing left of the session, and the signature expires
    assert.deepStrictEqual((await visit(first, '/before/look')).session, {})
    assert.ok(!jar.cookies.has('session.sig'))
    assert.deepStrictEqual((await visit(second, '/after/look')).session, {})
    assert.strictEqual((await visit(second, '/after/add')).session.n, 1)
    jar.cookies.set('session', encode({ n: 100 }))
    assert.deepStrictEqual((await visit(first, '/after/look')).session, {})
    assert.strictEqual((await visit(first, '/after/add')).session.n, 1)
    assert.strictEqual((await visit(second, '/after/clear')).session, null)
    assert.strictEqual(jar.cookies.size, 0)
    return transcript
  }
  const servers = await Promise.all(packages.map(([, cookieSession]) => listen('http', site(cookieSession))))
  const [original, ours] = servers
  try {
    const expected = await walk(original, original)
    assert.deepStrictEqual(await walk(original, ours), expected)
    assert.deepStrictEqual(await walk(ours, original), expected)
    assert.deepStrictEqual(await walk(ours, ours), expected)
  } finally {
    for (const server of servers) await server.close()
  }
})

test('keys — the array is live: a key put in front and one taken away while the server runs', async () => {
  let keys
  const build = (cookieSession) => {
    keys = ['first']
    return framework.bare([
      cookieSession({ keys }),
      (req, res) => {
        if (req.url === '/add') count(req)
        // read with the keys there were, written with those there are
        if (req.url === '/turn') {
          count(req)
          keys.unshift('in the middle')
        }
        tell(req, res)
      }
    ])
  }
  const replies = await compare('http', build, async (server) => {
    const jar = new Jar()
    const transcript = []
    const visit = async (path) => {
      const reply = await ask(server, { path, headers: jar.headers })
      jar.take(reply.cookies)
      transcript.push(reply)
    }
    await visit('/add')
    keys.unshift('second')
    await visit('/look')
    await visit('/look')
    keys.pop()
    await visit('/add')
    await visit('/turn')
    keys[0] = 'replaced'
    await visit('/look')
    keys.length = 0
    await visit('/look')
    return transcript
  })
  assert.deepStrictEqual(
    replies.map((reply) => [reply.cookies.length, reply.status]),
    [2, 1, 0, 2, 2, 1, 0].map((n, i) => [n, i === 6 ? 500 : 200])
  )
})

test('Module and options — what construction makes of its options, or throws', () => {
  const made = {
    none: () => undefined,
    null: () => null,
    'no keys': () => ({}),
    'no keys, signed false': () => ({ signed: false }),
    'empty secret': () => ({ secret: '' }),
    'empty keys': () => ({ keys: [] }),
    frozen: () => Object.freeze({ keys: ['k'] }),
    'frozen, nothing to set': () =>
      Object.freeze({ keys: ['k'], overwrite: false, httpOnly: false, signed: true }),
    'on the prototype': () => Object.create({ keys: ['k'], httpOnly: false }),
    'null where there are defaults': () => ({ keys: ['k'], overwrite: null, httpOnly: null, signed: null })
  }
  for (const [what, make] of Object.entries(made)) {
    const [expected, actual] = packages.map(([, cookieSession]) => {
      const options = make()
      const result = attempt(() => {
        const middleware = cookieSession(options)
        return [middleware.name, middleware.length, Object.getOwnPropertyNames(middleware)]
      })
      return { what, result, options: { ...options } }
    })
    assert.deepStrictEqual(actual, expected)
  }
  const [expected, actual] = packages.map(([, fn]) => [typeof fn, fn.name, fn.length])
  assert.deepStrictEqual(actual, expected)
})

test('Module and options — next is called at once and with nothing, and nothing is returned', async () => {
  const reply = await compare(
    'http',
    (cookieSession) => {
      const middleware = cookieSession({ keys: ['k'] })
      return (req, res) => {
        const order = []
        const returned = middleware(req, res, (...args) => order.push(args.length, 'session' in req))
        order.push(String(returned))
        res.end(JSON.stringify(order))
      }
    },
    (server) => ask(server, {})
  )
  assert.strictEqual(reply.body, '[0,true,"undefined"]')
})

test('Module and options — path, maxAge and name changed on the options while the server runs', async () => {
  let options
  const build = (cookieSession) => {
    options = { keys: ['k'], name: 'first' }
    return framework.bare([
      cookieSession(options),
      (req, res) => {
        count(req)
        tell(req, res)
      }
    ])
  }
  const replies = await compare('http', build, async (server) => {
    const transcript = [await ask(server, {})]
    for (const change of [
      { path: '/p' },
      { maxAge: 90_000 },
      { name: 'second' },
      { signed: false },
      { path: null }
    ]) {
      Object.assign(options, change)
      transcript.push(await ask(server, { headers: [['Cookie', signed('first', VALUE, 'k')]] }))
    }
    return transcript
  })
  assert.match(
    replies[3].cookies[0],
    /^second=.*; path=\/p; expires=Wed, 02 Jan 2030 03:05:35 GMT; httponly$/
  )
})
