'use strict'

// The names of the opt-in options: those that cookie-session does not have. Where none is set, nothing is loaded that they
// need.

const OPT_IN_OPTIONS = [
  'sessionMethods',
  'encrypt',
  'digest',
  'ttl',
  'maxLifetime',
  'rolling',
  'legacy',
  'onError',
  'maxSize',
  'proxy',
  'requestKey',
  'reissue',
  'accept'
]

function hasOptIn(options) {
  return OPT_IN_OPTIONS.some((name) => options[name] !== undefined)
}

module.exports = { OPT_IN_OPTIONS, hasOptIn }
