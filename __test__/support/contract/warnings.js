'use strict'

// Process warnings come once a process, so that each test of them needs a process of its own.

const { execFile } = require('node:child_process')
const path = require('node:path')

/**
 * Runs code in a process of its own, where it finds what the harness of the contract's tests exports.
 *
 * @param {string} body of an async function
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ code: string, message: string }[]>} the warnings, in order
 */
function warningsOf(body, env = {}) {
  const code = `
    const harness = require(${JSON.stringify(path.join(__dirname, 'harness.js'))})
    const warnings = []
    process.on('warning', ({ code, message }) => warnings.push({ code, message }))
    async function main({ ours, original, exchange, connection, sent, cookie, header, KEYS }) {
      const http = require('node:http')
      ${body}
    }
    main(harness).then(async () => {
      await new Promise(setImmediate)
      process.stdout.write(JSON.stringify(warnings))
    })
  `
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, NODE_ENV: '', ...env } }
    execFile(process.execPath, ['--no-warnings', '-e', code], options, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr))
      else resolve(JSON.parse(stdout))
    })
  })
}

module.exports = { warningsOf }
