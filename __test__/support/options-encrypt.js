'use strict'

// What the tests of options-encrypt share.

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const path = require('node:path')
const { NOW, exchange, ours } = require('../support/contract/harness')
const checks = require('../support/options-checks')

const { read, refuses, throwsType, valuesOf } = checks

const HARNESS = path.join(__dirname, '../support/contract/harness')

const FIRST = 'first key, of 32 bytes and more: 0123456789'

const SECOND = 'second key, of 32 bytes and more: 012345678'

const SHORT = 'a key of 16 byte'

const CONTENT = { user: 'alice', text: 'é€𝄞\u0000"\ufeff', list: [1, 2.5, null] }

function deriveKey(key, name = 'session', purpose = 'encrypt') {
  return checks.deriveKey(key, name, purpose)
}

function aes(key, block) {
  const cipher = crypto.createCipheriv('aes-256-ecb', key, null)
  cipher.setAutoPadding(false)
  return Buffer.concat([cipher.update(block), cipher.final()])
}

/** The key of one message, by https://c2sp.org/XAES-256-GCM. */
function messageKey(key, nonce) {
  const l = BigInt(`0x${aes(key, Buffer.alloc(16)).toString('hex')}`)
  const doubled = BigInt.asUintN(128, l << 1n) ^ (l >> 127n ? 0x87n : 0n)
  const half = (counter) => {
    const block = Buffer.concat([Buffer.from([0, counter, 0x58, 0]), nonce.subarray(0, 12)])
    const masked = BigInt(`0x${block.toString('hex')}`) ^ doubled
    return aes(key, Buffer.from(masked.toString(16).padStart(32, '0'), 'hex'))
  }
  return Buffer.concat([half(1), half(2)])
}

/** What a value holds; throws where the key is not the one. */
function decrypt(value, { key = FIRST, name } = {}) {
  assert.match(value, /^e1\.[\w-]+$/)
  const bytes = Buffer.from(value.slice(3), 'base64url')
  const nonce = bytes.subarray(0, 24)
  const decipher = crypto.createDecipheriv(
    'aes-256-gcm',
    messageKey(deriveKey(key, name), nonce),
    nonce.subarray(12)
  )
  decipher.setAuthTag(bytes.subarray(-16))
  const text = decipher.update(bytes.subarray(24, -16), undefined, 'utf8') + decipher.final('utf8')
  const [times, ...json] = text.split('\0')
  return { times: JSON.parse(times), json: json.join('\0') }
}

function encryptText(text, { key = FIRST, name, purpose, derived = deriveKey(key, name, purpose) } = {}) {
  const nonce = crypto.randomBytes(24)
  const cipher = crypto.createCipheriv('aes-256-gcm', messageKey(derived, nonce), nonce.subarray(12))
  const sealed = [nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]
  return `e1.${Buffer.concat(sealed).toString('base64url')}`
}

function encrypt(json, { issued = NOW, created = issued, ...settings } = {}) {
  return encryptText(`${JSON.stringify({ issued, created })}\0${json}`, settings)
}

function make(options = {}) {
  return ours({ keys: [FIRST], encrypt: true, ...options })
}

/** A new session with content, written. */
async function written(middleware, content = CONTENT) {
  const { setCookie } = await exchange(ours, { middleware }, (req) => {
    req.session = content
  })
  return { setCookie, value: valuesOf(setCookie).session }
}

function opens(middleware, value, json = JSON.stringify(CONTENT)) {
  return checks.opens(middleware, `session=${value}`, json)
}

module.exports = {
  HARNESS,
  FIRST,
  SECOND,
  SHORT,
  CONTENT,
  deriveKey,
  aes,
  messageKey,
  decrypt,
  encryptText,
  encrypt,
  valuesOf,
  make,
  written,
  read,
  opens,
  refuses,
  throwsType
}
