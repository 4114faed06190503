'use strict'

// Many requests on one socket, many streams, and many clients at once: each has its own session.

process.env.NODE_ENV = 'test'
process.env.NO_DEPRECATION = 'cookies'

const assert = require('node:assert')
const { after, before, describe, test } = require('node:test')

const {
  Jar,
  KeepAlive,
  ask,
  compare,
  connect2,
  decode,
  freezeTime,
  packages,
  raw,
  requestText,
  signed,
  stream2
} = require('../support/sockets/harness')
const { CURRENT, FORMER, KEYS, VALUE, tell } = require('../support/sockets/app')
const { framework } = require('../support/sockets/stacks')
const { count, visitor, visits } = require('../support/sockets/visits')

let thaw
before(() => {
  thaw = freezeTime()
})
after(() => thaw())

for (const transport of ['http', 'https']) {
  describe(`many requests on one ${transport} socket`, () => {
    test('On req — each request has its own session: five jars by turns', async () => {
      const replies = await compare(transport, visits, async (server) => {
        const socket = new KeepAlive(server)
        const jars = Array.from({ length: 5 }, () => new Jar())
        const transcript = []
        try {
          for (let round = 0; round < 12; round++) {
            for (const [who, jar] of jars.entries()) {
              const what = (round + who) % 4 === 3 ? 'clear' : (round * who) % 3 === 1 ? 'look' : 'visit'
              const reply = await socket.request({ path: `/${what}/${who}`, headers: jar.headers })
              jar.take(reply.cookies)
              transcript.push(reply.raw)
              const { session } = JSON.parse(reply.body)
              if (session?.who) assert.strictEqual(session.who, String(who))
            }
          }
        } finally {
          socket.end()
        }
        return transcript
      })
      assert.ok(replies.filter((text) => text.includes('"n":2')).length > 3)
    })

    test('On req — each request has its own session: a hundred of them pipelined', async () => {
      const cookies = Array.from(
        { length: 100 },
        (_, i) => [visitor(i), visitor(i, FORMER), visitor(i, 'nobody'), undefined][i % 4]
      )
      const reply = await compare(transport, visits, (server) =>
        raw(
          server,
          cookies
            .map((cookie, i) =>
              requestText(
                {
                  path: ['/visit/x', '/look', '/clear'][i % 3],
                  headers: cookie ? [['Cookie', cookie]] : []
                },
                i === cookies.length - 1
              )
            )
            .join('')
        )
      )
      assert.strictEqual(reply.split('HTTP/1.1 200 OK').length - 1, 100)
      assert.ok(reply.includes('"who":"visitor 96"') && reply.includes('"who":"visitor 1"'))
    })

    test('Writing — HEAD, 204, chunks and 100 Continue in between', async () => {
      const replies = await compare(
        transport,
        (cookieSession) =>
          framework.bare([
            cookieSession({ keys: [...KEYS] }),
            (req, res) => {
              count(req)
              if (req.url === '/none') res.statusCode = 204
              if (req.url === '/chunks') res.write('some ')
              req.resume()
              req.on('end', () => res.end(req.url === '/none' ? undefined : JSON.stringify(req.session)))
            }
          ]),
        async (server) => {
          const socket = new KeepAlive(server)
          const jar = new Jar()
          const transcript = []
          try {
            for (let round = 0; round < 5; round++) {
              for (const request of [
                { path: '/none' },
                { path: '/chunks' },
                { path: '/', method: 'HEAD' },
                { path: '/', method: 'POST', body: 'body', more: [['Expect', '100-continue']] }
              ]) {
                const headers = [...jar.headers, ...(request.more || [])]
                const reply = await socket.request({ ...request, headers })
                jar.take(reply.cookies)
                transcript.push(reply.raw)
              }
            }
          } finally {
            socket.end()
          }
          return transcript
        }
      )
      assert.strictEqual(decode(/session=([^;]*)/.exec(replies.at(-1))[1]).n, 20)
      assert.ok(replies.at(-1).startsWith('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200'))
    })
  })
}

for (const transport of ['h2', 'h2c']) {
  test(`On req — each request has its own session: a hundred ${transport} streams at once`, async () => {
    const replies = await compare(transport, visits, async (server) => {
      const session = connect2(server)
      try {
        return await Promise.all(
          Array.from({ length: 100 }, (_, i) =>
            stream2(session, {
              path: ['/visit/x', '/look', '/clear'][i % 3],
              headers: [['Cookie', visitor(i, [CURRENT, FORMER, 'nobody'][i % 5] || CURRENT)]]
            })
          )
        )
      } finally {
        await new Promise((resolve) => session.close(resolve))
      }
    })
    assert.strictEqual(JSON.parse(replies[90].body).session.who, 'visitor 90')
  })

  test(`Reading — several cookie fields on ${transport} are one Cookie header`, async () => {
    const reply = await compare(transport, visits, (server) =>
      ask(server, {
        path: '/visit/x',
        headers: visitor(7)
          .split('; ')
          .map((pair) => ['cookie', pair])
      })
    )
    assert.strictEqual(JSON.parse(reply.body).session.n, 8)
  })
}

test('On req — two hundred clients at once, no session in another one', async () => {
  const build = (cookieSession) =>
    framework.bare([
      cookieSession({ keys: [...KEYS] }),
      async (req, res) => {
        const { session } = req
        const who = req.url.slice(1)
        const before = session.who
        // give way to others a few times, each client in its own rhythm
        for (let i = 0; i < (Number(who) * 7) % 5; i++) await new Promise(setImmediate)
        session.who = who
        session.trail = `${session.trail || ''}${who}.`
        await new Promise(setImmediate)
        res.end(`${before}/${req.session.who}/${req.session.trail}`)
      }
    ])
  const jars = await compare('http', build, (server) =>
    Promise.all(
      Array.from({ length: 200 }, async (_, who) => {
        const jar = new Jar()
        const socket = new KeepAlive(server)
        try {
          for (let visit = 1; visit <= 5; visit++) {
            const reply = await socket.request({ path: `/${who}`, headers: jar.headers })
            jar.take(reply.cookies)
            const before = visit === 1 ? 'undefined' : who
            assert.strictEqual(reply.body, `${before}/${who}/${`${who}.`.repeat(visit)}`)
          }
        } finally {
          socket.end()
        }
        return jar.text
      })
    )
  )
  assert.strictEqual(new Set(jars).size, 200)
})

test('On req — both packages on one request, each with its own cookie', async () => {
  const build = (cookieSession) => {
    const other = packages.map(([, fn]) => fn).find((fn) => fn !== cookieSession) || cookieSession
    return framework.bare([
      cookieSession({ name: 'one', keys: ['a'] }),
      (req, _res, next) => {
        count(req)
        next()
      },
      other({ name: 'two', keys: ['b'] }),
      (req, res) => tell(req, res, count(req))
    ])
  }
  const reply = await compare('http', build, (server) =>
    ask(server, { headers: [['Cookie', signed('one', VALUE, 'a')]] })
  )
  assert.strictEqual(reply.cookies.length, 2)
})
