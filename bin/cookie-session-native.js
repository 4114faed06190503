#!/usr/bin/env node
'use strict'

// The command line: makes a key, and shows what a cookie holds. Keys come from the environment alone, as a command line
// can be read by others, and are never printed.

const { randomBytes } = require('node:crypto')
const { parseArgs } = require('node:util')
const { MAX_COOKIE_BYTES } = require('../lib/cookies/browser-rules')
const { createFormat } = require('../lib/formats')
const { timedFormatOf } = require('../lib/formats/prefixes')
const { DIGESTS } = require('../lib/keys/limits')
const { keysIn } = require('../lib/keys/parse-keys')
const { MAX_NAME_LENGTH } = require('../lib/options')
const { pastedCookie } = require('../lib/pasted-cookies')

const USAGE = `Usage:
  cookie-session-native keygen
      prints a new key of 32 random bytes, in base64url
  cookie-session-native inspect [COOKIE] [options]
      shows what a session's cookie holds. COOKIE is a Cookie header, lines of Set-Cookie, a command with curl -b or
      curl -H as browsers copy it, or one value of a cookie. Without it, standard input is read. What comes later
      in the text counts, as in a browser

  -b, --cookie COOKIE  the same, as curl has it
  --name NAME          name of the session's cookie (session)
  --sig VALUE          the signature, where COOKIE is a value alone
  --digest DIGEST      sha1, sha256, sha384 or sha512, as the app's option digest has it
  --keys-env NAME      environment variable with the app's keys, newest first: separated by commas, or a JSON array
  --no-content         does not show the session

Blanks around keys that are separated by commas do not count. Verified means that a key of the app made the cookie; it
may have expired, or hold no session, all the same.

Exit code: 0 verified, 1 refused or not verified, 2 wrong usage.`

const OPTIONS = {
  cookie: { type: 'string', short: 'b' },
  name: { type: 'string', default: 'session' },
  sig: { type: 'string' },
  digest: { type: 'string' },
  'keys-env': { type: 'string' },
  'no-content': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
}
/** Servers take headers of some kilobytes; a page that was pasted along may be larger. */
const MOST_INPUT = 2 ** 20
/** Levels of JSON that are indented: beyond, blanks fill the screen, and further still JSON.stringify gives up. */
const MOST_LEVELS = 20
/** The last time that a date has (ECMA-262, "Time Values and Time Range"). */
const LAST_TIME = 8.64e15

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

function formatOf(value, digest) {
  const format = timedFormatOf(value)
  const hasTimes = format !== undefined
  if (format === 'e1') return { text: 'e1: encrypted (XAES-256-GCM)', encrypt: true, hasTimes }
  // Times are never signed with SHA-1.
  const defaultDigest = hasTimes ? 'sha256' : 'sha1'
  const name = (hasTimes && digest === 'sha1' ? undefined : digest) ?? defaultDigest
  const what = hasTimes ? 'v1: signed, with times' : 'of cookie-session: signed'
  return { text: `${what} (HMAC-${name.toUpperCase()})`, encrypt: false, hasTimes }
}

/** The session's text and times as far as they can be read without a key. */
function readable(value, { encrypt, hasTimes }) {
  const [, times, json] = value.split('.')
  const decode = (text) => Buffer.from(text ?? '', 'base64').toString()
  if (encrypt) return {}
  if (!hasTimes) return { json: decode(value) }
  try {
    return { json: decode(json), times: JSON.parse(decode(times)) }
  } catch {
    return { json: decode(json) }
  }
}

function ageText(time) {
  if (Math.abs(time) > LAST_TIME) return `${time} (no date)`
  const seconds = Math.round((Date.now() - time) / 1000)
  const ago = seconds < 0 ? `${-seconds} s ahead` : `${seconds} s ago`
  return `${new Date(time).toISOString()} (${ago})`
}

/** What changes a terminal: controls but for line ends, and marks that turn the direction of text. */
const UNPRINTABLE = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

function printable(text) {
  return text.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Whether a JSON text is nested in more levels than some number. */
function isDeeper(json, levels) {
  let level = 0
  for (const [token] of json.matchAll(/"(?:[^"\\]+|\\.)*"|[[{\]}]/g)) {
    if (token === '[' || token === '{') level++
    else if (token === ']' || token === '}') level--
    if (level > levels) return true
  }
  return false
}

function contentText(json) {
  let content
  try {
    content = JSON.parse(json)
  } catch {
    return `no JSON: ${printable(JSON.stringify(json))}`
  }
  // Of the controls, valid JSON has line ends and tabs alone.
  if (isDeeper(json, MOST_LEVELS)) return printable(json.replace(/[\t\n\r]/g, ' '))
  return printable(JSON.stringify(content, null, 2))
}

/** A value as it is, whatever quotes it has, once it is read from a Cookie header: that takes one pair of them away. */
function quotedOnce(value) {
  return value.startsWith('"') ? `"${value}"` : value
}

