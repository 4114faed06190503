'use strict'

// The keys that an environment variable holds. Splitting by hand leaves an empty key where a comma ends the text, and
// with an empty key everybody can sign. No error says anything of the text, as keys are secrets.

const EXPECTED = 'expected keys separated by commas, or a JSON array of them'

/**
 * @param {unknown} text
 * @param {string} what begins the message of an error
 * @returns {string[]} one key or more, as they stand in the text
 * @throws {TypeError} where there is no key, or something else than keys
 */
function keysIn(text, what) {
  const wrong = (how) => new TypeError(`${what} ${how}; ${EXPECTED}`)
  if (text === undefined) {
    throw new TypeError(
      `${what} is undefined; ${EXPECTED}. Is the environment variable set? \`npx cookie-session-native keygen\` makes a key`
    )
  }
  if (typeof text !== 'string') throw wrong(`is ${text === null ? 'null' : typeof text}`)

  const trimmed = text.trim()
  let keys
  if (trimmed.startsWith('[')) {
    try {
      keys = JSON.parse(trimmed)
    } catch {
      // The parser's own error quotes the text.
      throw wrong('begins as a JSON array, and is none')
    }
    if (!keys.every((key) => typeof key === 'string' && key !== '')) {
      throw wrong('holds something else than strings that are not empty')
    }
  } else {
    keys = trimmed
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== '')
  }
  if (keys.length === 0) throw wrong('holds no key')
  return keys
}

/**
 * @param {unknown} text
 * @returns {string[]}
 * @throws {TypeError} see `keysIn`
 */
function parseKeys(text) {
  return keysIn(text, 'text')
}

module.exports = { keysIn, parseKeys }
