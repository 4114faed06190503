'use strict'

// How long keys have to be, how many there may be, and what they sign with: each stands here alone.

/** Bytes of a key that is no easier to guess than what is derived from it, and of what is derived. */
const MIN_KEY_BYTES = 32
/** Bytes below which a key can be found by trying. */
const WEAK_KEY_BYTES = 16
/** More keys than this are no key rotation; each use then reads them as it finds them. */
const MAX_KEYS = 256

/** Bytes of a digest, for the algorithms that the engines know, by Node's names. */
const DIGEST_BYTES = { __proto__: null, sha1: 20, sha256: 32, sha384: 48, sha512: 64 }
const DIGESTS = Object.keys(DIGEST_BYTES)

module.exports = { DIGESTS, DIGEST_BYTES, MAX_KEYS, MIN_KEY_BYTES, WEAK_KEY_BYTES }
