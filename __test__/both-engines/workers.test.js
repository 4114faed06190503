// An addon is loaded once in a process and used from every thread of it: keys of one thread must never show up in
// another, and a thread that is killed while it signs must take nobody with it. Clusters, contexts and repeated
// loading besides. This file is also what the workers and child processes run, each in a role.
//
// WORKERS_ROUNDS=20  how often threads are killed (else 6, and 2 over node:crypto, where nothing of ours can be left behind)
'use strict'

const { fork, spawn } = require('node:child_process')
const cluster = require('node:cluster')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads')

const SECRET = 'shared by the cluster'
/** How often two threads show each other their cookies. */
const MEETINGS = Number(process.env.WORKERS_ROUNDS) * 10 || 50

/** One request through the middleware, without a socket: what is read, and what Set-Cookie says. */
function serve(middleware, cookie, change) {
  const req = new http.IncomingMessage(new net.Socket())
  if (cookie) req.headers.cookie = cookie
  const res = new http.ServerResponse(req)
  let seen
  middleware(req, res, () => {
    seen = JSON.stringify(req.session)
    if (change) change(req)
  })
  res.writeHead(200)
  return {
    seen,
    cookie: []
      .concat(res.getHeader('Set-Cookie') || [])
      .map((line) => line.split(';')[0])
      .join('; ')
  }
}

function add(req) {
  req.session.n = (req.session.n || 0) + 1
}

/** Signs, verifies and serves once, and complains if any of it is wrong. */
function exercise(cookieSession, key) {
  const grip = new cookieSession.Keygrip([`${key} new`, key])
  const digest = new cookieSession.Keygrip([key]).sign('data')
  if (grip.index('data', digest) !== 1) throw new Error('a signature was not found')
  if (grip.verify('data', `${digest.slice(1)}A`)) throw new Error('a wrong signature was found')
  const middleware = cookieSession({ keys: [key] })
  const first = serve(middleware, '', add)
  const second = serve(middleware, first.cookie, add)
  if (second.seen !== '{"n":1}') throw new Error(`a session came back as ${second.seen}`)
  if (serve(cookieSession({ keys: ['another'] }), second.cookie).seen !== '{}')
    throw new Error('a wrong key opened it')
}

function load() {
  return require('../..')
}

// --- what workers and children do --------------------------------------------------------------------------

