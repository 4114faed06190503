'use strict'

// Over sockets: responses that are ended twice, clients that leave, and headers of megabytes.

const assert = require('node:assert')
const http = require('node:http')
const { describe, test } = require('node:test')
const { both, ours, serve } = require('../support/contract/harness')
const { KEYS, MODERN, carried, merged } = require('../support/hostile/play')
const { OTHER, USER } = require('../support/hostile/scenario')
const sockets = require('../support/sockets/harness')

/** Apps that answer in ways that no app should. Cookies and the whole of the bytes are compared. */
const answers = {
  'ends twice': (_req, res) => {
    res.end('one')
    res.end('two')
  },
  'ends, then writes': (_req, res) => {
    res.on('error', () => {})
    res.end('one')
    res.write('two')
  },
  'ends, then changes the session and ends': (req, res) => {
    res.end('one')
    req.session.late = true
    res.end('two')
  },
  'writes the head twice': (_req, res) => {
    res.writeHead(201, { 'Set-Cookie': ['a=1', 'session=b'] })
    try {
      res.writeHead(202)
    } catch (error) {
      res.end(error.code)
    }
  },
  'gives writeHead a Set-Cookie that is a text': (_req, res) =>
    res.writeHead(200, { 'Set-Cookie': 'a=1' }).end('x'),
  'flushes the headers, then changes the session': (req, res) => {
    res.flushHeaders()
    req.session.late = true
    res.end('x')
  },
  'writes before it changes the session': (req, res) => {
    res.write('one')
    req.session.late = true
    res.end('two')
  },
  'answers 304': (_req, res) => {
    res.statusCode = 304
    res.end()
  },
  'answers 204 with a body': (_req, res) => {
    res.statusCode = 204
    res.end('none')
  },
  'sends early hints with cookies': (req, res) =>
    res.writeEarlyHints({ link: '</a>; rel=preload', 'set-cookie': 'hint=1' }, () => {
      req.session.hinted = true
      res.end('x')
    }),
  'sends 102 and 100': (_req, res) => {
    res.writeProcessing()
    res.writeContinue()
    res.end('x')
  },
  'has its session in a header that cannot be sent': (_req, res) => {
    try {
      res.setHeader('X-Bad', 'a\r\nSet-Cookie: session=forged')
    } catch (error) {
      res.end(error.code)
    }
  }
}

const MB = 1 << 20

function serving(options, app) {
  return (cookieSession) => {
    const middleware = cookieSession({ keys: [...KEYS], ...options })
    return (req, res) =>
      middleware(req, res, () => {
        res.on('error', () => {})
        req.session.n = (req.session.n || 0) + 1
        app(req, res)
      })
  }
}

describe('answers that no app should give, over sockets', () => {
  for (const [what, app] of Object.entries(answers)) {
    for (const method of ['GET', 'HEAD']) {
      for (const version of ['1.1', '1.0']) {
        test(`${what}, ${method}, HTTP/${version}`, () =>
          sockets.compare('http', serving({}, app), (server) =>
            sockets.raw(
              server,
              `${method} / HTTP/${version}\r\nHost: a\r\nCookie: ${carried(USER)}\r\nConnection: close\r\n\r\n`
            )
          ))
      }
    }
  }

  test('requests in one packet, of two users by turns', () =>
    sockets.compare(
      'http',
      serving({}, (req, res) => res.end(JSON.stringify(req.session))),
      (server) => {
        const requests = Array.from({ length: 40 }, (_, i) => {
          const close = i === 39 ? 'Connection: close\r\n' : ''
          return `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${carried(i % 2 ? USER : OTHER)}\r\n${close}\r\n`
        })
        return sockets.raw(server, requests.join(''))
      }
    ))
})

/** Where a client, or the app, ends a connection. */
const leaving = {
  'at once': (socket) => socket.destroy(),
  'at once, with a reset': (socket) => socket.resetAndDestroy(),
  'after half a head': (socket) => socket.write('GET / HTTP/1.1\r\nCookie: session=', () => socket.destroy()),
  'after the head, before the body': (socket) =>
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nCookie: ${carried(USER)}\r\n\r\nhalf`,
      () => socket.destroy()
    ),
  'after the request, with a reset': (socket) =>
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${carried(USER)}\r\n\r\n`, () =>
      socket.resetAndDestroy()
    ),
  'when the answer begins': (socket) => {
    socket.write(`GET /slow HTTP/1.1\r\nHost: a\r\nCookie: ${carried(USER)}\r\n\r\n`)
    socket.once('data', () => socket.destroy())
  },
  'when the app destroys the response': (socket) =>
    socket.write(`GET /destroy HTTP/1.1\r\nHost: a\r\nCookie: ${carried(USER)}\r\n\r\n`),
  'when the app destroys the socket after the head': (socket) =>
    socket.write(`GET /socket HTTP/1.1\r\nHost: a\r\nCookie: ${carried(USER)}\r\n\r\n`)
}

