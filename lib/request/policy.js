'use strict'

// What opt-in options do with a request's session: accept, rolling, reissue, legacy, onError and the session's methods.
// Loaded where one is set. Reading and writing themselves are lib/request/request-session.js.

const { types } = require('node:util')
const { refusedByBrowsers } = require('../cookies/browser-rules')
const { setsCookieOf } = require('../cookies/session-cookies')
const { SessionError, sessionErrorOf } = require('../errors')
const { warnNotSaved, warnOnce } = require('../warnings')
const { refusal } = require('../formats/opened')
const { setCookies, valuesOf } = require('./connection')
const { isStorable } = require('./shared-caches')

/**
 * What an app is told of a session's cookie.
 *
 * @param {import('../formats/opened').Opened} opened
 * @returns {import('../..').SessionInfo}
 */
function infoOf({ format, keyIndex, times }) {
  return { issued: times?.issued, created: times?.created, keyIndex, format }
}

/**
 * Asks the app's `accept`, which has to say yes or no: a promise would pass for yes.
 *
 * @throws {TypeError} where it gives no boolean
 */
function askAccept(accept, session, req, opened) {
  const answer = accept(session, req, infoOf(opened))
  if (typeof answer === 'boolean') return answer
  const what = types.isPromise(answer) ? 'a Promise' : answer === null ? 'null' : typeof answer
  throw new TypeError(`option accept returned ${what}; expected a boolean`)
}

class Policy {
  #owner
  #config
  #optIn
  #format
  /** What the request's cookie held, once it was looked at; null for none. */
  #opened
  /** The times of the cookie that the session came in; undefined for one that starts with this response. */
  #kept
  /** Whether the app has asked to send the session, though it may be as it was. */
  #isSaved = false
  /** Whether the app has asked to issue it again, if it was ever, or has become something. */
  #isTouched = false
  #isRegenerated = false
  /** Whether it came in the format that another is to take the place of. */
  #isLegacy = false
  /** Whether it is to be written by the newest key, its times kept. */
  #isOutdated = false
  /** The Set-Cookie value that mends a signature, which nobody asked for. */
  #mended
  #hasReported = false
  /** The session when the headers went, as `current` has it, its text if it was sent, and what the app had asked for. */
  #written

  /** Whether nobody has looked at the session, and it is sent again as it came. */
  isUntouched = false

