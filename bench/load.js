'use strict'

// What loading the package takes, against loading cookie-session: fresh processes in turns.
// `node bench/load.js` prints it.

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const { clock } = require('./batches')
const { lowerQuartile } = require('./statistics')

const SUBJECTS = {
  'cookie-session': { id: 'cookie-session' },
  native: { id: 'cookie-session-native', engine: 'native' },
  node: { id: 'cookie-session-native', engine: 'node' }
}
const ROUNDS = 20
const LOAD_ONE = path.join(__dirname, 'load-one.js')

async function measureLoading(rounds = ROUNDS) {
  const times = Object.fromEntries(Object.keys(SUBJECTS).map((name) => [name, { wall: [], cpu: [] }]))
  for (let round = -1; round < rounds; round++) {
    const turn = Object.entries(SUBJECTS)
    if (round % 2) turn.reverse()
    for (const [name, { id, engine = '' }] of turn) {
      const env = { ...process.env, COOKIE_SESSION_ENGINE: engine, DEBUG: '', NODE_ENV: 'production' }
      const { stdout } = await promisify(execFile)(process.execPath, [LOAD_ONE, id], { env })
      const { wall, cpu } = JSON.parse(stdout)
      if (round < 0) continue
      times[name].wall.push(wall)
      times[name].cpu.push(cpu)
    }
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, { wall, cpu }]) => [
      name,
      { wall: lowerQuartile(wall), cpu: lowerQuartile(cpu) }
    ])
  )
}

function lines(results) {
  const theirs = results['cookie-session']
  return Object.entries(results).map(([name, times]) => {
    const { wall, cpu } = times
    const verdict = name === 'cookie-session' ? '' : times[clock] <= theirs[clock] ? '  ✓' : '  ✗'
    return `${name.padEnd(16)} ${(wall / 1000).toFixed(2)} ms, of CPU time ${(cpu / 1000).toFixed(2)} ms${verdict}`
  })
}

async function main() {
  for (const line of lines(await measureLoading())) console.log(line)
}

if (require.main === module) main()

module.exports = { lines, measureLoading }
