'use strict'

// The contract's last section as tests: where ours may differ, and that it differs no further. What a
// process writes to stderr, the warnings it emits, what shows in a printed middleware, and that each
// way to import the package gives the same function.

const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { describe, test } = require('node:test')
const util = require('node:util')
const {
  KEYS,
  both,
  connection,
  cookie,
  lines,
  look,
  original,
  ours,
  sent,
  sign
} = require('../support/contract/harness')

const ROOT = path.join(__dirname, '..', '..')
const CHILD = path.join(__dirname, '..', 'support', 'contract', 'child.js')
const PLACES = { original: require.resolve('cookie-session'), ours: require.resolve('../..') }

/** Runs Node in the package's folder, with an environment that decides nothing but the engine. */
function node(args, env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      DEBUG: undefined,
      NODE_OPTIONS: undefined,
      NODE_DEBUG: undefined,
      NO_DEPRECATION: 'cookies',
      ...env
    }
  })
  assert.strictEqual(status, 0, stderr)
  return { stdout, stderr }
}

function child(place, scenario, env) {
  const { stdout, stderr } = node([CHILD, place, scenario], env)
  return { ...JSON.parse(stdout), stderr }
}

describe('Where ours may differ', () => {
  describe('the debug namespace cookie-session', () => {
    const DEBUG = { DEBUG: 'cookie-session', DEBUG_HIDE_DATE: 'yes', DEBUG_COLORS: 'no' }
    const OPTIONS = /^session options /
    const SECRETS = ['first-secret-key', 'second-secret-key', 'third-secret-key']
    const output = {}
    for (const [who, place] of Object.entries(PLACES)) output[who] = child(place, 'debug', DEBUG).stderr

    /** The messages of each step, in order. */
    function messages(text) {
      const steps = new Map()
      let current
      for (const line of text.trimEnd().split('\n')) {
        if (line.startsWith('# ')) {
          current = []
          steps.set(line.slice(2), current)
        } else if (/\[COOKIE_SESSION_\w+\]|--trace-warnings/.test(line)) {
          // A process warning, which is judged below.
        } else if (line.startsWith('cookie-session ')) {
          current.push(line.slice('cookie-session '.length))
        } else {
          // V8 has messages of several lines.
          current[current.length - 1] += `\n${line}`
        }
      }
      return steps
    }

    const of = { original: messages(output.original), ours: messages(output.ours) }
    const value = 'eyJhIjoxfQ=='
    const expected = {
      untouched: [],
      'new and left empty': ['new session'],
      'new and saved': ['new session', 'save session'],
      loaded: [`parse ${value}`],
      'loaded and saved': [`parse ${value}`, 'save session'],
      assigned: ['save session'],
      removed: ['remove session'],
      'a bad signature': ['new session'],
      'no JSON': ['parse eyJh', 'new session'],
      'an empty value': ['new session'],
      'a maxAge that is none': ['save session', 'error saving session option maxAge is invalid'],
      'a name that is none': ['save a;b', 'error saving session argument name is invalid'],
      'a secure cookie on a plain connection': [
        'save session',
        'error saving session Cannot send secure cookie over unencrypted connection'
      ],
      'a priority that is none': ['save session', 'error saving session option priority is invalid'],
      'a sameSite that is none': ['save session', 'error saving session option sameSite is invalid'],
      'a path that is none': ['save session', 'error saving session option path is invalid'],
      'a domain that is none': ['save session', 'error saving session option domain is invalid'],
      'keys that cannot sign': ['save session', 'error saving session this.keys.sign is not a function']
    }

    const said = (messages) => messages.filter((line) => !OPTIONS.test(line))

    for (const step of of.original.keys()) {
      test(`the same messages, ${step}`, () => {
        assert.deepStrictEqual(said(of.ours.get(step)), said(of.original.get(step)))
      })
    }

    for (const [step, lines] of Object.entries(expected)) {
      test(`${step}: ${lines.join(', ') || 'nothing'}`, () => {
        assert.deepStrictEqual(said(of.original.get(step)), lines)
      })
    }

    for (const step of ['construction', 'construction with a secret']) {
      test(`${step}: the options are told, but for keys and secret`, () => {
        const told = (lines) => {
          assert.strictEqual(lines.length, 1)
          assert.match(lines[0], OPTIONS)
          return JSON.parse(lines[0].replace(OPTIONS, ''))
        }
        const { keys, secret, ...rest } = told(of.original.get(step))
        assert.ok(keys || secret)
        assert.deepStrictEqual(told(of.ours.get(step)), rest)
      })
    }

    for (const secret of SECRETS) {
      test(`${secret} shows in the original's output, and not in ours`, () => {
        const shown = [secret, JSON.stringify([...Buffer.from(secret)])]
        assert.ok(shown.some((text) => output.original.includes(text)))
        assert.ok(!shown.some((text) => output.ours.includes(text)))
        assert.ok(!output.ours.includes(Buffer.from(secret).toString('hex')))
        assert.ok(!output.ours.includes(Buffer.from(secret).toString('base64')))
      })
    }

    test('nothing is said unless it is asked for', () => {
      for (const place of Object.values(PLACES)) {
        const { stderr } = child(place, 'debug')
        assert.deepStrictEqual([...messages(stderr).values()].flat(), [])
      }
    })
  })

  describe('deprecation lines and warnings', () => {
    const run = (env) => ({
      original: child(PLACES.original, 'warnings', env),
      ours: child(PLACES.ours, 'warnings', env)
    })

    test("depd's lines for maxage and secureProxy: the original's are there, ours need not be", () => {
      const { original, ours } = run({ NO_DEPRECATION: undefined })
      assert.match(original.stderr, /cookies deprecated "maxage"; use "maxAge" instead/)
      assert.match(original.stderr, /cookies deprecated "secureProxy" option; use "secure" option/)
      const others = ours.stderr.split('\n').filter((line) => line !== '' && !/ deprecated /.test(line))
      // A line of a process warning is judged by its code, in the next test.
      assert.deepStrictEqual(
        others.filter((line) => !/\[COOKIE_SESSION_\w+\]|--trace-warnings/.test(line)),
        []
      )
      assert.deepStrictEqual(ours.setCookie, original.setCookie)
    })

    test('process warnings have a COOKIE_SESSION_* code, and come once each', () => {
      const { original, ours } = run({})
      assert.deepStrictEqual(original.warnings, [])
      const codes = ours.warnings.map(({ code }) => code)
      for (const code of codes) assert.match(String(code), /^COOKIE_SESSION_[A-Z_]+$/)
      const messages = ours.warnings.map(({ message }) => message)
      assert.deepStrictEqual(messages, [...new Set(messages)])
      assert.deepStrictEqual(ours.setCookie, original.setCookie)
    })
  })
})

