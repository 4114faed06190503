'use strict'

// The option `encrypt`: what stands on the wire, which keys open it, what keys have to be, and that nothing
// else is read. Cookies are opened and made here a second time with node:crypto alone, from the description
// of the format, so that no test trusts the code it tests.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { describe, it } = require('node:test')
const { loadBinding } = require('../../lib/engine/binding')
const { ours } = require('../support/contract/harness')
const {
  HARNESS,
  FIRST,
  CONTENT,
  decrypt,
  valuesOf,
  make,
  written,
  opens
} = require('../support/options-encrypt')

describe('encrypt: the two engines', () => {
  const other = ours.engine === 'native' ? 'node' : 'native'

  function hasAddon() {
    try {
      return Boolean(loadBinding())
    } catch {
      return false
    }
  }

  const skip = other === 'native' && !hasAddon() ? 'no addon here' : false

  it(`each reads what the other wrote (the other: ${other})`, { skip }, async () => {
    const { value } = await written(make())
    const script = `
      const { exchange, ours } = require(process.argv[1])
      const { key, value, content } = JSON.parse(process.argv[2])
      const middleware = ours({ keys: [key], encrypt: true })
      async function run() {
        const cookie = 'session=' + value
        const { seen } = await exchange(ours, { middleware, cookie }, (req) => ({ ...req.session }))
        const { setCookie } = await exchange(ours, { middleware }, (req) => { req.session = content })
        console.log(JSON.stringify({ engine: ours.engine, seen, setCookie }))
      }
      run()`
    const given = JSON.stringify({ key: FIRST, value, content: CONTENT })
    const env = { ...process.env, COOKIE_SESSION_ENGINE: other }
    const output = execFileSync(process.execPath, ['-e', script, HARNESS, given], { env })
    const { engine, seen, setCookie } = JSON.parse(output)
    assert.equal(engine, other)
    assert.deepEqual(seen, CONTENT)
    assert.deepEqual(await opens(make(), valuesOf(setCookie).session), [])
    decrypt(valuesOf(setCookie).session)
  })
})
