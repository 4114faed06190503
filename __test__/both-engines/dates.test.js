'use strict'

// Dates at their limits, and clocks that are set back and forth while a server runs. The date that a cookie carries has
// to be the original's, byte for byte. The server's own limits, `ttl` and `maxLifetime`, have to hold by the times
// that a cookie says and the clock as it is when it comes (docs/format.md), whatever the clock did in between.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { NOW, atTime, both, connection, cookie, exchange, ours } = require('../support/contract/harness')
const { freezeClock } = require('../support/differential/clock')
const { Random } = require('../support/differential/random')

/** The last and, negative, the first moment of a Date. */
const LIMIT = 8.64e15
const KEY = 'first key, of 32 bytes and more: 0123456789'
const SKEW = 60_000
const SEED = Number(process.env.DATES_SEED || 20260101)
const WALKS = Number(process.env.DATES_WALKS || 150)

/** One request that writes or drops its session; gives the Set-Cookie lines, or what was thrown. */
function send(middleware, { gone = false, more } = {}) {
  const { req, res, wire } = connection()
  try {
    middleware(req, res, () => {})
    if (more) Object.assign(req.sessionOptions, more)
    req.session = gone ? null : { a: 1 }
    res.end()
    return String(res.getHeader('Set-Cookie'))
  } catch (error) {
    return `thrown: ${error.message}`
  } finally {
    wire.destroy()
  }
}

/** Moments one after the other, for one middleware. */
function over(moments, options, settings) {
  return (cookieSession) =>
    atTime(moments[0], (set) => {
      const middleware = cookieSession({ keys: [KEY], ...options })
      return {
        sent: moments.map((moment) => {
          set(moment)
          return send(middleware, settings)
        })
      }
    })
}

const told = (value) => {
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  return typeof value === 'string' ? `'${value}'` : String(value)
}

describe('maxAge near the limits of a Date', () => {
  const ages = [
    ...[-1001, -1000, -999, -1, 0, 1, 999, 1000, 1001].flatMap((by) => [LIMIT - NOW + by, -LIMIT - NOW + by]),
    ...[LIMIT, -LIMIT, LIMIT + 1, 2 ** 53, -(2 ** 53), 1e21, -1e21, Number.MAX_VALUE, Number.MIN_VALUE],
    ...[
      -1,
      -NOW,
      -NOW - 1,
      -NOW + 1,
      0,
      -0,
      0.4,
      -0.4,
      1e-300,
      -62_135_596_800_000 - NOW,
      253_402_300_800_000 - NOW
    ],
    ...[
      Number.NaN,
      Infinity,
      -Infinity,
      '',
      '1000',
      '1e3',
      'soon',
      true,
      false,
      null,
      undefined,
      5n,
      [],
      [5],
      {}
    ],
    { valueOf: () => 1000 },
    new Date(1000)
  ]
  for (const maxAge of ages) {
    for (const gone of [false, true]) {
      test(`${told(maxAge)}${gone ? ', of a session that is dropped' : ''}`, async () => {
        await both(over([NOW, NOW + 1, NOW], { maxAge }, { gone }))
        await both(over([NOW, NOW + 1, NOW], {}, { gone, more: { maxAge } }))
        await both(over([NOW, NOW + 1, NOW], { maxage: maxAge }, { gone }))
      })
    }
  }

  for (const limit of [LIMIT, -LIMIT, 0, -62_135_596_800_000, 253_402_300_800_000]) {
    for (const maxAge of [1000, 86_400_000]) {
      const near = [-1001, -1000, -999, -1, 0, 1, 2, 999, 1000, 1001, 500, 0, -1, 1, -1, 1, -500, 500]
      test(`a clock about ${limit}, less maxAge ${maxAge}: forth, beyond it, and back`, () =>
        both(
          over(
            near.map((by) => limit - maxAge + by),
            { maxAge }
          )
        ))
      test(`a clock about ${limit}, less maxAge ${maxAge}: from beyond it back`, () =>
        both(
          over(
            near.reverse().map((by) => limit - maxAge + by),
            { maxAge }
          )
        ))
    }
  }
})

