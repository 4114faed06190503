'use strict'

// A drop-in for the `keygrip` package (1.1.0): the same signatures and errors, on the engine's states.

const { KeyCache } = require('./key-cache')

/** What a middleware needs of a Keygrip that was made here; nobody else can get at it. */
const internals = new WeakMap()

/**
 * Signs with the newest of some keys and verifies with all of them.
 *
 * @param {ArrayLike<string | ArrayBuffer | ArrayBufferView | import('node:crypto').KeyObject>} keys
 *   newest first; read anew at each use, so that the array may change
 * @param {string} [algorithm='sha1'] what `crypto.createHmac` knows
 * @param {string} [encoding='base64'] what `Hmac.digest` knows; base64 is written URL-safe, unpadded
 * @throws {Error} `Keys must be provided.`
 */
function Keygrip(keys, algorithm, encoding) {
  if (!algorithm) algorithm = 'sha1'
  if (!encoding) encoding = 'base64'
  if (!(this instanceof Keygrip)) return new Keygrip(keys, algorithm, encoding)
  if (!keys || !(0 in keys)) throw new Error('Keys must be provided.')

  const cache = new KeyCache(keys, algorithm, encoding)

  this.sign = function (data) {
    return cache.sign(data)
  }
  this.verify = function (data, digest) {
    return this.index(data, digest) > -1
  }
  this.index = function (data, digest) {
    return cache.index(data, digest)
  }

  internals.set(this, { cache, sign: this.sign, index: this.index })
}

Keygrip.sign =
  Keygrip.verify =
  Keygrip.index =
    function () {
      throw new Error("Usage: require('keygrip')(<array-of-keys>)")
    }

/**
 * The keys inside a Keygrip that was made here.
 *
 * @returns {{ cache: KeyCache, sign: Function, index: Function } | undefined}
 */
function internalsOf(keygrip) {
  return internals.get(keygrip)
}

module.exports = { Keygrip, internalsOf }
