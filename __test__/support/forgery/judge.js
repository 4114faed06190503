'use strict'

// Shows a Cookie header to one app, on both engines, and holds what each makes of it against what it has to.

const assert = require('node:assert')
const { channel } = require('node:diagnostics_channel')
const { engines, longWay, optionsOf, original, signatureOf, KEYS } = require('./apps')
const { drive } = require('./request')

class Judge {
  /** What was told of on the channels: `opened`, or a reason. */
  #told = []
  #errors = []
  #apps
  #original

  constructor(mode) {
    this.mode = mode
    const ways = mode.isDefault ? [...engines, longWay] : engines
    const onError = (error) => this.#errors.push(error.code)
    this.#apps = ways.map((implementation) => {
      const options = optionsOf(mode, implementation, mode.isDefault ? {} : { onError })
      const { cookieSession, label } = implementation
      return { label, middleware: cookieSession(options), codec: cookieSession.codec(options) }
    })
    if (mode.isDefault) this.#original = original.cookieSession(optionsOf(mode, original))
  }

  /** Listens while it runs, where that does not send the default on another way. */
  async listening(run) {
    if (this.mode.isDefault) return run()
    const opened = () => this.#told.push('opened')
    const rejected = ({ reason }) => this.#told.push(reason)
    channel('cookie-session:opened').subscribe(opened)
    channel('cookie-session:rejected').subscribe(rejected)
    try {
      return await run()
    } finally {
      channel('cookie-session:opened').unsubscribe(opened)
      channel('cookie-session:rejected').unsubscribe(rejected)
    }
  }

  /**
   * @param {string} header
   * @param {{ json?: string, value?: string, reason?: string, signature?: string }} expected see pool.js
   * @throws {assert.AssertionError} where an app does anything else
   */
  judge(header, expected) {
    const session = { isNew: expected.json === undefined, json: expected.json ?? '{}' }
    const theirs = this.#original && drive(this.#original, header)
    for (const { label, middleware, codec } of this.#apps) {
      this.#told.length = 0
      const ours = drive(middleware, header)
      this.#same({ isNew: ours.isNew, json: ours.json }, session, label)
      if (theirs) this.#same(ours, theirs, `${label}, beside the original`)
      else this.#checkBesides(ours.setCookie, expected, middleware, label)
      this.#same(JSON.stringify(codec.unseal(header)), expected.json ?? 'null', `${label}, unseal`)
    }
  }

  #same(actual, wanted, what) {
    const [is, should] = [JSON.stringify(actual), JSON.stringify(wanted)]
    if (is !== should) assert.fail(`${what}: ${is} instead of ${should}`)
  }

  #checkBesides(setCookie, expected, middleware, label) {
    const told = expected.json === undefined ? expected.reason : 'opened'
    this.#same(this.#told, told === undefined ? [] : [told], `${label}, on the channels`)
    this.#same(this.#errors, [], `${label}, onError`)
    if (setCookie.length === 0) return
    const { mode } = this
    const sent = setCookie.map((line) => line.split(';')[0]).join('; ')
    const writesOriginal = mode.format === 'original' || mode.options.legacy === 'write'
    if (expected.json === undefined) {
      // A signature that no key made is dropped, as the original does it, where it would be written.
      assert.ok(writesOriginal && setCookie.length === 1, `${label} sent ${setCookie}`)
      this.#same(sent, `${mode.name}.sig=${expected.signature ?? ''}`, `${label}, Set-Cookie`)
    } else if (sent.startsWith(`${mode.name}.sig=`)) {
      const { value } = expected
      const newest = signatureOf('original', mode.digest ?? 'sha1', KEYS[0], mode.name, value)
      const newestOfOriginal = signatureOf('original', 'sha1', KEYS[0], mode.name, value)
      const wanted = mode.options.legacy === 'write' ? newestOfOriginal : newest
      this.#same(sent, `${mode.name}.sig=${wanted}`, `${label}, a signature`)
    } else {
      const isOriginal = !/^[^=]*=[ev]1\./.test(sent)
      // A session that came with times stays with them.
      const staysTimed = /^[ev]1\./.test(expected.value)
      this.#same(isOriginal, writesOriginal && !staysTimed, `${label}, written in the original's format`)
      const again = drive(middleware, sent)
      this.#same(again.json, expected.json, `${label}, what was written, read again`)
    }
  }
}

module.exports = { Judge }
