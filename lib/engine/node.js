'use strict'

// The engine where no binary fits: the same functions over node:crypto.

const { createHmac, createSecretKey } = require('node:crypto')
const { equals } = require('./constant-time')
const { findCookie } = require('../cookies/cookie-header')

const ALGORITHMS = ['sha1', 'sha256', 'sha384', 'sha512']
/** keygrip's base64, with `/` as `_`, `+` as `-` and no `=`, is what Node calls base64url. */
const ENCODINGS = new Map([
  ['base64', 'base64url'],
  ['hex', 'hex']
])
/** Names of visible ASCII other than `;` and `=`; any other takes the exact way. */
const ORDINARY_NAME = /^[!-:<>-~]+$/

/**
 * A key as OpenSSL keeps it, which wipes it once it is collected. Handed over as bytes with each use, it costs seven
 * times as much on Node 24.
 */
function keyOf(bytes) {
  // Before Node 18.8 no KeyObject is empty.
  return bytes.length === 0 ? '' : createSecretKey(bytes)
}

function createKeyring(algorithm, encoding) {
  const written = ENCODINGS.get(encoding)
  if (!ALGORITHMS.includes(algorithm) || written === undefined) return undefined
  let keys = []

  const hmac = (data, key) => createHmac(algorithm, key).update(data).digest(written)

  const change = (changes) => {
    keys = changes.map((change) => (typeof change === 'number' ? keys[change] : keyOf(change)))
  }
  const sign = (data) => hmac(data, keys[0])
  const index = (data, digest) => keys.findIndex((key) => equals(digest, hmac(data, key)))

  const codec = (name, signatureLength) => {
    if (!ORDINARY_NAME.test(name)) return undefined
    const signatureName = `${name}.sig`
    return {
      signatureLength,
      open(header) {
        const value = findCookie(header, name)
        if (value === undefined) return undefined
        const digest = findCookie(header, signatureName)
        if (!digest) return undefined
        const data = `${name}=${value}`
        const newest = sign(data)
        const outdated = !equals(digest, newest)
        if (outdated && !keys.some((key, i) => i > 0 && equals(digest, hmac(data, key)))) return false
        const bytes = Buffer.from(value, 'base64')
        const canonical = bytes.toString('base64') === value
        const text = bytes.toString('utf8')
        return {
          value,
          // Bytes that are no UTF-8 have become U+FFFD, and their text stands for no one value.
          json: canonical && !text.includes('\ufffd') ? text : undefined,
          renewed: outdated ? newest : undefined
        }
      },
      seal(json) {
        const value = Buffer.from(json).toString('base64')
        return value + sign(`${name}=${value}`)
      }
    }
  }

  return { change, sign, index, codec }
}

module.exports = {
  name: 'node',
  createKeyring,
  // Loaded where sessions are encrypted.
  createVault: () => require('./xaes').createVault()
}
