'use strict'

// Drives examples/express over real sockets: the app in this process for what it answers, and the
// server as a child process for how it starts and stops. Signatures are made here with node:crypto,
// so the package is checked against something other than itself.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const path = require('node:path')
const { after, before, describe, it } = require('node:test')
const { pathToFileURL } = require('node:url')
const {
  EXAMPLE,
  DATE,
  sign,
  signedCookie,
  request,
  Browser,
  serve,
  start,
  viewsOn,
  tooLarge,
  flagsOn
} = require('../support/example')

describe('the example app', () => {
  let app
  before(async () => {
    app = await serve({ keys: ['new', 'old'] })
  })
  after(() => app.close())

  it('counts views', async () => {
    const browser = new Browser(app.base)
    const first = await browser.visit('/')
    assert.equal(first.status, 200)
    assert.equal(viewsOn(first), 1)
    assert.match(first.body, /None: this is a first visit/)
    assert.equal(viewsOn(await browser.visit('/')), 2)
    assert.equal(viewsOn(await browser.visit('/')), 3)
    assert.deepEqual(browser.session, { views: 3 })
    assert.equal(viewsOn(await new Browser(app.base).visit('/')), 1)
  })

  it('sets both cookies with these attributes and no others', async () => {
    const res = await request(app.base, '/')
    assert.equal(res.setCookie.length, 2)
    const attributes = `; path=/; expires=${DATE}; samesite=lax; httponly$`
    assert.match(res.setCookie[0], new RegExp(`^session=eyJ2aWV3cyI6MX0=${attributes}`))
    assert.match(
      res.setCookie[1],
      new RegExp(`^session\\.sig=${sign('session=eyJ2aWV3cyI6MX0=', 'new')}${attributes}`)
    )
    const expires = Date.parse(/expires=([^;]+)/.exec(res.setCookie[0])[1])
    assert.ok(Math.abs(expires - Date.now() - 24 * 60 * 60 * 1000) < 60_000)
  })

  it('shows the cookie that came in, its signature, its flags, and the cookie that goes out', async () => {
    const browser = new Browser(app.base)
    browser.cookie = signedCookie({ views: 6, note: 'kept' }, 'new')
    const value = browser.jar.get('session')
    const signature = browser.jar.get('session.sig')
    const res = await browser.visit('/')
    assert.ok(res.body.includes(`<code>${value}</code>`))
    assert.ok(res.body.includes(`<code>${signature}</code>`))
    assert.ok(res.body.includes(`<code>session=${value}</code>`))
    assert.ok(
      res.body.includes('<code>{\n  &quot;views&quot;: 6,\n  &quot;note&quot;: &quot;kept&quot;\n}</code>')
    )
    assert.match(res.body, /✓ verified/)
    assert.match(res.body, /made with the first key/)
    assert.doesNotMatch(res.body, /refused/)
    assert.deepEqual(flagsOn(res), {
      isNew: ['false', 'false'],
      isChanged: ['false', 'true'],
      isPopulated: ['true', 'true']
    })
    assert.equal(res.setCookie.length, 2)
    for (const line of res.setCookie) assert.ok(res.body.includes(`<code>${line}</code>`))
  })

  it('shows the flags of a new session', async () => {
    assert.deepEqual(flagsOn(await request(app.base, '/')), {
      isNew: ['true', 'true'],
      isChanged: ['true', 'true'],
      isPopulated: ['false', 'true']
    })
  })

  it('says which engine signs', async () => {
    const { engine } = await import(pathToFileURL(path.join(EXAMPLE, 'app.mjs')).href)
    assert.match(engine, /^(native|node)$/)
    if (process.env.COOKIE_SESSION_ENGINE) assert.equal(engine, process.env.COOKIE_SESSION_ENGINE)
    assert.ok((await request(app.base, '/')).body.includes(`engine: ${engine}<`))
  })

  it('logs in by form and keeps the count', async () => {
    const browser = new Browser(app.base)
    await browser.visit('/')
    const began = Date.now()
    const res = await browser.login('  Zoë  ')
    assert.equal(viewsOn(res), 2)
    assert.ok(res.body.includes('Logged in as <b><bdi>Zoë</bdi></b> since <time'))
    assert.match(res.body, /action="\/logout"/)
    assert.equal(browser.session.user, 'Zoë')
    const at = browser.session.loggedInAt
    assert.equal(new Date(at).toISOString(), at)
    assert.ok(Date.parse(at) >= began && Date.parse(at) <= Date.now())
  })

  it('logs in by GET, with a default name, and redirects to /', async () => {
    const browser = new Browser(app.base)
    const res = await browser.send('/login')
    assert.equal(res.status, 303)
    assert.equal(res.headers.location, '/')
    assert.equal(browser.session.user, 'guest')
    await browser.send('/login?name=Ada')
    assert.equal(browser.session.user, 'Ada')
  })

  it('takes no name that is not a short text', async () => {
    const browser = new Browser(app.base)
    await browser.login('')
    assert.equal(browser.session.user, 'guest')
    await browser.send('/login?name=a&name=b')
    assert.equal(browser.session.user, 'guest')
    await browser.send('/login', { method: 'POST' })
    assert.equal(browser.session.user, 'guest')
    await browser.login('🍪'.repeat(200))
    assert.equal(browser.session.user, '🍪'.repeat(64))
    assert.ok(browser.cookie.length < 1000)
  })

  it('logs out: both cookies expire, and the next session is new', async () => {
    const browser = new Browser(app.base)
    await browser.login('Ada')
    const res = await browser.send('/logout')
    assert.equal(res.status, 303)
    assert.equal(res.headers.location, '/')
    const attributes = '; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; samesite=lax; httponly'
    assert.equal(res.setCookie.length, 2)
    assert.equal(res.setCookie[0], `session=${attributes}`)
    assert.ok(res.setCookie[1].startsWith('session.sig=') && res.setCookie[1].endsWith(attributes))
    assert.equal(browser.jar.size, 0)
    const next = await browser.visit('/')
    assert.equal(viewsOn(next), 1)
    assert.match(next.body, /Nobody is logged in/)
  })

  it('logs out by form as well', async () => {
    const browser = new Browser(app.base)
    await browser.login('Ada')
    const next = await browser.visit('/logout', { method: 'POST' })
    assert.match(next.body, /Nobody is logged in/)
    assert.deepEqual(browser.session, { views: 1 })
  })

  it('refuses a tampered cookie, says so, and begins a new session', async () => {
    const browser = new Browser(app.base)
    await browser.visit('/')
    browser.jar.set('session', Buffer.from('{"views":999}').toString('base64'))
    const res = await browser.visit('/')
    assert.equal(res.status, 200)
    assert.equal(viewsOn(res), 1)
    assert.match(res.body, /The cookie was refused\.<\/strong> Its signature fits none of the keys/)
    assert.match(res.body, /✗ not verified/)
    assert.ok(res.body.includes('{&quot;views&quot;:999}'))
    // The signature that would have fitted must not be given away.
    assert.ok(!res.body.includes(sign(`session=${Buffer.from('{"views":999}').toString('base64')}`, 'new')))
    assert.deepEqual(browser.session, { views: 1 })
    assert.equal(viewsOn(await browser.visit('/')), 2)
  })

  it('says why it refuses a cookie without signature, and a signed one that is not JSON', async () => {
    const [unsigned] = signedCookie({ views: 5 }, 'new').split('; ')
    const bare = await request(app.base, '/', { headers: { Cookie: unsigned } })
    assert.equal(viewsOn(bare), 1)
    assert.match(bare.body, /No signature came with it/)
    const broken = await request(app.base, '/', { headers: { Cookie: signedCookie('{"views":', 'new') } })
    assert.equal(viewsOn(broken), 1)
    assert.match(broken.body, /does not decode to JSON/)
    assert.match(broken.body, /✓ verified/)
  })

  it('accepts a cookie signed with an older key, and signs with the first one', async () => {
    const browser = new Browser(app.base)
    browser.cookie = signedCookie({ views: 41 }, 'old')
    const res = await browser.visit('/')
    assert.equal(viewsOn(res), 42)
    assert.match(res.body, /made with an older key \(number 2\)/)
    assert.equal(browser.jar.get('session.sig'), sign(`session=${browser.jar.get('session')}`, 'new'))
    assert.match((await browser.visit('/')).body, /made with the first key/)
  })

  it('agrees with the middleware about odd Cookie headers', async () => {
    const good = signedCookie({ views: 1 }, 'new')
    const [value, signature] = good.split('; ').map((pair) => pair.slice(pair.indexOf('=') + 1))
    const headers = [
      `a=b; ${good}; c=d`,
      `session.sig=${signature};   session=${value}`,
      `session="${value}"; session.sig="${signature}"`,
      `a=b;\tsession=${value};\tsession.sig=${signature}`,
      `xsession=${value}; session.sig=${signature}`,
      `session=; session.sig=${sign('session=', 'new')}`,
      `session; session.sig=${signature}`,
      `session=${value}; session=x; session.sig=${signature}`,
      `session=x; ${good}`,
      `session=%; session.sig=%E0%A4%A`,
      'session="; session.sig="',
      `session=${'W'.repeat(12_000)}; session.sig=x`,
      `session=\u00ff\u00fe; session.sig=\u00e9`,
      ';;;===;',
      signedCookie('5', 'new'),
      signedCookie('null', 'new'),
      signedCookie('"text"', 'new'),
      signedCookie('[1]', 'new')
    ]
    for (const header of headers) {
      const res = await request(app.base, '/', { headers: { Cookie: header } })
      assert.equal(res.status, 200, header)
      const accepted = flagsOn(res).isNew[0] === 'false'
      assert.equal(/✓ verified/.test(res.body), accepted, header)
      assert.equal(res.setCookie.length, 2, header)
    }
  })

  it('escapes whatever a name, a session or a cookie holds', async () => {
    const script = '<script>alert("1" & \'2\')</script>'
    const escaped = '&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;'
    const browser = new Browser(app.base)
    const named = await browser.login(script)
    assert.ok(named.body.includes(`<bdi>${escaped}</bdi>`))
    const bodies = [named.body]
    const cookies = [
      signedCookie({ user: { [script]: script }, loggedInAt: script, views: script }, 'new'),
      signedCookie({ user: { toString: 1, valueOf: 1 }, loggedInAt: { toJSON: 1 } }, 'new'),
      `session=${script.replaceAll(' ', '')}; session.sig=${script.replaceAll(' ', '')}`,
      `session=${Buffer.from(script).toString('base64')}; session.sig=x`
    ]
    for (const Cookie of cookies) {
      const res = await request(app.base, '/', { headers: { Cookie } })
      assert.equal(res.status, 200, Cookie)
      bodies.push(res.body)
    }
    bodies.push((await request(app.base, `/${script.replaceAll(' ', '')}`)).body)
    bodies.push((await request(app.base, '/', { headers: { Host: script.replaceAll(' ', '') } })).body)
    for (const body of bodies) {
      assert.doesNotMatch(body, /<script/i)
      assert.doesNotMatch(body, /undefined|\[object/)
    }
  })

  it('does not lay out what a stranger nested deep', async () => {
    const value = Buffer.from('['.repeat(4500) + ']'.repeat(4500)).toString('base64')
    const res = await request(app.base, '/', { headers: { Cookie: `session=${value}; session.sig=x` } })
    assert.equal(res.status, 200)
    assert.ok(res.body.length < 60_000)
  })

  it('answers 404 to what it does not know, and counts no view', async () => {
    const browser = new Browser(app.base)
    await browser.visit('/')
    for (const target of ['/favicon.ico', '/style.css', '/nothing', '/%', '/%E0%A4%A', '/login/x']) {
      const res = await browser.send(target)
      assert.ok([200, 204, 400, 404].includes(res.status), `${target}: ${res.status}`)
      assert.deepEqual(res.setCookie, [], target)
    }
    const unknown = await browser.send('/nothing')
    assert.equal(unknown.status, 404)
    assert.match(unknown.body, /<h1>404 Not Found<\/h1>/)
    assert.equal((await browser.send('/', { method: 'POST' })).status, 404)
    assert.equal(viewsOn(await browser.visit('/')), 2)
  })

  it('serves its style sheet, and an empty icon', async () => {
    const css = await request(app.base, '/style.css')
    assert.equal(css.status, 200)
    assert.match(css.headers['content-type'], /^text\/css/)
    assert.equal((await request(app.base, '/favicon.ico')).status, 204)
  })

  it('sends its security headers with every answer, and loads nothing from elsewhere', async () => {
    for (const target of ['/', '/style.css', '/favicon.ico', '/nothing', '/login', '/logout']) {
      const { headers } = await request(app.base, target)
      assert.equal(headers['cache-control'], 'no-store', target)
      assert.equal(headers['x-content-type-options'], 'nosniff', target)
      assert.match(headers['content-security-policy'], /^default-src 'none'; style-src 'self';/, target)
      assert.equal(headers['x-powered-by'], undefined, target)
    }
    const { body, headers } = await request(app.base, '/')
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.doesNotMatch(body, /(?:src|href|action)="(?!\/)/)
    assert.doesNotMatch(body, / style="|<style/)
  })

  it('answers HEAD like GET', async () => {
    const res = await request(app.base, '/', { method: 'HEAD' })
    assert.equal(res.status, 200)
    assert.equal(res.body, '')
    assert.equal(res.setCookie.length, 2)
  })

  it('shows what is wrong with a request, and the stack outside production', async () => {
    const res = await tooLarge(app.base)
    assert.equal(res.status, 413)
    assert.match(res.body, /<h1>413 Payload Too Large<\/h1>/)
    assert.match(res.body, /request entity too large/)
    assert.match(res.body, /\n {4}at /)
  })
})

describe('the example app in production', () => {
  const https = { 'X-Forwarded-Proto': 'https' }
  let app
  before(async () => {
    app = await serve({ keys: ['key'], production: true })
  })
  after(() => app.close())

  it('sets secure cookies behind a proxy that ends TLS', async () => {
    const browser = new Browser(app.base, https)
    const res = await browser.visit('/')
    assert.equal(res.setCookie.length, 2)
    for (const line of res.setCookie) {
      assert.match(line, new RegExp(`; path=/; expires=${DATE}; samesite=lax; secure; httponly$`))
    }
    assert.equal(viewsOn(await browser.visit('/')), 2)
    assert.match((await browser.login('Ada')).body, /Ada/)
    await browser.send('/logout')
    assert.equal(browser.jar.size, 0)
  })

  it('keeps no session over plain http, and says why', async () => {
    const res = await request(app.base, '/')
    assert.equal(res.status, 200)
    assert.deepEqual(res.setCookie, [])
    assert.match(res.body, /this request came over plain http/)
  })

  it('shows no stack', async (t) => {
    const log = t.mock.method(console, 'error', () => {})
    const large = await tooLarge(app.base)
    assert.equal(large.status, 413)
    assert.doesNotMatch(large.body, /\n {4}at |node_modules/)
    assert.equal(log.mock.callCount(), 0)

    // A session that cannot be counted: an object that has no text.
    const cookie = signedCookie({ views: { toString: 1 } }, 'key')
    const broken = await request(app.base, '/', { headers: { ...https, Cookie: cookie } })
    assert.equal(broken.status, 500)
    assert.match(broken.body, /<h1>500 Internal Server Error<\/h1>/)
    assert.doesNotMatch(broken.body, /\n {4}at |node_modules|TypeError/)
    assert.equal(log.mock.callCount(), 1)
    assert.ok(log.mock.calls[0].arguments[0] instanceof TypeError)
  })
})

describe('server.mjs', () => {
  it('makes up a key where none is given, and says so', async () => {
    const server = start({})
    try {
      const browser = new Browser(await server.url)
      assert.match(
        server.stdout,
        /^No keys in SESSION_SECRET_KEYS: made one up for this run\. Its sessions end when it stops\.\n/
      )
      await browser.visit('/')
      assert.equal(viewsOn(await browser.visit('/')), 2)
    } finally {
      await server.stop()
    }
  })

  it('reads the keys from the environment, the first to sign and all to verify', async () => {
    const server = start({ SESSION_SECRET_KEYS: ' new , old ,' })
    try {
      const browser = new Browser(await server.url)
      assert.doesNotMatch(server.stdout, /made one up/)
      browser.cookie = signedCookie({ views: 9 }, 'old')
      assert.equal(viewsOn(await browser.visit('/')), 10)
      assert.equal(browser.jar.get('session.sig'), sign(`session=${browser.jar.get('session')}`, 'new'))
      const empty = await request(browser.base, '/', { headers: { Cookie: signedCookie({ views: 9 }, '') } })
      assert.equal(viewsOn(empty), 1)
    } finally {
      await server.stop()
    }
  })

  it('refuses an environment without a key in it', async () => {
    const server = start({ SESSION_SECRET_KEYS: ' , ' })
    assert.deepEqual(await server.exit, { code: 1, signal: null })
    assert.equal(
      server.stderr,
      'SESSION_SECRET_KEYS: text holds no key; expected keys separated by commas, or a JSON array of them.\n'
    )
  })

  it('sets secure cookies with NODE_ENV=production, and says what that takes', async () => {
    const server = start({ NODE_ENV: 'production', SESSION_SECRET_KEYS: 'key' })
    try {
      const url = await server.url
      const res = await request(url, '/', { headers: { 'X-Forwarded-Proto': 'https' } })
      assert.match(res.setCookie[0], /; secure; httponly$/)
      assert.match(server.stdout, /`trust proxy` is 1/)
    } finally {
      await server.stop()
    }
  })

  for (const PORT of ['abc', '-1', '65536', '3000.5', '1e3', ' ']) {
    it(`refuses PORT=${JSON.stringify(PORT)}`, async () => {
      const server = start({ PORT })
      assert.deepEqual(await server.exit, { code: 1, signal: null })
      assert.equal(
        server.stderr,
        `PORT must be a whole number from 0 to 65535, not ${JSON.stringify(PORT)}.\n`
      )
    })
  }

  it('says so when the port is in use', async () => {
    const other = net.createServer().listen(0)
    await once(other, 'listening')
    try {
      const { port } = other.address()
      const server = start({ PORT: String(port), SESSION_SECRET_KEYS: 'key' })
      assert.deepEqual(await server.exit, { code: 1, signal: null })
      assert.match(
        server.stderr,
        new RegExp(`^Port ${port} is in use\\. Choose another one: PORT=\\d+ npm start\n$`)
      )
      assert.equal(server.stdout, '')
    } finally {
      other.close()
    }
  })

  for (const signal of ['SIGTERM', 'SIGINT']) {
    it(`closes on ${signal}`, { skip: process.platform === 'win32' && 'no signals there' }, async () => {
      const server = start({})
      const url = new URL(await server.url)
      // A connection kept alive must not hold it up.
      const agent = new http.Agent({ keepAlive: true })
      const [res] = await once(http.get(url, { agent }), 'response')
      await once(res.resume(), 'end')
      server.child.kill(signal)
      assert.deepEqual(await server.exit, { code: 0, signal: null })
      assert.match(server.stdout, new RegExp(`^${signal}: closing$`, 'm'))
      agent.destroy()
    })
  }
})

describe('the page that switches options on', () => {
  let app
  before(async () => {
    app = await serve({ keys: ['k'] })
  })
  after(() => app.close())

  it('shows a signed cookie, and an encrypted one that takes it over', async () => {
    const browser = new Browser(app.base)
    await browser.send('/options')
    const signed = await browser.send('/options')
    assert.match(signed.body, /and was opened/)
    assert.match(signed.body, /&quot;views&quot;: 2/)
    assert.match(signed.setCookie[0], /^lab=eyJ/)
    const encrypted = await browser.send('/options?encrypt=on&legacy=on')
    assert.match(encrypted.body, /&quot;views&quot;: 3/)
    assert.match(encrypted.setCookie[0], /^lab=e1\./)
    assert.deepEqual([...browser.jar.keys()], ['lab'])
  })

  it('says what does not go together, and what was lost', async () => {
    const browser = new Browser(app.base)
    const refused = await browser.send('/options?legacy=on')
    assert.equal(refused.status, 400)
    assert.match(refused.body, /option legacy is set/)
    const lost = await browser.send('/options?encrypt=on&maxSize=on')
    assert.match(lost.body, /was not saved/)
    assert.deepEqual(lost.setCookie, [])
  })

  it('refuses a forged cookie', async () => {
    const browser = new Browser(app.base)
    browser.cookie = 'lab=e1.AAAA'
    assert.match((await browser.send('/options?encrypt=on')).body, /refused/)
  })
})
