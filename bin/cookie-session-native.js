#!/usr/bin/env node
'use strict'

// The command line: makes a key, and shows what a cookie holds. Keys come from the environment alone, as a command line
// can be read by others, and are never printed.

const { randomBytes } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { parseArgs } = require('node:util')
const { findCookie } = require('../lib/cookie-header')
const { Formats } = require('../lib/formats')
const { keysIn } = require('../lib/parse-keys')

const USAGE = `Usage:
  cookie-session-native keygen
      prints a new key of 32 random bytes, in base64url
  cookie-session-native inspect [COOKIE] [options]
      shows what a Cookie header, or one value of a cookie, holds; from standard input without COOKIE

  --name NAME      name of the session's cookie (session)
  --sig VALUE      the signature, where COOKIE is a value alone
  --digest DIGEST  sha1, sha256, sha384 or sha512, as the app's option digest has it
  --keys-env NAME  environment variable with the app's keys, newest first: separated by commas, or a JSON array
  --no-content     does not show the session

Blanks around keys that are separated by commas do not count. Verified means that a key of the app made the cookie; it
may have expired, or hold no session, all the same.

Exit code: 0 verified, 1 refused or not verified, 2 wrong usage.`

const OPTIONS = {
  name: { type: 'string', default: 'session' },
  sig: { type: 'string' },
  digest: { type: 'string' },
  'keys-env': { type: 'string' },
  'no-content': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
}
const DIGESTS = ['sha1', 'sha256', 'sha384', 'sha512']

class UsageError extends Error {}

/**
 * @returns {string[]}
 * @throws {UsageError} which says nothing of what the variable holds
 */
function keysFrom(variable) {
  const isThere = Object.hasOwn(process.env, variable)
  const text = isThere ? process.env[variable] : undefined
  // Somebody may have put a key where the name of its variable belongs: what is no usual name is not printed.
  const what =
    isThere || /^[A-Z][A-Z0-9_]*$/.test(variable)
      ? `the environment variable ${variable}`
      : 'the environment variable that --keys-env names'
  if (!text) throw new UsageError(`${what} is not set`)
  try {
    return keysIn(text, what)
  } catch (error) {
    throw new UsageError(error.message)
  }
}

/** The value and signature in what was given: a header, with or without its name, or a value alone. */
function partsOf(input, { name, sig }) {
  const text = input.trim().replace(/^cookie:\s*/i, '')
  const value = findCookie(text, name)
  if (value !== undefined) return { value, signature: sig ?? findCookie(text, `${name}.sig`) }
  if (/;|^[^=\s]+=[^=]/.test(text)) throw new UsageError(`there is no cookie of the name ${name}`)
  return { value: text, signature: sig }
}

function formatOf(value, digest) {
  if (value.startsWith('e1.'))
    return { text: 'e1: encrypted (XAES-256-GCM)', encrypt: true, formatIsNew: true }
  if (value.startsWith('v1.')) {
    return {
      text: `v1: signed, with times (HMAC-${(digest ?? 'sha256').toUpperCase()})`,
      encrypt: false,
      formatIsNew: true
    }
  }
  return { text: `of cookie-session: signed (HMAC-${(digest ?? 'sha1').toUpperCase()})`, formatIsNew: false }
}

/** The session's text and times as far as they can be read without a key. */
function readable(value, { encrypt, formatIsNew }) {
  const [, times, json] = value.split('.')
  const decode = (text) => Buffer.from(text ?? '', 'base64').toString()
  if (encrypt) return {}
  if (!formatIsNew) return { json: decode(value) }
  try {
    return { json: decode(json), times: JSON.parse(decode(times)) }
  } catch {
    return { json: decode(json) }
  }
}

function ageText(time) {
  const seconds = Math.round((Date.now() - time) / 1000)
  const ago = seconds < 0 ? `${-seconds} s ahead` : `${seconds} s ago`
  return `${new Date(time).toISOString()} (${ago})`
}

/** What changes a terminal and is no part of JSON's escapes: the C1 controls, and marks that turn the direction of text. */
const UNPRINTABLE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function escaped(text) {
  return text.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function contentText(json) {
  try {
    return escaped(JSON.stringify(JSON.parse(json), null, 2))
  } catch {
    return `no JSON: ${escaped(JSON.stringify(json))}`
  }
}

/** A text of the user's without what would change the terminal. */
function printable(text) {
  return escaped(JSON.stringify(text).slice(1, -1))
}

const REASONS = {
  signature: 'no: no key made it, or there is no signature',
  malformed: 'no: it is not written as this format is'
}

function inspect(input, flags) {
  const { digest, name } = flags
  if (digest !== undefined && !DIGESTS.includes(digest)) {
    throw new UsageError(`--digest is ${JSON.stringify(digest)}; expected ${DIGESTS.join(', ')}`)
  }
  const { value, signature } = partsOf(input, flags)
  if (value === '') throw new UsageError('there is no cookie in what was given')
  const format = formatOf(value, digest)
  const lines = [
    ['cookie', printable(name)],
    ['format', format.text],
    ['size', `${name.length + value.length} bytes of name and value; browsers keep 4096`]
  ]

  let shown = readable(value, format)
  let verified = false
  if (flags['keys-env'] === undefined) {
    lines.push(['verified', 'not verified: no keys were given (--keys-env)'])
  } else {
    const keys = keysFrom(flags['keys-env'])
    const options = { ...format, digest, alwaysSigned: true, legacy: undefined }
    const allowShort = { legacy: true }
    const formats = new Formats(name, keys, format.formatIsNew ? { ...options, ...allowShort } : options)
    const header = `${name}=${value}${signature === undefined ? '' : `; ${name}.sig=${signature}`}`
    const found = formats.open(header, true, Date.now())
    verified = found.reason === undefined
    if (verified) {
      lines.push(['verified', `yes, by key ${found.keyIndex} of ${keys.length} (0 is the newest)`])
      shown = { json: found.json ?? shown.json, times: found.times }
    } else {
      lines.push(['verified', REASONS[found.reason] ?? `no: ${found.reason}`])
    }
  }

  if (Number.isSafeInteger(shown.times?.issued)) lines.push(['issued', ageText(shown.times.issued)])
  if (Number.isSafeInteger(shown.times?.created)) lines.push(['created', ageText(shown.times.created)])
  if (!flags['no-content']) {
    lines.push(['content', shown.json === undefined ? 'encrypted' : contentText(shown.json)])
  }
  for (const [title, text] of lines)
    console.log(`${title.padEnd(10)}${text.replaceAll('\n', `\n${' '.repeat(10)}`)}`)
  return verified ? 0 : 1
}

function main(args) {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const [command, input, ...more] = positionals
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  if (command === 'keygen' && input === undefined) {
    console.log(randomBytes(32).toString('base64url'))
    return 0
  }
  if (command !== 'inspect' || more.length > 0) throw new UsageError(USAGE)
  return inspect(input ?? readFileSync(0, 'utf8'), values)
}

try {
  process.exitCode = main(process.argv.slice(2))
} catch (error) {
  const isUsage = error instanceof UsageError || /^ERR_(?:PARSE_ARGS|SESSION_KEYS)/.test(error.code)
  if (!isUsage) throw error
  console.error(error.message)
  process.exitCode = 2
}
