'use strict'

// The keys in an environment variable's text: what is a key, what is refused, and that no error holds any of it.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { inspect } = require('node:util')
const { describe, it } = require('node:test')
const cookieSession = require('../..')

const { parseKeys } = cookieSession

describe('parseKeys', () => {
  for (const [text, keys] of [
    ['one', ['one']],
    ['new,old', ['new', 'old']],
    [' new , old ', ['new', 'old']],
    ['new,', ['new']],
    [',new,, ,old,', ['new', 'old']],
    ['new\r\n', ['new']],
    ['\ufeffnew', ['new']],
    ['two words', ['two words']],
    ['"quoted"', ['"quoted"']],
    ['a[b],c', ['a[b]', 'c']],
    ['["one"]', ['one']],
    [' ["with, a comma", " as it is "]\n', ['with, a comma', ' as it is ']],
    ['\ufeff["one"]', ['one']]
  ]) {
    it(`${JSON.stringify(text)} holds ${JSON.stringify(keys)}`, () => assert.deepEqual(parseKeys(text), keys))
  }

  for (const [text, said] of [
    ['', /holds no key/],
    [' ', /holds no key/],
    [',', /holds no key/],
    [' , ,\n', /holds no key/],
    ['[]', /holds no key/],
    ['["secret"', /begins as a JSON array, and is none/],
    ['[secret]', /begins as a JSON array, and is none/],
    ['["secret"],secret', /begins as a JSON array, and is none/],
    ['["secret", ""]', /holds something else than strings that are not empty/],
    ['["secret", 5]', /holds something else than strings that are not empty/],
    ['[["secret"]]', /holds something else than strings that are not empty/],
    ['['.repeat(1_000_000), /begins as a JSON array, and is none/],
    [
      undefined,
      /text is undefined; .*Is the environment variable set\? `npx cookie-session-native keygen` makes a key$/
    ],
    [null, /text is null/],
    [5, /text is number/],
    [['secret'], /text is object/],
    [Buffer.from('secret'), /text is object/]
  ]) {
    it(`refuses ${inspect(text, { maxStringLength: 30 })}`, () => {
      assert.throws(
        () => parseKeys(text),
        (error) => {
          assert.ok(error instanceof TypeError)
          assert.match(error.message, said)
          assert.match(error.message, /expected keys separated by commas, or a JSON array of them/)
          assert.doesNotMatch(
            inspect(error, { depth: null, showHidden: true }).split('\n    at ')[0],
            /secret/
          )
          return true
        }
      )
    })
  }

  it('gives keys that sign and verify, and the empty one does not', () => {
    const keys = parseKeys('new,')
    const sessions = cookieSession.codec({ keys })
    const forged = cookieSession.cookieHeader({ user: 'ada' }, { keys: [''] })
    assert.deepEqual(sessions.unseal(sessions.cookieHeader({ user: 'ada' })), { user: 'ada' })
    assert.equal(sessions.unseal(forged), null)
    assert.notEqual(cookieSession.unseal(forged, { keys: 'new,'.split(',') }), null)
  })

  it("is there for import { parseKeys } from 'cookie-session-native'", () => {
    const source = `
      import cookieSession, { parseKeys } from 'cookie-session-native'
      console.log(JSON.stringify([parseKeys === cookieSession.parseKeys, parseKeys('new, old')]))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
      cwd: path.join(__dirname, '..', '..'),
      encoding: 'utf8'
    })
    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(stdout), [true, ['new', 'old']])
  })
})
