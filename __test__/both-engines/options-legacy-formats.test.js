'use strict'

// The option `legacy`: how sessions of cookie-session live on where `encrypt`, `ttl` or `digest` is switched
// on, that nothing unsigned or forged comes in by that way, and that a cookie of one format is never one of
// another. Cookies of the original come from the real cookie-session, or are signed here by hand.

const { describe, it } = require('node:test')
const {
  base64,
  ours,
  sign,
  FIRST,
  TTL,
  FORGED,
  sentBack,
  opens,
  refuses,
  linesOf,
  fill,
  standStill
} = require('../support/options-legacy')

describe('formats are never taken for each other', () => {
  const settings = [
    ['the original', {}],
    ['digest', { digest: 'sha256' }],
    ['ttl', { ttl: TTL }],
    ['ttl and sha512', { ttl: TTL, digest: 'sha512' }],
    ['encrypt', { encrypt: true }],
    ['encrypt and ttl', { encrypt: true, ttl: TTL }]
  ]
  /** Which cookies are read beside a middleware's own, with `legacy` and without. */
  const alsoRead = {
    'the original': [[], []],
    digest: [[], ['the original']],
    ttl: [[], ['the original']],
    'ttl and sha512': [[], ['the original']],
    encrypt: [['encrypt and ttl'], ['encrypt and ttl', 'the original']],
    'encrypt and ttl': [['encrypt'], ['encrypt', 'the original']]
  }

  for (const [reader, options] of settings) {
    for (const legacy of [false, true, 'write']) {
      if (legacy && reader === 'the original') continue
      it(
        `${reader}${legacy ? `, legacy ${legacy}` : ''}`,
        standStill(async () => {
          const middleware = ours({ keys: [FIRST], ...options, ...(legacy && { legacy }) })
          for (const [writer, given] of settings) {
            const sent = sentBack(await linesOf(ours({ keys: [FIRST], ...given }), undefined, fill))
            const isRead = writer === reader || alsoRead[reader][legacy ? 1 : 0].includes(writer)
            if (isRead) await opens(middleware, sent)
            else await refuses(middleware, sent)
          }
        })
      )
    }
  }

  it(
    'nor are their parts, put together anew',
    standStill(async () => {
      const written = {}
      for (const [writer, given] of settings) {
        for (const name of ['session', 'other']) {
          const setCookie = await linesOf(ours({ keys: [FIRST], ...given, name }), undefined, fill)
          written[`${writer} ${name}`] = setCookie.map((line) => line.split('; ')[0].replace(/^[^=]+=/, ''))
        }
      }
      const all = Object.entries(written)
      for (const [, options] of settings) {
        for (const legacy of [false, true]) {
          if (legacy && Object.keys(options).length === 0) continue
          const middleware = ours({ keys: [FIRST], ...options, ...(legacy && { legacy }) })
          for (const [writer, [value]] of all) {
            for (const [signer, [, signature]] of all) {
              if (writer === signer || signature === undefined) continue
              // An encrypted value is whole, whatever stands beside it.
              if (options.encrypt && writer.startsWith('encrypt') && writer.endsWith('session')) continue
              // Where the two hold the same value, the signature is the value's own.
              if (written[signer][0] === value && signer.endsWith(' session')) continue
              await refuses(middleware, `session=${value}; session.sig=${signature}`)
            }
          }
        }
      }
    })
  )

  it(
    "a value with a new prefix is not read as the original's, though it is signed as one",
    standStill(async () => {
      for (const prefix of ['v1.', 'e1.']) {
        const values = [`${prefix}${base64(FORGED)}`, prefix, `${prefix}${base64(FORGED)}.${base64(FORGED)}`]
        for (const value of values) {
          for (const [, options] of settings) {
            for (const algorithm of ['sha1', 'sha256', 'sha512']) {
              if (Object.keys(options).length === 0) continue
              const sent = `session=${value}; session.sig=${sign(`session=${value}`, FIRST, algorithm)}`
              await refuses(ours({ keys: [FIRST], ...options, legacy: true }), sent)
            }
          }
        }
      }
    })
  )
})
