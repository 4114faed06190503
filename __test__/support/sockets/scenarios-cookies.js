'use strict'

// Scenarios of what is read from a Cookie header, and of when and how cookies are written.

const { Readable } = require('node:stream')
const {
  CURRENT,
  FORMER,
  ROTATED,
  TAMPERED,
  UNSIGNED,
  VALID,
  VALUE,
  attempt,
  bump,
  bumpAndTell,
  bumping,
  tell
} = require('./app')
const { encode, signature, signed } = require('./harness')

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

module.exports = { besides, reading, when, written }