describe('expires', () => {
  const dates = {
    'the last moment': () => new Date(LIMIT),
    'the first moment': () => new Date(-LIMIT),
    'an invalid Date': () => new Date(Number.NaN),
    'the year 0': () => new Date('0000-01-01T00:00:00Z'),
    'the year -1': () => new Date('-000001-12-31T23:59:59.999Z'),
    'the year -200000': () => new Date(-6.3e15),
    'the year 10000': () => new Date('+010000-01-01T00:00:00Z'),
    'the year 99': () => new Date('0099-06-01T00:00:00Z'),
    'a leap day': () => new Date('2028-02-29T23:59:59.999Z'),
    'before 1970': () => new Date(-1),
    epoch: () => new Date(0),
    'a text': () => 'Thu, 01 Jan 1970 00:00:00 GMT',
    'an empty text': () => '',
    'a number': () => NOW,
    zero: () => 0,
    'an object with toUTCString': () => ({ toUTCString: () => 'whenever' }),
    'toUTCString that injects': () => ({ toUTCString: () => 'now; domain=evil.example' }),
    'toUTCString that no header can hold': () => ({ toUTCString: () => 'now\r\nX: y' }),
    'toUTCString that throws': () => ({
      toUTCString() {
        throw new Error('from the date')
      }
    }),
    'a Date of a subclass': () => new (class extends Date {})(NOW),
    'a Date without a prototype': () => Object.setPrototypeOf(new Date(NOW), null)
  }
  for (const [what, make] of Object.entries(dates)) {
    for (const maxAge of [undefined, 0, 1000]) {
      test(`${what}, with maxAge ${maxAge}`, async () => {
        await both(over([NOW, NOW - 5000, NOW], { expires: make(), maxAge }))
        await both(over([NOW, NOW + 5000], {}, { more: { expires: make(), maxAge } }))
        await both(over([NOW], { expires: make(), maxAge }, { gone: true }))
      })
    }
  }
  test('a Date that is changed between requests', () =>
    both((cookieSession) =>
      atTime(NOW, () => {
        const expires = new Date(NOW)
        const middleware = cookieSession({ keys: [KEY], expires })
        const sent = []
        for (const moment of [NOW, NOW + 1, NOW + 86_400_000, Number.NaN, -LIMIT, NOW]) {
          expires.setTime(moment)
          sent.push(send(middleware))
        }
        return { sent }
      })
    ))
})

describe('a clock that is no clock', () => {
  const clocks = {
    'stands at 1970': () => 0,
    'stands before 1970': () => -86_400_001,
    'gives fractions': (n) => NOW + n / 3,
    'gives fractions before 1970': (n) => -5000.75 + n / 3,
    'gives NaN': () => Number.NaN,
    'gives Infinity': () => Infinity,
    'gives a text': () => `${NOW}`,
    'gives a Date': () => new Date(NOW),
    'gives a BigInt': () => BigInt(NOW),
    'gives nothing': () => undefined,
    throws: () => {
      throw new Error('from the clock')
    },
    'goes back an hour at each request': (n) => NOW - n * 3_600_000,
    'goes back a millisecond at each request': (n) => NOW - n,
    'jumps a century to and fro': (n) => NOW + (n % 2 ? 1 : -1) * 3_155_760_000_000
  }
  for (const [what, clock] of Object.entries(clocks)) {
    for (const maxAge of [1000, 0.5, -86_400_000]) {
      test(`that ${what}, with maxAge ${maxAge}`, () =>
        both((cookieSession) =>
          atTime(NOW, () => {
            let request = 0
            Date.now = () => clock(request)
            const middleware = cookieSession({ keys: [KEY], maxAge })
            const sent = []
            for (; request < 6; request++) sent.push(send(middleware, { gone: request === 3 }))
            return { sent }
          })
        ))
    }
  }

  test('Date itself replaced while the server runs, as fake timers do', () =>
    both((cookieSession) => {
      const middleware = cookieSession({ keys: [KEY], maxAge: 60_000 })
      const sent = []
      for (const moment of [NOW, NOW + 90_000, NOW - 90_000, 0, NOW]) {
        const clock = freezeClock(moment)
        try {
          sent.push(send(middleware))
          clock.advance(999)
          sent.push(send(middleware))
        } finally {
          clock.restore()
        }
      }
      return { sent }
    }))
})