const threadRoles = {
  /** Loads the moment all the others do, makes a cookie, then says which of everybody's it accepts. */
  peer({ key, gate, peers }) {
    const here = new Int32Array(gate)
    Atomics.add(here, 0, 1)
    Atomics.notify(here, 0)
    for (let n = Atomics.load(here, 0); n < peers; n = Atomics.load(here, 0)) Atomics.wait(here, 0, n)
    const cookieSession = load()
    const middleware = cookieSession({ keys: [key] })
    const grip = new cookieSession.Keygrip([key])
    const mine = serve(middleware, '', (req) => {
      req.session.of = key
    })
    parentPort.postMessage({ engine: cookieSession.engine, cookie: mine.cookie, digest: grip.sign('data') })
    parentPort.once('message', (all) => {
      // many times over, for all threads are at it at once
      const answers = all.map(() => new Set())
      for (let round = 0; round < MEETINGS; round++) {
        for (const [i, { cookie, digest }] of all.entries()) {
          answers[i].add(`${serve(middleware, cookie).seen} ${grip.verify('data', digest)}`)
        }
      }
      parentPort.postMessage(answers.map((set) => [...set].join(', then ')))
    })
  },

  /** Until it is killed: sign, verify, serve. */
  endless({ key }) {
    const cookieSession = load()
    exercise(cookieSession, key)
    parentPort.postMessage('going')
    for (;;) exercise(cookieSession, key)
  },

  /** Until it is killed: serve over a socket. */
  server({ key }) {
    const cookieSession = load()
    const middleware = cookieSession({ keys: [key] })
    const server = http.createServer((req, res) => {
      middleware(req, res, () => {
        add(req)
        res.end(JSON.stringify(req.session))
      })
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
  },

  once({ key }) {
    exercise(load(), key)
    parentPort.postMessage('done')
  },

  exits({ key }) {
    exercise(load(), key)
    process.exit(7)
  },

  throws({ key }) {
    exercise(load(), key)
    throw new Error('on purpose')
  },

  nested({ key, depth }) {
    if (depth % 2) exercise(load(), key)
    const done = () => {
      exercise(load(), key)
      parentPort.postMessage('done')
    }
    if (depth === 0) return done()
    worker('nested', { key, depth: depth - 1 }).once('exit', (code) => {
      if (code === 0) done()
      else process.exit(code)
    })
  }
}

/** Each is a process of its own that has to end by itself with code 0 after it has written `fine`. */
const processRoles = {
  'main alone': () => exercise(load(), 'm'),
  'main first, then workers': async () => {
    exercise(load(), 'm')
    await Promise.all([finish('once'), finish('once')])
    exercise(load(), 'm')
  },
  'workers first, then main': async () => {
    await Promise.all([finish('once'), finish('once')])
    exercise(load(), 'm')
  },
  'a worker alone': () => finish('once'),
  'one worker after another, main never': async () => {
    for (let i = 0; i < 5; i++) await finish('once')
  },
  'main while workers load': async () => {
    const ends = [finish('once'), finish('once'), finish('once')]
    exercise(load(), 'm')
    await Promise.all(ends)
    exercise(load(), 'm')
  },
  'workers in workers': async () => {
    await finish('nested', { depth: 3 })
    exercise(load(), 'm')
  },
  'keyrings and sessions left behind': () => {
    const cookieSession = load()
    globalThis.kept = Array.from({ length: 500 }, (_, i) => {
      const middleware = cookieSession({ keys: [`k${i}`] })
      serve(middleware, '', add)
      return middleware
    })
  },
  'process.exit in the middle of a request': () => {
    const middleware = load()({ keys: ['k'] })
    serve(middleware, '', (req) => {
      add(req)
      done()
      process.exit(0)
    })
  },
  'process.exit while workers sign': async () => {
    const workers = [worker('endless'), worker('endless')]
    await Promise.all(workers.map((one) => once(one, 'message')))
    exercise(load(), 'm')
    done()
    process.exit(0)
  },
  'process.exit while workers load': () => {
    for (let i = 0; i < 3; i++) worker('endless')
    exercise(load(), 'm')
    done()
    process.exit(0)
  }
}

function done() {
  require('node:fs').writeSync(1, 'fine')
}

function clusterWorker() {
  const middleware = load()({ keys: [SECRET] })
  http
    .createServer((req, res) => {
      middleware(req, res, () => {
        add(req)
        res.setHeader('Connection', 'close')
        res.end(`${cluster.worker.id} ${req.session.n}`)
      })
    })
    .listen(0, '127.0.0.1')
}

function forked() {
  const middleware = load()({ keys: [SECRET] })
  process.on('message', (cookie) => process.send(serve(middleware, cookie, add)))
}

function worker(role, data) {
  return new Worker(__filename, { workerData: { key: 'worker key', ...data, role } })
}

/** Runs a worker to its end, which has to be a good one. */
async function finish(role, data) {
  const one = worker(role, data)
  one.on('error', (err) => {
    throw err
  })
  const [code] = await once(one, 'exit')
  if (code !== 0) throw new Error(`${role} ended with ${code}`)
}

function get(port, cookie) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, agent: false, headers: cookie ? { cookie } : {} }, (res) => {
        let body = ''
        res.setEncoding('utf8')
        res.on('data', (text) => {
          body += text
        })
        res.on('error', reject)
        res.on('end', () =>
          resolve({
            body,
            cookie: (res.headers['set-cookie'] || []).map((line) => line.split(';')[0]).join('; ')
          })
        )
      })
      .on('error', reject)
  })
}

const [, , argument] = process.argv
if (!isMainThread && threadRoles[workerData?.role]) {
  threadRoles[workerData.role](workerData)
} else if (argument === 'role:cluster-worker') {
  clusterWorker()
} else if (argument === 'role:forked') {
  forked()
} else if (argument?.startsWith('role:')) {
  const role = processRoles[argument.slice('role:'.length)]
  Promise.resolve(role()).then(done)
} else {
  tests()
}

