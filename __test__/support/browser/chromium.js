'use strict'

// A real Chromium without a window, and its cookie jar as the browser itself reports it (DevTools protocol): what
// playwright makes of the jar fills in a SameSite that is not there.

const fs = require('node:fs')
const path = require('node:path')

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
]

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Fewer processes: one for all pages.
  '--renderer-process-limit=1',
  '--disable-site-isolation-trials',
  '--ignore-certificate-errors',
  // Sites of our own, so that one can be another's stranger; nothing else is reached.
  '--host-resolver-rules=MAP *.test 127.0.0.1'
]

/** Milliseconds until the browser counts as hung. No test waits for it unless it fails. */
const PATIENCE = 20_000

/** @returns {{ executable?: string, missing?: string }} what to start, or why there is nothing to start */
function find() {
  try {
    require.resolve('playwright-core')
  } catch {
    return { missing: 'no playwright-core' }
  }
  const executable = PLACES.find((place) => place && fs.existsSync(place))
  return executable === undefined ? { missing: 'no Chromium (CHROMIUM says where it is)' } : { executable }
}

/** Starts it with a new empty profile. */
function launch(executable) {
  const { chromium } = require('playwright-core')
  return chromium.launch({ executablePath: executable, headless: true, args: FLAGS, timeout: PATIENCE })
}

/** One visitor: a page, and a jar that was empty. */
class Visitor {
  static async arrive(browser) {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: 1000, height: 1200 }
    })
    context.setDefaultTimeout(PATIENCE)
    const page = await context.newPage()
    return new Visitor(context, page, await context.newCDPSession(page))
  }

  constructor(context, page, devtools) {
    this.context = context
    this.page = page
    this.devtools = devtools
  }

  /** Every cookie that the browser keeps, by name; what depends on the port of this run left out. */
  async jar() {
    const { cookies } = await this.devtools.send('Network.getAllCookies')
    return cookies
      .map(({ sourcePort, ...cookie }) => cookie)
      .sort((a, b) => (`${a.name} ${a.domain}` < `${b.name} ${b.domain}` ? -1 : 1))
  }

  async cookie(name) {
    return (await this.jar()).find((cookie) => cookie.name === name)
  }

  /** Goes to a page, and gives its text. */
  async visit(url) {
    await this.page.goto(url)
    return this.text()
  }

  text() {
    return this.page.evaluate('document.body.innerText')
  }

  /** Clicks what leads to another page, and gives the text of that. */
  async click(name) {
    const place = this.page.getByRole('button', { name, exact: true })
    const link = this.page.getByRole('link', { name, exact: true })
    await Promise.all([this.page.waitForEvent('load'), place.or(link).first().click()])
    return this.text()
  }

  async screenshot(name) {
    const folder = path.join(__dirname, '..', '..', '..', 'screenshots')
    fs.mkdirSync(folder, { recursive: true })
    await this.page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true })
  }

  /** Becomes a new visitor, for less than what one costs. */
  async forget() {
    await this.page.goto('about:blank')
    await this.context.clearCookies()
    if ((await this.jar()).length > 0) throw new Error('cookies are left of the visitor before')
  }

  leave() {
    return this.context.close()
  }
}

module.exports = { Visitor, find, launch }
