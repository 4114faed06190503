'use strict'

// What the tests of options-request share.

const { ask, decode, encode, listen, original, ours, signed } = require('../support/sockets/harness')

const KEY = 'a key of the app that is long enough for each format there is'

const FORMER = 'a former key of the app that is long enough for each format'

const ANN = { user: 'ann', n: 1 }

const VALUE = encode(ANN)

const VALID = signed('session', VALUE, KEY)

const ROTATED = signed('session', VALUE, FORMER)

const FORGED = VALID.replace(VALUE, encode({ user: 'eve', n: 1 }))

const GONE = /^session=; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT/

const warnings = []

const onWarning = (warning) => warnings.push(warning)

/** Lets middlewares and `run` handle one request. What `run` throws fails the test. */
async function serve(middlewares, run, { cookie, headers = [], transport = 'http' } = {}) {
  let failure
  const server = await listen(transport, (req, res) => {
    const rest = [].concat(middlewares)
    const next = async () => {
      const middleware = rest.shift()
      if (middleware) return middleware(req, res, next)
      try {
        await run(req, res)
      } catch (err) {
        failure = err
      }
      if (!res.writableEnded) res.end('done')
    }
    next()
  })
  try {
    const reply = await ask(server, { headers: cookie ? [...headers, ['Cookie', cookie]] : headers })
    if (failure) throw failure
    return reply
  } finally {
    await server.close()
  }
}

function once(options, run, more) {
  return serve(ours({ keys: [KEY, FORMER], ...options }), run, more)
}

function onceOriginal(options, run, more) {
  return serve(original({ keys: [KEY, FORMER], ...options }), run, more)
}

/** What the reply's cookie of that name holds; undefined where none was sent. */
function sent(reply, name = 'session') {
  const line = reply.cookies.find((cookie) => cookie.startsWith(`${name}=`))
  return line && decode(line.slice(name.length + 1).split(';')[0])
}

function fill(req) {
  req.session.user = 'bob'
}

module.exports = {
  KEY,
  FORMER,
  ANN,
  VALUE,
  VALID,
  ROTATED,
  FORGED,
  GONE,
  warnings,
  onWarning,
  serve,
  once,
  onceOriginal,
  sent,
  fill
}
