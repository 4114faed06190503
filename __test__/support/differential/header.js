// Makes the text of a Cookie request header from its description. Scripts keep the description, not the
// text: a genuine signature can then be made anew when a shrunk script holds a simpler payload. Signatures
// come from keygrip, the package that cookie-session signs with.

'use strict'

const Keygrip = require('keygrip')
const { build } = require('./values')

// payload: { json, form } | { bytes } | { text } | { nest, shape }
function payloadText(payload) {
  if (payload.text !== undefined) return payload.text
  if (payload.bytes !== undefined) return Buffer.from(payload.bytes, 'hex').toString('base64')
  let json = payload.json
  if (payload.nest !== undefined) {
    json =
      payload.shape === 'object'
        ? `${'{"a":'.repeat(payload.nest)}1${'}'.repeat(payload.nest)}`
        : `{"a":${'['.repeat(payload.nest)}${']'.repeat(payload.nest)}}`
  }
  if (payload.repeat !== undefined) json = `{"big":"${json.repeat(payload.repeat)}"}`
  const base64 = Buffer.from(json).toString('base64')
  switch (payload.form) {
    case 'urlsafe':
      return base64.replace(/\+/g, '-').replace(/\//g, '_')
    case 'unpadded':
      return base64.replace(/=+$/, '')
    case 'overpadded':
      return `${base64.replace(/=+$/, '')}===`
    case 'spaced':
      return `${base64.slice(0, 5)} ${base64.slice(5)}`
    case 'junk':
      return `${base64.slice(0, 3)}!*${base64.slice(3)}`
    case 'inner padding':
      return `${base64.slice(0, 4)}=${base64.slice(4)}`
    case 'trailing':
      return `${base64}${base64.endsWith('=') ? '' : '='}AAAA`
    case 'last bits':
      return lastBits(base64)
    case 'truncated':
      return base64.slice(0, Math.max(1, base64.length - 3))
    default:
      return base64
  }
}

// the same bytes, with the bits that padding leaves unused set
function lastBits(base64) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const match = /^(.*)(.)(={1,2})$/.exec(base64)
  if (!match) return base64
  return match[1] + alphabet[alphabet.indexOf(match[2]) | 1] + match[3]
}

const tampers = {
  flip: (text) => text.slice(0, -1) + (text.endsWith('A') ? 'B' : 'A'),
  first: (text) => (text.startsWith('x') ? 'y' : 'x') + text.slice(1),
  case: (text) => (text.toLowerCase() === text ? text.toUpperCase() : text.toLowerCase()),
  truncate: (text) => text.slice(0, -1),
  extend: (text) => `${text}A`,
  pad: (text) => `${text}=`,
  standard: (text) => text.replace(/-/g, '+').replace(/_/g, '/'),
  empty: () => '',
  space: (text) => `${text} `,
  latin: (text) => `${text.slice(0, -1)}\u00e9`,
  wide: (text) => `${text.slice(0, -1)}\u0101`
}

function signatureText(part, value, env) {
  if (part.sig.text !== undefined) return part.sig.text
  let text
  try {
    const keygrip = new Keygrip([build(part.sig.key, env)], part.sig.algorithm, part.sig.encoding)
    text = keygrip.sign(`${part.sig.over || part.name}=${value}`)
  } catch {
    text = 'unsignable'
  }
  return part.sig.tamper ? tampers[part.sig.tamper](text) : text
}

// parts: { raw } | { jar: true } | { name, payload, sig, quote, tamper, order }
function headerText(cookie, jar, env) {
  if (cookie === undefined) return undefined
  const pieces = []
  for (const part of cookie.parts) {
    if (part.raw !== undefined) {
      pieces.push(part.raw)
    } else if (part.jar) {
      for (const [name, value] of jar) pieces.push(`${name}=${value}`)
    } else {
      const value = payloadText(part.payload)
      const shown = part.tamper ? tampers[part.tamper](value) : value
      const quoted = part.quote === 'both' ? `"${shown}"` : part.quote === 'open' ? `"${shown}` : shown
      const own = `${part.name}=${quoted}`
      if (!part.sig) {
        pieces.push(own)
        continue
      }
      const signature = signatureText(part, value, env)
      const signed = `${part.name}.sig=${part.sig.quote ? `"${signature}"` : signature}`
      if (part.order === 'sig first') pieces.push(signed, own)
      else if (part.order === 'sig only') pieces.push(signed)
      else pieces.push(own, signed)
    }
  }
  return pieces.join(cookie.separator === undefined ? '; ' : cookie.separator)
}

module.exports = { headerText, tampers }
