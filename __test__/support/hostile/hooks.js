'use strict'

// Hooks that come back into the middleware while a session is written, or while the head of the response goes.

const { describe } = require('node:test')
const onHeaders = require('on-headers')
const { KEYS, carried, told } = require('./play')
const { OTHER, USER, scenario } = require('./scenario')

/** What a hook may do when it is called while the session is written, or looked at. */
const deeds = {
  'writes the session': ({ req }) => {
    req.session.written = (req.session.written || 0) + 1
  },
  'deletes from the session': ({ req }) => {
    delete req.session.user
  },
  'reads the session': ({ req, log }) => log.push(told(Object.keys(req.session))),
  'asks whether it is populated': ({ req, log }) =>
    log.push(told([req.session.isPopulated, req.session.isNew])),
  'gives the session up': ({ req }) => {
    req.session = null
  },
  'assigns a new session': ({ req }) => {
    req.session = { assigned: true }
  },
  'assigns what is no session': ({ req }) => {
    req.session = 5
  },
  'gives the session up and reads it': ({ req, log }) => {
    req.session = null
    log.push(told(req.session))
  },
  'deletes req.session': ({ req }) => {
    delete req.session
  },
  'takes req.sessionOptions away': ({ req }) => {
    req.sessionOptions = null
  },
  'changes req.sessionOptions': ({ req }) => {
    req.sessionOptions = { path: '/changed', maxAge: 1000, signed: true }
  },
  'changes the options of all': ({ options }) => {
    options.path = '/all'
    options.httpOnly = false
  },
  'asks for no signature': ({ req }) => {
    req.sessionOptions.signed = false
  },
  'writes _ctx': ({ req }) => {
    req.session._ctx._val = 'changed'
    req.session._ctx._new = false
  },
  'freezes the session': ({ req }) => {
    Object.freeze(req.session)
  },
  'takes the prototype away': ({ req }) => {
    Object.setPrototypeOf(req.session, null)
  },
  'replaces the cookie header': ({ req }) => {
    req.headers.cookie = carried(OTHER)
  },
  'sets a header': ({ res }) => {
    res.setHeader('X-Hook', '1')
  },
  'sets Set-Cookie': ({ res }) => {
    res.setHeader('Set-Cookie', ['hook=1', 'session=hook; path=/'])
  },
  'removes Set-Cookie': ({ res }) => {
    res.removeHeader('Set-Cookie')
  },
  'ends the response': ({ res }) => {
    res.end('from the hook')
  },
  'writes to the response': ({ res }) => {
    res.write('from the hook')
  },
  'writes the head': ({ res }) => {
    res.writeHead(418, { 'X-Hook': '1' })
  },
  'flushes the headers': ({ res }) => {
    res.flushHeaders()
  },
  'destroys the response': ({ res }) => {
    res.destroy()
  },
  'destroys the socket': ({ wire }) => {
    wire.destroy()
  },
  'destroys the request': ({ req }) => {
    req.destroy()
  },
  "serves another user's request": ({ serve }) =>
    serve({
      cookie: carried(OTHER),
      app: (req) => {
        req.session.seen = true
        return JSON.stringify(req.session)
      }
    }),
  'serves a request whose key is older': ({ serve }) =>
    serve({ cookie: carried(OTHER, KEYS[2]), app: (req) => JSON.stringify(req.session) }),
  'serves a request that was forged': ({ serve }) =>
    serve({ cookie: `${carried(OTHER)}x`, app: (req) => JSON.stringify(req.session) }),
  'serves a new request': ({ serve }) =>
    serve({
      app: (req) => {
        req.session = { user: 'bob' }
      }
    }),
  'serves a request that gives its session up': ({ serve }) =>
    serve({
      cookie: carried(OTHER),
      app: (req) => {
        req.session = null
      }
    }),
  'serves the same user by another middleware of the same keys': ({ serve, cookieSession, given, options }) =>
    serve({
      use: cookieSession({ ...options, keys: given }),
      cookie: carried(USER),
      app: (req) => {
        req.session.again = true
      }
    }),
  'serves by another middleware of other keys': ({ serve, cookieSession, options }) =>
    serve({
      use: cookieSession({ ...options, keys: [...KEYS].reverse() }),
      cookie: carried(USER),
      app: (req) => {
        req.session.again = true
      }
    }),
  'serves the same request again': ({ middleware, req, res, log }) => {
    middleware(req, res, () => log.push('again'))
    log.push(told(Object.keys(req.session)))
  },
  'puts a key in front': ({ keys }) => {
    keys.unshift('another key, put in front in a hook: 0123456789')
  },
  'puts a key in front, and serves a request by it': ({ keys, serve }) => {
    keys.unshift('another key, put in front in a hook: 0123456789')
    serve({
      cookie: carried(OTHER),
      app: (req) => {
        req.session.seen = true
      }
    })
  },
  'turns the keys round': ({ keys }) => {
    keys.reverse()
  },
  'takes the keys away': ({ keys }) => {
    keys.length = 0
  },
  'leaves no good key': ({ keys }) => {
    keys[0] = undefined
  },
  'makes the keys a getter': ({ keys, log }) => {
    const [first] = keys
    Object.defineProperty(keys, 0, { configurable: true, get: () => log.push('key read') && first })
  },
  'has more keys than anyone': ({ keys }) => {
    keys.length = 0
    for (let i = 0; i < 300; i++) keys.push(`key ${i}, one of three hundred: 0123456789 0123456789`)
  },
  'throws an error': () => {
    throw new Error('from the hook')
  },
  'throws an error that says the headers are sent': () => {
    throw Object.assign(new Error('from the hook'), { code: 'ERR_HTTP_HEADERS_SENT' })
  },
  'throws a text': () => {
    throw 'from the hook'
  },
  'throws a symbol': () => {
    throw Symbol('from the hook')
  },
  'throws an object without a prototype': () => {
    throw Object.assign(Object.create(null), { message: 'bare' })
  },
  'throws an object whose message is a getter': ({ log }) => {
    throw {
      get message() {
        log.push('message read')
        return 'from the hook'
      }
    }
  },
  'throws an object whose message is no text': () => {
    throw { message: { toString: () => 'from the hook' } }
  },
  'throws an object whose code is a getter that throws': () => {
    throw {
      message: 'from the hook',
      get code() {
        throw new Error('code')
      }
    }
  },
  'throws a Proxy that answers nothing but get': () => {
    throw new Proxy(
      {},
      {
        get: (_target, key) => (key === 'message' ? 'from the proxy' : undefined),
        getPrototypeOf: () => {
          throw new Error('getPrototypeOf')
        }
      }
    )
  }
}

