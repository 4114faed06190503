'use strict'

// Until when the option `legacy` has a format read that another is to take the place of.

/**
 * @param {true | 'write' | Date | undefined} legacy the option
 * @param {number} [now] ms since 1970, where it is known already
 */
function readsLegacy(legacy, now) {
  return legacy !== undefined && (!(legacy instanceof Date) || (now ?? Date.now()) < legacy.getTime())
}

module.exports = { readsLegacy }
