'use strict'

// The comparison of signatures, in one place: as tsscmp does it, with its conversions.

const { timingSafeEqual } = require('node:crypto')

/**
 * Whether what came is the signature, in a time that depends on the lengths alone.
 *
 * @param {unknown} digest what came
 * @param {string} signature what it should be; its length is no secret
 * @returns {boolean} false for anything but an equal string
 * @throws what `String` throws for the digest
 */
function equals(digest, signature) {
  const a = Buffer.from(String(digest))
  const b = Buffer.from(String(signature))
  return a.length === b.length && timingSafeEqual(a, b) && digest === signature
}

module.exports = { equals }
