'use strict'

// Scenarios of what an app does with its session: on the request, the object itself, and what is assigned.

const {
  CURRENT,
  ROTATED,
  TAMPERED,
  UNSIGNED,
  VALID,
  attempt,
  bump,
  bumpAndTell,
  bumping,
  tell
} = require('./app')
const { encode, signed } = require('./harness')

const onReq = [
  { line: 'untouched, nothing is sent', cookies: 0, run: (_req, res) => res.end('quiet') },
  {
    line: 'untouched, a tampered cookie is not looked at',
    cookie: TAMPERED,
    cookies: 0,
    run: (_req, res) => res.end('quiet')
  },
  {
    line: 'read and left alone, nothing is sent',
    cookie: VALID,
    cookies: 0,
    run: (req, res) => tell(req, res)
  },
  { line: 'read where there is none, nothing is sent', cookies: 0, run: (req, res) => tell(req, res) },
  bumping('read and modified'),
  bumping('a new session', { cookie: undefined }),
  {
    line: 'read through an object that inherits from req',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      const child = Object.create(Object.create(req))
      child.session.n = 5
      tell(req, res, child.session === req.session)
    }
  },
  {
    line: 'assigned through an object that inherits from req',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      const child = Object.create(req)
      child.session = { by: 'child' }
      tell(req, res, Object.hasOwn(child, 'session'))
    }
  },
  {
    line: 'read through a Proxy over req',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      const proxy = new Proxy(req, {})
      proxy.session.n = 6
      tell(req, res, proxy.session === req.session)
    }
  },
  {
    line: 'req.session is own, configurable, enumerable; req.sessionOptions too, writable',
    cookies: 0,
    run(req, res) {
      const session = Object.getOwnPropertyDescriptor(req, 'session')
      const options = Object.getOwnPropertyDescriptor(req, 'sessionOptions')
      res.end(
        JSON.stringify([
          Object.keys(session),
          session.configurable,
          session.enumerable,
          typeof session.get,
          typeof session.set,
          { ...options, value: typeof options.value },
          Object.keys(req.sessionOptions),
          Object.keys(Object.getPrototypeOf(req.sessionOptions))
        ])
      )
    }
  },
  {
    line: 'res.writeHead is an own enumerable function writeHead of length 1',
    cookies: 0,
    run(_req, res) {
      const own = Object.getOwnPropertyDescriptor(res, 'writeHead')
      res.end(
        JSON.stringify([own.enumerable, own.configurable, own.writable, own.value.name, own.value.length])
      )
    }
  },
  {
    line: 'sessionOptions null: read unverified, written unsigned, without options',
    options: { path: '/app', domain: 'localhost' },
    cookie: TAMPERED,
    cookies: 1,
    run(req, res) {
      req.sessionOptions = null
      bumpAndTell(req, res)
    }
  },
  {
    line: 'sessionOptions.signed false: read unverified, written unsigned',
    cookie: UNSIGNED,
    cookies: 1,
    run(req, res) {
      req.sessionOptions.signed = false
      bumpAndTell(req, res)
    }
  },
  {
    line: 'sessionOptions.signed false after the reading: written unsigned',
    cookie: VALID,
    cookies: 1,
    run(req, res) {
      bump(req)
      req.sessionOptions.signed = false
      tell(req, res)
    }
  },
  {
    line: 'sessionOptions {}: still signed',
    options: { path: '/app' },
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      req.sessionOptions = {}
      bumpAndTell(req, res)
    }
  },
  {
    line: 'sessionOptions.name renames the cookie written',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      req.sessionOptions.name = 'other'
      bumpAndTell(req, res)
    }
  },
  {
    line: 'sessionOptions.value lands on the cookie',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      req.sessionOptions.value = 'given'
      bumpAndTell(req, res)
    }
  },
  {
    line: 'sessionOptions changed for this request: path, maxAge, sameSite, httpOnly',
    options: { path: '/app' },
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      Object.assign(req.sessionOptions, { path: '/b', maxAge: 1234, sameSite: 'lax', httpOnly: false })
      bumpAndTell(req, res)
    }
  },
  {
    line: 'sessionOptions replaced by one that inherits its values',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      req.sessionOptions = Object.create({ path: '/inherited', priority: 'High', partitioned: true })
      bumpAndTell(req, res)
    }
  },
  {
    line: 'two instances on one request share req.sessionOptions, the last registered hook fires first',
    mount: [
      { name: 'one', keys: ['a'], path: '/one' },
      { name: 'two', keys: ['b'], path: '/two' }
    ],
    cookies: 2,
    between(req) {
      req.session.from = 'one'
    },
    run(req, res) {
      tell(req, res)
    }
  },
  {
    line: 'two instances on one request, both changed: the options of the last name both cookies',
    mount: [
      { name: 'one', keys: ['a'], path: '/one' },
      { name: 'two', keys: ['b'], path: '/two' }
    ],
    cookies: 2,
    between(req) {
      req.session.from = 'one'
      req.first = req.session
    },
    run(req, res) {
      req.session.from = 'two'
      tell(req, res, req.first)
    }
  },
  {
    line: 'a getter error comes synchronously and again on each access',
    mount: [{ name: 'session', keys: [undefined, 'k'] }],
    cookie: VALID,
    cookies: 0,
    run(req, res) {
      const first = attempt(() => req.session)
      tell(req, res, first)
    }
  },
  ...[
    ['a valid cookie', VALID],
    ['a tampered cookie', TAMPERED],
    ['a cookie of a later key', ROTATED],
    ['no cookie', undefined]
  ].map(([what, cookie]) => ({
    line: `first read after the headers went out: ${what}`,
    cookie,
    cookies: 0,
    run(req, res) {
      res.writeHead(200, { 'X-Early': '1' })
      res.write('early\n')
      const first = attempt(() => {
        bump(req)
        return 'read'
      })
      const second = attempt(() => JSON.stringify(req.session))
      res.end(`${first}\n${second}`)
    }
  }))
]

