'use strict'

// The settings whose cost `npm run bench:options` measures: opt-in options, one by one and together.

const { channel } = require('node:diagnostics_channel')
const { load } = require('./packages')

const KEYS = ['0123456789abcdefghijklmnopqrstuv', 'klmnopqrstuvwxyz0123456789abcdef']
const HOUR = 60 * 60 * 1000
const NONE = 'no option'
const HARDENED = 'encrypt, ttl, rolling, sessionMethods, reissue, onError, maxSize'
const EVENTS = ['opened', 'rejected', 'saved', 'failed']

/** Each setting: its options, and how many times the cost without options it may have, on each engine. */
const OPT_IN = {
  [NONE]: { options: {} },
  'a channel subscriber': { options: {}, subscribes: true, native: 1.15, node: 1.15 },
  maxSize: { options: { maxSize: 4096 }, native: 1.15, node: 1.15 },
  proxy: { options: { proxy: true }, native: 1.15, node: 1.15 },
  requestKey: { options: { requestKey: 'session' }, native: 1.15, node: 1.15 },
  reissue: { options: { reissue: true }, native: 1.15, node: 1.15 },
  accept: { options: { accept: () => true }, native: 1.15, node: 1.15 },
  onError: { options: { onError() {} }, native: 1.15, node: 1.15 },
  "digest: 'sha256'": { options: { digest: 'sha256' }, native: 1.2, node: 1.2 },
  encrypt: { options: { encrypt: true }, native: 1.5, node: 2 },
  ttl: { options: { ttl: HOUR }, native: 1.5, node: 2 },
  'ttl: true': { options: { ttl: true, maxAge: HOUR }, native: 1.5, node: 2 },
  maxLifetime: { options: { maxLifetime: HOUR }, native: 1.5, node: 2 },
  rolling: { options: { rolling: true }, native: 1.5, node: 2 },
  sessionMethods: { options: { sessionMethods: true }, native: 1.5, node: 2 },
  [HARDENED]: {
    options: {
      encrypt: true,
      ttl: HOUR,
      rolling: true,
      sessionMethods: true,
      reissue: true,
      onError() {},
      maxSize: 4096
    },
    native: 1.8,
    node: 2.5
  }
}

/** New options of a setting. */
function optionsOf(setting) {
  return { keys: [...KEYS], ...OPT_IN[setting].options }
}

/** @param {'native' | 'node'} engine @returns a middleware with a setting, and with its subscribers */
function middlewareOf(engine, setting) {
  if (OPT_IN[setting].subscribes) {
    for (const event of EVENTS) channel(`cookie-session:${event}`).subscribe(() => {})
  }
  return load(engine)(optionsOf(setting))
}

module.exports = { HARDENED, NONE, OPT_IN, middlewareOf, optionsOf }