  /**
   * @param {import('./request-session').RequestSession} owner
   * @param {object} config see lib/config.js
   */
  constructor(owner, config) {
    this.#owner = owner
    this.#config = config
    this.#optIn = config.optIn
    this.#format = config.format
    // A handshake of sockets comes with a response that is none.
    if (this.#optIn.onError && typeof owner.res.once === 'function') {
      owner.res.once('close', () => this.#checkAfterwards())
    }
  }

  // --- reading -----------------------------------------------------------------------------------

  /** Takes the session of the request's cookie, if there is one and the app accepts it. */
  load() {
    // Refused by `accept` when it was time to roll: it is not asked again.
    const opened = this.#opened?.reason === 'accept' ? this.#opened : this.#owner.open()
    this.#opened = opened ?? null
    if (opened === undefined) return
    const asksFirst = this.#optIn.accept !== undefined
    if (!asksFirst || opened.reason !== undefined) this.#mendSignature(opened)
    const isAccepted = this.#accept(opened)
    if (asksFirst && isAccepted) this.#mendSignature(opened)
  }

  /**
   * As the original does when it reads: a signature that no key made is cleared, one of an older key is replaced. Nobody
   * asked for it, so that it is left where it could not be sent, and taken back where it turns out that it should not be.
   */
  #mendSignature({ format, isLegacy, reason, renewed, unsigned }) {
    if (this.#format.isTimed()) return
    let signature
    if (reason === 'signature') {
      if (unsigned) return
      signature = null
    } else {
      if (reason !== undefined || format !== 'cookie-session' || isLegacy || this.#optIn.reissue) return
      if (renewed === undefined) return
      signature = renewed
    }
    if (!this.#canSend() || this.#isSetElsewhere()) return
    this.#mended = this.#owner.setSignature(signature)
  }

  /** The response's Set-Cookie but for the signature that was mended. */
  #cookiesOfOthers() {
    const values = [...valuesOf(this.#owner.res.getHeader('Set-Cookie'))]
    const at = values.indexOf(this.#mended)
    if (at >= 0) values.splice(at, 1)
    return values
  }

  /** Whether the response sets, or clears, the session's cookies already, as an app does that logs a user out. */
  #isSetElsewhere() {
    return setsCookieOf(this.#cookiesOfOthers(), this.#config.name)
  }

  /** Whether what nobody asked for may go out: it undoes nothing that the app did, and no other user gets it. */
  #allowsUnrequested() {
    return !this.#isSetElsewhere() && !isStorable(this.#owner.res)
  }

  /** @returns {boolean} whether the session that a cookie holds is the request's now */
  #accept(opened) {
    const { reason, keyIndex, ageMs, times } = opened
    if (reason !== undefined) {
      if (reason !== 'accept') this.#owner.publish('rejected', { reason, ageMs })
      return false
    }
    const session = this.#owner.parse(opened)
    if (session === undefined) return false
    if (!this.#isAcceptable(session, opened)) {
      this.#opened = refusal('accept', false, ageMs, opened)
      this.#owner.publish('rejected', { reason: 'accept', keyIndex, ageMs })
      return false
    }
    this.#owner.publishOpened(opened)
    this.#kept = times
    this.#isLegacy = opened.isLegacy === true
    this.#isOutdated = keyIndex > 0 && (this.#optIn.reissue || this.#format.isTimed(times))
    return true
  }

  /** Asks the app, which finds at `req.session` what it is asked about, and may give it up. */
  #isAcceptable(session, opened) {
    const owner = this.#owner
    const { accept } = this.#optIn
    const before = owner.current
    owner.current = session
    if (accept === undefined) return true
    let isAccepted = false
    try {
      isAccepted = askAccept(accept, session, owner.req, opened)
    } finally {
      if (!isAccepted && owner.current === session) owner.current = before
    }
    return isAccepted && owner.current === session
  }

  // --- what an app does --------------------------------------------------------------------------

  /** Another session takes the place of the one that came. */
  startOver() {
    this.#kept = undefined
    this.#isSaved = false
    this.#isLegacy = false
    this.#isTouched = false
    this.#isOutdated = false
  }

  /** An empty session takes the place of the old one, of which nothing is kept. */
  regenerate() {
    this.#owner.current = this.#config.sessions.create(this.#owner)
    this.startOver()
    this.#isRegenerated = true
  }

  /**
   * Has the session written with the headers, as it is then. What can be known now is checked now.
   *
   * @throws {SessionError}
   */
  save() {
    this.checkHeaders()
    const { cookies, name } = this.#config
    const owner = this.#owner
    const session = owner.get()
    let reason = 'ERR_SESSION_NOT_SERIALIZABLE'
    try {
      const json = session === null ? undefined : JSON.stringify(session)
      if (session === null || json !== undefined) reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
      const made =
        session === null
          ? cookies.makeClearing(owner)
          : cookies.make(owner, json, { times: this.#timesNow(), kept: this.#kept })
      made.cookie.toHeader()
      made.sign?.(made.cookie)
      const refused = refusedByBrowsers(name, made.cookie)
      if (refused !== undefined) throw refused
    } catch (thrown) {
      throw sessionErrorOf(thrown, reason)
    }
    this.#isSaved = true
  }

  /** @throws {Error} where the request brought no session; the one that is there stays */
  reload() {
    const owner = this.#owner
    const before = owner.current
    // What was given up by this request is not there any more, though the request still carries it.
    const isGivenUp = this.#isRegenerated || before === false
    const opened = isGivenUp ? undefined : owner.open()
    if (opened === undefined || !this.#accept(opened)) {
      owner.current = before
      throw new Error(`req.${this.#config.requestKey} has no session to reload`)
    }
    this.#opened = opened
    this.#isTouched = false
  }

  /** @throws {SessionError} where it is too late for what was done to reach the browser */
  checkHeaders() {
    if (!this.#canSend()) throw new SessionError('ERR_SESSION_HEADERS_SENT')
  }

  /** Whether the response can still set headers. One that is none, as a handshake of sockets has, never can. */
  #canSend() {
    const { res } = this.#owner
    return !res.headersSent && typeof res.setHeader === 'function'
  }

  touch() {
    this.#isTouched = true
  }

  // --- writing -----------------------------------------------------------------------------------

  beforeWrite() {
    this.#takeMendBack()
    if (this.#owner.current === undefined && this.#optIn.rolling) this.#loadToRoll()
  }

  #takeMendBack() {
    if (this.#mended === undefined || this.#allowsUnrequested()) return
    const values = this.#cookiesOfOthers()
    if (values.length > 0) setCookies(this.#owner.res, values)
    else this.#owner.res.removeHeader('Set-Cookie')
  }

  /** Loads a valid session that nobody looked at, where it is time to issue it again. */
  #loadToRoll() {
    if (!this.#allowsUnrequested()) return
    const opened = this.#owner.open()
    this.#opened = opened ?? null
    if (opened === undefined || opened.isLegacy || !this.#isTimeToRoll()) return
    try {
      this.isUntouched = this.#accept(opened)
    } catch {
      // Nothing was accepted, and nothing is lost; where the app looks at the session, it is thrown again.
      warnOnce('COOKIE_SESSION_ACCEPT_FAILED', 'the option accept threw, or returned no boolean')
    }
  }

  /** The text of a session that nobody has looked at; undefined where its value is sent as it came. */
  get untouchedText() {
    const { format, json } = this.#opened
    return format === 'cookie-session' ? undefined : json
  }

  /** Whether a session is to be sent that has not changed. */
  isDue() {
    if (this.isUntouched || this.#isRequested()) return true
    return (this.#isRefreshed() || this.#isOutdated) && this.#allowsUnrequested()
  }

  /** Whether the app has asked for it. */
  #isRequested() {
    const session = this.#owner.current
    return this.#isSaved || (this.#isTouched && !(session.isNew && !session.isPopulated))
  }

  /** Whether it is to be issued as of now, though the app has not asked for it. */
  #isRefreshed() {
    return this.#isLegacy || (this.#isTimeToRoll() && !this.#owner.current.isNew)
  }

  /** Whether the cookie that came is good, and was issued long enough ago. */
  #isTimeToRoll() {
    const { rolling } = this.#optIn
    const opened = this.#opened
    if (!rolling || !opened || opened.keyIndex === undefined || opened.reason !== undefined) return false
    if (this.#isRegenerated) return false
    if (rolling !== true) return opened.ageMs >= rolling
    return opened.times === undefined || opened.ageMs >= (this.#format.lifetimeOf(opened.times) ?? 0) / 10
  }

  /**
   * The times that a session is written with.
   *
   * @param {boolean} isChanged
   */
  written(isChanged) {
    const value = this.isUntouched && this.untouchedText === undefined ? this.#opened.value : undefined
    const kept = this.#kept
    if (!this.#format.isTimed(kept)) return value === undefined ? undefined : { value }
    const isIssued = isChanged || this.isUntouched || this.#isRequested() || this.#isRefreshed()
    return { times: isIssued ? this.#timesNow() : kept, kept }
  }

  #timesNow() {
    if (!this.#format.isTimed(this.#kept)) return undefined
    const now = this.#format.now()
    return { issued: now, created: this.#kept?.created ?? now }
  }

  /** Whether an empty session took the place of one that the browser still has. */
  replacesInVain() {
    return this.#isRegenerated && this.#owner.carriesCookie()
  }

  /** Where the new session could not be written, at least the one that it replaced is dropped. */
  dropReplaced() {
    if (!this.#owner.current || !this.replacesInVain()) return
    try {
      this.#owner.clear()
    } catch {
      // It has been reported that the session was not saved.
    }
  }

  /** @param {string | undefined} json the session's text, where it was sent */
  afterWrite(json) {
    const session = this.#owner.current
    if (this.#optIn.onError) this.#written = { session, json, asked: this.#asked() }
    if (session) this.#config.sessions.warnOfHidden(session)
  }

  #asked() {
    return `${this.#isRegenerated} ${this.#isTouched}`
  }

  // --- what went wrong ---------------------------------------------------------------------------

  /** Tells the app, at most once a response. What the app makes of it changes nothing. */
  report(error) {
    const { onError } = this.#optIn
    if (onError === undefined) {
      warnNotSaved(error)
      return
    }
    if (this.#hasReported) return
    this.#hasReported = true
    // Nothing that a handler does may harm the response.
    const failed = () => {
      warnOnce(
        'COOKIE_SESSION_ON_ERROR_FAILED',
        `the option onError failed when it was told of ${error.code}`
      )
      warnNotSaved(error)
    }
    try {
      Promise.resolve(onError(error, this.#owner.req, this.#owner.res)).catch(failed)
    } catch {
      failed()
    }
  }

  /** Once the response is over: whether the session became another one when nothing could be sent any more. */
  #checkAfterwards() {
    if (!this.#owner.res.headersSent || this.#hasReported || !this.#isLate()) return
    this.#owner.report(new SessionError('ERR_SESSION_HEADERS_SENT'))
  }

  #isLate() {
    const session = this.#owner.current
    const { asked, json, session: before } = this.#written ?? {}
    if (session === undefined) return false
    // Looked at for the first time, and left as it came.
    if (before === undefined) {
      return session === false || this.#wouldBeSent(session) || (session.isNew && this.replacesInVain())
    }
    if (session === false) return before !== false
    if (asked !== this.#asked()) return true
    if (before === session && json === undefined) return this.#wouldBeSent(session)
    try {
      return JSON.stringify(session) !== (json ?? JSON.stringify(before))
    } catch {
      return true
    }
  }

  #wouldBeSent(session) {
    if (session.isNew) return session.isPopulated
    try {
      return session.isChanged
    } catch {
      return true
    }
  }
}

module.exports = { Policy, askAccept, infoOf }
