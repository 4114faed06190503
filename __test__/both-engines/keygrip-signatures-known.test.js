'use strict'

// cookieSession.Keygrip stands in for the keygrip package, whose instances apps pass around and whose oddities
// they may have come to rely on. Here both are given the same keys, data and digests, thousands of times.

const assert = require('node:assert')
const { test } = require('node:test')
const { sides } = require('../support/keygrip')

test('signatures known from elsewhere', () => {
  for (const [, Keygrip] of sides) {
    const data = 'Keyboard Cat has a hat.'
    assert.strictEqual(new Keygrip(['SEKRIT1']).sign(data), '34Sr3OIsheUYWKL5_w--zJsdSNk')
    assert.strictEqual(
      new Keygrip(['SEKRIT1'], 'sha256').sign(data),
      'pu97aPRZRLKi3-eANtIlTG_CwSc39mAcIZ1c6FxsGCk'
    )
    assert.strictEqual(
      new Keygrip(['SEKRIT1'], null, 'hex').sign(data),
      'df84abdce22c85e51858a2f9ff0fbecc9b1d48d9'
    )
    // RFC 2202, 3: HMAC-SHA1, test case 2
    assert.strictEqual(
      new Keygrip(['Jefe'], 'sha1', 'hex').sign('what do ya want for nothing?'),
      'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'
    )
  }
})
