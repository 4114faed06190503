'use strict'

// One request's session: read when an app looks at it, written when the headers go. What any line of it does for an app is
// what cookie-session 2.1.1 does, bugs included; what opt-in options do besides is in lib/request/policy.js.

const debug = require('debug')('cookie-session')
const { isWatched } = require('../channels')
const { findCookie } = require('../cookies/cookie-header')
const { lazily } = require('../lazily')

/** Loaded where something is lost. */
const errors = lazily(() => require('../errors'))
const warnings = lazily(() => require('../warnings'))
const lateChanges = lazily(() => require('./late-changes'))

class RequestSession {
  /**
   * @param {object} config see lib/config.js
   * @param {import('node:http').IncomingMessage} req
   * @param {import('node:http').ServerResponse} res
   */
  constructor(config, req, res) {
    /** What is the same for all requests. */
    this.config = config
    this.req = req
    this.res = res
    /** Not looked at yet (undefined), there, or given up (false). */
    this.current = undefined
    /** Whether the headers went. */
    this.isWritten = false
    /** Where somebody listens to the diagnostics channels. */
    this.publisher = isWatched() ? config.publish : undefined
    /** What opt-in options do; undefined where none is set. */
    this.policy = config.Policy === undefined ? undefined : new config.Policy(this, config)
  }

  /** The request's own options, as they are now. */
  get options() {
    return this.req[this.config.optionsKey]
  }

  publish(event, fields) {
    this.publisher?.(event, fields)
  }

  /** Whether the request has a signature beside the session's cookie. */
  carriesSignature() {
    return this.#carries('.sig')
  }

  /** Whether the request has a cookie of the session's name, good or not. */
  carriesCookie() {
    return this.#carries('')
  }

  #carries(suffix) {
    const header = this.req.headers.cookie
    return Boolean(header) && findCookie(header, this.config.name + suffix) !== undefined
  }

  // --- reading -----------------------------------------------------------------------------------

  get() {
    if (this.current === undefined) this.#load()
    if (this.current === false) return null
    if (this.isWritten) this.#watchForLateChange()
    return this.current
  }

  #load() {
    if (this.policy !== undefined) {
      this.policy.load()
      if (this.current !== undefined) return
    } else {
      const opened = this.open()
      if (opened !== undefined) {
        if (opened.reason !== undefined) {
          if (!opened.unsigned) this.setSignature(null)
          this.publish('rejected', { reason: opened.reason })
        } else {
          if (opened.renewed !== undefined) this.setSignature(opened.renewed)
          this.current = this.parse(opened)
          if (this.current !== undefined) {
            this.publishOpened(opened)
            return
          }
        }
      }
    }
    if (debug.enabled) debug('new session')
    this.current = this.config.sessions.create(this)
  }

  /** @returns {import('../formats/opened').Opened | undefined} what the request's cookie holds */
  open() {
    const { cookies, format } = this.config
    const isSigned = cookies.isSigned(this.options)
    return format.open(this.req.headers.cookie, isSigned)
  }

  /** Sets the signature alone, as the original does when it reads one that is bad (null), or of an older key. */
  setSignature(signature) {
    return this.config.cookies.setSignature(this, signature)
  }

  /**
   * The session that an opened cookie holds.
   *
   * @returns {object | undefined} undefined where it verified, but holds no session
   */
  parse(opened) {
    const { json, keyIndex, ageMs, value } = opened
    if (!json && !value) return undefined
    if (debug.enabled) debug('parse %s', value ?? '(sealed)')
    try {
      return this.config.sessions.open(this, value, json)
    } catch {
      this.publish('rejected', { reason: 'malformed', keyIndex, ageMs })
      return undefined
    }
  }

  publishOpened({ ageMs, keyIndex, value, valueLength }) {
    if (this.publisher === undefined) return
    this.publisher('opened', {
      keyIndex,
      ageMs,
      bytes: this.config.cookies.bytesOf(value?.length ?? valueLength)
    })
  }

  // --- what an app does --------------------------------------------------------------------------

  set(value) {
    if (value == null) {
      this.current = false
    } else if (typeof value === 'object') {
      this.current = this.config.sessions.create(this, value)
    } else {
      throw new Error(`req.${this.config.requestKey} can only be set as null or an object.`)
    }
    if (this.policy !== undefined) this.policy.startOver()
    if (this.isWritten && !this.#hearsOfLateChanges()) lateChanges().warnOfLateAssignment()
  }

  #watchForLateChange() {
    if (!this.#hearsOfLateChanges()) lateChanges().watchForLateChange(this.current)
  }

  /** Where the app has an `onError`, that hears of them. */
  #hearsOfLateChanges() {
    return this.config.optIn?.onError !== undefined
  }

  // --- writing -----------------------------------------------------------------------------------

  /** Sends what became of the session. An app never sees it fail; who hears of it is `report`'s matter. */
  write() {
    this.isWritten = true
    if (this.current === undefined && this.policy === undefined) return
    const policy = this.policy
    let reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
    let json
    try {
      if (policy !== undefined) policy.beforeWrite()
      if (this.current === undefined) return
      if (this.current === false) {
        this.clear()
        return
      }
      reason = 'ERR_SESSION_NOT_SERIALIZABLE'
      // Read anew each time, as a toJSON or a getter of the session may have put another in its place.
      const isChanged =
        (policy === undefined || !policy.isUntouched) &&
        (!this.current.isNew || this.current.isPopulated) &&
        this.current.isChanged
      if (isChanged || policy?.isDue() === true) {
        if (debug.enabled) debug('save %s', this.config.name)
        json = policy?.isUntouched ? policy.untouchedText : JSON.stringify(this.current)
        if (json !== undefined || policy?.isUntouched) reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
        const bytes = this.config.cookies.save(this, json, policy?.written(isChanged))
        if (this.publisher !== undefined) this.publisher('saved', { bytes })
      } else if (policy?.replacesInVain() === true) {
        reason = 'ERR_SESSION_INVALID_ATTRIBUTE'
        this.clear()
      }
    } catch (thrown) {
      this.#fail(thrown, reason)
    } finally {
      if (policy !== undefined) policy.afterWrite(json)
    }
  }

  /** Sends the cookies that make a browser drop the session. */
  clear() {
    if (debug.enabled) debug('remove %s', this.config.name)
    this.config.cookies.clear(this)
    this.publish('saved', { bytes: 0 })
  }

  #fail(thrown, reason) {
    const { causeOf, propertyOf, sessionErrorOf } = errors()
    const cause = causeOf(thrown)
    // In default mode, a null that is thrown breaks the response as it does with the original.
    const message = this.policy === undefined ? cause.message : propertyOf(cause, 'message')
    debug('error saving session %s', message)
    this.report(sessionErrorOf(thrown, reason))
    this.policy?.dropReplaced()
  }

  /** Tells of a session that was not saved, or that browsers will not keep. */
  report(error) {
    this.publish('failed', { code: error.code })
    if (this.policy !== undefined) this.policy.report(error)
    else warnings().warnNotSaved(error)
  }
}

module.exports = { RequestSession }
