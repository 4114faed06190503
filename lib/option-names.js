'use strict'

// The options that cookie-session does not have. Where none is set, nothing is loaded that they need.

const NEW_OPTIONS = [
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

function hasNewOptions(options) {
  return NEW_OPTIONS.some((name) => options[name] !== undefined)
}

module.exports = { NEW_OPTIONS, hasNewOptions }
