'use strict'

// Keys that run code of the app while they are taken over, and a Keygrip in use by the app while it is in use by the
// middleware.

const crypto = require('node:crypto')
const { describe } = require('node:test')
const { hooked, places } = require('../support/hostile/hooks')
const { KEYS, carried, told } = require('../support/hostile/play')
const { OTHER, USER, scenario } = require('../support/hostile/scenario')

/** A key whose bytes are asked for by way of the app's own code. */
function keyWith(property, read) {
  const key = Buffer.from(KEYS[1])
  Object.defineProperty(key, property, {
    configurable: true,
    get() {
      read()
      return Reflect.get(Object.getPrototypeOf(Uint8Array.prototype), property, key)
    }
  })
  return key
}

/** What is done while an app's code runs in the middle of a change of keys. All is as before afterwards. */
const rotations = {
  'serves a request': ({ serve }) =>
    serve({ cookie: carried(OTHER, KEYS[2]), app: (req) => req.session.user }),
  'serves a request that writes': ({ serve }) =>
    serve({
      app: (req) => {
        req.session = { user: 'bob' }
      }
    }),
  'puts a key in front, serves a request, and takes the key away': ({ keys, serve }) => {
    keys.unshift(KEYS[2])
    serve({ cookie: carried(OTHER, KEYS[2]), app: (req) => req.session.user })
    keys.shift()
  },
  'turns the keys round, serves a request, and turns them back': ({ keys, serve }) => {
    keys.reverse()
    serve({ cookie: carried(OTHER, KEYS[2]), app: (req) => req.session.user })
    keys.reverse()
  }
}

const codedKeys = {
  'the length of a Buffer': (read) => keyWith('length', read),
  'the byteLength of a Buffer': (read) => keyWith('byteLength', read),
  'the byteOffset of a Buffer': (read) => keyWith('byteOffset', read),
  'the buffer of a Buffer': (read) => keyWith('buffer', read),
  'the export of a KeyObject': (read) => {
    const key = crypto.createSecretKey(Buffer.from(KEYS[1]))
    const own = key.export
    key.export = function () {
      read()
      return own.call(this)
    }
    return key
  }
}

describe('a key that runs code of the app when the keys have changed', () => {
  for (const [property, make] of Object.entries(codedKeys)) {
    for (const [what, deed] of Object.entries(rotations)) {
      scenario(`${property}: ${what}`, {
        cookie: carried(USER, KEYS[2]),
        differs: true,
        keys: () => [KEYS[0], KEYS[2]],
        app(world) {
          const { req, keys, log, serve } = world
          log.push(told(req.session.user))
          let done = false
          const key = make(() => {
            if (done) return
            done = true
            // Whether and when it is called is no part of the contract, but for what comes after it.
            const { length } = log
            deed(world)
            log.length = length
          })
          keys.splice(0, 2, KEYS[2], key, KEYS[0])
          for (const one of KEYS) serve({ cookie: carried(OTHER, one), app: (other) => other.session.user })
          req.session.changed = true
        }
      })
    }
  }
})

describe('a Keygrip in use by the app while it is in use by the middleware', () => {
  const calls = {
    sign: ({ given }) => given.sign('data'),
    'sign, of bytes': ({ given }) => given.sign(Buffer.from('data')),
    verify: ({ given }) => given.verify('data', given.sign('data')),
    index: ({ given }) => given.index('data', 'no signature'),
    'index, of what is no text': ({ given }) => given.index('data', { toString: () => given.sign('data') }),
    'sign, after a change of keys': ({ given, keys }) => {
      keys.unshift(`${KEYS[0]}, changed`)
      return given.sign('data')
    },
    'sign, of what is no data': ({ given }) => given.sign({ toString: () => given.sign('x') }),
    'another Keygrip of the same keys': ({ Keygrip, keys }) => new Keygrip(keys, 'sha512').sign('data'),
    'its methods replaced': ({ given }) => {
      given.sign = () => 'replaced'
      given.index = () => 0
    }
  }
  for (const algorithm of ['sha1', 'sha256', 'md5']) {
    for (const [where, place] of Object.entries(places)) {
      if (/Header of/.test(where)) continue
      for (const [what, call] of Object.entries(calls)) {
        scenario(
          `${algorithm}, ${what}, in ${where}`,
          hooked(place, (world) => world.log.push(told(world.attempt(() => call(world)))), {
            keygrip: algorithm,
            defaultOnly: what === 'its methods replaced' || algorithm === 'md5',
            differs: true
          })
        )
      }
    }
  }
})
