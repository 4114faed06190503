'use strict'

// Options that are code: what ours reads of them, and in which order, is what the original reads.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { NOW, atTime, both, connection, ours } = require('../support/contract/harness')
const { KEYS, MODERN, attempting, carried, told } = require('../support/hostile/play')
const { USER } = require('../support/hostile/scenario')

const OPTION_NAMES = [
  'name keys secret maxAge maxage expires path domain sameSite secure secureProxy httpOnly partitioned priority',
  'signed overwrite value toHeader unknown'
].flatMap((names) => names.split(' '))

/** What a request does, so that each way through the middleware is taken. */
const ways = {
  'a session is written': {
    app({ req }) {
      req.session = { a: 1 }
    }
  },
  'a session is changed': {
    cookie: carried(USER),
    app({ req }) {
      req.session.a = 1
    }
  },
  'a session is read, by an older key': {
    cookie: carried(USER, KEYS[1]),
    app: ({ req }) => void req.session.a
  },
  'a forged session is read': { cookie: `${carried(USER)}x`, app: ({ req }) => void req.session.a },
  'a session is given up': {
    cookie: carried(USER),
    app({ req }) {
      req.session = null
    }
  },
  'nothing is touched': { cookie: carried(USER), app() {} }
}

const told1 = (value) => (value === undefined ? 'undefined' : told(value))

/** The reads of each option, in order, while a middleware is made and three requests are served. */
function readsOf(cookieSession, { cookie, app }, build) {
  const log = []
  const options = build((name) => log.push(name))
  const attempt = attempting(log)
  const middleware = attempt(() => cookieSession(options))
  log.push('made')
  for (let i = 0; middleware && i < 3; i++) {
    const { req, res, wire } = connection({ cookie })
    attempt(() => middleware(req, res, () => log.push('next')))
    attempt(() => app({ req }))
    attempt(() => res.end())
    log.push(told1(res.getHeader('Set-Cookie')))
    wire.destroy()
  }
  return { log }
}

const GIVEN = {
  keys: KEYS,
  name: 'session',
  path: '/p',
  maxAge: 1000,
  sameSite: 'lax',
  httpOnly: true,
  signed: true,
  overwrite: true,
  domain: 'example.com'
}

describe('options that are code: the same reads in the same order', () => {
  for (const [way, what] of Object.entries(ways)) {
    const same = (name, build) =>
      test(`${name}, where ${way}`, () => atTime(NOW, () => both((one) => readsOf(one, what, build))))

    for (const name of OPTION_NAMES) {
      const accessor = (read, of) => (saw) =>
        Object.defineProperty({ ...GIVEN, ...of }, name, {
          configurable: true,
          enumerable: true,
          get() {
            saw(name)
            return read()
          },
          set(value) {
            saw(`${name} = ${told(value)}`)
          }
        })
      same(
        `${name} is a getter`,
        accessor(() => GIVEN[name])
      )
      same(
        `${name} throws`,
        accessor(() => {
          throw new Error(name)
        })
      )
      same(`${name} is another each time`, (saw) => {
        let n = 0
        const answers = [GIVEN[name], undefined, 5, 'x', null, '/y', true]
        return accessor(() => answers[n++ % answers.length])(saw)
      })
    }
    same('all are getters', (saw) => {
      const options = {}
      for (const name of OPTION_NAMES) {
        if (name === 'toHeader' || name === 'value' || name === 'secureProxy') continue
        Object.defineProperty(options, name, {
          enumerable: true,
          get() {
            saw(name)
            return GIVEN[name]
          }
        })
      }
      return options
    })
    same('they are a Proxy', (saw) => {
      return new Proxy(
        { ...GIVEN },
        {
          get(target, name) {
            // Options of ours, which the original knows nothing of, are asked for once.
            if (typeof name === 'string' && OPTION_NAMES.includes(name)) saw(name)
            return target[name]
          },
          set(target, name, value) {
            saw(`${String(name)} = ${told(value)}`)
            target[name] = value
            return true
          }
        }
      )
    })
    same('they are a Proxy that has everything', () => new Proxy({ ...GIVEN }, { has: () => true }))
  }
})

test('options of ours are not read after the middleware was made', () => {
  const { OPT_IN_OPTIONS } = require('../../lib/opt-in')
  const given = {
    ...MODERN.signed,
    encrypt: false,
    maxSize: 4000,
    proxy: true,
    onError() {},
    accept: () => true
  }
  for (const name of OPT_IN_OPTIONS) {
    let reads = 0
    const options = Object.defineProperty({ ...GIVEN, ...given, digest: undefined }, name, {
      // Enumerable, it would be put on each cookie, as whatever is.
      enumerable: false,
      get() {
        reads++
        return name === 'digest' ? 'sha256' : given[name]
      }
    })
    const middleware = ours(options)
    reads = 0
    for (const cookie of [undefined, carried(USER), carried(USER, KEYS[1])]) {
      const { req, res, wire } = connection({ cookie })
      middleware(req, res, () => {})
      req.session.a = 1
      res.end()
      wire.destroy()
    }
    assert.strictEqual(reads, 0, name)
  }
})