// --- the tests ---------------------------------------------------------------------------------------------

function tests() {
  const assert = require('node:assert')
  const fs = require('node:fs')
  const { createRequire, isBuiltin } = require('node:module')
  const path = require('node:path')
  const { describe, test } = require('node:test')
  const v8 = require('node:v8')
  const vm = require('node:vm')

  const root = path.join(__dirname, '..', '..')
  const original = require('cookie-session')
  const rounds = Number(process.env.WORKERS_ROUNDS) || (load().engine === 'native' ? 6 : 2)

  describe('worker threads', () => {
    test('eight load at once; each opens its own cookies and nobody else’s', async () => {
      const peers = 8
      const gate = new SharedArrayBuffer(4)
      const workers = Array.from({ length: peers }, (_, i) =>
        worker('peer', { key: `key ${i}`, gate, peers })
      )
      const hellos = await Promise.all(workers.map(async (one) => (await once(one, 'message'))[0]))
      assert.strictEqual(new Set(hellos.map(({ cookie }) => cookie)).size, peers)
      const { engine } = load()
      assert.deepStrictEqual(new Set(hellos.map((hello) => hello.engine)), new Set([engine]))

      const answers = workers.map(async (one) => (await once(one, 'message'))[0])
      const ends = workers.map(async (one) => (await once(one, 'exit'))[0])
      for (const one of workers) one.postMessage(hellos)
      exercise(load(), 'main key')
      for (const [i, opened] of (await Promise.all(answers)).entries()) {
        assert.deepStrictEqual(
          opened,
          hellos.map((_, j) => (i === j ? `{"of":"key ${i}"} true` : '{} false'))
        )
      }
      // the original, which has no threads to mind, opens them all
      for (const [i, { cookie }] of hellos.entries()) {
        assert.strictEqual(
          serve(original({ keys: [`key ${i}`] }), cookie).seen,
          JSON.stringify({ of: `key ${i}` })
        )
      }
      assert.deepStrictEqual(await Promise.all(ends), Array(peers).fill(0))
    })

    test('killed in a tight loop, many times: main goes on', async () => {
      const cookieSession = load()
      const errors = []
      for (let round = 0; round < rounds; round++) {
        const workers = [worker('endless', { key: `a${round}` }), worker('endless', { key: `b${round}` })]
        for (const one of workers) one.on('error', (err) => errors.push(err))
        await Promise.all(workers.map((one) => once(one, 'message')))
        for (let i = 0; i <= round; i++) exercise(cookieSession, 'main key')
        assert.deepStrictEqual(await Promise.all(workers.map((one) => one.terminate())), [1, 1])
        exercise(cookieSession, 'main key')
      }
      assert.deepStrictEqual(errors, [])
    })

    test('killed while it loads', async () => {
      const errors = []
      for (let round = 0; round < 20; round++) {
        const one = worker('endless')
        one.on('error', (err) => errors.push(err))
        // at another point of its start each time
        for (let i = 0; i < round * 5; i++) await new Promise(setImmediate)
        // 0 is the code of one that had not started
        assert.ok([0, 1].includes(await one.terminate()))
        exercise(load(), 'main key')
      }
      assert.deepStrictEqual(errors, [])
    })

    test('killed while it answers requests', async () => {
      for (let round = 0; round < Math.max(2, rounds / 2); round++) {
        const one = worker('server', { key: 'k' })
        const [port] = await once(one, 'message')
        const first = await get(port)
        assert.strictEqual(first.body, '{"n":1}')
        const clients = Array.from({ length: 8 }, async () => {
          let { cookie } = first
          let n = 1
          for (;;) {
            const reply = await get(port, cookie).catch(() => undefined)
            if (!reply?.body) return n
            n++
            assert.strictEqual(reply.body, `{"n":${n}}`)
            cookie = reply.cookie
          }
        })
        for (let i = 0; i < 5 + round; i++) await get(port, first.cookie)
        await one.terminate()
        for (const n of await Promise.all(clients)) assert.ok(n >= 1)
        exercise(load(), 'main key')
      }
    })

    test('that end by process.exit or an error leave the others alone', async () => {
      const staying = worker('endless')
      await once(staying, 'message')
      for (let round = 0; round < 3; round++) {
        assert.deepStrictEqual(await once(worker('exits'), 'exit'), [7])
        const failing = worker('throws')
        const [[err], [code]] = await Promise.all([once(failing, 'error'), exit(failing)])
        assert.deepStrictEqual([err.message, code], ['on purpose', 1])
        exercise(load(), 'main key')
      }
      assert.strictEqual(await staying.terminate(), 1)
    })

    /** `once` would reject on the error that comes first. */
    function exit(one) {
      return new Promise((resolve) => one.on('exit', (code) => resolve([code])))
    }
  })

  describe('a process of its own ends with code 0', () => {
    for (const role of Object.keys(processRoles)) {
      test(role, async () => {
        for (let round = 0; round < (role.startsWith('process.exit') ? Math.ceil(rounds / 4) : 1); round++) {
          const child = spawn(process.execPath, [__filename, `role:${role}`], {
            stdio: ['ignore', 'pipe', 'pipe']
          })
          const output = { stdout: '', stderr: '' }
          for (const name of ['stdout', 'stderr']) {
            child[name].setEncoding('utf8')
            child[name].on('data', (text) => {
              output[name] += text
            })
          }
          const [code, signal] = await once(child, 'close')
          assert.deepStrictEqual(
            { code, signal, stdout: output.stdout },
            { code: 0, signal: null, stdout: 'fine' },
            output.stderr
          )
        }
      })
    }

    test('the engine asked for is the engine of the child', async () => {
      for (const engine of new Set(['node', load().engine])) {
        const child = spawn(process.execPath, ['-p', 'require(process.argv[1]).engine', root], {
          env: { ...process.env, COOKIE_SESSION_ENGINE: engine },
          stdio: ['ignore', 'pipe', 'inherit']
        })
        let text = ''
        child.stdout.on('data', (chunk) => {
          text += chunk
        })
        await once(child, 'close')
        assert.strictEqual(text.trim(), engine)
      }
    })

    test('a child made by fork and its parent open each other’s cookies', async () => {
      const child = fork(__filename, ['role:forked'])
      const middleware = load()({ keys: [SECRET] })
      const mine = serve(middleware, '', add)
      child.send(mine.cookie)
      const [theirs] = await once(child, 'message')
      assert.strictEqual(theirs.seen, '{"n":1}')
      assert.strictEqual(serve(middleware, theirs.cookie).seen, '{"n":2}')
      child.disconnect()
      assert.deepStrictEqual(await once(child, 'exit'), [0, null])
    })
  })

  test('a cluster of two serves one session, and goes on with one', async () => {
    cluster.schedulingPolicy = cluster.SCHED_RR
    cluster.setupPrimary({ exec: __filename, args: ['role:cluster-worker'] })
    const workers = [cluster.fork(), cluster.fork()]
    const addresses = await Promise.all(workers.map(async (one) => (await once(one, 'listening'))[0]))
    const [{ port }] = addresses
    assert.strictEqual(addresses[1].port, port)

    let cookie = ''
    const served = new Map()
    for (let n = 1; n <= 20; n++) {
      const reply = await get(port, cookie)
      const [id, count] = reply.body.split(' ')
      assert.strictEqual(count, String(n))
      served.set(id, (served.get(id) || 0) + 1)
      cookie = reply.cookie
    }
    assert.strictEqual(served.size, 2)

    const gone = once(workers[0], 'exit')
    workers[0].disconnect()
    assert.strictEqual((await gone)[0], 0)
    for (let n = 21; n <= 25; n++) {
      const reply = await get(port, cookie)
      assert.strictEqual(reply.body, `${workers[1].id} ${n}`)
      cookie = reply.cookie
    }
    assert.strictEqual(serve(original({ keys: [SECRET] }), cookie).seen, '{"n":25}')
    const end = once(workers[1], 'exit')
    workers[1].disconnect()
    assert.strictEqual((await end)[0], 0)
  })

  describe('loaded more than once in one thread', () => {
    /** Forgets what was loaded of this package, and loads it again. */
    function reload() {
      for (const file of Object.keys(require.cache)) {
        if (file.startsWith(root) && !file.includes('node_modules') && file !== __filename)
          delete require.cache[file]
      }
      return load()
    }

    test('after its cache entries are gone', () => {
      const first = load()
      const all = [first, ...Array.from({ length: 20 }, reload)]
      assert.strictEqual(new Set(all).size, all.length)
      let cookie = ''
      for (const [i, cookieSession] of [...all, ...all].entries()) {
        const reply = serve(cookieSession({ keys: ['k'] }), cookie, add)
        assert.strictEqual(reply.seen, i ? `{"n":${i}}` : '{}')
        cookie = reply.cookie
        exercise(cookieSession, `key ${i}`)
      }
    })

    test('with collections in between', () => {
      v8.setFlagsFromString('--expose-gc')
      const gc = vm.runInNewContext('gc')
      const kept = load()({ keys: ['k'] })
      let { cookie } = serve(kept, '', add)
      for (let round = 0; round < 10; round++) {
        const cookieSession = reload()
        for (let i = 0; i < 20; i++) exercise(cookieSession, `key ${round} ${i}`)
        gc()
        const reply = serve(kept, cookie, add)
        assert.strictEqual(reply.seen, `{"n":${round + 1}}`)
        cookie = reply.cookie
      }
    })

    /** The package's own files in a context of their own, as test runners and app servers load them. */
    function loadIn(context) {
      const cache = new Map()
      const run = (file) => {
        if (file.endsWith('.node')) return require(file)
        if (cache.has(file)) return cache.get(file).exports
        const module = { exports: {} }
        cache.set(file, module)
        const code = fs.readFileSync(file, 'utf8')
        if (file.endsWith('.json')) return JSON.parse(code)
        const from = createRequire(file)
        const requireIn = (id) => {
          if (isBuiltin(id)) return require(id)
          const found = from.resolve(id)
          return found.includes('node_modules') ? require(found) : run(found)
        }
        const names = ['exports', 'require', 'module', '__filename', '__dirname']
        vm.compileFunction(code, names, { filename: file, parsingContext: context })(
          module.exports,
          requireIn,
          module,
          file,
          path.dirname(file)
        )
        return module.exports
      }
      return run(require.resolve('../..'))
    }

    test('in contexts of their own, side by side', () => {
      const contexts = Array.from({ length: 5 }, () => vm.createContext({ Buffer, process, console }))
      const loaded = contexts.map(loadIn)
      let cookie = ''
      for (const [i, cookieSession] of [load(), ...loaded, ...loaded].entries()) {
        assert.strictEqual(cookieSession.engine, load().engine)
        const reply = serve(cookieSession({ keys: ['k'] }), cookie, add)
        assert.strictEqual(reply.seen, i ? `{"n":${i}}` : '{}')
        cookie = reply.cookie
        exercise(cookieSession, `key ${i}`)
      }
      assert.strictEqual(serve(original({ keys: ['k'] }), cookie).seen, '{"n":11}')
    })

    test('options, keys and sessions that come from another context', () => {
      const options = vm.runInNewContext(`({
        array: { keys: ['k', 'l'] },
        bytes: { keys: [new Uint8Array([1, 2, 3])] },
        view: { keys: [new DataView(new ArrayBuffer(8), 2, 3)] },
        buffer: { keys: [new Uint16Array([1, 2, 3]).buffer] },
        expires: { keys: ['k'], expires: new Date(5e12) },
      })`)
      const value = vm.runInNewContext('({ list: [1, { deep: new Date(0) }], map: new Map(), none: null })')
      for (const [what, option] of Object.entries(options)) {
        const [expected, actual] = [original, load()].map((cookieSession) => {
          const middleware = cookieSession(option)
          const first = serve(middleware, '', (req) => {
            req.session = value
          })
          return [first, serve(middleware, first.cookie, add)]
        })
        assert.deepStrictEqual(actual, expected, what)
        assert.notStrictEqual(expected[1].cookie, what === 'expires' ? undefined : '', what)
      }
    })
  })
}