/** These break the original's own handler, and with it the response. */
const breaking = {
  'throws null': () => {
    throw null
  },
  'throws undefined': () => {
    throw undefined
  },
  'throws an object whose message is a getter that throws': () => {
    throw {
      get message() {
        throw new Error('message')
      }
    }
  },
  'throws a revoked Proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    throw proxy
  }
}

/** Where a hook sits in the session. */
const places = {
  'toJSON of the session': (world, hook) => {
    Object.defineProperty(world.req.session, 'toJSON', {
      configurable: true,
      value() {
        hook()
        return { user: 'ada', json: true }
      }
    })
  },
  'toJSON of a nested value': ({ req }, hook) => {
    req.session.nested = {
      deep: [
        {
          toJSON() {
            hook()
            return { nested: true }
          }
        }
      ]
    }
  },
  'a getter of the session': ({ req }, hook) => {
    Object.defineProperty(req.session, 'gotten', {
      configurable: true,
      enumerable: true,
      get() {
        hook()
        return 'gotten'
      }
    })
  },
  'a Proxy in the session': ({ req }, hook) => {
    req.session.proxy = new Proxy(
      { a: 1 },
      {
        ownKeys(target) {
          hook()
          return Reflect.ownKeys(target)
        }
      }
    )
  },
  'a getter of the options': ({ req }, hook) => {
    req.session.set = true
    Object.defineProperty(req.sessionOptions, 'path', {
      configurable: true,
      enumerable: true,
      get() {
        hook()
        return '/hooked'
      }
    })
  },
  'the getHeader of the response': ({ req, res }, hook) => {
    req.session.set = true
    const own = res.getHeader
    res.getHeader = function getHeader(name) {
      hook()
      return own.call(this, name)
    }
  },
  'the setHeader of the response': ({ req, res }, hook) => {
    req.session.set = true
    const own = res.setHeader
    res.setHeader = function setHeader(name, value) {
      hook()
      return own.call(this, name, value)
    }
  }
}

