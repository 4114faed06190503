'use strict'

// Clocks and dates where more than one thing is wrong: options of ours beside attributes that cannot be sent, clocks
// that say what no clock says, clocks that move while a session is read and written. Beside dates.test.js, which
// compares dates with the original: here a session has to be found again or reported lost, and never outlive its end.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const vm = require('node:vm')
const { KEYS, NOW, atTime, both, cookie, exchange, ours } = require('../support/contract/harness')

/** Long enough for every option. */
const LONG = ['newest', 'older'].map((name) => `${name} key, of 32 bytes and more: 0123456789`)
const ONE = '{"a":1}'
const SECOND = 1000
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR
/** The last and, negated, the first millisecond that a Date has (ECMA-262, "Time Values and Time Range"). */
const LAST = 8.64e15
/** How far ahead of the clock a session may be (docs/format.md, "Reading"). */
const AHEAD = 60 * SECOND

/** Ways of a session through a response in which a date counts. */
const ways = {
  saved: (req) => {
    req.session = { a: 1 }
  },
  changed: (req) => {
    req.session.b = 2
  },
  removed: (req) => {
    req.session = null
  }
}

function told(value) {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value)
  return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`
}

/** What the responses of one middleware send, one for each way. */
async function sends(cookieSession, options) {
  const middleware = cookieSession({ keys: [...KEYS], ...options })
  const seen = []
  for (const app of Object.values(ways)) {
    seen.push((await exchange(cookieSession, { middleware, cookie: cookie(ONE) }, app)).setCookie)
  }
  return seen
}

// --- attributes, beside options of ours --------------------------------------------------------------------

const beside = {
  'ttl, rolling, legacy': { ttl: HOUR, legacy: true, rolling: true },
  'encrypt, legacy': { encrypt: true, legacy: true },
  'maxSize, sessionMethods': { maxSize: 4000, sessionMethods: true }
}

/** Attributes that may be wrong: sent as they are or reported, and never the end of a response. */
async function survives(make) {
  for (const [name, more] of Object.entries(beside)) {
    for (const [way, app] of Object.entries(ways)) {
      const errors = []
      const options = { ...make(), ...more, keys: [...LONG], onError: (error) => errors.push(error.code) }
      await atTime(NOW, async () => {
        const { setCookie, wire } = await exchange(
          ours,
          { options, cookie: cookie(ONE, { key: LONG[0] }) },
          app
        )
        assert.match(wire, /^HTTP\/1\.1 200 /)
        assert.ok(setCookie.length > 0 || errors.length > 0, `${name}, ${way}: lost without a report`)
      })
      assert.ok(
        errors.length <= 1 && errors.every((code) => code === 'ERR_SESSION_INVALID_ATTRIBUTE'),
        errors
      )
    }
  }
}

/** A Date whose text is what `text` gives. */
function saying(text) {
  return Object.assign(new Date(NOW), { toUTCString: text })
}

/** Made anew for each middleware. */
const expiries = {
  'the last moment': () => new Date(LAST),
  'the first moment': () => new Date(-LAST),
  'no moment': () => new Date(Number.NaN),
  'the year -1': () => new Date(Date.UTC(-1, 5, 5)),
  'the year 10000': () => new Date('+010000-01-01T00:00:00Z'),
  'a Date of another realm': () => vm.runInNewContext(`new Date(${NOW})`),
  'a Date whose text is none': () => saying(() => undefined),
  'a Date whose text is an object': () => saying(() => ({ valueOf: () => 'value', toString: () => 'text' })),
  'a Date whose text is a symbol': () => saying(() => Symbol('never')),
  'a Date whose text has more attributes': () => saying(() => 'never; domain=evil.example; secure'),
  'a Date whose text ends the line': () => saying(() => 'never\r\nSet-Cookie: evil=1'),
  'a Date that cannot say': () =>
    saying(() => {
      throw new Error('no date')
    }),
  'a Date without a prototype': () => Object.setPrototypeOf(new Date(NOW), null),
  'a Proxy over a Date': () => new Proxy(new Date(NOW), {}),
  'the prototype of all Dates': () => Date.prototype,
  'an object that inherits from a Date': () => Object.create(new Date(NOW)),
  'a date as text': () => new Date(NOW).toUTCString(),
  'a number': () => NOW,
  true: () => true,
  'an array': () => [new Date(NOW)],
  'a function': () => () => new Date(NOW),
  'a BigInt': () => BigInt(NOW),
  'a symbol': () => Symbol('expires')
}

const ages = [LAST - NOW, LAST - NOW + 1, -LAST - NOW - 1, 1e21, Number.MAX_VALUE, 5e-324, -0, Number.NaN]
ages.push(Infinity, '1000', ' ', 5n, Symbol('age'), true, [1000], new Date(1000), () => 1000, Object(5))

describe('attributes beside options of ours: the session is sent, or reported', () => {
  for (const [name, make] of Object.entries(expiries)) {
    test(`expires: ${name}`, async () => {
      await both(async (cookieSession) => ({ seen: await sends(cookieSession, { expires: make() }) }))
      await survives(() => ({ expires: make() }))
    })
  }

  for (const maxAge of ages) {
    test(`maxAge: ${told(maxAge)}`, async () => {
      await atTime(NOW, () =>
        both(async (cookieSession) => ({ seen: await sends(cookieSession, { maxAge }) }))
      )
      await survives(() => ({ maxAge }))
    })
  }

  test('maxAge changed from one to the next under one middleware, and back', () =>
    both(async (cookieSession) => {
      const options = { keys: [...KEYS] }
      const middleware = cookieSession(options)
      const seen = []
      for (const maxAge of [...ages, ...[...ages].reverse()]) {
        options.maxAge = maxAge
        await atTime(NOW, async () => {
          seen.push((await exchange(cookieSession, { middleware }, ways.saved)).setCookie)
        })
      }
      return { seen }
    }))

  test('a Date whose text is another each time is asked as often as the original asks', () =>
    both(async (cookieSession) => {
      let asked = 0
      const seen = await sends(cookieSession, { expires: saying(() => `text ${++asked}`) })
      return { seen, asked }
    }))
})

describe('a clock that moves while the session is written, in the default mode', () => {
  test('set by a toJSON', () =>
    both((cookieSession) =>
      atTime(NOW, async (move) => {
        const middleware = cookieSession({ keys: [...KEYS], maxAge: HOUR })
        const seen = []
        for (const by of [0, 1, -1, SECOND, -SECOND, DAY, -DAY, -NOW, 0.25, LAST, 0]) {
          const { setCookie } = await exchange(cookieSession, { middleware }, (req) => {
            req.session.a = { toJSON: () => move(NOW + by) ?? 1 }
          })
          seen.push(setCookie)
        }
        return { seen }
      })
    ))

  test('set by what signs', () =>
    both((cookieSession) =>
      atTime(NOW, async (move) => {
        const keys = { sign: () => move(NOW + DAY) ?? 'signature', index: () => 0 }
        const { setCookie } = await exchange(cookieSession, { options: { keys, maxAge: HOUR } }, ways.saved)
        assert.deepStrictEqual(
          setCookie.map((line) => /expires=\w+, (\d+)/.exec(line)[1]),
          ['02', '03']
        )
        return { setCookie }
      })
    ))

  test('with another class for Date, which says another date', () =>
    both(async (cookieSession) => {
      const own = globalThis.Date
      class Shifted extends own {
        constructor(...given) {
          super(...(given.length === 0 ? [NOW] : given))
        }

        static now() {
          return NOW + DAY
        }

        toUTCString() {
          return `shifted ${super.toUTCString()}`
        }
      }
      const expires = new Date(NOW)
      globalThis.Date = Shifted
      try {
        const seen = []
        for (const options of [{ maxAge: HOUR }, { expires }, {}])
          seen.push(await sends(cookieSession, options))
        assert.match(seen[0][0][0], /expires=shifted /)
        return { seen }
      } finally {
        globalThis.Date = own
      }
    }))
})

// --- sessions that end by the server's clock -----------------------------------------------------------------

/** A server with options of ours, a browser that believes it, and any clock. */
class Server {
  #middleware
  errors = []

  constructor(options) {
    this.#middleware = ours({ ...options, keys: [...LONG], onError: (error) => this.errors.push(error.code) })
  }

  /** The Cookie header that a browser sends after a response, whatever its own clock says of `expires`. */
  async #ask(now, header, app) {
    return atTime(now, async () => {
      const { seen, setCookie } = await exchange(ours, { middleware: this.#middleware, cookie: header }, app)
      return [seen, setCookie.map((line) => line.split('; ')[0]).join('; ')]
    })
  }

  async login(now) {
    const [, sent] = await this.#ask(now, undefined, (req) => {
      req.session = { user: 'ada' }
    })
    return sent
  }

  /** Whether the session is found, and what the browser sends from then on; '' where that stays as it was. */
  finds(header, now) {
    return this.#ask(now, header, (req) => req.session.user === 'ada')
  }

  /** The same for a request that changes what it finds. */
  changes(header, now) {
    return this.#ask(now, header, (req) => {
      if (req.session.user !== 'ada') return false
      req.session.n = (req.session.n ?? 0) + 1
      return true
    })
  }
}

/** Every way to have a session end. */
const endings = {
  ttl: { ttl: HOUR },
  maxLifetime: { maxLifetime: HOUR },
  'both, encrypted': { ttl: HOUR, maxLifetime: 3 * HOUR, encrypt: true },
  'ttl, rolling': { ttl: HOUR, rolling: true },
  'both, rolling by a number, encrypted': {
    ttl: HOUR,
    maxLifetime: 3 * HOUR,
    rolling: 60 * SECOND,
    encrypt: true
  },
  'ttl, with methods and legacy': { ttl: HOUR, sessionMethods: true, legacy: true }
}

describe('a clock that was wrong, and is right again', () => {
  for (const [name, options] of Object.entries(endings)) {
    const allowed = Math.min(options.ttl ?? Infinity, options.maxLifetime ?? Infinity)

    test(`${name}: written by a clock that was ahead by no more than is allowed`, async () => {
      for (const ahead of [1, 1000, AHEAD - 1, AHEAD]) {
        const server = new Server(options)
        const sent = await server.login(NOW + ahead)
        for (const after of [0, 1, ahead, allowed, allowed + ahead]) {
          assert.strictEqual(
            (await server.finds(sent, NOW + after))[0],
            true,
            `${ahead} ahead, ${after} after`
          )
        }
        assert.strictEqual((await server.finds(sent, NOW + allowed + ahead + 1))[0], false)
        assert.deepStrictEqual(server.errors, [])
      }
    })

    test(`${name}: written by a clock that was further ahead, refused until that time has come`, async () => {
      for (const ahead of [AHEAD + 1, HOUR, 400 * DAY]) {
        const server = new Server(options)
        const sent = await server.login(NOW + ahead)
        for (const after of [0, ahead - AHEAD - 1]) {
          assert.deepStrictEqual(await server.finds(sent, NOW + after), [false, ''])
          assert.strictEqual((await server.changes(sent, NOW + after))[0], false)
        }
        assert.strictEqual((await server.finds(sent, NOW + ahead + allowed + 1))[0], false)
        assert.deepStrictEqual(server.errors, [])
      }
    })

    test(`${name}: written by a clock that was behind, ends the earlier`, async () => {
      for (const behind of [1, AHEAD, allowed - 1, allowed]) {
        const server = new Server(options)
        const sent = await server.login(NOW - behind)
        assert.strictEqual((await server.finds(sent, NOW))[0], true)
        assert.strictEqual((await server.finds(sent, NOW - behind + allowed))[0], true)
        assert.strictEqual((await server.finds(sent, NOW - behind + allowed + 1))[0], false)
      }
      const server = new Server(options)
      assert.strictEqual((await server.finds(await server.login(NOW - allowed - 1), NOW))[0], false)
    })

    test(`${name}: what had ended may be found by a clock that is set back, and ends anew by the right one`, async () => {
      const server = new Server(options)
      const sent = await server.login(NOW)
      const over = NOW + allowed + 1
      assert.strictEqual((await server.finds(sent, over))[0], false)
      const [isFound, again] = await server.changes(sent, NOW + 1)
      assert.strictEqual(isFound, true)
      assert.strictEqual((await server.finds(again, over))[0], options.maxLifetime !== HOUR)
      assert.strictEqual((await server.finds(again, NOW + allowed + 2))[0], false)
    })

    test(`${name}: a clock set back behind the session's time by no more than is allowed loses nothing`, async () => {
      const server = new Server(options)
      let sent = await server.login(NOW)
      for (const back of [1, 1000, AHEAD - 1, AHEAD]) {
        const [isFound, again] = await server.finds(sent, NOW - back)
        assert.deepStrictEqual([isFound, again], [true, ''], `set back by ${back}`)
      }
      const [, changed] = await server.changes(sent, NOW - AHEAD)
      sent = changed
      assert.strictEqual((await server.finds(sent, NOW))[0], true)
      assert.strictEqual((await server.finds(sent, NOW - AHEAD + allowed))[0], true)
      assert.strictEqual((await server.finds(sent, NOW + allowed + 1))[0], false)
    })
  }

  test('legacy until a date: read before it, refused from it on, and read again by a clock set back', async () => {
    const legacy = new Date(NOW)
    const server = new Server({ encrypt: true, legacy })
    const sent = cookie('{"user":"ada"}', { key: LONG[0] })
    for (const [by, expected] of [
      [-1, true],
      [0, false],
      [1, false],
      [-DAY, true],
      [DAY, false],
      [-1, true]
    ]) {
      assert.strictEqual((await server.finds(sent, NOW + by))[0], expected, by)
    }
    legacy.setTime(NOW + DAY)
    assert.strictEqual((await server.finds(sent, NOW))[0], false, 'the date is read once')
  })

  test('a clock that moves within a request: the session is judged when it is read, dated when it is written', async () => {
    for (const encrypt of [false, true]) {
      const middleware = ours({ keys: [...LONG], ttl: HOUR, encrypt })
      const server = new Server({ ttl: HOUR, encrypt })
      const sent = await server.login(NOW)
      const { setCookie, seen } = await atTime(NOW + HOUR, (move) =>
        exchange(ours, { middleware, cookie: sent }, (req) => {
          const { user } = req.session
          move(NOW + 10 * HOUR)
          req.session.n = 1
          return user
        })
      )
      assert.strictEqual(seen, 'ada')
      const again = setCookie.map((line) => line.split('; ')[0]).join('; ')
      assert.deepStrictEqual(
        await Promise.all([10, 11].map(async (hours) => (await server.finds(again, NOW + hours * HOUR))[0])),
        [true, true]
      )
      assert.strictEqual((await server.finds(again, NOW + 11 * HOUR + 1))[0], false)
      const expires = new Date(NOW + 11 * HOUR).toUTCString()
      assert.ok(setCookie.every((line) => line.includes(`; expires=${expires};`)))
    }
  })

  test('expires of a ttl at the end of four-digit years, and at that of Date', async () => {
    for (const [now, ttl, expected] of [
      [253402300799000, HOUR, 'Fri, 31 Dec 9999 23:59:59 GMT'],
      [253402300799000 - HOUR, HOUR, 'Fri, 31 Dec 9999 23:59:59 GMT'],
      [NOW, Number.MAX_SAFE_INTEGER, 'Fri, 31 Dec 9999 23:59:59 GMT'],
      [LAST, 1, 'Fri, 31 Dec 9999 23:59:59 GMT'],
      [0, 1, 'Thu, 01 Jan 1970 00:00:00 GMT']
    ]) {
      await atTime(now, async () => {
        const { setCookie } = await exchange(ours, { options: { keys: [...LONG], ttl } }, ways.saved)
        assert.ok(
          setCookie.every((line) => line.includes(`; expires=${expected};`)),
          String(setCookie)
        )
      })
    }
  })

  // What writes a time that it does not read would lose each session without a word.
  for (const [name, now] of Object.entries({ fractions: NOW + 0.25, 'a time before 1970': -1 })) {
    for (const options of [{ ttl: HOUR }, { encrypt: true }]) {
      test(`a clock with ${name}: a session is found again, or was reported lost; ${Object.keys(options)}`, async () => {
        const server = new Server(options)
        const sent = await server.login(now)
        const [isFound] = await server.finds(sent, now)
        assert.ok(isFound || server.errors.length > 0, 'lost without a report')
      })
    }
  }

  for (const now of [NaN, Infinity, -Infinity, undefined, null, 'now', {}, 1e300, 5n, Symbol('now')]) {
    test(`a clock that says ${told(now)}: the response is whole, and nothing is found by it that had ended`, async () => {
      for (const options of Object.values(endings)) {
        const server = new Server(options)
        const sent = await server.login(NOW)
        for (const call of [
          () => server.login(now),
          () => server.changes(sent, now),
          () => server.finds(sent, now)
        ]) {
          await assert.doesNotReject(async () => {
            try {
              await call()
            } catch (error) {
              // Arithmetic with what is no number, thrown where the app reads the session.
              assert.strictEqual(error.name, 'TypeError')
              assert.match(typeof now, /^(?:bigint|symbol|object)$/)
            }
          })
        }
        assert.strictEqual((await server.finds(sent, NOW))[0], true)
      }
    })
  }
})