function answer(req, res) {
  res.on('error', () => {})
  if (req.url === '/destroy') res.destroy()
  else if (req.url === '/socket') {
    res.writeHead(200)
    req.socket.destroy()
    res.end('late')
  } else if (req.url === '/slow') {
    res.write('begin')
    res.on('close', () => {
      req.session.late = true
      res.end('late')
    })
  } else if (req.method === 'POST') {
    req.on('error', () => {})
    req.on('close', () => {
      req.session.late = true
      res.end('late')
    })
    req.resume()
  } else res.end(JSON.stringify(req.session))
}

describe('a client that goes away', () => {
  for (const [mode, options] of Object.entries({ default: {}, ...MODERN })) {
    for (const [when, leave] of Object.entries(leaving)) {
      test(`${when}, ${mode} options: the server goes on`, async () => {
        const codes = []
        const more = mode === 'default' ? {} : { onError: ({ code }) => codes.push(code) }
        const server = await sockets.listen('http', serving({ ...options, ...more }, answer)(ours))
        try {
          for (let i = 0; i < 5; i++) {
            await new Promise((resolve) => {
              const socket = sockets.connect(server)
              socket.on('error', () => {})
              socket.on('connect', () => leave(socket))
              socket.on('close', resolve)
            })
          }
          const { status, body } = await sockets.ask(server, { headers: [['Cookie', carried(OTHER)]] })
          assert.deepStrictEqual([status, JSON.parse(body)], [200, { user: 'bob', n: 3 }])
          for (const code of codes) assert.strictEqual(code, 'ERR_SESSION_HEADERS_SENT')
        } finally {
          await server.close()
        }
      })
    }
  }
})

describe('large headers', () => {
  const echo = serving({}, (req, res) => res.end(`${req.session.user} ${req.session.n}`))

  async function asked(cookieSession, cookie, maxHeaderSize, listener = echo) {
    const server = http.createServer({ maxHeaderSize }, listener(cookieSession))
    server.maxHeadersCount = 0
    return serve(server, (port) =>
      sockets.raw(
        { port, transport: 'http' },
        `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`
      )
    )
  }
  const padding = (length) => `p=${'x'.repeat(length)}`

  for (const length of [15_000, 16_000, 16_100, 16_384, 17_000]) {
    test(`${length} characters before the session, with Node's limit`, () =>
      both((one) =>
        asked(one, `${padding(length)}; ${carried(USER)}`, undefined).then((reply) => ({ reply }))
      ))
  }
  for (const length of [MB, 2 * MB - 200, 2 * MB, 2 * MB + 1, 3 * MB]) {
    test(`${length} characters around the session, where the app allows it`, async () => {
      const { reply } = await both(async (one) => ({
        reply: [
          await asked(one, `${padding(length)}; ${carried(USER)}`, 8 * MB),
          await asked(one, `${carried(USER)}; ${padding(length)}`, 8 * MB)
        ]
      }))
      for (const text of reply) assert.match(text, /ada 2$/)
    })
  }
  test('hundreds of cookies, the session among them at each place', () =>
    both(async (one) => {
      const replies = []
      for (const place of [0, 1, 250, 499]) {
        const cookies = Array.from({ length: 500 }, (_, i) => `session${i}=${i}; session.si=${i}`)
        cookies.splice(place, 0, carried(USER))
        replies.push(await asked(one, cookies.join('; '), 64 * 1024))
      }
      for (const text of replies) assert.match(text, /ada 2$/)
      return { replies }
    }))
  for (const [mode, options] of Object.entries(MODERN)) {
    test(`a session of a megabyte goes to and fro, ${mode}`, async () => {
      const app = (req, res) => {
        req.session.text ??= 'x'.repeat(MB)
        res.end(`${req.session.user} ${req.session.n} ${req.session.text.length}`)
      }
      const listener = serving(options, app)(ours)
      let cookie = carried(USER)
      for (const n of [2, 3, 4]) {
        const reply = await asked(ours, cookie, 16 * MB, () => listener)
        assert.ok(reply.endsWith(`ada ${n} ${MB}`), reply.slice(-100))
        cookie = merged(cookie, sockets.parse(reply).cookies)
      }
    })
  }
})

describe('hooks on HTTP/2', () => {
  for (const [what, deed] of Object.entries({
    'gives the session up': (req) => {
      req.session = null
    },
    'throws an error': () => {
      throw new Error('from the hook')
    }
  })) {
    test(`toJSON ${what}`, () =>
      sockets.compare(
        'h2c',
        serving({}, (req, res) => {
          let done = false
          req.session.value = {
            toJSON() {
              if (!done) {
                done = true
                deed(req, res)
              }
              return 1
            }
          }
          res.end('body')
        }),
        (server) => sockets.ask(server, { headers: [['cookie', carried(USER)]] }).then((reply) => reply.raw)
      ))
  }
})
