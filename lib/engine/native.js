'use strict'

// The engine in Rust. What crosses is one string each way (see src/node_api.rs); this unpacks it.

/** Characters before the signature and the text in what `open` gives: flags, start and length. */
const HEAD = 7
const HAS_TEXT = 1
const HAS_SIGNATURE = 2

function number(packed, at) {
  return packed.charCodeAt(at) | (packed.charCodeAt(at + 1) << 7) | (packed.charCodeAt(at + 2) << 14)
}

module.exports = function nativeEngine(binding) {
  function createKeyring(algorithm, encoding) {
    if (typeof algorithm !== 'string' || typeof encoding !== 'string') return undefined
    const keyring = binding.createKeyring(algorithm, encoding)
    if (keyring === undefined) return undefined
    const { change, sign, index } = keyring
    return { change, sign, index, codec: (name, length) => createCodec(keyring.codec(name), length) }
  }

  function createCodec(codec, signatureLength) {
    if (codec === undefined) return undefined
    const { open, seal } = codec
    return {
      signatureLength,
      open(header) {
        const packed = open(header)
        if (typeof packed !== 'string') return packed
        const flags = packed.charCodeAt(0)
        const start = number(packed, 1)
        const text = (flags & HAS_SIGNATURE) === 0 ? HEAD : HEAD + signatureLength
        return {
          value: header.slice(start, start + number(packed, 4)),
          json: (flags & HAS_TEXT) === 0 ? undefined : packed.slice(text),
          renewed: text === HEAD ? undefined : packed.slice(HEAD, text)
        }
      },
      seal
    }
  }

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

  return { name: 'native', createKeyring, createVault }
}
