// One request each, told in the words of what cookie-session lets an app observe. Every scenario runs on every
// server of sockets.test.js, and the answer must be the original's, byte for byte. `cookies` is how many
// Set-Cookie lines the original sends: a scenario that compares nothing with nothing is caught by it.
'use strict'

const assert = require('node:assert')
const { Readable } = require('node:stream')
const { encode, signature, signed } = require('./harness')

const KEYS = ['current key', 'former key']
const [CURRENT, FORMER] = KEYS

const VALUE = encode({ user: 'ann', n: 1 })
const VALID = signed('session', VALUE, CURRENT)
const ROTATED = signed('session', VALUE, FORMER)
const TAMPERED = VALID.replace(VALUE, encode({ user: 'eve', n: 1 }))
const UNSIGNED = `session=${VALUE}`

/** Writes what a handler sees of the session, errors included. */
function tell(req, res, note) {
  let text
  try {
    const { session } = req
    text = JSON.stringify({
      session,
      flags: session && [session.isNew, session.isChanged, session.isPopulated],
      note
    })
  } catch (err) {
    text = JSON.stringify({ error: err.name, code: err.code, message: err.message })
  }
  res.end(text)
}

function attempt(fn) {
  try {
    return fn()
  } catch (err) {
    return `${err.name} ${err.code} ${err.message}`
  }
}

function bump(req) {
  req.session.n = (req.session.n || 0) + 1
}

function bumpAndTell(req, res) {
  bump(req)
  tell(req, res)
}

/** A scenario that reads, changes and tells. */
function bumping(line, more) {
  return { line, cookie: VALID, cookies: 2, run: bumpAndTell, ...more }
}

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

function header(what, cookie, cookies, run = bumpAndTell) {
  return { line: `Cookie header: ${what}`, cookie, cookies, run }
}

const telling = (req, res) => tell(req, res)
const SIG = VALID.slice(VALID.indexOf('session.sig'))

const FUSSY = {
  path: '/app',
  domain: 'localhost',
  maxAge: 60_000,
  httpOnly: false,
  sameSite: 'strict',
  overwrite: false,
  secure: false
}

const reading = [
  {
    ...header('bad signature: session.sig expires with default attributes', TAMPERED, 1, telling),
    options: FUSSY
  },
  {
    ...header('of a later key: the fresh .sig has default attributes', ROTATED, 1, telling),
    options: FUSSY
  },
  header('bad signature expires session.sig', TAMPERED, 1, telling),
  header('bad signature, then changed', TAMPERED, 2),
  header('of a later key gets a fresh .sig alone', ROTATED, 1, telling),
  header('of a later key, then changed', ROTATED, 2),
  header('of a later key, with JSON that does not parse', signed('session', encode('{'), FORMER), 1, telling),
  header('without .sig is a new session', UNSIGNED, 0, telling),
  header('with an empty .sig', `${UNSIGNED}; session.sig=`, 0, telling),
  header('with an empty value, signed well', signed('session', '', CURRENT), 0, telling),
  header('with an empty value, signed badly', 'session=; session.sig=nope', 1, telling),
  header('in quotes', `session="${VALUE}"; ${SIG}`, 0, telling),
  header('signature in quotes', `${UNSIGNED}; session.sig="${SIG.split('=')[1]}"`, 0, telling),
  header('with one quote only', `session="${VALUE}; ${SIG}`, 1, telling),
  header('the first of two of the same name counts', `${VALID}; session=other`, 0, telling),
  header(
    'the first of two of the same name counts, also where it is bad',
    `session=other; ${VALID}`,
    1,
    telling
  ),
  header('a name that ends in ours is another', `xsession=1; x-session=2; ${VALID}`, 0, telling),
  header('a name in other letters is another', VALID.replace(/session/g, 'Session'), 0, telling),
  header('no blank and many blanks', `a=b;${VALID.replace('; ', ';    ')}`, 0, telling),
  header('a tab is no blank', `a=b;\t${VALID}`, 0, telling),
  header('a blank after the value is part of it', VALID.replace(';', ' ;'), 1, telling),
  header('signature first', `${SIG}; ${UNSIGNED}`, 0, telling),
  header('signature with padding', `${VALID}=`, 1, telling),
  header(
    'signature in the standard alphabet',
    VALID.replace(/[-_]/g, (x) => (x === '-' ? '+' : '/')),
    undefined,
    telling
  ),
  header('signature of the value alone', `${UNSIGNED}; session.sig=${signature(VALUE, CURRENT)}`, 1, telling),
  header('latin1 value', `session=${encode({ a: 1 })}\xe9; session.sig=x`, 1, telling),
  header('15 KB', `${signed('session', encode({ big: 'x'.repeat(11000) }), CURRENT)}`, 2)
]

