'use strict'

// What a real browser makes of our cookies. The other tests read Set-Cookie; here Chromium does, and keeps, refuses,
// expires and sends what it will. It drives the example app as a user does, started by its command, and small apps
// for what the example has no page for. Where there is an original, it leaves the same cookies in the browser's jar.
//
//   CHROMIUM=/path node --test __test__/once/browser.test.js
//   BROWSER_TEST=required      without a browser it fails, and does not skip
//
// Screenshots are in screenshots/.

const assert = require('node:assert/strict')
const { pathToFileURL } = require('node:url')
const path = require('node:path')
const { after, before, describe, it } = require('node:test')

const { loadOurs } = require('../support/differential/implementations')
const { start } = require('../support/examples/start')
const { listen, signature } = require('../support/sockets/harness')
const { Visitor, find, launch } = require('../support/browser/chromium')

const KEY = 'a key of the app that is long enough for each format there is'
const DAY = 24 * 60 * 60 * 1000
const ENGINES = ['native', 'node']

const ours = ENGINES.map((engine) => [engine, loadOurs(engine).cookieSession])
/** Both engines write the same bytes without options of ours, as the differential test shows: one of them is enough here. */
const all = [['original', require('cookie-session')], ours[0]]

const { executable, missing } = find()
if (missing && process.env.BROWSER_TEST === 'required') throw new Error(`browser test: ${missing}`)

function decode(cookie) {
  return JSON.parse(Buffer.from(cookie.value, 'base64').toString())
}

/** Attributes of a session's cookie as the jar has them, without its content and date. */
function attributes({ name, value, size, expires, ...rest }) {
  return rest
}

/** Browsers correct a date by the server's Date header, which has whole seconds. */
function assertExpiresIn(cookie, ms) {
  assert.ok(Math.abs(cookie.expires * 1000 - Date.now() - ms) < 60_000, `${cookie.name}: ${cookie.expires}`)
}

/** The cookie and its signature, which has to cover it. */
function assertSigned(jar, name, key = KEY) {
  const [value, sig] = [name, `${name}.sig`].map((wanted) => jar.find((cookie) => cookie.name === wanted))
  assert.equal(sig.value, signature(`${name}=${value.value}`, key))
  return value
}

