'use strict'

// Instructions that the Rust core takes to open and to seal, counted by valgrind, which gives the same number for the
// same program. Another compiler or processor gives another one, so what is allowed is a quarter more than was
// counted when the limits were last set. Without valgrind the test says that it did not run.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { before, describe, it } = require('node:test')

const ROOT = path.join(__dirname, '..', '..')
const ALLOWED = 1.25

/**
 * By what is done, in which format, and the bytes of JSON. Valgrind's processor has no SHA extension, so that most of it
 * is SHA-1 or SHA-256.
 * rustc 1.95, x86_64.
 */
const COUNTED = {
  'open original 60': 8_216,
  'open original 2700': 94_567,
  'outdated original 60': 13_628,
  'outdated original 2700': 175_316,
  'refused original 60': 18_138,
  'refused original 2700': 247_894,
  'seal original 60': 5_708,
  'seal original 2700': 87_666,
  'open v1 60': 20_215,
  'outdated v1 60': 35_123,
  'refused v1 60': 46_798,
  'seal v1 60': 16_435,
  'open e1 60': 7_074,
  'outdated e1 60': 8_572,
  'refused e1 60': 7_904,
  'seal e1 60': 3_761
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' })
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? stderr}`)
  return { stdout, stderr }
}

function hasValgrind() {
  return process.arch === 'x64' && spawnSync('valgrind', ['--version']).status === 0
}

/** @returns {string} the path of the program */
function build() {
  const args = ['build', '--release', '--locked', '--example', 'instructions', '--message-format=json']
  for (const line of run('cargo', args).stdout.split('\n')) {
    if (line.startsWith('{') && JSON.parse(line).executable) return JSON.parse(line).executable
  }
  throw new Error('cargo built no program')
}

function instructions(program, args) {
  const { stderr } = run('valgrind', [
    '--tool=cachegrind',
    '--cache-sim=no',
    '--cachegrind-out-file=/dev/null',
    program,
    ...args
  ])
  return Number(stderr.match(/I +refs: +([\d,]+)/)[1].replaceAll(',', ''))
}

describe('instructions of the Rust core', {
  skip: hasValgrind() ? false : 'there is no valgrind here'
}, () => {
  let program
  before(() => {
    program = build()
  })

  const each = (args) =>
    (instructions(program, [...args, '60']) - instructions(program, [...args, '10'])) / 50

  for (const [format, size] of [
    ['original', '60'],
    ['original', '2700'],
    ['v1', '60']
  ]) {
    it(`as many for a signature whose first character is wrong as for one whose last is, ${format} ${size}`, () => {
      assert.equal(each(['wrong-first', format, size]), each(['wrong-final', format, size]))
    })
  }

  for (const [what, counted] of Object.entries(COUNTED)) {
    it(what, (t) => {
      const now = each(what.split(' '))
      t.diagnostic(`${what}: ${now} instructions, ${counted} when last set`)
      assert.ok(now <= counted * ALLOWED, `${now} instructions, ${counted} and a quarter are allowed`)
    })
  }
})
