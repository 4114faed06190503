'use strict'

// The engine in Rust. What crosses is one string each way (see src/napi/codec.rs); this unpacks it.

const { FORGED, LEGACY, MALFORMED, Opened, UNSIGNED } = require('../formats/opened')

/** What stands in the last character of what `open` of the addon gives. */
const IS_TIMED = 1
const IS_WIDE = 2
/** Of the original's format. */
const HAS_TEXT = 4
const HAS_SIGNATURE = 8
const IS_LEGACY = 16
/** Of a format with times. */
const HAS_EXPIRES = 4
const HAS_MAX_AGE = 8
const MAX_AGE_IS_NULL = 16

/** How many characters a time takes. */
const TIME = 8

/** Why a cookie is refused, by the number that the addon gives for it. */
const REFUSED = [UNSIGNED, FORGED, MALFORMED, LEGACY]

/** A number of less than 2^21. */
function small(packed, at) {
  return packed.charCodeAt(at) | (packed.charCodeAt(at + 1) << 7) | (packed.charCodeAt(at + 2) << 14)
}

/** A place or a length in a header of 2 MiB or more. */
function wide(packed, at) {
  return small(packed, at) + (packed.charCodeAt(at + 3) | (packed.charCodeAt(at + 4) << 7)) * 2 ** 21
}

function time(packed, at) {
  const low = small(packed, at) | (packed.charCodeAt(at + 3) << 21)
  const high = small(packed, at + 4) | (packed.charCodeAt(at + 7) << 21)
  return low + high * 2 ** 28
}

function timesOf(packed, at, flags) {
  const expires = (flags & HAS_EXPIRES) === 0 ? undefined : time(packed, at + 2 * TIME)
  let maxAge
  if ((flags & MAX_AGE_IS_NULL) !== 0) maxAge = null
  else if ((flags & HAS_MAX_AGE) !== 0) maxAge = time(packed, at + 3 * TIME)
  return { issued: time(packed, at), created: time(packed, at + TIME), expires, maxAge }
}

/**
 * What the header holds, of either format.
 *
 * @param {string} packed
 * @param {string} header
 * @param {'v1' | 'e1' | undefined} timed
 * @param {number} signatureLength of the original's format
 */
function unpack(packed, header, timed, signatureLength) {
  let end = packed.length - 3
  const flags = packed.charCodeAt(end + 2)
  const keyIndex = packed.charCodeAt(end) | (packed.charCodeAt(end + 1) << 7)
  let start
  let length
  if ((flags & IS_WIDE) === 0) {
    end -= 6
    start = small(packed, end)
    length = small(packed, end + 3)
  } else {
    end -= 10
    start = wide(packed, end)
    length = wide(packed, end + 5)
  }
  if ((flags & IS_TIMED) === 0) {
    let renewed
    if ((flags & HAS_SIGNATURE) !== 0) {
      renewed = packed.slice(end - signatureLength, end)
      end -= signatureLength
    }
    const json = (flags & HAS_TEXT) === 0 ? undefined : packed.slice(0, end)
    const value = header.slice(start, start + length)
    const opened = new Opened('cookie-session', value, json, keyIndex, undefined, length)
    opened.renewed = renewed
    opened.isLegacy = (flags & IS_LEGACY) !== 0
    return opened
  }
  end -= 4 * TIME
  return new Opened(timed, undefined, packed.slice(0, end), keyIndex, timesOf(packed, end, flags), length)
}

module.exports = function nativeEngine(binding) {
  function createKeyring(algorithm, encoding) {
    if (typeof algorithm !== 'string' || typeof encoding !== 'string') return undefined
    return binding.createKeyring(algorithm, encoding)
  }

  /**
   * The cookie of one name, in every format.
   *
   * @param {object} settings
   * @param {string} settings.name what keys and signatures are bound to
   * @param {string} [settings.headerName] the name to look for in headers, where it is another
   * @param {'v1' | 'e1'} [settings.timed] the format with times
   * @param {'sha256' | 'sha384' | 'sha512'} [settings.timedAlgorithm] of `v1`
   * @param {string[]} settings.current algorithms of the original's format that are read; the first is written
   * @param {string[]} settings.legacy those that are read beside them where `open` is told so
   * @param {'base64' | 'hex'} settings.encoding of signatures of the original's format
   * @returns {object | undefined} undefined where the engine does not do exactly that
   */
  function createCodec({ name, headerName = name, timed, timedAlgorithm, current, legacy, encoding }) {
    if (typeof name !== 'string' || typeof encoding !== 'string') return undefined
    const codec = binding.createCodec(
      name,
      headerName,
      timed === 'v1' ? `v1 ${timedAlgorithm}` : (timed ?? ''),
      current.join(),
      legacy.join(),
      encoding
    )
    if (codec === undefined) return undefined
    const { open, seal, sealTimed, change, sign, index, signatureLength, timedSignatureLength } = codec
    return {
      signatureLength,
      timedSignatureLength,
      change,
      open(header, readsLegacy) {
        const packed = open(header, readsLegacy)
        if (typeof packed === 'string') return unpack(packed, header, timed, signatureLength)
        return packed === undefined ? undefined : REFUSED[packed]
      },
      seal,
      sealTimed,
      sign,
      index
    }
  }

  return { name: 'native', createKeyring, createCodec }
}
