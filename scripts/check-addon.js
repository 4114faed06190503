'use strict'

// What has to hold of an addon before it is published, read out of the file itself:
//
//   node scripts/check-addon.js NAME
//
// NAME is one of scripts/targets.js. What a Linux addon asks of its system is read by binutils' readelf.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const { GLIBC, TARGETS } = require('./targets')

/** Bytes. */
const LARGEST = 900_000
/** Processors as ELF names them. */
const MACHINES = { x64: 'Advanced Micro Devices X86-64', arm64: 'AArch64' }

const name = process.argv[2]
const target = TARGETS[name]
assert.ok(target, `usage: check-addon.js ${Object.keys(TARGETS).join(' | ')}`)
const file = path.join(__dirname, '..', `cookie-session-native.${name}.node`)
const readelf = (...flags) => execFileSync('readelf', ['--wide', ...flags, file], { encoding: 'utf8' })
const isOlder = (one, other) => one.localeCompare(other, 'en', { numeric: true }) <= 0

const { size } = fs.statSync(file)
assert.ok(size < LARGEST, `${size} bytes, ${LARGEST} are allowed`)
const facts = [`${size} bytes`]

if (target.os === 'linux') {
  assert.ok(readelf('--file-header').includes(MACHINES[target.cpu]), `is for ${target.cpu}`)
  assert.ok(!readelf('--sections').includes('.symtab'), 'is stripped')

  const symbols = readelf('--dyn-syms')
  const defined = [...symbols.matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +\d+ (\S+)/g)].map(([, symbol]) => symbol)
  assert.deepEqual(defined.sort(), ['napi_register_module_v1'])

  const libraries = [...readelf('--dynamic').matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, library]) => library)
  facts.push(`needs ${libraries.join(', ')}`)
  if (target.libc === 'musl') {
    assert.ok(!libraries.includes('libc.so.6'), 'is for musl')
  } else {
    const versions = [...symbols.matchAll(/@GLIBC_([\d.]+)/g)].map(([, version]) => version)
    const newest = versions.reduce((newest, version) => (isOlder(version, newest) ? newest : version))
    assert.ok(isOlder(newest, GLIBC), `needs glibc ${newest}, ${GLIBC} is to do`)
    facts.push(`glibc ${newest} at least`)
  }
}

console.log(`${path.basename(file)}: ${facts.join('; ')}`)
