'use strict'

// All code in the documents runs: each block is taken out and run as it stands, with what the text around it takes for
// granted. Where it makes an app, the app is asked, and has to keep a session. Commands are run, or are those that
// another test runs; a block that nothing here knows what to do with fails.

const assert = require('node:assert/strict')
const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { describe, it } = require('node:test')
const { pathToFileURL } = require('node:url')

const ROOT = path.join(__dirname, '..', '..')
const DOCUMENTS = ['README.md', 'SECURITY.md', 'bench/README.md', 'examples/README.md']
const cookieSession = require('../..')
const { target } = require('../../lib/engine/binding')

const read = (name) => fs.readFileSync(path.join(ROOT, name), 'utf8')
const key = (letter) => letter.repeat(40)

/** @returns {{ language: string, code: string, title: string }[]} */
function blocksOf(name) {
  return [...read(name).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: code, index }) => {
    const line = read(name).slice(0, index).split('\n').length + 1
    return { language, code, title: `${name}:${line}, ${language || 'output'}` }
  })
}

const documents = [
  ...DOCUMENTS.filter((name) => fs.existsSync(path.join(ROOT, name))),
  ...fs.readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`)
].filter((name) => name.endsWith('.md'))

function ask(port, { cookie = '' } = {}) {
  return new Promise((resolve, reject) => {
    http
      .get(
        {
          host: '127.0.0.1',
          port,
          path: '/',
          headers: { cookie, 'x-forwarded-proto': 'https' }
        },
        (res) => {
          const cookies = (res.headers['set-cookie'] ?? []).map((line) => line.split(';')[0])
          res.resume().on('end', () => resolve({ status: res.statusCode, cookie: cookies.join('; ') }))
        }
      )
      .on('error', reject)
  })
}

/** Counts in whichever session the app has. */
function counting(req, res) {
  const session = req.session ?? req.admin
  if (session) session.views = (session.views ?? 0) + 1
  res.end()
}

async function keepsSessionsAt(port) {
  const first = await ask(port)
  assert.ok(first.status < 500, `status ${first.status}`)
  assert.notEqual(first.cookie, '', 'a session is written')
  const second = await ask(port, { cookie: first.cookie })
  assert.notEqual(second.cookie, first.cookie, 'and read, and written anew')
}

/** Every session that there is has to be read back. */
async function keepsSessions(app) {
  const server = http.createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    await keepsSessionsAt(server.address().port)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** What the text around the code takes for granted. */
function surroundings() {
  const express = require('express')
  const started = []
  const listening = (app) => {
    app.listen = () => {
      started.push(app)
    }
    return app
  }
  const app = listening(express())
  app.get('/account', (_req, res) => res.end())
  const passport = require('passport')
  const request = require('supertest')
  const server = http.createServer(app)
  const { WebSocketServer } = require('ws')
  const replaced = {
    express: Object.assign(() => listening(express()), express),
    'cookie-session-native': cookieSession,
    esbuild: { build: (options) => started.push(bundled(options)) }
  }
  return {
    started,
    names: {
      require: (name) => replaced[name] ?? require(name),
      module: { exports: {} },
      process: { ...process, env: { SESSION_KEYS: key('s') } },
      app,
      passport,
      request,
      server,
      WebSocketServer,
      cookieSession,
      keys: [key('k'), key('l')],
      adminKeys: [key('a')],
      newKey: key('n'),
      oldKey: key('o'),
      versionOf: () => 1
    }
  }
}

/** Runs esbuild as the documents have it, and the bundle. @returns {Promise<(req: object, res: object) => void>} the app */
async function bundled(options) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bundle-'))
  try {
    fs.mkdirSync(path.join(folder, 'node_modules'))
    fs.symlinkSync(ROOT, path.join(folder, 'node_modules', 'cookie-session-native'), 'junction')
    fs.writeFileSync(
      path.join(folder, 'server.js'),
      `const cookieSession = require('cookie-session-native')
       module.exports = { session: cookieSession({ keys: ['${key('b')}'] }), engine: cookieSession.engine }`
    )
    require('esbuild').buildSync({ ...options, absWorkingDir: folder })
    const { session, engine } = (await import(pathToFileURL(path.join(folder, options.outfile)))).default
    assert.equal(engine, options.external ? cookieSession.engine : 'node')
    return (req, res) => session(req, res, () => counting(req, res))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

async function runScript(code) {
  // What a reader has at hand already.
  const express = code.includes("require('express')") ? '' : "const express = require('express')"
  // `import` has no place in a function; the same names come by `require`.
  const required = code
    .replace(/^import (.*) from ('[\w-]+')$/gm, 'const $1 = require($2)')
    .replace(/^export default /gm, 'module.exports = ')
  const { names, started } = surroundings()
  if (!required.includes('cookieSession(')) names.app.use(cookieSession({ keys: names.keys }))
  const isDeclared = (name) => new RegExp(`^ *(?:const|let|var) (?:\\{ )?${name}\\b`, 'm').test(required)
  const given = Object.keys(names).filter((name) => !isDeclared(name))
  const AsyncFunction = (async () => {}).constructor
  const body = `'use strict'\n${express}\n${required}\nreturn app`
  const made = await new AsyncFunction(...given, body)(...given.map((name) => names[name]))
  names.server.closeAllConnections()
  for (const app of new Set([made, ...(await Promise.all(started))])) {
    if (app.router?.stack.every(({ route }) => route)) continue
    if (app.use) {
      app.use('/admin', counting)
      app.use(counting)
    }
    await keepsSessions(app)
  }
}

const COMMANDS = [
  // What `npm run test:package` and the examples' test run, and what a first checkout does.
  [
    /^npm (?:install|ci|install-test)( |$)/,
    ({ command }) => assert.doesNotMatch(command, /install (?!cookie-session)\w/)
  ],
  [/^npx cookie-session-native (.*)$/, ({ match }) => runBin(match[1])],
  [/^APP_KEYS=new,old npx cookie-session-native inspect/, inspectOne],
  [
    /^npm (?:run )?([\w:-]+)/,
    ({ match }) => assert.ok(JSON.parse(read('package.json')).scripts[match[1]], match[1])
  ],
  [
    /^cargo run .*--example (\w+)/,
    ({ match }) => assert.match(read('Cargo.toml'), new RegExp(`name = "${match[1]}"`))
  ],
  [/^node --eval '(.*)'$/, ({ match }) => assert.equal(runNode(['--eval', match[1]]).status, 0)],
  [/^node ([\w/.-]+)/, ({ match }) => assert.ok(fs.existsSync(path.join(ROOT, match[1])), match[1])]
]

function runNode(args, env = {}) {
  return spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env } })
}

function runBin(args, env) {
  const { status, stdout, stderr } = runNode(['bin/cookie-session-native.js', ...args.split(' ')], env)
  assert.equal(status, 0, stderr)
  return stdout
}

function inspectOne() {
  const header = cookieSession.codec({ keys: ['old'] }).cookieHeader({ user: 1 })
  const { status, stdout } = runNode(
    ['bin/cookie-session-native.js', 'inspect', header, '--keys-env', 'APP_KEYS'],
    {
      APP_KEYS: 'new,old'
    }
  )
  assert.equal(status, 0)
  assert.match(stdout, /user/)
}

/** Packs a folder. @returns {string} the tarball's path */
function pack(folder, to) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', to]
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32'
  })
  assert.equal(status, 0, stderr)
  return path.join(to, JSON.parse(stdout)[0].filename)
}

/** An app as somebody would put it into an image, its packages packed as they are published. */
function appToDeploy(folder) {
  const addon = `cookie-session-native.${target()}.node`
  const platform = path.join(folder, 'platform')
  fs.mkdirSync(platform)
  fs.copyFileSync(path.join(ROOT, addon), path.join(platform, addon))
  const name = `@cookie-session-native/${target()}`
  fs.writeFileSync(
    path.join(platform, 'package.json'),
    JSON.stringify({ name, version: '0.1.0', main: addon })
  )
  const context = path.join(folder, 'context')
  fs.mkdirSync(context)
  const dependencies = {
    'cookie-session-native': `file:${pack(ROOT, folder)}`,
    [name]: `file:${pack(platform, folder)}`
  }
  fs.writeFileSync(path.join(context, 'package.json'), JSON.stringify({ private: true, dependencies }))
  fs.writeFileSync(
    path.join(context, 'server.js'),
    `const session = require('cookie-session-native')({ keys: ['${key('d')}'] })
     const count = ${counting}
     const server = require('node:http').createServer((req, res) => session(req, res, () => count(req, res)))
     server.listen(0, '127.0.0.1', () => console.log(server.address().port))`
  )
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']
  const { status, stderr } = spawnSync('npm', args, {
    cwd: context,
    encoding: 'utf8',
    shell: process.platform === 'win32'
  })
  assert.equal(status, 0, stderr)
  return context
}

/** Does what a Dockerfile says, one folder for each stage, on the system that the test runs on in place of the image's. */
async function runDockerfile(code) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'image-'))
  const context = appToDeploy(folder)
  const stages = new Map()
  let stage
  let cwd
  let env
  const steps = {
    FROM(rest) {
      stage = path.join(folder, `stage${stages.size}`)
      stages.set(rest.split(' AS ')[1] ?? rest, stage)
      env = { ...process.env }
    },
    WORKDIR(rest) {
      cwd = path.join(stage, rest)
      fs.mkdirSync(cwd, { recursive: true })
    },
    COPY(rest) {
      const words = rest.split(' ')
      const from = words[0].startsWith('--from=') ? stages.get(words.shift().slice(7)) : context
      const to = path.join(cwd, words.pop())
      for (const word of words) {
        const source = path.join(from, word)
        fs.cpSync(source, words.length > 1 ? path.join(to, word) : to, { recursive: true })
      }
    },
    RUN(rest) {
      const { status, stdout, stderr } = spawnSync(rest, { cwd, env, shell: true, encoding: 'utf8' })
      assert.equal(status, 0, `${rest}: ${stdout}${stderr}`)
    },
    ENV(rest) {
      for (const pair of rest.split(' ')) env[pair.split('=')[0]] = pair.split('=')[1]
    },
    async CMD(rest) {
      // Where the image's entrypoint is Node, as distroless' is, the command is what it runs.
      const args = JSON.parse(rest).filter((word) => word !== 'node')
      const server = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
      try {
        const [port] = await once(server.stdout, 'data')
        await keepsSessionsAt(Number(port))
      } finally {
        server.kill()
      }
    }
  }
  try {
    for (const line of code.split('\n').filter(Boolean)) {
      const [, step, rest] = line.match(/^([A-Z]+) (.*)$/)
      assert.ok(steps[step], `nothing here does ${step}`)
      await steps[step](rest)
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

const runners = {
  js: runScript,
  // Types are compiled as a part of a file that does something with them, by types.test.js.
  ts(code) {
    const folder = path.join(__dirname, '..', 'support', 'types')
    const sources = fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
    assert.ok(
      sources.some((source) => source.includes(code)),
      'no fixture holds it as it stands'
    )
  },
  json: (code) => JSON.parse(code),
  diff(code) {
    for (const [, line] of code.matchAll(/^[-+](.*)$/gm)) new Function('require', line)(require)
  },
  sh(code) {
    for (const line of code.split('\n')) {
      for (const command of line.replace(/ #.*$/, '').split(' && ')) {
        if (command.trim() === '') continue
        const [pattern, run] = COMMANDS.find(([pattern]) => pattern.test(command.trim())) ?? []
        assert.ok(run, `nothing here runs: ${command}`)
        run({ command: command.trim(), match: command.trim().match(pattern) })
      }
    }
  },
  dockerfile: runDockerfile,
  // What a command printed.
  '': () => {}
}

for (const name of documents) {
  describe(name, () => {
    for (const { language, code, title } of blocksOf(name)) {
      it(title, () => {
        assert.ok(runners[language], `nothing here runs ${language}`)
        return runners[language](code)
      })
    }

    it('links to files that are there', () => {
      for (const [, link] of read(name).matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)) {
        assert.ok(fs.existsSync(path.join(ROOT, path.dirname(name), link)), link)
      }
    })

    it('links to headings that are there', () => {
      const headings = [...read(name).matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
        text
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replace(/ /g, '-')
      )
      for (const [, link] of read(name).matchAll(/\]\(#([^)]+)\)/g)) assert.ok(headings.includes(link), link)
    })
  })
}
