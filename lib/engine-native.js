'use strict'

// The engine in Rust. What crosses is one string each way (see src/napi/codec.rs); this unpacks it.

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

/** What is found: nothing that other code left on Object.prototype is part of it. */
class Refused {
  constructor(reason, unsigned) {
    this.reason = reason
    this.unsigned = unsigned
  }
}

class Original {
  constructor(value, json, keyIndex, renewed, isLegacy) {
    this.format = 'cookie-session'
    this.value = value
    this.json = json
    this.keyIndex = keyIndex
    this.renewed = renewed
    this.isLegacy = isLegacy
  }
}

class Timed {
  constructor(format, json, keyIndex, times, valueLength) {
    this.format = format
    this.json = json
    this.keyIndex = keyIndex
    this.times = times
    this.valueLength = valueLength
  }
}

// Not `__proto__: null` in a literal: V8 makes a dictionary of that, which costs a request in a busy server 1.5 µs.
for (const { prototype } of [Refused, Original, Timed]) {
  delete prototype.constructor
  Object.setPrototypeOf(prototype, null)
}

/** Why a cookie is refused, by the number that the addon gives for it. */
const REFUSED = [
  new Refused('signature', true),
  new Refused('signature', false),
  new Refused('malformed', false),
  new Refused('legacy', false)
].map(Object.freeze)

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
    const value = header.slice(start, start + length)
    const json = (flags & HAS_TEXT) === 0 ? undefined : packed.slice(0, end)
    return new Original(value, json, keyIndex, renewed, (flags & IS_LEGACY) !== 0)
  }
  end -= 4 * TIME
  return new Timed(timed, packed.slice(0, end), keyIndex, timesOf(packed, end, flags), length)
}

module.exports = function nativeEngine(binding) {
  function createKeyring(algorithm, encoding) {
    if (typeof algorithm !== 'string' || typeof encoding !== 'string') return undefined
    const keyring = binding.createKeyring(algorithm, encoding)
    if (keyring === undefined) return undefined
    const { change, sign, index } = keyring
    return { change, sign, index, codec: (name, length) => keyringCodec(keyring.codec(name), length) }
  }

  /** The cookie of one name under a keyring, for callers that do not use `createCodec` yet. */
  function keyringCodec(codec, signatureLength) {
    if (codec === undefined) return undefined
    const { open, seal } = codec
    return {
      signatureLength,
      open(header) {
        const packed = open(header)
        if (typeof packed !== 'string') return packed === undefined ? undefined : false
        const { value, json, renewed } = unpack(packed, header, undefined, signatureLength)
        return { value, json, renewed }
      },
      seal
    }
  }

  /** Keys that encrypt, for callers that do not use `createCodec` yet. */
  function createVault() {
    const { change, seal, open } = binding.createVault()
    return {
      change,
      seal,
      open(value) {
        const packed = open(value)
        if (packed === undefined) return undefined
        return { place: packed.charCodeAt(0) | (packed.charCodeAt(1) << 7), text: packed.slice(2) }
      }
    }
  }

  /**
   * The cookie of one name, in every format.
   *
   * @param {object} settings
   * @param {string} settings.name
   * @param {'v1' | 'e1'} [settings.timed] the format with times
   * @param {'sha256' | 'sha384' | 'sha512'} [settings.timedAlgorithm] of `v1`
   * @param {string[]} settings.current algorithms of the original's format that are read; the first is written
   * @param {string[]} settings.legacy those that are read beside them where `open` is told so
   * @param {'base64' | 'hex'} settings.encoding of signatures of the original's format
   * @returns {object | undefined} undefined where the engine does not do exactly that
   */
  function createCodec({ name, timed, timedAlgorithm, current, legacy, encoding }) {
    if (typeof name !== 'string' || typeof encoding !== 'string') return undefined
    const codec = binding.createCodec(
      name,
      timed ?? '',
      timedAlgorithm ?? '',
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

  return { name: 'native', createKeyring, createCodec, createVault }
}
