'use strict'

// The command line, run as the program that it is, or in this process: there it finds another `process` and another
// `console`, and takes a hundredth of the time, so that hundreds of texts can be shown to it.

const { spawnSync } = require('node:child_process')
const { Console } = require('node:console')
const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { Readable, Writable } = require('node:stream')
const vm = require('node:vm')

const PROGRAM = path.join(__dirname, '..', '..', '..', 'bin', 'cookie-session-native.js')
const PARAMETERS = ['exports', 'require', 'module', 'process', 'console']
const source = fs.readFileSync(PROGRAM, 'utf8').replace(/^#!/, '//')
const program = vm.compileFunction(source, PARAMETERS, { filename: PROGRAM })

/** Runs it as a program. @returns {{ status: number, stdout: string, stderr: string }} */
function spawned(args, { input = '', env = {} } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    input,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 10_000_000
  })
  return { status, stdout, stderr }
}

/** A stream that keeps what is written to it. */
function kept() {
  const chunks = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      done()
    }
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}

/** As the system hands it over. */
function argument(text) {
  if (text.includes('\0')) throw new TypeError('no argument holds NUL')
  return Buffer.from(text).toString()
}

/** Runs it in this process, until it sets its exit code. @returns {Promise<ReturnType<typeof spawned>>} */
async function run(args, { input = '', env = {} } = {}) {
  const [stdout, stderr] = [kept(), kept()]
  const bytes = Buffer.from(input)
  const status = await new Promise((resolve) => {
    const standIn = {
      argv: [process.execPath, PROGRAM, ...args.map(argument)],
      env: { ...process.env, ...env },
      // In pieces of the size that pipes have.
      stdin: Readable.from(
        (function* () {
          for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
        })(),
        { objectMode: false }
      ),
      set exitCode(code) {
        resolve(code)
      }
    }
    const module = { exports: {} }
    program(
      module.exports,
      createRequire(PROGRAM),
      module,
      standIn,
      new Console({ stdout: stdout.stream, stderr: stderr.stream })
    )
  })
  return { status, stdout: stdout.text(), stderr: stderr.text() }
}

module.exports = { PROGRAM, run, spawned }