// --- the clock on the wall ---------------------------------------------------------------------------------

describe('daylight saving', () => {
  /** Moments at which clocks on the wall change, as the time zone database has them. */
  const changes = {
    'America/New_York': ['2027-03-14T07:00:00Z', '2027-11-07T06:00:00Z'],
    'Europe/Berlin': ['2027-03-28T01:00:00Z', '2027-10-31T01:00:00Z'],
    'Australia/Lord_Howe': ['2027-04-03T15:00:00Z', '2027-10-02T15:30:00Z'],
    'Asia/Kathmandu': ['1985-12-31T18:30:00Z']
  }
  for (const [zone, texts] of Object.entries(changes)) {
    test(`${zone}: a session ends by its ttl to the millisecond`, async () => {
      const before = process.env.TZ
      process.env.TZ = zone
      try {
        for (const change of texts.map((text) => Date.parse(text))) {
          const [last, first] = [change - 1, change].map((time) => new Date(time).getTimezoneOffset())
          assert.notStrictEqual(last, first, 'the time zone is not in effect')
          for (const options of [{ ttl: HOUR }, { encrypt: true, maxLifetime: HOUR }]) {
            const server = new Server(options)
            const issued = change - HOUR / 2
            const sent = await server.login(issued)
            assert.deepStrictEqual(await server.finds(sent, issued + HOUR), [true, ''])
            assert.deepStrictEqual(await server.finds(sent, issued + HOUR + 1), [false, ''])
          }
        }
      } finally {
        if (before === undefined) delete process.env.TZ
        else process.env.TZ = before
      }
    })
  }
})
