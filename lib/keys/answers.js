'use strict'

// What an object that an app gave as `keys` answers, which can be anything: a promise would pass for a place in the list,
// and be sent as a signature.

const { SessionError } = require('../errors')

function describe(value) {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number') return `the number ${value}`
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
}

/**
 * @returns {number} the place of the key that signed, or less than 0
 * @throws {SessionError} `ERR_SESSION_KEYS` where it gives no whole number
 */
function indexBy(signer, data, digest) {
  const index = signer.index(data, digest)
  if (Number.isInteger(index)) return index
  throw new SessionError('ERR_SESSION_KEYS', {
    detail: `index of the option keys returned ${describe(index)}; expected a whole number`
  })
}

/** @throws {SessionError} `ERR_SESSION_KEYS` where it gives no text */
function signBy(signer, data) {
  const signature = signer.sign(data)
  if (typeof signature === 'string') return signature
  throw new SessionError('ERR_SESSION_KEYS', {
    detail: `sign of the option keys returned ${describe(signature)}; expected a string`
  })
}

module.exports = { indexBy, signBy }