describe('a clock that is set between construction, request and response', () => {
  const jumps = [-3_153_600_000_000, -86_400_000, -3_600_000, -1000, -1, 0, 1, 1000, 3_600_000, 86_400_000]
  for (const first of jumps) {
    test(`by ${first} ms after construction, and by others before the response`, () =>
      both((cookieSession) =>
        atTime(NOW, (set) => {
          const middleware = cookieSession({ keys: [KEY], maxAge: 3_600_000 })
          const sent = []
          for (const second of jumps) {
            const { req, res, wire } = connection({ cookie: cookie('{"a":1}', { key: KEY }) })
            set(NOW + first)
            middleware(req, res, () => {})
            req.session.a = second
            set(NOW + first + second)
            res.end()
            sent.push(String(res.getHeader('Set-Cookie')))
            wire.destroy()
          }
          return { sent }
        })
      ))
  }
})

describe('summer time begins and ends', () => {
  const zones = {
    UTC: ['2030-01-01T00:00:00Z'],
    'America/New_York': ['2030-03-10T07:00:00Z', '2030-11-03T06:00:00Z'],
    'Europe/Berlin': ['2030-03-31T01:00:00Z', '2030-10-27T01:00:00Z'],
    'Australia/Lord_Howe': ['2030-04-06T15:00:00Z', '2030-10-05T15:30:00Z'],
    'Asia/Kathmandu': ['1985-12-31T18:30:00Z', '2029-12-31T18:15:00Z'],
    'Pacific/Apia': ['2011-12-30T10:00:00Z']
  }
  for (const [zone, moments] of Object.entries(zones)) {
    test(zone, async () => {
      const before = process.env.TZ
      process.env.TZ = zone
      try {
        for (const text of moments) {
          const moment = Date.parse(text)
          const near = [-3_600_000, -1000, -1, 0, 1, 1000, 1_800_000, 3_600_000]
          const clock = near.map((by) => moment + by)
          const { sent } = await both(over(clock, { maxAge: 3_600_000 }))
          for (const [i, line] of sent.entries()) {
            assert.ok(line.includes(`expires=${new Date(clock[i] + 3_600_000).toUTCString()};`), line)
          }
          await both(over(clock, { expires: new Date(2030, 2, 10, 2, 30) }))
          await both(over(clock, { expires: new Date(moment) }))
        }
      } finally {
        if (before === undefined) delete process.env.TZ
        else process.env.TZ = before
      }
    })
  }
})

// --- limits of the server's own --------------------------------------------------------------------------

const TTL = 600_000
const LIFETIME = 3_600_000

/** The Cookie header that comes back. */
function back(setCookie) {
  return setCookie.map((line) => line.split(';', 1)[0]).join('; ')
}

/** What a middleware says to a cookie, and what it sends; `app` may change the session. */
async function visit(middleware, sent, app = () => {}) {
  const { seen, setCookie } = await exchange(ours, { middleware, cookie: sent }, (req) => {
    const { isNew } = req.session
    app(req)
    return !isNew
  })
  return { isOpen: seen, sent: setCookie.length > 0 ? back(setCookie) : sent }
}

