'use strict'

// A session's cookie out of whatever somebody pastes into the command `inspect`: headers as browsers and curl print
// them, commands that a browser copies, a value alone. What comes later in the text counts, as it does in a browser.

const { findCookie } = require('./cookies/cookie-header')

/** What stands behind the value in a Set-Cookie header (RFC 6265bis, CHIPS, and Chromium's priority). */
const ATTRIBUTES = new Set([
  '',
  'domain',
  'expires',
  'httponly',
  'max-age',
  'partitioned',
  'path',
  'priority',
  'samesite',
  'secure'
])

/** The fields that hold cookies; `curl -v` puts `<` or `>` in front. */
const COOKIE_FIELD = /^(?:[<>] ?)?(set-cookie|cookie)[ \t]*:(.*)$/i
/** Other lines of `curl -v`, and other fields. */
const OTHER_LINE = /^(?:[<>]|[\w-]+:(?:\s|$))/
/** A command, behind a prompt or not, or a line of one, which begins with an option. */
const COMMAND = /[ \t]*(?:[$%#][ \t]+)?(?=curl(?:\.exe)?[ \t]|--?[a-z])/iy
/** Where curl takes cookies; short options may share a dash. */
const COOKIE_OPTION = /^(?:--(cookie|header)(?:=(.*))?|-[A-Za-z]*?([bH])(.*))$/s

/** What a shell's command consists of. A quote that is not closed reaches to the end. */
const SHELL = new RegExp(
  [
    /(?<blank>[ \t]+)/,
    /(?<end>\n)/,
    /'(?<literal>[^']*)'?/,
    /\$'(?<ansi>(?:[^'\\]+|\\.)*)'?/,
    /"(?<double>(?:[^"\\]+|\\.)*)"?/,
    /\\(?<escaped>.?)/,
    /(?<bare>[^ \t\n'"\\$]+|.)/
  ]
    .map(({ source }) => source)
    .join('|'),
  'sy'
)

/** Of bash's `$'...'`, what browsers write for characters. */
const ANSI_ESCAPE = /\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|(.))/gs
const CONTROLS = { __proto__: null, n: '\n', r: '\r', t: '\t' }

function withoutAnsiEscapes(text) {
  return text.replace(ANSI_ESCAPE, (_, byte, unit, other) =>
    other === undefined ? String.fromCharCode(parseInt(byte ?? unit, 16)) : (CONTROLS[other] ?? other)
  )
}

/** The words of the command that begins at a place of a text, and where it ends. */
function shellWords(text, start) {
  const words = []
  let word
  let end = start
  while (end < text.length) {
    SHELL.lastIndex = end
    const { groups } = SHELL.exec(text)
    if (groups.end !== undefined) break
    end = SHELL.lastIndex
    const { literal, ansi, double, escaped, bare } = groups
    if (groups.blank !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (escaped !== '\n') {
      word ??= ''
      word +=
        literal ??
        (ansi === undefined ? undefined : withoutAnsiEscapes(ansi)) ??
        double?.replace(/\\(["$\\`])/g, '$1') ??
        escaped ??
        bare
    }
  }
  if (word !== undefined) words.push(word)
  return { words, end }
}

/** The Cookie headers that a command of curl's sends. */
function* headersOfCommand(words) {
  for (let i = 0; i < words.length; i++) {
    const [, long, longValue, short, shortValue] = words[i].match(COOKIE_OPTION) ?? []
    const option = long ?? short
    if (option === undefined) continue
    const value = (longValue ?? shortValue) || (words[++i] ?? '')
    if (option === 'cookie' || option === 'b') yield { isSet: false, text: value }
    const [, field, text] = value.match(COOKIE_FIELD) ?? []
    if (field?.toLowerCase() === 'cookie') yield { isSet: false, text }
  }
}

/** A line that is no command: a field, or the value of one. */
function headerOfLine(line) {
  const [, field, text] = line.match(COOKIE_FIELD) ?? []
  if (field !== undefined) return { isSet: field.toLowerCase() === 'set-cookie', text }
  if (OTHER_LINE.test(line)) return undefined
  const isAttribute = (part) => ATTRIBUTES.has(part.split('=', 1)[0].trim().toLowerCase())
  return { isSet: line.split(';').slice(1).every(isAttribute), text: line }
}

/** Every Cookie and Set-Cookie header in a text, in its order. */
function* headersIn(text) {
  let start = 0
  while (start < text.length) {
    COMMAND.lastIndex = start
    if (COMMAND.test(text)) {
      const { words, end } = shellWords(text, COMMAND.lastIndex)
      yield* headersOfCommand(words)
      start = end + 1
      continue
    }
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    const header = headerOfLine(text.slice(start, end).trim())
    if (header !== undefined) yield header
    start = end + 1
  }
}

/** With line ends as Unix has them, without what cmd.exe takes away, and without quotes around all of it. */
function cleaned(input) {
  const text = input.replace(/\r\n?/g, '\n').trim()
  const unescaped = /(?:^|\s)\^"/.test(text) ? text.replace(/\^\n/g, ' ').replace(/\^(.)/g, '$1') : text
  const [, , quoted] = unescaped.match(/^(["'])(.*)\1$/s) ?? []
  return quoted ?? unescaped
}

/**
 * @param {string} input what was pasted
 * @param {string} name of the cookie
 * @returns {{ value: string, signature?: string, isSet?: boolean } | undefined} whether a Set-Cookie header gave the
 *   value; undefined where there is no such cookie
 */
function pastedCookie(input, name) {
  const text = cleaned(input)
  const cookie = { value: undefined, signature: undefined, isSet: undefined }
  for (const header of headersIn(text)) {
    // A Set-Cookie header holds one cookie, and attributes.
    const pairs = header.isSet ? header.text.split(';', 1)[0] : header.text
    const value = findCookie(pairs, name)
    const signature = findCookie(pairs, `${name}.sig`)
    // A Cookie header is all that the browser has; a Set-Cookie header changes one cookie of it.
    if (value !== undefined) Object.assign(cookie, { value, isSet: header.isSet })
    if (signature !== undefined || (value !== undefined && !header.isSet)) cookie.signature = signature
  }
  if (cookie.value !== undefined) return cookie

  const value = text.replaceAll('\n', '')
  return /^[^\s;]+$/.test(value) && !/^[^=]+=[^=]/.test(value) ? { value } : undefined
}

module.exports = { pastedCookie }