/** A hook does its deed once, since most would call themselves for ever. */
function hooked(place, deed, more = {}) {
  return {
    ...more,
    app(world) {
      let done = false
      place(world, () => {
        world.log.push('hook')
        if (done) return
        done = true
        deed(world)
      })
    }
  }
}

const arrivals = { new: undefined, loaded: carried(USER), 'of an older key': carried(USER, KEYS[1]) }

/** After these the response is over, or its head is gone: what comes later fails, as for any app. */
const ENDS_EARLY = /^(?:ends|writes to|writes the head|flushes|destroys|assigns what is no)/
/** Documented for options of ours: no unsigned session, errors for keys of no use, old cookies written anew. */
const DIFFERS =
  /^(?:takes req|asks for no|serves the same request|takes the keys|leaves no|has more keys|takes the prototype)/

/** Every deed at every place, for sessions that came in these ways: names of `arrivals`. */
function describeHooks(...ways) {
  for (const [where, place] of Object.entries(places)) {
    describe(`${where}, called while a session is written`, () => {
      for (const [what, deed] of Object.entries({ ...deeds, ...breaking })) {
        for (const how of ways) {
          const more = {
            cookie: arrivals[how],
            endsEarly: ENDS_EARLY.test(what),
            differs: DIFFERS.test(what)
          }
          scenario(`${what}, ${how}`, hooked(place, deed, more))
        }
      }
    })
  }
}

/** Where an app may look at the head that is about to go. */
const listeners = {
  'a writeHead of the app, put there before the middleware': { before: ownWriteHead },
  'a writeHead of the app, put there after it': { app: ownWriteHead },
  'an on-headers listener, registered before': { before: ({ res, hook }) => onHeaders(res, hook) },
  'an on-headers listener, registered after': { app: ({ res, hook }) => onHeaders(res, hook) }
}

function ownWriteHead({ res, hook }) {
  const own = res.writeHead
  res.writeHead = function writeHead(...args) {
    hook()
    return own.apply(this, args)
  }
}

/** Every deed that a listener may do. */
function describeListeners() {
  for (const [where, { before, app }] of Object.entries(listeners)) {
    describe(where, () => {
      for (const touched of [true, false]) {
        for (const [what, deed] of Object.entries(deeds)) {
          if (what.startsWith('throws') || what === 'destroys the request') continue
          let done = false
          const hookIn = (world) => {
            done = false
            world.hook = () => {
              world.log.push('hook')
              if (done) return
              done = true
              deed(world)
            }
          }
          scenario(`${what}, ${touched ? 'after a change' : 'untouched before'}`, {
            cookie: carried(USER),
            endsEarly: ENDS_EARLY.test(what),
            differs: DIFFERS.test(what),
            before(world) {
              hookIn(world)
              before?.(world)
            },
            app(world) {
              if (touched) world.req.session.changed = true
              app?.(world)
            }
          })
        }
      }
    })
  }
}

module.exports = { describeHooks, describeListeners, hooked, places }
