'use strict'

// Starts an example by its command, as a reader of its first comment would, on a free port, and ends it with all
// that it started.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..', '..')
const IS_WINDOWS = process.platform === 'win32'

/**
 * @param {string} command what is typed into a shell
 * @param {{ cwd?: string, env?: object, patience?: number }} [settings] `patience`: ms until it has to listen
 * @returns {Promise<{ url: string, port: number, output: () => string, stop: () => Promise<void> }>}
 */
async function start(command, { cwd = ROOT, env = {}, patience = 60_000 } = {}) {
  // A process group of its own: the shell, npm and the server end together.
  const child = spawn(command, {
    cwd,
    shell: true,
    detached: !IS_WINDOWS,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: '0', SESSION_SECRET_KEYS: '', NODE_ENV: '', ...env }
  })
  let output = ''
  const closed = once(child, 'close')

  async function stop() {
    if (child.exitCode === null && child.signalCode === null) {
      if (IS_WINDOWS) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'])
      else process.kill(-child.pid, 'SIGKILL')
    }
    await closed
  }

  try {
    const url = await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${command}: ${why}\n${output}`))
      const timer = setTimeout(fail, patience, 'does not listen')
      const look = (chunk) => {
        output += chunk
        const found = /http:\/\/localhost:\d+/.exec(output)
        if (found === null) return
        clearTimeout(timer)
        resolve(found[0])
      }
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      closed.then(() => {
        clearTimeout(timer)
        fail('ended')
      }, reject)
    })
    return { url, port: Number(new URL(url).port), output: () => output, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

module.exports = { ROOT, start }
