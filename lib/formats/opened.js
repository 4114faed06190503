'use strict'

// What a Cookie header holds of a session, from each format and either engine in one shape: so that V8 knows it, and nothing
// that somebody left on Object.prototype passes for one of its properties.

class Opened {
  /** @type {'signature' | 'expired' | 'future' | 'malformed' | 'legacy' | undefined} why it is refused */
  reason = undefined
  /** Whether it is refused as there is no signature beside it. */
  unsigned = false
  /** @type {'cookie-session' | 'v1' | 'e1'} the first is the original's */
  format
  /** @type {string | undefined} of the cookie, where its format is the original's */
  value
  /** @type {string | undefined} the session's text; undefined where `value` has to be decoded */
  json
  /** @type {number | undefined} the place of the key that signed or encrypted it; undefined where nobody looked */
  keyIndex
  /** @type {string | undefined} the newest key's signature, where an older key had signed */
  renewed = undefined
  /** Whether it is in a format that another is to take the place of. */
  isLegacy = false
  /** @type {Times | undefined} */
  times
  /** @type {number | undefined} ms since it was issued */
  ageMs = undefined
  /** Characters of the cookie's value. */
  valueLength

  constructor(format, value, json, keyIndex, times, valueLength) {
    this.format = format
    this.value = value
    this.json = json
    this.keyIndex = keyIndex
    this.times = times
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
