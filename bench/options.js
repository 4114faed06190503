'use strict'

// `npm run bench:options`: what each option that cookie-session does not have adds to a request that reads and modifies a
// small session, on both engines. Measured as the second table of `npm run bench` is, see README.md here.

const { spawnSync } = require('node:child_process')
const { measure, requestClass, requests } = require('./batches')
const { machine, printMachine } = require('./machine')
const { load } = require('./packages')
const { SESSIONS, SITUATIONS, headerOf } = require('./work')

const KEYS = ['0123456789abcdefghijklmnopqrstuv', 'klmnopqrstuvwxyz0123456789abcdef']
const HOUR = 60 * 60 * 1000
const MILLISECONDS = 8000

/** Each row: the options, and what goes without saying beside them. */
const ROWS = {
  'no new option': {},
  sessionMethods: { sessionMethods: true },
  encrypt: { encrypt: true },
  "digest: 'sha256'": { digest: 'sha256' },
  ttl: { ttl: HOUR },
  'ttl, maxLifetime': { ttl: HOUR, maxLifetime: 2 * HOUR },
  'ttl, rolling': { ttl: HOUR, rolling: true },
  'encrypt, legacy': { encrypt: true, legacy: true },
  onError: { onError() {} },
  maxSize: { maxSize: 4096 },
  proxy: { proxy: true },
  requestKey: { requestKey: 'session' },
  reissue: { reissue: true },
  accept: { accept: () => true },
  'encrypt, ttl, rolling, sessionMethods, onError, maxSize': {
    encrypt: true,
    ttl: HOUR,
    rolling: true,
    sessionMethods: true,
    onError() {},
    maxSize: 4096
  }
}

function tasks(engine) {
  const cookieSession = load(engine)
  const action = SITUATIONS['read and modify'].action()
  const cells = {}
  for (const [row, more] of Object.entries(ROWS)) {
    const options = () => ({ keys: [...KEYS], ...more })
    const header = headerOf(cookieSession.cookieHeader(SESSIONS.small, options()).split('; '))
    cells[row] = {
      nothing: requests(requestClass(), (_req, _res, next) => next(), undefined, header, false),
      [engine]: requests(requestClass(), cookieSession(options()), action, header, false)
    }
  }
  return cells
}

async function main() {
  const [, , engine] = process.argv
  if (engine === undefined) {
    printMachine(machine())
    const found = ['native', 'node'].map((name) => {
      const { stdout } = spawnSync(process.execPath, ['--expose-gc', __filename, name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_ENV: 'test', DEBUG: '' }
      })
      return JSON.parse(stdout)
    })
    console.log('\nmicroseconds added to a request that reads and modifies a small session: native, node')
    for (const row of Object.keys(ROWS)) {
      console.log(`  ${row.padEnd(58)}${found.map((times) => times[row].toFixed(1).padStart(7)).join('')}`)
    }
    return
  }
  const cells = await measure(tasks(engine), { milliseconds: MILLISECONDS })
  const added = Object.entries(cells).map(([row, times]) => [row, times[engine] - times.nothing])
  console.log(JSON.stringify(Object.fromEntries(added)))
}

main()
