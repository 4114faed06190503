'use strict'

// Clients that leave in the middle, and Cookie headers as no well-behaved client sends them.

process.env.NODE_ENV = 'test'
process.env.NO_DEPRECATION = 'cookies'

const assert = require('node:assert')
const { after, before, describe, test } = require('node:test')

const { Random } = require('../support/differential/random')
const {
  PATIENCE,
  ask,
  compare,
  connect: openSocket,
  encode,
  freezeTime,
  parse,
  raw,
  signed
} = require('../support/sockets/harness')
const { CURRENT, FORMER, KEYS, VALID, attempt, tell } = require('../support/sockets/app')
const { framework } = require('../support/sockets/stacks')
const { count, visitor, visits } = require('../support/sockets/visits')

let thaw
before(() => {
  thaw = freezeTime()
})
after(() => thaw())

/** Waits for what the server notes of a client that left. */
function gone(log) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the server never noticed')), PATIENCE)
    const push = log.push
    log.push = (...items) => {
      const length = push.apply(log, items)
      if (items.includes('over')) {
        clearTimeout(late)
        delete log.push
        resolve()
      }
      return length
    }
  })
}

for (const transport of ['http', 'https']) {
  test(`a client on ${transport} that leaves in the middle of its request`, async () => {
    const build = (cookieSession, log) =>
      framework.bare([
        cookieSession({ keys: [...KEYS] }),
        (req, res) => {
          if (req.url === '/well') return tell(req, res, count(req).n)
          count(req)
          req.on('error', () => {})
          req.on('data', (chunk) => log.push(chunk.length))
          res.on('close', () => {
            log.push(attempt(() => typeof res.end(JSON.stringify(req.session))))
            log.push(String(res.getHeader('Set-Cookie')), 'over')
          })
          req.once('data', () => log.socket.destroy())
        }
      ])
    const reply = await compare(transport, build, async (server, log) => {
      const over = gone(log)
      const socket = openSocket(server)
      Object.defineProperty(log, 'socket', { value: socket, configurable: true })
      socket.on('error', () => {})
      socket.write(
        `POST / HTTP/1.1\r\nHost: localhost\r\nCookie: ${VALID}\r\nContent-Length: 1000\r\n\r\nonly this`
      )
      await over
      delete log.socket
      return ask(server, { path: '/well', headers: [['Cookie', VALID]] })
    })
    assert.strictEqual(reply.cookies.length, 2)
  })

  test(`a client on ${transport} that leaves in the middle of the response`, async () => {
    const build = (cookieSession, log) =>
      framework.bare([
        cookieSession({ keys: [...KEYS] }),
        (req, res) => {
          if (req.url === '/well') return tell(req, res, count(req).n)
          count(req)
          res.on('close', () => {
            req.session.n = 100
            log.push(
              res.headersSent,
              attempt(() => typeof res.write('more')),
              attempt(() => JSON.stringify(req.session))
            )
            log.push(
              attempt(() => typeof res.end()),
              'over'
            )
          })
          res.write('first')
        }
      ])
    const [head, reply] = await compare(transport, build, async (server, log) => {
      const over = gone(log)
      const socket = openSocket(server)
      socket.on('error', () => {})
      socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${VALID}\r\n\r\n`)
      const head = await new Promise((resolve) => {
        let text = ''
        socket.on('data', (chunk) => {
          text += chunk.toString('latin1')
          if (text.includes('first')) resolve(parse(text))
        })
      })
      socket.destroy()
      await over
      return [head.cookies, await ask(server, { path: '/well', headers: [['Cookie', VALID]] })]
    })
    assert.strictEqual(head.length, 2)
    assert.strictEqual(reply.cookies.length, 2)
  })
}

// --- Cookie headers as no well-behaved client sends them --------------------------------------------------

function cookieLines(lines, close, path = '/visit/x') {
  const head = [`GET ${path} HTTP/1.1`, 'Host: localhost', ...lines.map((line) => `Cookie: ${line}`)]
  if (close) head.push('Connection: close')
  return `${head.join('\r\n')}\r\n\r\n`
}

const utf8 = (text) => Buffer.from(text).toString('latin1')
const big = encode({ who: 'big', pad: 'y'.repeat(11_000) })

/** What the header holds, and what `who` the session then has: undefined where it is new. */
const messy = [
  ['latin1 bytes beside the session', [`other=\xe9\xff\x80; ${visitor(1)}`], 'visitor 1'],
  ['non-ASCII text in the session', [signed('session', `${encode({ who: 'é' })}`, CURRENT)], 'é'],
  ['UTF-8 bytes beside the session', [`other=${utf8('żółć🍪')}; ${visitor(2)}`], 'visitor 2'],
  ['UTF-8 bytes in the value', [`session=${utf8('żółć')}; session.sig=x`], undefined],
  [
    'latin1 bytes in the value, signed, which base64 skips',
    [signed('session', `${encode({ who: 'caf\xe9' })}\xe9`, CURRENT)],
    'caf\xe9'
  ],
  [
    'latin1 bytes in the value, signed as the text that they are',
    [signed('session', 'caf\xe9', CURRENT)],
    undefined
  ],
  ['latin1 bytes at the end of a good value, unsigned', [visitor(1).replace(';', '\xa0;')], undefined],
  ['latin1 bytes in the signature', [`${visitor(3)}\xe9`], undefined],
  ['quotes around the value', [visitor(4).replace(/=([^;]*);/, '="$1";')], 'visitor 4'],
  ['quotes around both', [visitor(4).replace(/=([^;]*)/g, '="$1"')], 'visitor 4'],
  ['a quote and no other', [visitor(4).replace('=', '="')], undefined],
  ['the same name twice', [`${visitor(5)}; session=x; session.sig=y`], 'visitor 5'],
  ['the same name twice, the bad one first', [`session=x; ${visitor(5)}`], undefined],
  ['two sessions, all four pairs good', [`${visitor(6)}; ${visitor(7)}`], 'visitor 6'],
  ['two lines', visitor(8).split('; '), 'visitor 8'],
  [
    'three lines, an empty one between',
    [visitor(8).split('; ')[0], '', visitor(8).split('; ')[1]],
    'visitor 8'
  ],
  ['two lines of the same name', [visitor(9), visitor(10)], 'visitor 9'],
  ['15 KB', [signed('session', big, CURRENT)], 'big'],
  ['15 KB of other cookies before it', [`junk=${'j'.repeat(15_000)}; ${visitor(11)}`], 'visitor 11'],
  [
    '2,000 other cookies',
    [`${Array.from({ length: 2000 }, (_, i) => `a${i}=`).join(';')};${visitor(12)}`],
    'visitor 12'
  ],
  ['semicolons only', [';;;; ;;'], undefined],
  ['blanks only', ['   '], undefined],
  ['an equals sign only', ['='], undefined],
  ['no equals sign', ['session'], undefined],
  ['a name in another', [`notsession=x; mysession.sig=y; ${visitor(13)}`], 'visitor 13'],
  ['comma in place of semicolon', [visitor(14).replace(';', ',')], undefined],
  ['tabs', [visitor(15).replace('; ', ';\t')], undefined],
  ['$Version of old', [`$Version=1; ${visitor(16)}; $Path=/`], 'visitor 16'],
  ['percent signs are text', [visitor(17).replace('=', '=%20')], undefined]
]

describe('Reading the Cookie header — as no well-behaved client sends it', () => {
  for (const [line, lines, who] of messy) {
    test(line, async () => {
      const reply = await compare('http', visits, async (server) => {
        const parts = []
        for (const path of ['/look', '/visit/x', '/clear'])
          parts.push(parse(await raw(server, cookieLines(lines, true, path))))
        return parts
      })
      assert.strictEqual(reply[0].status, 200, reply[0].raw)
      assert.strictEqual(JSON.parse(Buffer.from(reply[0].body, 'latin1').toString()).session.who, who)
    })
  }

  test('bytes that end the connection are the server’s to refuse, and it goes on', async () => {
    const replies = await compare('http', visits, async (server) => {
      const parts = []
      for (const bad of ['a\0b', 'a\rb', 'a\x01b', 'x'.repeat(20_000)]) {
        parts.push((await raw(server, cookieLines([`${visitor(1)}; junk=${bad}`], true))).split('\r\n')[0])
      }
      parts.push(await raw(server, cookieLines([visitor(1)], true)))
      return parts
    })
    assert.match(replies[0], / 400 /)
    assert.match(replies[3], / 431 /)
    assert.match(replies[4], /visitor 1/)
  })

  test('a thousand headers put together at random', async (t) => {
    const seed = Number(process.env.SEED) || Math.floor(Math.random() * 2 ** 31)
    t.diagnostic(`SEED=${seed}`)
    const words = new Random(seed, 0)
    const random = () => words.word() / 2 ** 32
    const pick = (list) => list[Math.floor(random() * list.length)]
    const byte = () =>
      String.fromCharCode(pick([0x20 + Math.floor(random() * 95), 0x80 + Math.floor(random() * 128)]))
    const pair = () => {
      const i = Math.floor(random() * 50)
      const text = visitor(i, pick([CURRENT, CURRENT, FORMER, 'nobody']))
      const at = Math.floor(random() * text.length)
      return pick([
        () => text,
        () => text,
        () =>
          text
            .split('; ')
            .reverse()
            .join(pick(['; ', ';', ';  '])),
        () => text.slice(0, at) + byte() + text.slice(at),
        () => text.slice(0, at) + text.slice(at + 1),
        () => text.slice(0, at),
        () => text.replace(/=([^;]*)/, '="$1"'),
        () => text.replace('session', pick(['Session', 'xsession', 'session2', '', 'sess'])),
        () => text.split('; ')[pick([0, 1])],
        () => `${pick(['session', 'session.sig', 'a', ''])}=${Array.from({ length: 6 }, byte).join('')}`,
        () =>
          signed(
            'session',
            encode(pick(['{', '5', '"text"', '[]', '{"a":1,"a":2}', '{"b":1,"1":2}'])),
            CURRENT
          ),
        () => signed('session', encode({ who: text }).slice(0, pick([undefined, -1, -2, 5])), CURRENT)
      ])()
    }
    const requests = Array.from({ length: 1000 }, () => {
      const lines = Array.from({ length: pick([1, 1, 1, 2, 3]) }, () =>
        Array.from({ length: pick([1, 1, 2, 3]) }, pair).join(
          pick(['; ', '; ', ';', ' ; ', ';;', ';   ', ', ', ';\t'])
        )
      )
      return { lines, path: pick(['/look', '/visit/x', '/clear']) }
    })
    const text = await compare('http', visits, (server) =>
      raw(
        server,
        requests.map(({ lines, path }, i) => cookieLines(lines, i === requests.length - 1, path)).join('')
      ).then((reply) => reply.split(/(?=HTTP\/1\.1 \d)/))
    )
    assert.strictEqual(text.length, requests.length)
    assert.ok(text.filter((reply) => reply.includes('visitor')).length > 50)
    assert.ok(text.filter((reply) => reply.includes('session.sig=; path=/; expires=')).length > 50)
  })
})
