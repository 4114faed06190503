'use strict'

// Every function of the addon, called with every wrong kind of argument: an error or the right answer, never a crash.
// It runs in a process of its own, whose end would be seen. What the package itself passes is never like this.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { describe, it } = require('node:test')

/** Runs a part of calls.js. */
function run(part) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', path.join(__dirname, '..', 'support', 'boundary', 'calls.js'), part],
    { encoding: 'utf8' }
  )
  assert.deepEqual({ signal, status }, { signal: null, status: 0 }, stderr)
  return JSON.parse(stdout)
}

describe('the addon, called wrongly', () => {
  it('throws a TypeError of its own for each argument that is none of the right kind', (t) => {
    const { calls, functions } = run('wrong')
    t.diagnostic(`${calls} calls of ${functions} functions`)
    assert.equal(functions, 11)
    assert.ok(calls > 300)
  })

  it('takes lone surrogates for U+FFFD, as node:crypto and Buffer do', () => {
    run('surrogates')
  })

  it('takes keys of any bytes, of views and of detached memory', () => {
    run('keys')
  })

  it('runs what an array of keys does when it is read, and is not misled by it', () => {
    run('arrays')
  })

  it('signs 512 MB, and throws where the answer would be no string any more', () => {
    run('huge')
  })
})
