'use strict'

// One request's session where an opt-in option is set. Without any, index.js does it, which is cheaper; what both do is
// the same.

const {
  SessionError,
  causeOf,
  failingAs,
  propertyOf,
  sessionErrorOf,
  warnNotSaved,
  warnOnce
} = require('./errors')
const { refusedByBrowsers } = require('./cookies/browser-rules')
const { isSecure, setCookies, valuesOf } = require('./jar')
const { toBase64 } = require('./session/session')
const {
  clearingCookie,
  isSigned,
  pushCookies,
  sealedCookie,
  setsCookieOf
} = require('./cookies/session-cookies')
const { Cookie, pushCookie } = require('./cookies/set-cookie')
const { isStorable } = require('./request/shared-caches')

/** As express-session's `proxy: true` has it: the first protocol that a proxy has noted. */
function isForwardedSecure(req) {
  const [first] = String(req.headers['x-forwarded-proto'] ?? '').split(',')
  return first.trim().toLowerCase() === 'https'
}

/** The cookies of a session: how they are read and written for a request, with the attributes as they are then. */
class ExtendedSession {
  #plan
  #req
  #res
  #debug
  /** Not looked at yet (undefined), there, or given up (false). */
  #session
  /** What the request's cookie held, once it was looked at. */
  #found
  /** The times of the cookie that the session came in; undefined for one that starts with this response. */
  #kept
  /** Whether the app has asked to send it, though it may be as it was. */
  #isDue = false
  /** Whether it came in the format that a newer one is to take the place of. */
  #isLegacy = false
  /** Whether it is to be written by the newest key, its times kept. */
  #isOutdated = false
  #isRegenerated = false
  /** Whether it is to be issued again, if it was ever, or has become something. */
  #isTouched = false
  /** Whether nobody has looked at the session, and it is sent again as it came. */
  #isUntouched = false
  #hasReported = false
  /** The Set-Cookie value that mends a signature, which nobody asked for. */
  #mended
  #isWritten = false
  /** The session's text when the headers went; null for one that was given up. */
  #sent

  /**
   * @param {object} plan what is the same for all requests, see lib/extended.js
   * @param {import('node:http').IncomingMessage} req
   * @param {import('node:http').ServerResponse} res
   * @param {(format: string, ...values: unknown[]) => void} debug
   */
  constructor(plan, req, res, debug) {
    this.#plan = plan
    this.#req = req
    this.#res = res
    this.#debug = debug
    // A handshake of sockets comes with a response that is none.
    if (plan.options.onError && typeof res.once === 'function')
      res.once('close', () => this.#checkAfterwards())
  }

  /** What makes this request's middleware another than the next one's, see lib/request/shared-names.js. */
  get middleware() {
    return this.#plan.middleware
  }

  get #requestOptions() {
    return this.#req[this.#plan.optionsKey]
  }

  // --- reading -----------------------------------------------------------------------------------

