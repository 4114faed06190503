'use strict'

// Whether the package is worn out by use: by millions of requests, by middlewares that come and go, by threads that come
// and go. Each runs in a process of its own, checks what each session holds, and must end as large as it began.
//
// SOAK=long        ten million requests, a million middlewares, a thousand threads for each engine: about an hour
// SOAK_SEED=1      the seed of the run (else a random one, printed)
// SOAK_TOTAL=100000  so many of each instead
// SOAK_ONLY=threads  that one alone
// COOKIE_SESSION_ENGINE  that engine alone

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { describe, it } = require('node:test')

const seed = (process.env.SOAK_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0
const given = process.env.SOAK_TOTAL
if (given !== undefined && !(Number.isSafeInteger(Number(given)) && Number(given) >= 50)) {
  // A run of nothing would pass.
  throw new TypeError(`SOAK_TOTAL is ${given}; expected a whole number from 50`)
}
const isLong = process.env.SOAK === 'long' || given !== undefined
const chosen = process.env.COOKIE_SESSION_ENGINE
const engines = chosen ? [chosen] : ['native', 'node']

/**
 * How much there is of each, and by how many bytes the last quarter's mean may be above the first's. What V8 and malloc
 * vary by is less; a hundred bytes lost by each request are more. The engine over node:crypto has no memory but V8's,
 * where less shows more.
 */
const LIVES = {
  requests: { short: { native: 40_000, node: 10_000 }, long: 10_000_000, heap: 0.5e6, resident: 2.3e6 },
  middlewares: { short: { native: 12_000, node: 3000 }, long: 1_000_000, heap: 0.5e6, resident: 4e6 },
  threads: { short: { native: 36, node: 14 }, long: 1000, heap: 0.5e6, resident: 3.5e6 }
}
/** V8 gives the space of new objects its size somewhere in a short run; so it has it from the start. */
const SHORT_FLAGS = ['--min-semi-space-size=4', '--max-semi-space-size=4']
/** The size of a process that runs for an hour varies by more. */
const LONG_ALLOWANCE = { heap: 1e6, resident: 12e6 }
const lives = Object.keys(LIVES).filter((life) => [undefined, '', life].includes(process.env.SOAK_ONLY))
if (lives.length === 0) throw new TypeError(`SOAK_ONLY is none of ${Object.keys(LIVES).join(', ')}`)

console.error(`soak: seed ${seed}, engines ${engines.join(', ')}`)

async function run(life, engine, total) {
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      ...(isLong ? [] : SHORT_FLAGS),
      path.join(__dirname, '..', 'support', 'soak', `${life}.js`)
    ],
    {
      env: { ...process.env, COOKIE_SESSION_ENGINE: engine, SEED: String(seed), TOTAL: String(total) },
      stdio: ['ignore', 'pipe', 'pipe']
    }
  )
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text
      if (isLong && name === 'stderr') process.stderr.write(`${life}, ${engine}: ${text}`)
    })
  }
  const [code, signal] = await once(child, 'close')
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, output.stderr)
  return JSON.parse(output.stdout)
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(2)
}

describe('the process is as large at the end as it was', { concurrency: engines.length }, () => {
  for (const engine of engines) {
    describe(engine, () => {
      // Over node:crypto nothing but V8 keeps memory: in the short form requests alone show it.
      const own = isLong || engine === 'native' ? lives : lives.filter((life) => life === 'requests')
      for (const life of own) {
        it(life, async (t) => {
          const total = Number(given) || (isLong ? LIVES[life].long : LIVES[life].short[engine])
          const result = await run(life, engine, total)
          assert.equal(result.engine, engine)
          const cells = ['heap', 'resident'].map((kind) => {
            const { early, late } = result[kind]
            return `${kind} ${megabytes(early)} MB, then ${megabytes(late)} MB`
          })
          t.diagnostic(`| ${engine} | ${total.toLocaleString('en')} ${life} | ${cells.join(' | ')} |`)
          for (const kind of ['heap', 'resident']) {
            const allowed = isLong ? LONG_ALLOWANCE[kind] : LIVES[life][kind]
            const growth = `${kind} grew by ${Math.round(result[kind].growth)} bytes`
            assert.ok(
              result[kind].growth <= allowed,
              `${growth}; ${allowed} are allowed. ${JSON.stringify(result)}`
            )
          }
        })
      }
    })
  }
})