describe('keys are never printed', () => {
  const SECRET = 'k3y-that-nobody-prints'
  const BYTES = Buffer.from('by7es-that-nobody-prints')
  const deep = {
    showHidden: true,
    depth: Infinity,
    getters: true,
    maxArrayLength: null,
    maxStringLength: null
  }

  function assertUnprinted(text) {
    for (const secret of [SECRET, BYTES.toString()]) {
      assert.ok(!text.includes(secret), text)
      assert.ok(!text.includes(Buffer.from(secret).toString('hex')), text)
      assert.ok(!text.includes(Buffer.from(secret).toString('base64')), text)
      const spaced = Buffer.from(secret)
        .toString('hex')
        .replace(/..(?=.)/g, '$& ')
      assert.ok(!text.includes(spaced), text)
      assert.ok(!text.includes([...Buffer.from(secret)].join(', ')), text)
      assert.ok(!text.includes([...Buffer.from(secret)].join(',')), text)
    }
  }

  const kinds = {
    'an array': () => [SECRET, BYTES],
    'our Keygrip': () => new ours.Keygrip([SECRET, BYTES])
  }

  for (const [kind, make] of Object.entries(kinds)) {
    test(`util.inspect of a middleware with ${kind}, before and after a request`, () =>
      both(async (cookieSession) => {
        const middleware = cookieSession({ keys: make() })
        assertUnprinted(util.inspect(middleware, deep))
        const { req, res, wire } = connection({ cookie: cookie('{"a":1}', { key: SECRET }) })
        middleware(req, res, () => {})
        const seen = look(req.session)
        assert.strictEqual(seen.content, '{"a":1}')
        req.session.b = 2
        const reply = await sent(res, wire)
        assertUnprinted(util.inspect(middleware, deep))
        return { seen, ...reply }
      }))

    test(`util.inspect of a request, its session and its response, with ${kind}`, () =>
      both(async (cookieSession) => {
        const { req, res, wire } = connection({ cookie: cookie('{"a":1}', { key: SECRET }) })
        cookieSession({ keys: make() })(req, res, () => {})
        const look = () => {
          // Not the options' own object, which is the app's and on the prototype of req.sessionOptions.
          for (const object of [req, res]) assertUnprinted(util.inspect(object, { depth: Infinity }))
          assertUnprinted(util.inspect(req.session, deep))
        }
        look()
        req.session.b = 2
        const reply = await sent(res, wire)
        look()
        return reply
      }))
  }

  test('util.inspect of our Keygrip, before and after it signed', () => {
    const keygrip = new ours.Keygrip([SECRET, BYTES])
    assertUnprinted(util.inspect(keygrip, deep))
    keygrip.index('data', keygrip.sign('data'))
    assertUnprinted(util.inspect(keygrip, deep))
    assertUnprinted(util.inspect([keygrip.sign, keygrip.verify, keygrip.index], deep))
  })

  test('our Keygrip as JSON, as text and as a list of its properties', () => {
    const keygrip = new ours.Keygrip([SECRET, BYTES])
    keygrip.sign('data')
    assertUnprinted(JSON.stringify(keygrip))
    assertUnprinted(String(keygrip))
    assertUnprinted(Object.values(Object.getOwnPropertyDescriptors(keygrip)).map(util.inspect).join())
    assertUnprinted(util.format('%s %o %O %j', keygrip, keygrip, keygrip, keygrip))
  })

  test('util.inspect of the module', () => {
    ours({ keys: [SECRET, BYTES] })
    assertUnprinted(util.inspect(ours, deep))
  })
})

