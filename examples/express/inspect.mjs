// Takes a Cookie header apart by hand, so that the page can say what the middleware saw in it.
// An app has no need of this: it reads req.session, and the middleware has checked the signature.

import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * Two cookies carry a session: `session` is JSON in base64, and `session.sig` is the signature of
 * the text `session=<value>`, an HMAC-SHA1 in URL-safe base64.
 *
 * Returns `value` and `signature` as they were received (undefined where there is none), the `text`
 * that the value decodes to, and the `verdict`:
 *
 *   'none'       no session cookie
 *   'unsigned'   no signature beside it
 *   'forged'     no key gives this signature
 *   'unreadable' signed by one of the keys, but not JSON
 *   'valid'      signed by keys[key]
 */
export function readSessionCookie(header, keys) {
  const value = findCookie(header, 'session')
  const signature = findCookie(header, 'session.sig')
  if (!value) return { verdict: 'none', value, signature }

  const text = Buffer.from(unquote(value), 'base64').toString('utf8')
  if (!signature) return { verdict: 'unsigned', value, signature, text }

  const covered = `session=${unquote(value)}`
  const key = keys.findIndex((secret) => sameText(unquote(signature), sign(covered, secret)))
  const verdict = key < 0 ? 'forged' : isJson(text) ? 'valid' : 'unreadable'
  return { verdict, value, signature, text, key }
}

function findCookie(header = '', name) {
  const pairs = header.split(';').map((pair) => pair.replace(/^ +/, ''))
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

function unquote(value) {
  return value.startsWith('"') ? value.slice(1, -1) : value
}

function sign(text, secret) {
  return createHmac('sha1', secret).update(text).digest('base64url')
}

// The time that === takes tells how much of a guessed signature is right. This comparison does not.
function sameText(a, b) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function isJson(text) {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