describe('in Chromium', { skip: missing && `${missing}: nothing is tested in a browser` }, () => {
  let browser
  before(async () => {
    browser = await launch(executable)
  })
  after(() => browser?.close())

  const idle = []

  /** Gives `talk` a new visitor. */
  async function visiting(talk) {
    const visitor = idle.pop() ?? (await Visitor.arrive(browser))
    try {
      const seen = await talk(visitor)
      await visitor.forget()
      idle.push(visitor)
      return seen
    } catch (error) {
      await visitor.leave()
      throw error
    }
  }

  /** Serves with `handle(req, res)` after the middleware, and gives `talk` a new visitor. */
  async function serving(cookieSession, options, handle, talk, transport = 'http') {
    const middleware = cookieSession({ keys: [KEY], ...options })
    const server = await listen(transport, (req, res) => {
      if (req.url === '/favicon.ico') return res.writeHead(204).end()
      res.setHeader('Content-Type', 'text/html')
      middleware(req, res, () => handle(req, res))
    })
    try {
      return await visiting((visitor) => talk(visitor, server.port))
    } finally {
      await server.close()
    }
  }

  /** The same for each package; what `talk` gives has to be the same. */
  async function same(options, handle, talk, transport) {
    const [[, original], ...others] = await eachOf(all, options, handle, talk, transport)
    for (const [who, seen] of others) assert.deepEqual(seen, original, who)
    return original
  }

  async function eachOf(packages, options, handle, talk, transport) {
    const runs = packages.map(async ([who, cookieSession]) => {
      return [who, await serving(cookieSession, options, handle, talk, transport)]
    })
    return Promise.all(runs)
  }

  /** Counts visits, and says which this is; without a session it is the first. */
  function count(req, res) {
    req.session.views = (req.session.views || 0) + 1
    res.end(String(req.session.views))
  }

  /** Says what there is, and counts only where it is asked to. */
  function countAt(place) {
    return (req, res) => (req.url === place ? count(req, res) : res.end(String(req.session.views || 'none')))
  }

  describe('the example app', () => {
    const hook = pathToFileURL(path.join(__dirname, '..', 'support', 'browser', 'original-in-place.mjs')).href
    const runs = [
      ['original', { NODE_OPTIONS: `--import ${hook}`, COOKIE_SESSION_ENGINE: '' }],
      ...ENGINES.map((engine) => [engine, { COOKIE_SESSION_ENGINE: engine }])
    ]
    const servers = {}
    const steps = {}
    before(async () => {
      for (const [who, env] of runs) {
        servers[who] = await start('npm start', { env: { ...env, SESSION_SECRET_KEYS: KEY } })
      }
    })
    after(() => Promise.all(Object.values(servers).map((server) => server.stop())))

    for (const [who] of runs) {
      it(`counts, logs in and logs out (${who})`, () =>
        visiting(async (visitor) => {
          const { url } = servers[who]
          const seen = []
          const note = async (text) => {
            const jar = await visitor.jar()
            assertSigned(jar, 'session')
            for (const cookie of jar) assertExpiresIn(cookie, DAY)
            const { loggedInAt, ...session } = decode(jar[0])
            seen.push({ session, isDated: loggedInAt !== undefined, attributes: jar.map(attributes) })
            seen.push(jar.map(({ name }) => name))
            assert.match(text, new RegExp(`^${session.views}\\s+views?\\b`, 'm'))
          }

          const first = await visitor.visit(url)
          if (who !== 'original') assert.match(first, new RegExp(`engine: ${who}`))
          await note(first)
          await note(await visitor.visit(url))
          await visitor.page.getByLabel('Your name').fill('Ada <b>Löve</b>')
          const inside = await visitor.click('Log in')
          assert.match(inside, /Logged in as Ada <b>Löve<\/b>/)
          await note(inside)
          await note(await visitor.click('View again'))
          assert.equal(await visitor.page.evaluate('document.cookie'), '')
          await visitor.screenshot(`example-${who}-logged-in`)
          const outside = await visitor.click('Log out')
          assert.match(outside, /Nobody is logged in/)
          await note(outside)
          assert.deepEqual(
            seen.filter((step) => step.session).map(({ session }) => session),
            [
              { views: 1 },
              { views: 2 },
              { views: 3, user: 'Ada <b>Löve</b>' },
              { views: 4, user: 'Ada <b>Löve</b>' },
              { views: 1 }
            ]
          )
          steps[who] = seen
        }))
    }

    it('leaves in the jar what the original leaves', () => {
      assert.deepEqual(steps.native, steps.original)
      assert.deepEqual(steps.node, steps.original)
      const [cookie, sig] = steps.original[0].attributes
      assert.deepEqual(sig, cookie)
      const { domain, path, httpOnly, secure, session, sameSite, priority } = cookie
      assert.deepEqual(
        { domain, path, httpOnly, secure, session, sameSite, priority },
        {
          domain: 'localhost',
          path: '/',
          httpOnly: true,
          secure: false,
          session: false,
          sameSite: 'Lax',
          priority: 'Medium'
        }
      )
    })

    it('knows a user who comes from another engine, and from the original, and goes back', () =>
      visiting(async (visitor) => {
        // Cookies know no ports: all three are one host.
        let views = 0
        for (const who of ['original', 'native', 'node', 'original']) {
          assert.match(await visitor.visit(servers[who].url), new RegExp(`^${++views}\\s+view`, 'm'))
        }
      }))

    it('refuses a cookie that was changed in the browser', () =>
      visiting(async (visitor) => {
        const { url } = servers.native
        await visitor.visit(url)
        const value = Buffer.from('{"views":999}').toString('base64')
        await visitor.context.addCookies([{ name: 'session', value, url }])
        const text = await visitor.visit(url)
        assert.match(text, /The cookie was refused\./)
        assert.match(text, /^1\s+view\b/m)
        await visitor.screenshot('example-refused')
        assert.match(await visitor.visit(url), /^2\s+views\b/m)
      }))

    for (const who of ENGINES) {
      it(`switches options on in the page (${who})`, () =>
        visiting(async (visitor) => {
          await visitor.visit(`${servers[who].url}/options`)
          await visitor.page.getByLabel('encrypt').check()
          await visitor.page.getByLabel('ttl').check()
          await visitor.click('Switch, and view')
          const lab = await visitor.cookie('lab')
          assert.match(lab.value, /^e1\./)
          assert.equal(await visitor.cookie('lab.sig'), undefined)
          assertExpiresIn(lab, 20_000)
          assert.match(await visitor.click('Switch, and view'), /and was opened/)
          await visitor.screenshot(`options-${who}-encrypted`)

          await visitor.page.getByLabel('maxSize').check()
          assert.match(await visitor.click('Switch, and view'), /The session was not saved\./)
          await visitor.screenshot(`options-${who}-too-large`)
        }))
    }
  })

  describe('over TLS', () => {
    it('a cookie is secure, and stays away from plain connections', async () => {
      const jar = await same(
        {},
        count,
        async (visitor, port) => {
          await visitor.visit(`https://shop.test:${port}/`)
          const jar = await visitor.jar()
          const plain = await listen('http', (req, res) => res.end(req.headers.cookie || 'none'))
          try {
            assert.equal(await visitor.visit(`http://shop.test:${plain.port}/`), 'none')
          } finally {
            await plain.close()
          }
          return jar
        },
        'https'
      )
      assert.equal(jar.length, 2)
      for (const { secure, sourceScheme, session, domain } of jar) {
        assert.deepEqual(
          { secure, sourceScheme, session, domain },
          { secure: true, sourceScheme: 'Secure', session: true, domain: 'shop.test' }
        )
      }
    })

    it('__Host- names and all attributes are kept', async () => {
      const options = {
        name: '__Host-session',
        maxAge: DAY,
        secure: true,
        sameSite: 'strict',
        priority: 'high'
      }
      const jar = await same(
        options,
        count,
        async (visitor, port) => {
          await visitor.visit(`https://shop.test:${port}/`)
          assert.equal(await visitor.visit(`https://shop.test:${port}/`), '2')
          const jar = await visitor.jar()
          assertSigned(jar, '__Host-session')
          for (const cookie of jar) assertExpiresIn(cookie, DAY)
          return jar.map(({ expires, ...cookie }) => cookie)
        },
        'https'
      )
      assert.deepEqual(
        jar.map(({ name }) => name),
        ['__Host-session', '__Host-session.sig']
      )
      for (const { sameSite, priority } of jar) assert.deepEqual([sameSite, priority], ['Strict', 'High'])
    })

    it('a partitioned cookie is another one in each site that embeds the app', async () => {
      const options = { partitioned: true, secure: true, sameSite: 'none' }
      const handle = (req, res) =>
        req.url === '/outer'
          ? res.end(`<iframe src="//inner.test:${req.socket.localPort}/"></iframe>`)
          : count(req, res)
      const inFrame = async (visitor, url) => {
        await visitor.visit(url)
        return visitor.page.frameLocator('iframe').locator('body').innerText()
      }
      const jar = await same(
        options,
        handle,
        async (visitor, port) => {
          assert.equal(await inFrame(visitor, `https://one.test:${port}/outer`), '1')
          assert.equal(await inFrame(visitor, `https://one.test:${port}/outer`), '2')
          assert.equal(await inFrame(visitor, `https://two.test:${port}/outer`), '1')
          assert.equal(await visitor.visit(`https://inner.test:${port}/`), '1')
          return visitor.jar()
        },
        'https'
      )
      const sites = jar
        .filter(({ name }) => name === 'session')
        .map(({ partitionKey, value }) => [partitionKey.topLevelSite, decode({ value }).views])
      assert.deepEqual(sites.sort(), [
        ['https://inner.test', 1],
        ['https://one.test', 2],
        ['https://two.test', 1]
      ])
    })
  })

  describe('on a plain connection', () => {
    const refused = [
      ['secure', { secure: true }, 'ERR_SESSION_INSECURE'],
      ['a __Host- name', { name: '__Host-session' }, 'ERR_SESSION_INVALID_ATTRIBUTE'],
      ['a __Secure- name', { name: '__Secure-session' }, 'ERR_SESSION_INVALID_ATTRIBUTE'],
      ['sameSite none', { sameSite: 'none' }, 'ERR_SESSION_INVALID_ATTRIBUTE'],
      ['partitioned', { partitioned: true }, 'ERR_SESSION_INVALID_ATTRIBUTE']
    ]
    for (const [what, options, code] of refused) {
      it(`${what}: the browser keeps nothing, and onError has said so`, async () => {
        const look = async (visitor, port) => {
          assert.equal(await visitor.visit(`http://shop.test:${port}/`), '1')
          assert.equal(await visitor.visit(`http://shop.test:${port}/`), '1')
          return visitor.jar()
        }
        assert.deepEqual(await same(options, count, look), [])
        for (const [who, cookieSession] of ours) {
          const heard = []
          const onError = (error) => heard.push(error.code)
          assert.deepEqual(await serving(cookieSession, { ...options, onError }, count, look), [])
          assert.deepEqual(heard, [code, code], who)
        }
      })
    }

    it('domain shares it with subdomains', async () => {
      const jar = await same({ domain: 'shop.test' }, count, async (visitor, port) => {
        assert.equal(await visitor.visit(`http://a.shop.test:${port}/`), '1')
        assert.equal(await visitor.visit(`http://b.shop.test:${port}/`), '2')
        assert.equal(await visitor.visit(`http://other.test:${port}/`), '1')
        return visitor.jar()
      })
      assert.ok(jar.every(({ domain }) => domain === '.shop.test'))
    })
  })

  describe('sameSite, from another site', () => {
    const handle = (req, res) => {
      if (req.url !== '/stranger') return countAt('/count')(req, res)
      const shop = `http://shop.test:${req.socket.localPort}`
      res.end(
        `<a href="${shop}/">link</a> <form method="post" action="${shop}/"><button>form</button></form>`
      )
    }
    for (const [sameSite, byLink, byForm] of [
      ['strict', 'none', 'none'],
      ['lax', '1', 'none'],
      // Without the attribute Chromium takes it for lax, but for forms in a cookie's first two minutes.
      [undefined, '1', '1']
    ]) {
      it(`${sameSite}: a link ${byLink === '1' ? 'brings' : 'does not bring'} the session along, a form ${
        byForm === '1' ? 'does' : 'does not'
      }`, () =>
        same({ sameSite }, handle, async (visitor, port) => {
          const [shop, stranger] = [`http://shop.test:${port}/`, `http://stranger.test:${port}/stranger`]
          await visitor.visit(`${shop}count`)
          await visitor.visit(stranger)
          assert.equal(await visitor.click('link'), byLink)
          await visitor.visit(stranger)
          assert.equal(await visitor.click('form'), byForm)
          assert.equal(await visitor.visit(shop), '1')
        }))
    }
  })

  describe('size', () => {
    // 3,069 bytes of JSON are 4,092 characters of base64.
    const overhead = JSON.stringify({ text: '' }).length
    const handle = (req, res) => {
      const length = Number(new URL(req.url, 'http://shop.test').searchParams.get('json'))
      if (length > 0) req.session.text = 'x'.repeat(length - overhead)
      const text = req.session.text
      res.end(text === undefined ? 'none' : String(text.length + overhead))
    }
    const lengths = (jar) => jar.map(({ name, value }) => [name, name.length + value.length])

    it('4,096 bytes of name and value are kept', async () => {
      const jar = await same({ name: 'four' }, handle, async (visitor, port) => {
        await visitor.visit(`http://shop.test:${port}/?json=3069`)
        assert.equal(await visitor.visit(`http://shop.test:${port}/`), '3069')
        return visitor.jar()
      })
      assert.deepEqual(lengths(jar), [
        ['four', 4096],
        ['four.sig', 35]
      ])
    })

    it('of 4,097 the signature alone is kept, and the session before is lost', async () => {
      const jar = await same({ name: 'fives' }, handle, async (visitor, port) => {
        const url = `http://shop.test:${port}/`
        await visitor.visit(`${url}?json=100`)
        await visitor.visit(`${url}?json=3069`)
        const jar = await visitor.jar()
        assert.equal(await visitor.visit(url), 'none')
        return jar
      })
      assert.deepEqual(lengths(jar), [
        ['fives', 5 + 136],
        ['fives.sig', 36]
      ])
    })

    it('a process warning tells of it, once', async () => {
      for (const engine of ENGINES) {
        const { cookieSession } = loadOurs(engine)
        const heard = []
        const listener = ({ code, message }) => heard.push([code, message])
        process.on('warning', listener)
        try {
          await serving(cookieSession, { name: 'fives' }, handle, async (visitor, port) => {
            await visitor.visit(`http://shop.test:${port}/?json=3069`)
            await visitor.visit(`http://shop.test:${port}/?json=3070`)
          })
        } finally {
          process.off('warning', listener)
        }
        assert.equal(heard.length, 1, engine)
        assert.equal(heard[0][0], 'COOKIE_SESSION_TOO_LARGE')
        assert.match(heard[0][1], /"fives" has 4097 bytes/)
      }
    })

    for (const encrypt of [false, true]) {
      it(`maxSize leaves the session before in the browser, and onError hears (encrypt: ${encrypt})`, async () => {
        for (const [who, cookieSession] of ours) {
          const heard = []
          const options = { encrypt, maxSize: 4096, onError: (error) => heard.push(error.code) }
          await serving(cookieSession, options, handle, async (visitor, port) => {
            const url = `http://shop.test:${port}/`
            await visitor.visit(`${url}?json=100`)
            const jar = await visitor.jar()
            assert.deepEqual(heard, [])
            await visitor.visit(`${url}?json=3090`)
            assert.deepEqual(heard, ['ERR_SESSION_TOO_LARGE'], who)
            assert.deepEqual(await visitor.jar(), jar, who)
            assert.equal(await visitor.visit(url), '100')
          })
        }
      })
    }
  })

  describe('new options', () => {
    it('encrypt: one cookie, which says nothing', async () => {
      for (const [who, cookieSession] of ours) {
        await serving(cookieSession, { encrypt: true }, count, async (visitor, port) => {
          const url = `http://shop.test:${port}/`
          assert.equal(await visitor.visit(url), '1')
          const [cookie, ...more] = await visitor.jar()
          assert.deepEqual(more, [], who)
          assert.match(cookie.value, /^e1\.[\w-]+$/)
          assert.ok(!Buffer.from(cookie.value.slice(3), 'base64url').includes('views'))
          assert.equal(await visitor.visit(url), '2')

          // The first character of the nonce.
          const other = cookie.value[3] === 'A' ? 'B' : 'A'
          const value = cookie.value.slice(0, 3) + other + cookie.value.slice(4)
          await visitor.context.addCookies([{ name: 'session', value, url }])
          assert.equal(await visitor.visit(url), '1')
        })
      }
    })

    it('encrypt and legacy: who is logged in stays so, and the signature leaves the jar', async () => {
      for (const [who, cookieSession] of ours) {
        const original = all[0][1]({ keys: [KEY] })
        const old = await listen('http', (req, res) => {
          if (req.url === '/favicon.ico') return res.writeHead(204).end()
          original(req, res, () => count(req, res))
        })
        try {
          await serving(cookieSession, { encrypt: true, legacy: true }, count, async (visitor, port) => {
            assert.equal(await visitor.visit(`http://shop.test:${old.port}/`), '1')
            assert.equal((await visitor.jar()).length, 2)
            assert.equal(await visitor.visit(`http://shop.test:${port}/`), '2')
            const jar = await visitor.jar()
            assert.deepEqual(
              jar.map(({ name }) => name),
              ['session'],
              who
            )
            assert.match(jar[0].value, /^e1\./)
            assert.equal(await visitor.visit(`http://shop.test:${port}/`), '3')
          })
        } finally {
          await old.close()
        }
      }
    })

    it('ttl: the cookie expires with it; rolling issues it again where it is only read', async () => {
      for (const [who, cookieSession] of ours) {
        const options = { ttl: 20 * 60_000, rolling: 1 }
        await serving(cookieSession, options, countAt('/count'), async (visitor, port) => {
          const url = `http://shop.test:${port}/`
          await visitor.visit(`${url}count`)
          const before = await visitor.cookie('session')
          assertExpiresIn(before, options.ttl)
          const issued = ({ value }) => JSON.parse(Buffer.from(value.split('.')[1], 'base64url')).issued
          while (Date.now() < issued(before) + 5) await new Promise((resolve) => setTimeout(resolve, 5))
          assert.equal(await visitor.visit(url), '1')
          const after = await visitor.cookie('session')
          assert.ok(issued(after) > issued(before), who)
          assert.deepEqual(after.value.split('.')[2], before.value.split('.')[2])
          assertExpiresIn(after, options.ttl)
        })
      }
    })
  })
})