describe('importing', () => {
  const engine = process.env.COOKIE_SESSION_ENGINE

  /** What an ES module in the package's folder prints, as JSON. */
  function module(source) {
    const { stdout } = node(['--input-type=module', '--eval', source])
    return JSON.parse(stdout)
  }

  test('require gives the function, with cookieSession, Keygrip and engine on it', () => {
    assert.strictEqual(typeof ours, 'function')
    assert.strictEqual(ours.cookieSession, ours)
    assert.strictEqual(typeof ours.Keygrip, 'function')
    assert.ok(['native', 'node'].includes(ours.engine))
    if (engine) assert.strictEqual(ours.engine, engine)
  })

  test("import cookieSession from 'cookie-session-native' gives what require gives", () => {
    const seen = module(`
      import { createRequire } from 'node:module'
      import cookieSession from 'cookie-session-native'
      const require = createRequire(process.cwd() + '/')
      console.log(JSON.stringify([
        typeof cookieSession,
        cookieSession.name,
        cookieSession === require('cookie-session-native'),
        cookieSession === require('./')
      ]))
    `)
    assert.deepStrictEqual(seen, ['function', 'cookieSession', true, true])
  })

  test("import { cookieSession } from 'cookie-session-native' gives the same function", () => {
    const seen = module(`
      import { cookieSession } from 'cookie-session-native'
      import byDefault from 'cookie-session-native'
      import * as all from 'cookie-session-native'
      console.log(JSON.stringify([
        cookieSession === byDefault,
        all.default === byDefault,
        all.cookieSession === byDefault
      ]))
    `)
    assert.deepStrictEqual(seen, [true, true, true])
  })

  test("import { Keygrip, engine } from 'cookie-session-native' gives what is on the function", () => {
    const seen = module(`
      import cookieSession, { Keygrip, engine } from 'cookie-session-native'
      console.log(JSON.stringify([
        Keygrip === cookieSession.Keygrip,
        engine === cookieSession.engine,
        engine,
        new Keygrip(['newest']).sign('data')
      ]))
    `)
    assert.deepStrictEqual(seen, [true, true, ours.engine, sign('data', 'newest')])
  })

  test("await import('cookie-session-native') gives the same function", () => {
    const seen = module(`
      import byDefault from 'cookie-session-native'
      const all = await import('cookie-session-native')
      console.log(JSON.stringify([all.default === byDefault, all.cookieSession === byDefault]))
    `)
    assert.deepStrictEqual(seen, [true, true])
  })

  test("require('cookie-session-native') gives the same function from a CommonJS script", () => {
    const { stdout } = node([
      '--eval',
      `const cookieSession = require('cookie-session-native')
       console.log(JSON.stringify([
         cookieSession === require('.'),
         cookieSession.cookieSession === cookieSession
       ]))`
    ])
    assert.deepStrictEqual(JSON.parse(stdout), [true, true])
  })

  test('a session works by way of import', () => {
    const seen = module(`
      import cookieSession from 'cookie-session-native'
      const headers = {}
      const req = { headers: {}, socket: {} }
      const res = {
        getHeader: (name) => headers[name],
        setHeader: (name, value) => { headers[name] = value },
        writeHead() {}
      }
      cookieSession({ keys: ${JSON.stringify(KEYS)} })(req, res, () => { req.session.a = 1 })
      res.writeHead(200)
      console.log(JSON.stringify(headers['Set-Cookie']))
    `)
    assert.deepStrictEqual(seen, lines('{"a":1}'))
  })

  test('ours and the original are not the same function', () => {
    assert.notStrictEqual(ours, original)
  })
})