function writing(line, run, more) {
  return { line: `sent: ${line}`, cookie: VALID, cookies: 2, run, ...more }
}

const when = [
  writing(
    'at an explicit writeHead with headers',
    (req, res) => {
      bump(req)
      res.writeHead(201, { 'X-One': '1', 'Set-Cookie': ['theirs=1'] })
      res.end('made')
    },
    { cookies: 3 }
  ),
  writing(
    'at writeHead with a flat array',
    (req, res) => {
      bump(req)
      res.writeHead(200, ['X-One', '1', 'X-Two', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'])
      res.end('flat')
    },
    { cookies: undefined }
  ),
  writing(
    'at writeHead with an array of pairs',
    (req, res) => {
      bump(req)
      res.writeHead(200, [
        ['X-One', '1'],
        ['Set-Cookie', 'a=1'],
        ['X-One', '2']
      ])
      res.end('pairs')
    },
    { cookies: 3 }
  ),
  writing('at writeHead with a malformed array, which throws', (req, res) => {
    bump(req)
    const thrown = attempt(() => res.writeHead(200, ['X-One', '1', 'X-Two']))
    res.end(thrown)
  }),
  writing(
    'headers of writeHead also without a touched session',
    (_req, res) => {
      res.setHeader('X-One', 'before')
      res.writeHead(200, ['X-One', '1', 'X-One', '2'])
      res.end('quiet')
    },
    { cookies: 0 }
  ),
  writing(
    'at writeHead with a reason phrase',
    (req, res) => {
      bump(req)
      res.writeHead(299, 'Very Fine', { 'X-One': '1' })
      res.end('reason')
    },
    { http1: true }
  ),
  writing('at a writeHead that fails', (req, res) => {
    bump(req)
    const thrown = attempt(() => res.writeHead(99))
    res.statusCode = 200
    res.end(thrown)
  }),
  writing(
    'once: a second writeHead fails as ever',
    (req, res) => {
      bump(req)
      res.writeHead(200)
      req.session.n = 100
      res.end(attempt(() => String(typeof res.writeHead(500))))
    },
    { cookies: undefined }
  ),
  writing('at the first write of a stream', (req, res) => {
    bump(req)
    res.write('one ')
    req.session.n = 100
    res.write('two ')
    res.end('three')
  }),
  writing('at the first write, later than the handler', (req, res) => {
    bump(req)
    setImmediate(() => {
      req.session.later = true
      res.write('one ')
      setImmediate(() => res.end('two'))
    })
  }),
  writing('by a pipe', (req, res) => {
    bump(req)
    Readable.from(['one ', 'two ', 'three']).pipe(res)
  }),
  writing('at flushHeaders', (req, res) => {
    bump(req)
    res.flushHeaders()
    req.session.n = 100
    res.end('flushed')
  }),
  writing('at end without a body', (req, res) => {
    bump(req)
    res.statusCode = 204
    res.end()
  }),
  writing('with a 304', (req, res) => {
    bump(req)
    res.statusCode = 304
    res.end()
  }),
  writing('with a redirect', (req, res) => {
    bump(req)
    res.writeHead(302, { Location: '/elsewhere' })
    res.end()
  }),
  writing('with a HEAD', bumpAndTell, { method: 'HEAD' }),
  writing(
    'with a POST, after its body',
    (req, res) => {
      let size = 0
      req.on('data', (chunk) => {
        size += chunk.length
      })
      req.on('end', () => {
        req.session.size = size
        tell(req, res)
      })
    },
    { method: 'POST', body: 'x'.repeat(5000) }
  ),
  writing(
    'not at 100 Continue',
    (req, res) => {
      bump(req)
      res.writeContinue()
      req.session.n = 50
      tell(req, res)
    },
    { informational: true }
  ),
  writing(
    'not at 103 Early Hints',
    (req, res) => {
      bump(req)
      res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
      req.session.n = 50
      tell(req, res)
    },
    { informational: true }
  ),
  writing(
    'not at 102 Processing',
    (req, res) => {
      bump(req)
      res.writeProcessing()
      req.session.n = 50
      tell(req, res)
    },
    { informational: true, http1: true }
  ),
  writing('and a status code set by writeHead is kept', (req, res) => {
    bump(req)
    res.statusCode = 500
    res.writeHead(202)
    res.end(String(res.statusCode))
  })
]

function attributes(line, options, cookies = 2, more = {}) {
  return bumping(`attributes: ${line}`, { options, cookies, ...more })
}

const written = [
  attributes('all of them, in order', {
    partitioned: true,
    httpOnly: true,
    sameSite: 'None',
    priority: 'LOW',
    domain: 'localhost',
    maxAge: 60_000,
    path: '/p',
    secure: undefined
  }),
  attributes('domain and path are hardly checked', { path: '/a;b', domain: 'a;b' }),
  attributes('no path', { path: '' }),
  attributes('path null', { path: null }),
  attributes('httpOnly false', { httpOnly: false }),
  attributes('sameSite true', { sameSite: true }),
  attributes('sameSite bad', { sameSite: 'sometimes' }, 0),
  attributes('priority bad', { priority: 'urgent' }, 0),
  attributes('domain bad', { domain: 'a\nb' }, 0),
  attributes('path bad', { path: '/\u0100' }, 0),
  attributes('expires', { expires: new Date(1e12) }),
  attributes('expires that is no Date', { expires: 'tomorrow' }, 0),
  attributes('expires invalid', { expires: new Date(Number.NaN) }),
  attributes('maxAge becomes expires at send time', { maxAge: 24 * 60 * 60 * 1000 }),
  attributes('maxAge overrules expires', { maxAge: 1500, expires: new Date(1e12) }),
  attributes('maxAge 0 leaves expires as given', { maxAge: 0, expires: new Date(1e12) }),
  attributes('maxAge negative', { maxAge: -5000 }),
  attributes('maxAge beyond what a Date holds', { maxAge: 1e300 }),
  attributes("maxAge '1000'", { maxAge: '1000' }, 0),
  attributes('maxAge NaN', { maxAge: Number.NaN }, 0),
  attributes('maxAge Infinity', { maxAge: Number.POSITIVE_INFINITY }, 0),
  attributes('maxage is an alias', { maxage: 7000 }),
  attributes('secure undefined follows the connection', { secure: undefined }),
  attributes('secure null', { secure: null }),
  attributes('secure false', { secure: false }),
  attributes('secure true', { secure: true }, (tls) => (tls ? 2 : 0)),
  attributes('secureProxy true', { secureProxy: true }),
  attributes('secureProxy false', { secureProxy: false }),
  attributes('secureProxy and secure', { secureProxy: true, secure: true }, (tls) => (tls ? 2 : 0)),
  attributes('req.protocol https counts as encrypted', { secure: true }, 2, {
    run(req, res) {
      Object.defineProperty(req, 'protocol', { value: 'https' })
      bumpAndTell(req, res)
    }
  }),
  attributes('clearing with maxAge', { maxAge: 5000, path: '/p' }, 2, {
    run(req, res) {
      req.session = null
      tell(req, res)
    }
  }),
  attributes('signed false', { signed: false }, 1),
  attributes('another name', { name: 'my.s*ssion' }, 2, { cookie: signed('my.s*ssion', VALUE, CURRENT) }),
  attributes('a bad name', { name: 'a;b' }, 0),
  attributes('a bad name, non-latin', { name: 'séance\u0100' }, 0),
  attributes('secret in place of keys', { keys: undefined, secret: CURRENT })
]

function kept(line, before, cookies, options) {
  return {
    line: `Set-Cookie there before: ${line}`,
    cookie: VALID,
    cookies,
    options,
    run(req, res) {
      const value = before()
      res.setHeader('Set-Cookie', value)
      bump(req)
      res.writeHead(200)
      res.end(JSON.stringify(value))
    }
  }
}

const besides = [
  kept('a string', () => 'theirs=1; path=/', 3),
  kept('a string of our name', () => 'session=old', 2),
  kept('an array, mutated in place', () => ['a=1', 'session=old; path=/fake', 'b=2', 'session.sig=old'], 4),
  kept('an array, overwrite false', () => ['a=1', 'session=old'], 4, { overwrite: false }),
  kept('a name that starts like ours', () => ['sessions=1', 'session.sigs=1'], 4),
  kept('a frozen array drops the save', () => Object.freeze(['a=1']), 1),
  kept('an array with a number drops the save', () => ['a=1', 2], 2),
  kept('an array of ours mutated before the throw', () => ['session=old', 'a=1'], undefined, {
    sameSite: 'bad'
  }),
  {
    line: 'Set-Cookie there before: set by the app between touch and send',
    cookie: VALID,
    cookies: 3,
    run(req, res) {
      bump(req)
      res.setHeader('Set-Cookie', 'late=1')
      res.end('late')
    }
  },
  {
    line: 'where res.set exists the plain setHeader of node:http is used: on http2 the cookie is lost',
    cookie: VALID,
    cookies: (_tls, h2) => (h2 ? 0 : 2),
    run(req, res) {
      res.set = () => {}
      bumpAndTell(req, res)
    }
  },
  {
    line: 'where res.set does not exist a setHeader of the app is used',
    cookie: VALID,
    cookies: undefined,
    run(req, res) {
      const seen = []
      const { setHeader } = res
      res.setHeader = function (...args) {
        seen.push([args[0], [...args[1]], args.length])
        return setHeader.apply(this, args)
      }
      bump(req)
      res.writeHead(200)
      res.end(JSON.stringify(seen))
    }
  }
]

const scenarios = [
  ['On req', onReq],
  ['Session object', sessionObject],
  ['Assigning', assigned],
  ['Reading the Cookie header', reading],
  ['Writing', when],
  ['Writing', written],
  ['Writing', besides]
].flatMap(([section, list]) =>
  list.map((scenario) => ({ ...scenario, line: `${section} — ${scenario.line}` }))
)

/** The middlewares of a scenario, in the order they are mounted. */
function mount(scenario, cookieSession) {
  const list = scenario.mount || [{ keys: [...KEYS], ...scenario.options }]
  return list.map((options) => cookieSession({ ...options }))
}

/** Checks on the original's answer that keep a scenario from passing empty. */
function check(scenario, reply, { tls, h2 }) {
  const expected = typeof scenario.cookies === 'function' ? scenario.cookies(tls, h2) : scenario.cookies
  if (expected !== undefined) assert.strictEqual(reply.cookies.length, expected, reply.raw)
  if (scenario.informational) {
    assert.ok(reply.informational.length > 0, reply.raw)
    for (const part of reply.informational) assert.doesNotMatch(part, /set-cookie/i)
  }
}

module.exports = {
  CURRENT,
  FORMER,
  KEYS,
  ROTATED,
  TAMPERED,
  VALID,
  VALUE,
  attempt,
  check,
  mount,
  scenarios,
  tell
}
