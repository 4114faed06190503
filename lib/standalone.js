'use strict'

// Sessions where there is no request: a WebSocket server that reads a Cookie header, a test that needs a user who is
// logged in. The same options, formats and checks as the middleware's.

const { applyDefaults, createConfig } = require('./config')
const { SessionError, sessionErrorOf } = require('./errors')
const { OPT_IN_OPTIONS } = require('./opt-in')
const { askAccept, infoOf } = require('./request/policy')
const { createSession, openSession } = require('./session/session')

/**
 * What reads and writes sessions under some options. The caller's object stays as it is, and is still read when a cookie
 * is written.
 *
 * @param {import('..').Options} options
 * @returns {import('..').Codec}
 * @throws {TypeError} for an option that is wrong
 * @throws {Error} `.keys required.`
 */
function codecOf(options) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options is ${options === null ? 'null' : typeof options}; expected an object`)
  }
  const own = Object.create(options)
  const { cookies, format, optIn, publish } = createConfig(own, applyDefaults(own), true)

  /** Where there is no request: the connection is not looked at, and what browsers refuse is an error. */
  const context = {
    options: own,
    carriesSignature: () => false,
    report(error) {
      throw error
    }
  }

  /** A session with what is known of its cookie; null for none. */
  function open(cookieHeader) {
    if (cookieHeader !== undefined && cookieHeader !== null && typeof cookieHeader !== 'string') {
      throw new TypeError(`cookieHeader is ${typeof cookieHeader}; expected a string, or nothing`)
    }
    format.prepare()
    const opened = format.open(cookieHeader ?? undefined, cookies.isSigned(own))
    if (opened === undefined) return null
    const { ageMs, json, keyIndex, reason, value, valueLength } = opened
    const refuse = (why) => {
      publish('rejected', { reason: why, keyIndex, ageMs })
      return null
    }
    if (reason !== undefined) return refuse(reason)
    if (!json && !value) return null
    let session
    try {
      session = openSession(value, json)
    } catch {
      return refuse('malformed')
    }
    if (optIn.accept !== undefined && !askAccept(optIn.accept, session, undefined, opened))
      return refuse('accept')
    publish('opened', { keyIndex, ageMs, bytes: cookies.bytesOf(valueLength) })
    return { session: { ...session }, info: infoOf(opened) }
  }

  /** The cookies for data, or for null those that clear it. */
  function seal(data) {
    if (data !== null && typeof data !== 'object') {
      throw new TypeError(`data is ${typeof data}; expected an object, or null`)
    }
    format.prepare()
    let code = 'ERR_SESSION_NOT_SERIALIZABLE'
    const values = []
    try {
      const json = data === null ? undefined : textOf(data)
      code = 'ERR_SESSION_INVALID_ATTRIBUTE'
      const made = data === null ? cookies.makeClearing(context) : cookies.make(context, json, timesNow())
      cookies.push(values, context, made)
      if (data !== null) publish('saved', { bytes: made.bytes })
    } catch (thrown) {
      throw sessionErrorOf(thrown, code)
    }
    return values
  }

  function textOf(data) {
    const json = JSON.stringify(createSession(data))
    if (json === undefined) throw new SessionError('ERR_SESSION_NOT_SERIALIZABLE')
    return json
  }

  function timesNow() {
    if (!format.isTimed()) return undefined
    const now = format.now()
    return { times: { issued: now, created: now } }
  }

  function cookieHeader(data) {
    return seal(data)
      .map((value) => value.split(';', 1)[0])
      .join('; ')
  }

  return {
    unseal: (cookieHeader) => open(cookieHeader)?.session ?? null,
    unsealWithInfo: open,
    seal,
    cookieHeader
  }
}

/** Codecs by their options, with what was read of these when the codec was made. */
const codecs = new WeakMap()

/** All other options are read when a cookie is written. */
const READ_ONCE = ['name', 'keys', 'secret', 'signed', 'maxAge', 'expires', ...OPT_IN_OPTIONS]

/** One codec for each options object, as long as nothing is replaced that was read once. */
function codec(options) {
  if (typeof options !== 'object' || options === null) return codecOf(options)
  const read = READ_ONCE.map((name) => options[name])
  const known = codecs.get(options)
  if (known?.read.every((value, i) => Object.is(value, read[i]))) return known.codec
  const made = codecOf(options)
  codecs.set(options, { codec: made, read })
  return made
}

module.exports = {
  codec,
  unsealWithInfo: (cookieHeader, options) => codec(options).unsealWithInfo(cookieHeader),
  unseal: (cookieHeader, options) => codec(options).unseal(cookieHeader),
  seal: (data, options) => codec(options).seal(data),
  cookieHeader: (data, options) => codec(options).cookieHeader(data)
}
