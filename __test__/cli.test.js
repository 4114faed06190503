'use strict'

// The command line, run as a program: what it prints, how it ends, and that no key is ever printed.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { describe, it } = require('node:test')
const cookieSession = require('..')

const PROGRAM = path.join(__dirname, '..', 'bin', 'cookie-session-native.js')
const KEY = 'a-key-of-32-bytes-that-is-a-secret'
const OLD = 'an-older-secret-key-of-32-bytes-too'

function run(args, { input = '', env = {} } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    input,
    encoding: 'utf8',
    env: { ...process.env, ...env }
  })
  for (const key of [KEY, OLD]) assert.ok(!`${stdout}${stderr}`.includes(key), 'a key was printed')
  return { status, stdout, stderr }
}

const env = { APP_KEYS: `${KEY}, ${OLD}` }
const withKeys = ['--keys-env', 'APP_KEYS']
const FORMATS = {
  'of cookie-session': {},
  v1: { ttl: 1000 },
  e1: { encrypt: true }
}

describe('keygen', () => {
  it('prints another key of 32 bytes each time, good for encryption', () => {
    const one = run(['keygen']).stdout.trim()
    assert.equal(Buffer.from(one, 'base64url').length, 32)
    assert.notEqual(run(['keygen']).stdout.trim(), one)
    assert.doesNotThrow(() => cookieSession({ keys: [one], encrypt: true }))
  })
})

describe('inspect', () => {
  for (const [format, options] of Object.entries(FORMATS)) {
    const headerOf = (keys) => `a=b; ${cookieSession.cookieHeader({ user: 'Zoë' }, { keys, ...options })}`

    it(`${format}: verified, with which key, and what it holds`, () => {
      for (const [keys, place] of [
        [[KEY], 0],
        [[OLD], 1]
      ]) {
        const { status, stdout } = run(['inspect', headerOf(keys), ...withKeys], { env })
        assert.match(stdout, new RegExp(`format +${format}`))
        assert.match(stdout, new RegExp(`verified +yes, by key ${place} of 2`))
        assert.match(stdout, /"user": "Zoë"/)
        assert.match(stdout, /size +\d+ bytes/)
        assert.equal(/issued +\d{4}-/.test(stdout), format !== 'of cookie-session')
        assert.equal(status, 0)
      }
    })

    it(`${format}: refused`, () => {
      for (const header of [headerOf(['another key that has 32 bytes or so']), `${headerOf([KEY])}x`]) {
        const { status, stdout } = run(['inspect', header, ...withKeys], { env })
        assert.match(stdout, /verified +no/)
        assert.equal(status, 1)
      }
    })

    it(`${format}: from standard input, and without keys`, () => {
      const { status, stdout } = run(['inspect'], { input: `Cookie: ${headerOf([KEY])}\n` })
      assert.match(stdout, /not verified/)
      assert.equal(stdout.includes('Zoë'), format !== 'e1')
      assert.equal(status, 1)
    })

    it(`${format}: without content`, () => {
      const { stdout } = run(['inspect', headerOf([KEY]), ...withKeys, '--no-content'], { env })
      assert.doesNotMatch(stdout, /Zoë|content/)
    })
  }

  it('takes a value and a signature apart', () => {
    const [cookie, signature] = cookieSession.seal({ a: 1 }, { keys: [KEY], name: 'sid', digest: 'sha256' })
    const valueIn = (line) => line.split(';')[0].replace(/^[^=]+=/, '')
    const args = [
      'inspect',
      valueIn(cookie),
      '--name',
      'sid',
      '--sig',
      valueIn(signature),
      '--digest',
      'sha256'
    ]
    assert.equal(run([...args, ...withKeys], { env }).status, 0)
  })

  it('takes keys as a JSON array', () => {
    const header = cookieSession.cookieHeader({ a: 1 }, { keys: ['with, a comma'] })
    const json = { APP_KEYS: JSON.stringify(['newer', 'with, a comma']) }
    assert.match(run(['inspect', header, ...withKeys], { env: json }).stdout, /by key 1 of 2/)
  })

  it('shows no control characters', () => {
    const value = Buffer.from('\u001b[31m').toString('base64')
    assert.ok(!run(['inspect', value]).stdout.includes('\u001b'))
  })
})

describe('wrong usage', () => {
  for (const args of [
    [],
    ['other'],
    ['keygen', 'more'],
    ['inspect', 'a', 'b'],
    ['inspect', '--unknown'],
    ['inspect', ''],
    ['inspect', 'a=b; c=d'],
    ['inspect', 'eyJhIjoxfQ==', '--digest', 'md5'],
    ['inspect', 'eyJhIjoxfQ==', '--keys-env', 'NOT_SET'],
    ['inspect', 'eyJhIjoxfQ==', '--keys-env', 'toString'],
    ['inspect', 'eyJhIjoxfQ==', '--keys-env', KEY]
  ]) {
    it(`${JSON.stringify(args)} ends with 2 and says why`, () => {
      const { status, stderr } = run(args)
      assert.equal(status, 2)
      assert.notEqual(stderr, '')
      assert.doesNotMatch(stderr, /\n +at /)
    })
  }

  it('names the environment variable that holds no keys, and says nothing of what it holds', () => {
    for (const [text, said] of [
      ['', /^the environment variable APP_KEYS is not set$/m],
      [' , ', /^the environment variable APP_KEYS holds no key; expected keys separated by commas/],
      [`["${KEY}"`, /^the environment variable APP_KEYS begins as a JSON array, and is none; expected/],
      [`["${KEY}", ""]`, /^the environment variable APP_KEYS holds something else than strings that are not/]
    ]) {
      const { status, stderr } = run(['inspect', 'eyJhIjoxfQ==', ...withKeys], { env: { APP_KEYS: text } })
      assert.match(stderr, said)
      assert.equal(status, 2)
    }
  })

  it('--help is right', () => {
    const { status, stdout } = run(['--help'])
    assert.equal(status, 0)
    assert.match(stdout, /^Usage/)
  })
})
