'use strict'

// Instructions that the Rust core takes to open and to seal, counted by valgrind, which gives the same number for the
// same program. Another compiler or processor gives another one, so what is allowed is a quarter more than was
// counted when the limits were last set. Without valgrind the test says that it did not run.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { before, describe, it } = require('node:test')

const ROOT = path.join(__dirname, '..', '..')
const ALLOWED = 1.25
/** How often bench/instructions.rs does each. */
const TIMES = 50

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

/** @returns {string} the path of the program, with the names of its functions */
function build() {
  const args = ['rustc', '--release', '--locked', '--example=instructions']
  const flags = ['--message-format=json', '--', '-Cstrip=none']
  for (const line of run('cargo', [...args, ...flags]).stdout.split('\n')) {
    if (line.startsWith('{') && JSON.parse(line).executable) return JSON.parse(line).executable
  }
  throw new Error('cargo built no program')
}

/** @returns {number[]} how many one call of the function `measured` takes for each, in one process: its start takes most */
function instructions(program, works) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'instructions-'))
  try {
    run('valgrind', [
      '--tool=callgrind',
      ...['--toggle-collect', '--dump-after'].map((flag) => `${flag}=instructions::measured`),
      `--callgrind-out-file=${path.join(folder, 'out')}`,
      program,
      ...works.flatMap((work) => work.split(' '))
    ])
    return works.map((_, i) => {
      const counted = fs.readFileSync(path.join(folder, `out.${i + 1}`), 'utf8')
      return Number(/^totals: (\d+)$/m.exec(counted)[1])
    })
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

const WRONG = ['original 60', 'original 2700', 'v1 60'].map((what) => [
  `wrong-first ${what}`,
  `wrong-final ${what}`
])

describe('instructions of the Rust core', {
  skip: hasValgrind() ? false : 'there is no valgrind here'
}, () => {
  const counted = new Map()
  before(() => {
    const works = [...WRONG.flat(), ...Object.keys(COUNTED)]
    const counts = instructions(build(), works)
    for (const [i, work] of works.entries()) counted.set(work, counts[i])
  })

  for (const [first, final] of WRONG) {
    it(`as many for a signature whose first character is wrong as for one whose last is, ${first}`, () => {
      assert.ok(counted.get(first) > 0)
      assert.equal(counted.get(first), counted.get(final))
    })
  }

  for (const [work, before] of Object.entries(COUNTED)) {
    it(work, (t) => {
      const now = counted.get(work) / TIMES
      t.diagnostic(`${work}: ${now} instructions, ${before} when last set`)
      assert.ok(now > before / 2, 'something was measured')
      assert.ok(now <= before * ALLOWED, `${now} instructions, ${before} and a quarter are allowed`)
    })
  }
})