function loading(what, text, cookies = 2) {
  return {
    line: `loaded: ${what}`,
    cookie: signed('session', encode(text), CURRENT),
    cookies,
    run: (req, res) => tell(req, res)
  }
}

const sessionObject = [
  loading('a JSON string becomes indexed characters', '"héy"'),
  loading('a JSON number is an empty session, written again', '5'),
  loading('true', 'true'),
  loading('null', 'null'),
  loading('an array', '[1,[2]]'),
  loading('an empty object is as it was', '{}', 0),
  loading('JSON that does not parse is a new session', '{"a":', 0),
  loading('a BOM before the JSON', '\ufeff{"a":1}', 0),
  loading('a NUL after the JSON', '{"a":1}\0', 0),
  loading('duplicate keys count as changed', '{"a":1,"a":2}'),
  loading('whitespace counts as changed', '{ "a": 1 }'),
  loading('1.0 and -0 count as changed', '{"a":1.0,"b":-0}'),
  loading('an escaped slash counts as changed', '{"a":"\\/"}'),
  loading('reordered integer keys count as changed', '{"b":1,"2":1,"1":1}'),
  loading('a big integer counts as changed', '{"a":9007199254740993}'),
  loading('an escaped lone surrogate goes round unchanged', '{"a":"\\ud800"}', 0),
  loading('U+2028 goes round unchanged', '{"a":"\u2028"}', 0),
  loading('non-ASCII text goes round unchanged', '{"a":"żółć 🍪"}', 0),
  loading('keys that are in a fresh session are not copied', '{"isNew":1,"_ctx":2,"toString":3,"a":4}'),
  loading('__proto__ as a key', '{"__proto__":{"x":1},"a":1}'),
  loading('700 levels deep', `${'{"a":'.repeat(700)}1${'}'.repeat(700)}`, 0),
  {
    line: 'loaded: base64 in its url alphabet, without padding',
    cookie: signed(
      'session',
      encode({ a: '???>>>ÿÿ' }).replace(/\//g, '_').replace(/\+/g, '-').replace(/=/g, ''),
      CURRENT
    ),
    cookies: 2,
    run: (req, res) => tell(req, res)
  },
  {
    line: 'loaded: invalid UTF-8 becomes U+FFFD',
    cookie: signed('session', Buffer.from('7b2261223a22ff227d', 'hex').toString('base64'), CURRENT),
    cookies: 2,
    run: (req, res) => tell(req, res)
  },
  {
    line: 'loaded: base64 that holds no JSON',
    cookie: signed('session', '!!!!', CURRENT),
    cookies: 0,
    run: (req, res) => tell(req, res)
  },
  {
    line: 'isPopulated counts keys: {a: undefined} sends e30=',
    cookies: 2,
    run(req, res) {
      req.session.a = undefined
      tell(req, res)
    }
  },
  {
    line: 'a loaded session emptied by delete sends e30=',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      delete req.session.user
      delete req.session.n
      tell(req, res)
    }
  },
  ...[
    ['new', undefined],
    ['loaded', VALID]
  ].map(([what, cookie]) => ({
    line: `toJSON in a ${what} session: how often it runs, which result is sent`,
    cookie,
    cookies: 2,
    run(req, res) {
      let runs = 0
      req.session.at = { toJSON: () => ++runs }
      res.writeHead(200)
      res.end(`ran ${runs}`)
    }
  })),
  {
    line: 'a session that cannot be written is silently not',
    cookie: VALID,
    cookies: 0,
    run(req, res) {
      req.session.big = 1n
      res.end(attempt(() => String(req.session.isChanged)))
    }
  },
  {
    line: 'changed and changed back, nothing is sent',
    cookie: VALID,
    cookies: 0,
    run(req, res) {
      req.session.n++
      const between = req.session.isChanged
      req.session.n--
      tell(req, res, between)
    }
  },
  bumping('text of every kind', {
    run(req, res) {
      req.session.text = 'tab\t quote" \\ \u0000 é 漢 🍪 \ud800 \u2028 </script>'
      req.session.list = [1, null, undefined, Number.NaN, -0, 1e300, { a: new Date(0) }]
      tell(req, res)
    }
  })
]

