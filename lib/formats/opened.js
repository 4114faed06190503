'use strict'

// What a Cookie header holds of a session, from each format and either engine in one shape: so that V8 knows it, and nothing
// that somebody left on Object.prototype passes for one of its properties.

class Opened {
  /**
   * @param {'cookie-session' | 'v1' | 'e1' | undefined} format the first is the original's
   * @param {string | undefined} value of the cookie, where its format is the original's
   * @param {string | undefined} json the session's text; undefined where `value` has to be decoded
   * @param {number | undefined} keyIndex the place of the key that signed or encrypted it; undefined where nobody looked
   * @param {import('.').Times | undefined} times
   * @param {number} valueLength characters of the cookie's value
   */
  constructor(format, value, json, keyIndex, times, valueLength) {
    /** @type {'signature' | 'expired' | 'future' | 'malformed' | 'legacy' | 'accept' | undefined} why it is refused */
    this.reason = undefined
    /** Whether it is refused as there is no signature beside it. */
    this.unsigned = false
    this.format = format
    this.value = value
    this.json = json
    this.keyIndex = keyIndex
    /** @type {string | undefined} the newest key's signature, where an older key had signed */
    this.renewed = undefined
    /** Whether it is in a format that another is to take the place of. */
    this.isLegacy = false
    this.times = times
    /** @type {number | undefined} ms since it was issued */
    this.ageMs = undefined
    this.valueLength = valueLength
  }
}

/**
 * One that is refused.
 *
 * @param {string} [reason]
 * @param {boolean} [unsigned]
 * @param {number} [ageMs]
 * @param {Opened} [opened] what it would have been
 */
function refusal(reason, unsigned, ageMs, opened) {
  const refused = new Opened(opened?.format, undefined, undefined, opened?.keyIndex, opened?.times, 0)
  refused.reason = reason
  refused.unsigned = unsigned === true
  refused.ageMs = ageMs
  return refused
}

const UNSIGNED = refusal('signature', true)
const FORGED = refusal('signature')
const MALFORMED = refusal('malformed')
const LEGACY = refusal('legacy')
for (const refused of [UNSIGNED, FORGED, MALFORMED, LEGACY]) Object.freeze(refused)

module.exports = { FORGED, LEGACY, MALFORMED, Opened, UNSIGNED, refusal }
