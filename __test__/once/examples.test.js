'use strict'

// Every example runs: started by the command that examples/README.md gives, driven over http as its visitors do, and
// ended. NestJS comes from the registry, and is installed and run only with EXAMPLES=all.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { describe, it } = require('node:test')
const WebSocket = require('ws')

const { Jar } = require('../support/sockets/harness')
const { ROOT, start } = require('../support/examples/start')

const EXAMPLES = path.join(ROOT, 'examples')
const commands = [...fs.readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8').matchAll(/\| `(.+)` \|/g)].map(
  ([, command]) => command
)

function commandOf(word) {
  const command = commands.find((text) => text.includes(word))
  assert.ok(command, `no command for ${word} in examples/README.md`)
  return command
}

/** A visitor with cookies, who follows redirects. */
class Visitor {
  jar = new Jar()

  constructor(url) {
    this.url = url
  }

  async ask(method, target, form) {
    const body = form && String(new URLSearchParams(form))
    const headers = Object.fromEntries(this.jar.headers)
    if (form) headers['Content-Type'] = 'application/x-www-form-urlencoded'
    const reply = await new Promise((resolve, reject) => {
      const req = http.request(new URL(target, this.url), { method, headers, agent: false }, (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (chunk) => {
          text += chunk
        })
        res.on('end', () => resolve({ res, text }))
        res.on('error', reject)
      })
      req.setTimeout(10_000, () => req.destroy(new Error(`${method} ${target}: the server went silent`)))
      req.on('error', reject)
      req.end(body)
    })
    this.jar.take(reply.res.headers['set-cookie'] ?? [])
    const { location } = reply.res.headers
    return location === undefined ? reply.text : this.ask('GET', location)
  }

  get(target) {
    return this.ask('GET', target)
  }

  post(target, form) {
    return this.ask('POST', target, form)
  }
}

async function running(command, talk, settings) {
  const server = await start(command, settings)
  try {
    await talk(new Visitor(server.url), server)
  } finally {
    await server.stop()
  }
}

describe('examples', () => {
  it('there is a test for each', () => assert.equal(commands.length, 6))

  it('express', () =>
    running(commandOf('npm start'), async (visitor) => {
      assert.match(await visitor.get('/'), /<strong>1<\/strong>/)
      assert.match(await visitor.post('/login', { name: 'ada' }), /<bdi>ada<\/bdi>/)
      assert.match(await visitor.get('/'), /<strong>3<\/strong>/)
      assert.match(await visitor.post('/logout'), /Nobody is logged in/)
    }))

  it('typescript', () =>
    running(commandOf('typescript'), async (visitor) => {
      const get = async () => JSON.parse(await visitor.get('/'))
      assert.deepEqual(await get(), { user: null, views: 1 })
      assert.deepEqual(JSON.parse(await visitor.post('/login/ada')), { user: 'ada', views: 2 })
      assert.deepEqual(await get(), { user: 'ada', views: 3 })
      assert.deepEqual(JSON.parse(await visitor.post('/logout')), { user: null, views: 1 })
    }))

  it('passport', () =>
    running(commandOf('passport'), async (visitor) => {
      assert.match(await visitor.get('/'), /Nobody is logged in/)
      const wrong = { username: 'ada', password: 'wrong' }
      assert.match(await visitor.post('/login', wrong), /Nobody is logged in/)
      const right = { username: 'ada', password: 'analytical' }
      assert.match(await visitor.post('/login', right), /Logged in as ada/)
      assert.match(await visitor.get('/'), /Logged in as ada/)
      assert.match(await visitor.post('/logout'), /Nobody is logged in/)
    }))

  it('several-sessions', () =>
    running(commandOf('several-sessions'), async (visitor) => {
      assert.match(await visitor.get('/'), /Views: 1/)
      assert.match(await visitor.get('/admin'), /Administrator: nobody. Views: 1/)
      assert.match(await visitor.post('/admin/login'), /Administrator: root. Views: 1/)
      assert.deepEqual([...visitor.jar.cookies.keys()].sort(), ['admin', 'session', 'session.sig'])
      assert.match(await visitor.post('/admin/logout'), /Administrator: nobody. Views: 1/)
      assert.match(await visitor.get('/'), /Views: 2/)
    }))

  it('websocket', () =>
    running(commandOf('websocket'), async (visitor, { url, port }) => {
      /** What is said in the chat first, or the status that refuses the handshake. */
      const enter = (headers) =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(`ws://localhost:${port}`, { headers, handshakeTimeout: 10_000 })
          socket.on('unexpected-response', (_req, res) => {
            res.destroy()
            resolve(res.statusCode)
          })
          socket.on('error', reject)
          socket.on('message', (data) => {
            const text = String(data)
            if (text.startsWith('Welcome')) return socket.send('hello')
            socket.close()
            resolve(text)
          })
        })
      assert.doesNotMatch(await visitor.get('/'), /new WebSocket/)
      assert.equal(await enter({ Origin: url }), 401)
      assert.match(await visitor.post('/login', { name: 'ada' }), /new WebSocket/)
      const headers = { Cookie: visitor.jar.text, Origin: url }
      assert.equal(await enter(headers), 'ada: hello')
      assert.equal(await enter({ ...headers, Origin: 'http://stranger.test' }), 401)
      assert.doesNotMatch(await visitor.post('/logout'), /new WebSocket/)
    }))

  it('nestjs', {
    skip: process.env.EXAMPLES !== 'all' && 'installs from the registry: EXAMPLES=all'
  }, async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nestjs-'))
    try {
      fs.cpSync(path.join(EXAMPLES, 'nestjs'), folder, {
        recursive: true,
        filter: (name) => !name.includes('node_modules')
      })
      const manifest = path.join(folder, 'package.json')
      const text = fs.readFileSync(manifest, 'utf8')
      assert.ok(text.includes('file:../..'))
      fs.writeFileSync(manifest, text.replace('file:../..', `file:${packed(folder)}`))
      const command = commandOf('nestjs').replace('cd examples/nestjs && ', '')
      await running(
        command,
        async (visitor) => {
          assert.deepEqual(JSON.parse(await visitor.get('/')), { user: null, views: 1 })
          assert.deepEqual(JSON.parse(await visitor.post('/login')), { user: 'ada', views: 2 })
          assert.deepEqual(JSON.parse(await visitor.get('/')), { user: 'ada', views: 3 })
          assert.deepEqual(JSON.parse(await visitor.post('/logout')), { user: null, views: 1 })
        },
        { cwd: folder, patience: 300_000 }
      )
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** The package as npm would publish it: a link to the checkout would let npm build there. */
function packed(folder) {
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    { cwd: ROOT, encoding: 'utf8', shell: process.platform === 'win32' }
  )
  assert.equal(status, 0, stderr)
  return path.join(folder, Object.values(JSON.parse(stdout))[0].filename)
}