function assigning(what, value, cookies, cookie = VALID) {
  return {
    line: `assigned: ${what}`,
    cookie,
    cookies,
    run(req, res) {
      const thrown = attempt(() => {
        req.session = value
      })
      tell(req, res, thrown)
    }
  }
}

class WithInherited {
  own = 1
}
WithInherited.prototype.inherited = 2

const assigned = [
  assigning('null, with a cookie in the request', null, 2),
  assigning('null, without', null, 2, undefined),
  assigning('undefined', undefined, 2),
  assigning('{} sends nothing', {}, 0),
  assigning('an object', { fresh: true }, 2),
  assigning('an array', ['x', 'y'], 2),
  assigning('a boxed string', Object('hi'), 2),
  assigning('an instance with inherited keys', new WithInherited(), 2),
  assigning('a Date', new Date(0), 0),
  assigning('a string throws', 'text', 0),
  assigning('0 throws', 0, 0),
  assigning('false throws', false, 0),
  assigning('a function throws', () => {}, 0),
  {
    line: 'assigned: itself',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      const before = req.session
      // biome-ignore lint/correctness/noSelfAssign: that is the case
      req.session = req.session
      tell(req, res, before === req.session)
    }
  },
  {
    line: 'assigned: null and then an object',
    cookie: VALID,
    cookies: 2,
    run(req, res) {
      req.session = null
      const between = req.session
      req.session = { again: 1 }
      tell(req, res, between)
    }
  }
]

module.exports = { assigned, onReq, sessionObject }
