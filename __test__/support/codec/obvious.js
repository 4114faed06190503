'use strict'

// What a codec does, written from docs/format.md over node:crypto, one step after the other. What tests of the engines
// compare with.

const { createHmac, hkdfSync } = require('node:crypto')
const { findCookie } = require('../../../lib/cookies/cookie-header')
const { XaesKey } = require('../../../lib/engine/xaes')

const VERSION = 'cookie-session-native/v1'

const refuse = (reason, unsigned = false) => ({ reason, unsigned })
const hmac = (algorithm, key, text, encoding) =>
  createHmac(algorithm, key)
    .update(text)
    .digest(encoding === 'hex' ? 'hex' : 'base64url')

/** The bytes of a text that is base64url as it is written; undefined for every other. */
function bytesOf(text) {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

/** A text, where bytes are UTF-8. */
function textOf(bytes) {
  const text = bytes?.toString()
  return text !== undefined && Buffer.from(text).equals(bytes) ? text : undefined
}

function isTime(value) {
  return Number.isSafeInteger(value) && value >= 0
}

function timesOf(text) {
  let times
  try {
    times = JSON.parse(text)
  } catch {
    return undefined
  }
  const { issued, created, expires, maxAge } = times ?? {}
  if (Array.isArray(times) || !isTime(issued) || !isTime(created)) return undefined
  if (expires !== undefined && !isTime(expires)) return undefined
  if (maxAge === null ? expires === undefined : maxAge !== undefined && !isTime(maxAge)) return undefined
  return { issued, created, expires, maxAge }
}

class ObviousCodec {
  constructor({ name, timed, timedAlgorithm, current, legacy, encoding }, keys) {
    Object.assign(this, { name, timed, timedAlgorithm, current, legacy, encoding, keys })
  }

  derived(purpose, key) {
    return key.length < 32
      ? undefined
      : Buffer.from(hkdfSync('sha256', key, '', `${VERSION}\0${purpose}\0${this.name}`, 32))
  }

  signed(key, value) {
    const derived = this.derived('sign', key)
    return derived && hmac(this.timedAlgorithm, derived, `\0${VERSION}\0${this.name}=${value}`)
  }

  open(header, readsLegacy) {
    const value = findCookie(header, this.name)
    if (value === undefined) return undefined
    const digest = findCookie(header, `${this.name}.sig`)
    const prefix = value.slice(0, 3)
    const knowsPrefixes = this.timed !== undefined || new Set([...this.current, ...this.legacy]).size > 1
    if (!knowsPrefixes || (prefix !== 'v1.' && prefix !== 'e1.')) {
      return this.openOriginal(value, digest, readsLegacy)
    }
    if (prefix !== `${this.timed}.`) return refuse('malformed')
    const opened = this.timed === 'v1' ? this.openSigned(value, digest) : this.openEncrypted(value)
    if (opened === undefined) return refuse('signature')
    const { keyIndex, times, session } = opened
    if (times === undefined || !session) return refuse('malformed')
    return { format: this.timed, json: session, keyIndex, times, valueLength: value.length }
  }

  openOriginal(value, digest, readsLegacy) {
    const legacy = readsLegacy ? this.legacy.filter((algorithm) => !this.current.includes(algorithm)) : []
    const algorithms = [...this.current, ...legacy]
    if (algorithms.length === 0) return refuse('legacy')
    if (!digest) return refuse('signature', true)
    const sign = (algorithm, key) => hmac(algorithm, key, `${this.name}=${value}`, this.encoding)
    for (const algorithm of algorithms) {
      const keyIndex = this.keys.findIndex((key) => sign(algorithm, key) === digest)
      if (keyIndex < 0) continue
      const bytes = Buffer.from(value, 'base64')
      const isRenewed = keyIndex > 0 && algorithm === this.current[0]
      return {
        format: 'cookie-session',
        value,
        json: bytes.toString('base64') === value ? textOf(bytes) : undefined,
        keyIndex,
        renewed: isRenewed ? sign(algorithm, this.keys[0]) : undefined,
        isLegacy: legacy.includes(algorithm)
      }
    }
    return refuse('signature')
  }

  openSigned(value, digest) {
    const keyIndex = this.keys.findIndex((key) => this.signed(key, value) === digest)
    if (digest === undefined || keyIndex < 0) return undefined
    const [times, session, ...more] = value.slice(3).split('.').map(bytesOf).map(textOf)
    return { keyIndex, times: more.length > 0 ? undefined : timesOf(times), session }
  }

  openEncrypted(value) {
    const bytes = bytesOf(value.slice(3))
    if (bytes === undefined || bytes.length < 40) return undefined
    for (const [keyIndex, key] of this.keys.entries()) {
      const derived = this.derived('encrypt', key)
      const plain = derived && new XaesKey(derived).decrypt(bytes.subarray(0, 24), bytes.subarray(24))
      if (plain === undefined) continue
      const [times, ...session] = (textOf(plain) ?? '').split('\0')
      return { keyIndex, times: timesOf(times), session: session.join('\0') }
    }
    return undefined
  }

  seal(json) {
    const value = Buffer.from(json).toString('base64')
    const [algorithm] = [...this.current, ...this.legacy]
    return [value, hmac(algorithm, this.keys[0], `${this.name}=${value}`, this.encoding)]
  }

  /** The value, whatever the times say, and its signature, if there is one. */
  sealTimed(session, times, key = this.keys[0]) {
    if (this.timed === 'e1') return [this.encrypt(`${times}\0${session}`, key), '']
    const value = `v1.${Buffer.from(times).toString('base64url')}.${Buffer.from(session).toString('base64url')}`
    return [value, this.signed(key, value) ?? '']
  }

  encrypt(plain, key) {
    const nonce = Buffer.from('nonce of twenty-four byt')
    const xaes = new XaesKey(this.derived('encrypt', key) ?? Buffer.alloc(32))
    return `e1.${xaes.encrypt(nonce, Buffer.from(plain)).toString('base64url')}`
  }
}

/** What an engine's codec found, without the properties that a cookie of its kind does not have. */
function briefOf(opened) {
  if (opened === undefined) return undefined
  const { format, isLegacy, json, keyIndex, reason, renewed, times, unsigned, value, valueLength } = opened
  if (reason !== undefined) return { reason, unsigned }
  if (format !== 'cookie-session') return { format, json, keyIndex, times, valueLength }
  return { format, value, json, keyIndex, renewed, isLegacy }
}

module.exports = { ObviousCodec, briefOf }