for (const [kind, format] of Object.entries({ signed: {}, encrypted: { encrypt: true } })) {
  describe(`ttl and maxLifetime under a clock that is set back and forth, ${kind}`, () => {
    const make = (more) => ours({ keys: [KEY], ttl: TTL, maxLifetime: LIFETIME, ...format, ...more })
    const start = (middleware) => visit(middleware, undefined, (req) => Object.assign(req.session, { n: 0 }))

    test('written by a clock that was right: no clock set back and right again lengthens it', () =>
      atTime(NOW, async (set) => {
        const middleware = make()
        const { sent } = await start(middleware)
        for (const by of [TTL, -SKEW, -SKEW - 1, -LIFETIME, TTL + 1, TTL, 0, TTL + 1]) {
          set(NOW + by)
          const wanted = by <= TTL && by >= -SKEW
          assert.strictEqual((await visit(middleware, sent)).isOpen, wanted, String(by))
        }
      }))

    test('written by a clock that was ahead: refused while that is more than 60 s in the future', () =>
      atTime(NOW, async (set) => {
        const middleware = make()
        for (const ahead of [1, SKEW, SKEW + 1, LIFETIME, LIMIT - NOW]) {
          set(NOW + ahead)
          const { sent } = await start(middleware)
          set(NOW)
          assert.strictEqual((await visit(middleware, sent)).isOpen, ahead <= SKEW, String(ahead))
          set(NOW + TTL + SKEW + 1)
          assert.strictEqual(
            (await visit(middleware, sent)).isOpen,
            ahead >= SKEW + 1 && ahead <= TTL + 2 * SKEW + 1,
            String(ahead)
          )
        }
      }))

    test('written by a clock that was behind: ends as much sooner', () =>
      atTime(NOW, async (set) => {
        const middleware = make()
        for (const behind of [1, SKEW, TTL - 1, TTL, TTL + 1, NOW]) {
          set(NOW - behind)
          const { sent } = await start(middleware)
          set(NOW)
          assert.strictEqual((await visit(middleware, sent)).isOpen, behind <= TTL, String(behind))
        }
      }))

    test('rolling: a clock set back does not put off the end by more than it was wrong, nor maxLifetime', () =>
      atTime(NOW, async (set) => {
        const middleware = make({ rolling: true })
        let { sent } = await start(middleware)
        for (let time = NOW; time <= NOW + LIFETIME; time += TTL / 2) {
          set(time - SKEW)
          sent = (await visit(middleware, sent)).sent
          set(time)
          const { isOpen, sent: next } = await visit(middleware, sent)
          assert.ok(isOpen, String(time - NOW))
          sent = next
        }
        set(NOW + LIFETIME + 1)
        assert.strictEqual((await visit(middleware, sent)).isOpen, false)
      }))

    test(`${WALKS} walks of a clock at random, by a model of the rules (DATES_SEED=${SEED})`, async (t) => {
      let visits = 0
      let opened = 0
      for (let walk = 0; walk < WALKS; walk++) {
        // Lets Node finish what the responses left to do, or it keeps them all.
        await new Promise(setImmediate)
        const random = new Random(SEED, walk)
        const rolling = random.pick([undefined, true, 1, TTL / 4])
        const middleware = make({ rolling })
        await atTime(NOW, async (set) => {
          // What the cookie in the browser says, and every older one that somebody may have kept.
          const kept = []
          let time = NOW
          let wrong = 0
          for (let step = 0; step < 30; step++) {
            time += random.below(TTL)
            if (random.chance(0.3))
              wrong = random.pick([0, 1, -1, SKEW, -SKEW, SKEW + 1, LIFETIME, -LIFETIME, TTL])
            const now = time + wrong
            set(now)
            const known =
              kept.length > 0 && random.chance(0.9) ? random.pick([kept.at(-1), random.pick(kept)]) : {}
            const { issued, created, sent } = known
            const isGood =
              sent !== undefined &&
              Math.max(issued, created) <= now + SKEW &&
              now - issued <= TTL &&
              now - created <= LIFETIME
            const writes = random.chance(0.5)
            const got = await visit(middleware, sent, (req) => {
              if (writes) req.session.n = `${walk} ${step}`
            })
            visits++
            if (got.isOpen) opened++
            assert.strictEqual(
              got.isOpen,
              isGood,
              `walk ${walk}, step ${step}: ${JSON.stringify({ now, issued, created })}`
            )
            if (got.sent !== sent && got.sent !== undefined) {
              kept.push({ issued: now, created: isGood ? created : now, sent: got.sent })
            }
          }
        })
      }
      t.diagnostic(
        `seed ${SEED}: ${WALKS} walks, ${visits} requests, ${opened} sessions opened, as the model says`
      )
      assert.ok(opened > visits / 20 && opened < visits)
    })
  })
}
