'use strict'

// XAES-256-GCM (https://c2sp.org/XAES-256-GCM) over node:crypto: AES-256-GCM with a random nonce of 192 bits, half
// of which goes into the key of one message. What it guarantees stands in src/encryption.rs.

const { createCipheriv, createDecipheriv, randomFillSync } = require('node:crypto')

/** Bytes of a nonce, of its first half, from which a message's key is made, of a block of AES, and of a tag. */
const NONCE_BYTES = 24
const KEY_NONCE_BYTES = 12
const BLOCK_BYTES = 16
const TAG_BYTES = 16
const OPTIONS = { authTagLength: TAG_BYTES }

/** The first subkey of CMAC, SP 800-38B section 6.1: doubling in the field, where a bit that falls out comes back as 0x87. */
function subkeyOf(aes) {
  const block = aes.update(Buffer.alloc(BLOCK_BYTES))
  const carried = block[0] >> 7
  for (let i = 0; i < BLOCK_BYTES; i++) block[i] = (block[i] << 1) | ((block[i + 1] ?? 0) >> 7)
  block[BLOCK_BYTES - 1] ^= carried * 0x87
  return block
}

/** One key, and what is the same for all messages. */
class XaesKey {
  /** AES-256 of whole blocks, one by one. It has no state, so that one serves all messages: to make one costs more than to use it. */
  #aes
  #subkey
  /** What a message's key is made of: two blocks, each XORed with the subkey, whose end is the nonce's. */
  #blocks = Buffer.alloc(2 * BLOCK_BYTES)

  /** @param {Uint8Array} key 32 bytes, which are copied */
  constructor(key) {
    this.#aes = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
    this.#subkey = subkeyOf(this.#aes)
    for (const counter of [1, 2]) {
      const at = (counter - 1) * BLOCK_BYTES
      for (const [i, byte] of [0, counter, 0x58, 0].entries()) this.#blocks[at + i] = byte ^ this.#subkey[i]
    }
  }

  #derive(nonce) {
    for (let i = 0, at = BLOCK_BYTES - KEY_NONCE_BYTES; i < KEY_NONCE_BYTES; i++, at++) {
      this.#blocks[at] = this.#blocks[at + BLOCK_BYTES] = nonce[i] ^ this.#subkey[at]
    }
    return this.#aes.update(this.#blocks)
  }

  /**
   * @param {Buffer} nonce 24 bytes
   * @param {Buffer} text
   * @param {Buffer} [data] what is authenticated beside the text
   * @returns {Buffer} nonce, ciphertext and tag
   */
  encrypt(nonce, text, data) {
    const derived = this.#derive(nonce)
    const cipher = createCipheriv('aes-256-gcm', derived, nonce.subarray(KEY_NONCE_BYTES), OPTIONS)
    derived.fill(0)
    // Each call of a cipher takes as long as it takes to encrypt a session.
    if (data !== undefined) cipher.setAAD(data)
    const sealed = cipher.update(text)
    cipher.final()
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()])
  }

  /** @returns {Buffer | undefined} the text, undefined where this key did not encrypt it */
  decrypt(nonce, sealed, data) {
    const derived = this.#derive(nonce)
    const cipher = createDecipheriv('aes-256-gcm', derived, nonce.subarray(KEY_NONCE_BYTES), OPTIONS)
    derived.fill(0)
    if (data !== undefined) cipher.setAAD(data)
    cipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    const text = cipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
    try {
      cipher.final()
    } catch {
      return undefined
    }
    return text
  }

  /** The key itself is wiped by OpenSSL, once it is collected. */
  wipe() {
    this.#subkey.fill(0)
    this.#blocks.fill(0)
  }
}

/**
 * @param {XaesKey} key
 * @param {string} text
 * @returns {string} nonce, ciphertext and tag in base64url
 */
function sealWith(key, text) {
  if (key === undefined) throw new Error('no key to seal a session')
  const nonce = randomFillSync(Buffer.alloc(NONCE_BYTES))
  return key.encrypt(nonce, Buffer.from(text)).toString('base64url')
}

/**
 * @param {{ derived?: XaesKey }[]} keys those that can encrypt nothing keep their places
 * @param {string} value as `sealWith` writes it
 * @returns {{ place: number, text: Buffer } | undefined} undefined where no key sealed it
 */
function openWith(keys, value) {
  const bytes = Buffer.from(value, 'base64url')
  // Buffer reads more than it writes; only what it writes is a value.
  if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== value) return undefined
  const nonce = bytes.subarray(0, NONCE_BYTES)
  const sealed = bytes.subarray(NONCE_BYTES)
  let text
  const place = keys.findIndex(({ derived }) => {
    text = derived?.decrypt(nonce, sealed)
    return text !== undefined
  })
  return place < 0 ? undefined : { place, text }
}

module.exports = { XaesKey, openWith, sealWith }