const REASONS = {
  signature: 'no: no key made it, or there is no signature',
  malformed: 'no: it is not written as this format is'
}

function print(lines) {
  for (const [title, text] of lines) {
    console.log(`${title.padEnd(10)}${text.replaceAll('\n', `\n${' '.repeat(10)}`)}`)
  }
}

/** Says what a cookie holds. @returns {number} the exit code */
function inspect(input, flags) {
  const { digest, name } = flags
  if (digest !== undefined && !DIGESTS.includes(digest)) {
    throw new UsageError(`--digest is ${JSON.stringify(digest)}; expected ${DIGESTS.join(', ')}`)
  }
  if (name === '') throw new UsageError('--name is empty; expected the name of a cookie')
  if (name.length > MAX_NAME_LENGTH) {
    throw new UsageError(`--name has ${name.length} characters; expected ${MAX_NAME_LENGTH} at most`)
  }
  if (input.trim() === '') throw new UsageError('there is no cookie in what was given')
  const cookie = pastedCookie(input, name)
  if (cookie === undefined) throw new UsageError(`there is no cookie of the name ${name}`)
  const { value, isSet } = cookie
  const signature = flags.sig ?? cookie.signature
  const lines = [['cookie', printable(name)]]
  if (value === '') {
    const why = isSet ? 'this Set-Cookie clears the session' : 'the cookie is empty'
    print([...lines, ['content', `none: ${why}`]])
    return 1
  }
  const format = formatOf(value, digest)
  lines.push(['format', format.text])
  lines.push([
    'size',
    `${name.length + value.length} bytes of name and value; browsers keep ${MAX_COOKIE_BYTES}`
  ])

  let shown = readable(value, format)
  let verified = false
  if (flags['keys-env'] === undefined) {
    lines.push(['verified', 'not verified: no keys were given (--keys-env)'])
  } else {
    const keys = keysFrom(flags['keys-env'])
    const { encrypt, hasTimes } = format
    // An app with `legacy` may have short keys.
    const opener = createFormat({
      name,
      keys,
      optIn: { digest, encrypt, hasTimes, legacy: hasTimes || undefined }
    })
    opener.prepare()
    const pairs = [`${name}=${quotedOnce(value)}`]
    if (signature !== undefined) pairs.push(`${name}.sig=${quotedOnce(signature)}`)
    const { json, keyIndex, reason, times } = opener.open(pairs.join('; '), true) ?? {}
    verified = keyIndex !== undefined
    if (verified) {
      lines.push(['verified', `yes, by key ${keyIndex} of ${keys.length} (0 is the newest)`])
      shown = { json: json ?? shown.json, times }
    } else {
      lines.push(['verified', REASONS[reason] ?? `no: ${reason}`])
    }
  }

  const { created, expires, issued } = shown.times ?? {}
  if (typeof issued === 'number') lines.push(['issued', ageText(issued)])
  if (typeof created === 'number') lines.push(['created', ageText(created)])
  if (typeof expires === 'number') lines.push(['expires', ageText(expires)])
  if (!flags['no-content']) {
    lines.push(['content', shown.json === undefined ? 'encrypted' : contentText(shown.json)])
  }
  print(lines)
  return verified ? 0 : 1
}

/** @throws {UsageError} where standard input gives too much, or nothing that can be read */
async function standardInput() {
  const chunks = []
  let bytes = 0
  try {
    for await (const chunk of process.stdin) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > MOST_INPUT) break
    }
  } catch (error) {
    throw new UsageError(`standard input cannot be read: ${error.code ?? error.message}`)
  }
  if (bytes > MOST_INPUT)
    throw new UsageError('more than 1 MiB was given; expected a cookie, or some headers')
  return Buffer.concat(chunks).toString()
}

/** Whether an argument is a line of a command of curl's, as a whole. */
function isPasted(argument) {
  return /^(?:-b|-H|--cookie|--header)\s/.test(argument)
}

async function main(args) {
  const pasted = args.filter(isPasted)
  const rest = args.filter((argument) => !isPasted(argument))
  const { values, positionals } = parseArgs({ args: rest, options: OPTIONS, allowPositionals: true })
  const [command, ...given] = [...positionals, ...pasted]
  if (values.cookie !== undefined) given.push(values.cookie)
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  if (command === 'keygen' && given.length === 0) {
    console.log(randomBytes(32).toString('base64url'))
    return 0
  }
  if (command !== 'inspect' || given.length > 1) {
    const isUnknown = command !== undefined && !['inspect', 'keygen'].includes(command)
    // Not its name: it may be a cookie, or a key.
    throw new UsageError(isUnknown ? `there is no such command\n\n${USAGE}` : USAGE)
  }
  return inspect(given[0] ?? (await standardInput()), values)
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    // What was given is at fault, whatever failed; how it came to that is nothing to its user.
    console.error(printable(error.message))
    process.exitCode = 2
  }
)
