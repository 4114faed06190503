'use strict'

// What a request says of its connection, and a response of its Set-Cookie header.

const http = require('node:http')
const { lazily } = require('../lazily')

/** Loaded where a session is lost. */
const errors = lazily(() => require('../errors'))

/** Whether the request came over TLS: true, or what stands in its place. */
function isTls(request) {
  if (request.protocol === 'https') return true
  return request.socket ? request.socket.encrypted : request.connection.encrypted
}

/** As express-session's `proxy: true` has it: the first protocol that a proxy has noted. */
function isForwardedTls(request) {
  const [first] = String(request.headers['x-forwarded-proto'] ?? '').split(',')
  return first.trim().toLowerCase() === 'https'
}

/**
 * Whether cookies may be secure.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {boolean} [trustsProxy] the option `proxy`
 */
function isSecure(request, trustsProxy) {
  // The original reads it from a literal that has none: what somebody left on Object.prototype comes first.
  const { secure } = {}
  if (secure !== undefined) return Boolean(secure)
  const isDirect = isTls(request)
  return !isDirect && trustsProxy ? isForwardedTls(request) : isDirect
}

/** @throws {Error} for a secure cookie on a connection that is not */
function requireSecure(options, secure) {
  if (!secure && options && options.secure) {
    throw errors().withCode(
      'ERR_SESSION_INSECURE',
      new Error('Cannot send secure cookie over unencrypted connection')
    )
  }
}

/** Values of a header as an array that may be added to: the response's own, where it has one. */
function valuesOf(header) {
  const values = header || []
  return typeof values === 'string' ? [values] : values
}

function setCookies(response, values) {
  const setHeader = response.set ? http.OutgoingMessage.prototype.setHeader : response.setHeader
  setHeader.call(response, 'Set-Cookie', values)
}

module.exports = { isSecure, requireSecure, setCookies, valuesOf }