  get() {
    if (this.#session === undefined) this.#read()
    if (this.#isWritten && this.#session) this.#watchForLateChange(this.#session)
    return this.#session || null
  }

  /** Where the app has an `onError`, that hears of it. */
  #watchForLateChange(session) {
    if (!this.#plan.options.onError) require('./request/late-changes').watchForLateChange(session)
  }

  #open() {
    const verify = isSigned(this.#plan, this.#requestOptions)
    return this.#plan.formats.open(this.#req.headers.cookie, verify, Date.now())
  }

  #read() {
    // Refused by `accept` when it was time to roll: it is not asked again.
    const found = this.#found?.reason === 'accept' ? this.#found : this.#open()
    this.#found = found
    const asksFirst = this.#plan.options.accept !== undefined
    if (!asksFirst || found.reason !== undefined) this.#mendSignature(found)
    const isAccepted = this.#accept(found)
    if (asksFirst && isAccepted) this.#mendSignature(found)
    if (this.#session !== undefined) return
    this.#debug('new session')
    this.#session = this.#plan.sessions.createSession(this)
  }

  /**
   * As the original does when it reads: a signature that no key made is cleared, one of an older key is replaced. Nobody
   * asked for it, so that it is left where it could not be sent, and taken back where it turns out that it should not be.
   */
  #mendSignature({ format, keyIndex, legacy, reason, unsigned, value }) {
    const { formats, name, options } = this.#plan
    if (format !== 'cookie-session' || formats.isTimed() || this.#res.headersSent) return
    if (typeof this.#res.setHeader !== 'function' || this.#isSetElsewhere()) return
    if (reason === 'signature' && !unsigned) {
      this.#setSignature(name + '.sig', null, { path: '/', signed: false })
    } else if (reason === undefined && keyIndex && !options.reissue && !legacy) {
      this.#setSignature(name + '.sig', formats.signAnew(value), { signed: false })
    }
  }

  #setSignature(name, value, options) {
    const header = this.#res.getHeader('Set-Cookie')
    const cookie = new Cookie(name, value, options)
    const values = valuesOf(header)
    cookie.secure = this.#isSecure()
    pushCookie(values, cookie)
    setCookies(this.#res, values)
    this.#mended = values.at(-1)
  }

  /** The response's Set-Cookie but for the signature that was mended. */
  #cookiesOfOthers() {
    const values = [...valuesOf(this.#res.getHeader('Set-Cookie'))]
    const at = values.indexOf(this.#mended)
    if (at >= 0) values.splice(at, 1)
    return values
  }

  /** Whether the response sets, or clears, the session's cookies already, as an app does that logs a user out. */
  #isSetElsewhere() {
    return setsCookieOf(this.#cookiesOfOthers(), this.#plan.name)
  }

  /** Whether what nobody asked for may go out: it undoes nothing that the app did, and no other user gets it. */
  #allowsUnrequested() {
    return !this.#isSetElsewhere() && !isStorable(this.#res)
  }

  #takeMendBack() {
    if (this.#mended === undefined || this.#allowsUnrequested()) return
    const values = this.#cookiesOfOthers()
    if (values.length > 0) setCookies(this.#res, values)
    else this.#res.removeHeader('Set-Cookie')
  }

  /**
   * Takes the session that a cookie holds for the request's, if there is one and the app accepts it.
   *
   * @returns {boolean} whether it did
   */
  #accept(found) {
    const { reason, json, value, keyIndex, ageMs, bytes, times } = found
    if (reason !== undefined && reason !== 'accept') this.#reject(reason, { ageMs })
    if (reason !== undefined || !(json || value)) return false
    this.#debug('parse %s', value ?? '(sealed)')
    let session
    try {
      session = this.#plan.sessions.openSession(this, found)
    } catch {
      this.#reject('malformed', { keyIndex, ageMs })
      return false
    }
    if (!this.#isAcceptable(session, found)) {
      this.#found = { __proto__: null, ...found, reason: 'accept' }
      this.#reject('accept', { keyIndex, ageMs })
      return false
    }
    this.#plan.tell('opened', { keyIndex, ageMs, bytes })
    const { formats, options } = this.#plan
    this.#kept = times
    this.#isLegacy = Boolean(found.legacy)
    this.#isOutdated = keyIndex > 0 && (options.reissue || formats.isTimed(times))
    return true
  }

  /** Asks the app, which finds at `req.session` what it is asked about, and may give it up. */
  #isAcceptable(session, found) {
    const before = this.#session
    this.#session = session
    let isAccepted = false
    try {
      isAccepted = this.#plan.accepts(session, this.#req, found)
    } finally {
      if (!isAccepted && this.#session === session) this.#session = before
    }
    return isAccepted && this.#session === session
  }

  #reject(reason, fields) {
    this.#plan.tell('rejected', { reason, ...fields })
  }

  // --- what an app does ----------------------------------------------------------------------------

  set(value) {
    if (value === null || value === undefined) {
      this.#session = false
    } else if (typeof value === 'object') {
      this.#session = this.#plan.sessions.createSession(this, value)
    } else {
      throw new Error(`req.${this.#plan.key} can only be set as null or an object.`)
    }
    this.#startOver()
    if (this.#isWritten && !this.#plan.options.onError)
      require('./request/late-changes').warnOfLateAssignment()
  }

  #startOver() {
    this.#kept = undefined
    this.#isDue = false
    this.#isLegacy = false
    this.#isTouched = false
    this.#isOutdated = false
  }

  /** An empty session takes the place of the old one, of which nothing is kept. */
  regenerate() {
    this.#session = this.#plan.sessions.createSession(this)
    this.#startOver()
    this.#isRegenerated = true
  }

  /**
   * Has the session written with the headers, as it is then. What can be known now is checked now.
   *
   * @throws {SessionError}
   */
  save() {
    this.checkHeaders()
    const session = this.get()
    try {
      this.#check(
        session === null ? this.#clearing() : this.#cookiesOf(this.#textOf(session), this.#timesNow())
      )
    } catch (thrown) {
      throw sessionErrorOf(thrown, 'ERR_SESSION_INVALID_ATTRIBUTE')
    }
    this.#isDue = true
  }

  /** Whether cookies can be sent, short of sending them. */
  #check({ cookie, signature }) {
    cookie.toHeader()
    failingAs('ERR_SESSION_KEYS', () => signature?.(cookie))
    const refused = refusedByBrowsers(this.#plan.name, cookie)
    if (refused !== undefined) throw refused
  }

  /** @throws {Error} where the request brought no session; the one that is there stays */
  reload() {
    const before = this.#session
    // What was given up by this request is not there any more, though the request still carries it.
    const isGivenUp = this.#isRegenerated || before === false
    const found = isGivenUp ? undefined : this.#open()
    if (isGivenUp || !this.#accept(found)) {
      this.#session = before
      throw new Error(`req.${this.#plan.key} has no session to reload`)
    }
    this.#found = found
    this.#isTouched = false
  }

  /** @throws {SessionError} where it is too late for what was done to reach the browser */
  checkHeaders() {
    if (this.#res.headersSent || typeof this.#res.setHeader !== 'function') {
      throw new SessionError('ERR_SESSION_HEADERS_SENT')
    }
  }

  touch() {
    this.#isTouched = true
  }

  // --- writing -----------------------------------------------------------------------------------

  /** Sends what became of the session, when the headers are about to go. */
  write() {
    let reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
    this.#isWritten = true
    try {
      this.#takeMendBack()
      if (this.#session === undefined) this.#loadToRoll()
      if (this.#session === undefined) return
      if (this.#isUntouched) {
        this.#debug('save %s', this.#plan.name)
        this.#save(this.#found.json, this.#found.value)
      } else if (this.#session === false) {
        this.#debug('remove %s', this.#plan.name)
        this.#clear()
      } else {
        reason = 'ERR_SESSION_NOT_SERIALIZABLE'
        // Read anew each time, as a toJSON or a getter of the session may have put another in its place.
        const isChanged = (!this.#session.isNew || this.#session.isPopulated) && this.#session.isChanged
        const isRequested = isChanged || this.#isDue || this.#isTouchDue()
        const isDue = isRequested || this.#isLegacy || (this.#isTimeToRoll() && !this.#session.isNew)
        if (isRequested || ((isDue || this.#isOutdated) && this.#allowsUnrequested())) {
          this.#debug('save %s', this.#plan.name)
          const json = this.#textOf(this.#session)
          reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
          this.#save(json, undefined, isDue ? undefined : this.#kept)
        } else if (this.#isRegenerated && this.#isCarried()) {
          this.#debug('remove %s', this.#plan.name)
          reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
          this.#clear()
        }
      }
    } catch (thrown) {
      const cause = causeOf(thrown)
      this.#debug('error saving session %s', propertyOf(cause, 'message'))
      this.#report(sessionErrorOf(thrown, reason))
      this.#dropReplaced()
    } finally {
      if (this.#plan.options.onError) this.#sent = this.#textSoFar()
      if (this.#session) this.#plan.sessions.warnOfHidden(this.#session)
    }
  }

  /** Where the new session could not be written, at least the one that it replaced is dropped. */
  #dropReplaced() {
    if (!this.#isRegenerated || !this.#session || !this.#isCarried()) return
    try {
      this.#clear()
    } catch {
      // It has been reported that the session was not saved.
    }
  }

  /** @throws {SessionError} where there is no text, and what JSON.stringify throws */
  #textOf(session) {
    const json = failingAs('ERR_SESSION_NOT_SERIALIZABLE', () => JSON.stringify(session))
    if (json === undefined) failingAs('ERR_SESSION_NOT_SERIALIZABLE', () => toBase64(json))
    return json
  }

  #timesNow() {
    const now = this.#plan.formats.now()
    return { issued: now, created: this.#kept?.created ?? now }
  }

  /** Whether the request has a cookie of the session's name, good or not. */
  #isCarried() {
    const { formats, name } = this.#plan
    return formats.has(this.#req.headers.cookie, name)
  }

  /** Loads a valid session that nobody looked at, where it is time to issue it again. */
  #loadToRoll() {
    if (!this.#plan.options.rolling || !this.#allowsUnrequested()) return
    this.#found = this.#open()
    if (this.#found.legacy || !this.#isTimeToRoll()) return
    try {
      this.#isUntouched = this.#accept(this.#found)
    } catch {
      // Nothing was accepted, and nothing is lost; where the app looks at the session, it is thrown again.
      warnOnce('COOKIE_SESSION_ACCEPT_FAILED', 'the option accept threw, or returned no boolean')
    }
  }

  /** Whether the app has asked to issue a session again that there is. */
  #isTouchDue() {
    return this.#isTouched && !(this.#session.isNew && !this.#session.isPopulated)
  }

  /** Whether the cookie that came is good, and was issued long enough ago. */
  #isTimeToRoll() {
    const { formats, options } = this.#plan
    const { rolling } = options
    const found = this.#found
    if (!rolling || found?.keyIndex === undefined || found.reason !== undefined || this.#isRegenerated)
      return false
    if (rolling !== true) return found.ageMs >= rolling
    return found.times === undefined || found.ageMs >= (formats.lifetimeOf(found.times) ?? 0) / 10
  }

  #isSecure() {
    const { proxy } = this.#plan.options
    return isSecure(this.#req) || (proxy ? isForwardedSecure(this.#req) : false)
  }

  #cookiesOf(json, times, value) {
    const kept = this.#kept
    const session = { json, times, value, kept, isTimed: this.#plan.formats.isTimed(kept) }
    return sealedCookie(this.#plan, session, this.#requestOptions, () => this.#isSecure())
  }

  #clearing() {
    return clearingCookie(this.#plan, this.#requestOptions, () => this.#isSecure())
  }

  /**
   * @param {string | undefined} json the session's text; undefined for a value of the original's format, sent as it came
   * @param {string} [value]
   * @param {import('./formats/formats').Times} [times] where they are to stay as they were
   */
  #save(json, value, times = this.#timesNow()) {
    const header = this.#res.getHeader('Set-Cookie')
    const sealed = this.#cookiesOf(json, times, value)
    this.#set(header, sealed)
    this.#plan.tell('saved', { bytes: sealed.bytes })
  }

  /** Writes the cookies that make a browser drop the session. */
  #clear() {
    const header = this.#res.getHeader('Set-Cookie')
    this.#set(header, this.#clearing())
    this.#plan.tell('saved', { bytes: 0 })
  }

  #set(header, cookies) {
    const { formats, name } = this.#plan
    const refused = refusedByBrowsers(name, cookies.cookie)
    const values = valuesOf(header)
    pushCookies(values, this.#plan, cookies, formats.has(this.#req.headers.cookie, name + '.sig'))
    setCookies(this.#res, values)
    if (refused !== undefined) this.#report(refused)
  }

  // --- what went wrong ---------------------------------------------------------------------------

  /** Tells the app, at most once a response. What the app makes of it changes nothing. */
  #report(error) {
    this.#plan.tell('failed', { code: error.code })
    const { onError } = this.#plan.options
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
      Promise.resolve(onError(error, this.#req, this.#res)).catch(failed)
    } catch {
      failed()
    }
  }

  /** The session's text as it is; null for one that was given up, undefined for one that is not there. */
  #textSoFar() {
    if (!this.#session) return this.#session === false ? null : undefined
    try {
      return `${this.#isRegenerated} ${this.#isTouched} ${JSON.stringify(this.#session)}`
    } catch {
      return 'no text'
    }
  }

  /** Once the response is over: whether the session became another one when nothing could be sent any more. */
  #checkAfterwards() {
    if (!this.#res.headersSent || this.#textSoFar() === this.#sent) return
    const session = this.#session
    // Looked at for the first time, and left as it came.
    if (this.#sent === undefined && session && !this.#isDifferent(session)) return
    this.#report(new SessionError('ERR_SESSION_HEADERS_SENT'))
  }

  /** Whether a session would have been sent. */
  #isDifferent(session) {
    if (session.isNew) return session.isPopulated || (this.#isRegenerated && this.#isCarried())
    try {
      return session.isChanged
    } catch {
      return true
    }
  }
}

module.exports = { ExtendedSession }
