'use strict'

// What the tests of example share.

const { spawn } = require('node:child_process')
const { createHmac } = require('node:crypto')
const { once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'express')

const DATE = '[A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT'

function sign(text, key) {
  return createHmac('sha1', key).update(text).digest('base64url')
}

function signedCookie(session, key) {
  const json = typeof session === 'string' ? session : JSON.stringify(session)
  const value = Buffer.from(json).toString('base64')
  return `session=${value}; session.sig=${sign(`session=${value}`, key)}`
}

function request(base, target, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const req = http.request({ hostname, port, path: target, method, headers, agent: false }, (res) => {
      const chunks = []
      res.on('data', (chunk) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () =>
        resolve({
          status: res.statusCode,
          headers: res.headers,
          setCookie: res.headers['set-cookie'] ?? [],
          body: Buffer.concat(chunks).toString('utf8')
        })
      )
    })
    req.on('error', reject)
    req.end(body)
  })
}

/** A browser as far as cookies go: keeps what is set, drops what has expired, follows redirects. */
class Browser {
  constructor(base, headers = {}) {
    this.base = base
    this.headers = headers
    this.jar = new Map()
  }

  get cookie() {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  set cookie(header) {
    this.jar = new Map(header.split('; ').map((pair) => pair.split(/=(.*)/s, 2)))
  }

  get session() {
    return JSON.parse(Buffer.from(this.jar.get('session'), 'base64').toString('utf8'))
  }

  async send(target, { headers, ...options } = {}) {
    const cookie = this.cookie ? { Cookie: this.cookie } : {}
    const res = await request(this.base, target, {
      ...options,
      headers: { ...this.headers, ...cookie, ...headers }
    })
    for (const line of res.setCookie) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      const expires = /; expires=([^;]+)/.exec(line)
      if (expires && Date.parse(expires[1]) <= Date.now()) this.jar.delete(name)
      else this.jar.set(name, value)
    }
    return res
  }

  async visit(target, options) {
    const res = await this.send(target, options)
    return res.headers.location ? this.visit(res.headers.location) : res
  }

  login(name) {
    return this.visit('/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ name }).toString()
    })
  }
}

async function serve(options) {
  const { createApp } = await import(pathToFileURL(path.join(EXAMPLE, 'app.mjs')).href)
  const server = http.createServer(createApp(options)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { base: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

/** Starts server.mjs. `url` is settled when it prints one or exits, `exit` when it has exited. */
function start(env) {
  const child = spawn(process.execPath, [path.join(EXAMPLE, 'server.mjs')], {
    env: { ...process.env, NODE_ENV: '', SESSION_SECRET_KEYS: '', PORT: '0', ...env }
  })
  const run = { child, stdout: '', stderr: '' }
  child.stderr.on('data', (chunk) => {
    run.stderr += chunk
  })
  run.exit = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  run.url = new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      run.stdout += chunk
      const found = /^Listening on http:\/\/localhost:(\d+)\/ .*\n/m.exec(run.stdout)
      if (found) resolve(`http://localhost:${found[1]}`)
    })
    run.exit.then(() => reject(new Error(`server.mjs exited: ${run.stdout}${run.stderr}`)))
  })
  run.url.catch(() => {})
  run.stop = () => {
    child.kill()
    return run.exit
  }
  return run
}

function viewsOn(res) {
  return Number(/<strong>(\d+)<\/strong>/.exec(res.body)?.[1])
}

function tooLarge(base) {
  return request(base, '/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `name=${'x'.repeat(5000)}`
  })
}

function flagsOn(res) {
  const row = /<code>(is\w+)<\/code><\/th>\s*<td class="\w+">(\w+)<\/td>\s*<td class="\w+">(\w+)<\/td>/g
  return Object.fromEntries([...res.body.matchAll(row)].map(([, name, first, last]) => [name, [first, last]]))
}

module.exports = {
  EXAMPLE,
  DATE,
  sign,
  signedCookie,
  request,
  Browser,
  serve,
  start,
  viewsOn,
  tooLarge,
  flagsOn
}
