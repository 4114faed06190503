'use strict'

// What the figures were measured on: part of every report.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT } = require('./packages')

const PACKAGES = [
  'cookie-session',
  'express',
  'iron-session',
  'client-sessions',
  '@fastify/secure-session',
  'express-session'
]

function versionOf(directory) {
  return JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8')).version
}

function machine() {
  const [cpu] = os.cpus()
  return {
    cpu: cpu ? cpu.model.trim() : 'unknown',
    cores: os.cpus().length,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    load: os.loadavg().map((value) => Number(value.toFixed(2))),
    node: process.version,
    v8: process.versions.v8,
    openssl: process.versions.openssl,
    versions: {
      'cookie-session-native': versionOf(ROOT),
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(path.join(ROOT, 'node_modules', name))]))
    }
  }
}

function printMachine({ cpu, cores, memory, system, load, node, v8, openssl, versions }) {
  console.log(`${cpu}, ${cores} cores, ${memory}, ${system}, load ${load.join(' ')}`)
  console.log(`Node ${node}, V8 ${v8}, OpenSSL ${openssl}`)
  console.log(
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')
  )
}

module.exports = { machine, printMachine }
