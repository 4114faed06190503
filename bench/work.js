'use strict'

// What is measured: the sessions, the Cookie headers, what an app does with them, and the targets.

const Keygrip = require('keygrip')

const KEYS = ['0123456789abcdefghij', 'klmnopqrstuvwxyz0123', '456789abcdefghijklmn']
const OTHER_COOKIES = ['_ga=GA1.2.1234567890.1234567890', 'theme=dark', 'lang=en']
const HOUR = 60 * 60 * 1000

/** The options of an app that sets none, and those of one in production behind TLS. */
const SETTINGS = {
  default: { name: 'session', options: {}, secure: false },
  production: {
    name: 'shop.sid',
    options: { name: 'shop.sid', maxAge: 24 * HOUR, sameSite: 'lax', secure: true },
    secure: true
  }
}

/** A new options object for a middleware. */
function optionsOf({ options }) {
  return { keys: [...KEYS], ...options }
}

/**
 * What an app keeps: who it is, and a cart that is as long as it has to be.
 *
 * @param {number} bytes of JSON, at least 60
 */
function sessionOf(bytes) {
  const session = { user: 4711, name: 'someone', views: 10, since: 1700000000000 }
  const missing = () => bytes - JSON.stringify(session).length
  if (missing() < 150) return session
  session.cart = { currency: 'EUR', coupon: null, items: [] }
  while (missing() > 110) {
    const number = session.cart.items.length
    session.cart.items.push({
      sku: `AB-${1000 + number}`,
      title: `Thing number ${number}`,
      quantity: 1 + (number % 3),
      price: 19.99 + number,
      gift: number % 4 === 0,
      tags: ['new', 'blue']
    })
  }
  return session
}

const SIZES = { small: 60, medium: 600, large: 2700 }
const SESSIONS = Object.fromEntries(Object.entries(SIZES).map(([size, bytes]) => [size, sessionOf(bytes)]))

/** The two cookies of a session, signed with one of the keys. */
function cookiesOf(name, session, key = 0) {
  const value = Buffer.from(JSON.stringify(session)).toString('base64')
  const signature = new Keygrip([KEYS[key]]).sign(`${name}=${value}`)
  return [`${name}=${value}`, `${name}.sig=${signature}`]
}

function headerOf(cookies) {
  const [first, second, third] = OTHER_COOKIES
  return [first, second, ...cookies, third].join('; ')
}

/** The last letters of the value are others, and its signature is what it was. */
function tampered([value, signature]) {
  return [value.replace(/.{4}$/, 'AAAA'), signature]
}

const read = (req) => req.session.views

/**
 * Each situation: the Cookie header that comes, what the app does, and how many HMACs and which of V8's two
 * functions stand behind it at least.
 */
const SITUATIONS = {
  untouched: {
    cookies: (name, session) => cookiesOf(name, session),
    action: () => undefined,
    floor: { hmacs: 0 }
  },
  read: {
    cookies: (name, session) => cookiesOf(name, session),
    action: () => read,
    floor: { hmacs: 1, parse: true, stringify: true }
  },
  'read and modify': {
    cookies: (name, session) => cookiesOf(name, session),
    action: () => (req) => {
      req.session.views++
    },
    floor: { hmacs: 2, parse: true, stringify: true }
  },
  'new session': {
    cookies: () => [],
    action: (session) => (req) => {
      req.session = session
    },
    floor: { hmacs: 1, stringify: true }
  },
  'tampered cookie': {
    cookies: (name, session) => tampered(cookiesOf(name, session)),
    action: () => read,
    floor: { hmacs: 3 }
  },
  '2nd of 3 keys': {
    cookies: (name, session) => cookiesOf(name, session, 1),
    action: () => read,
    floor: { hmacs: 2, parse: true, stringify: true }
  }
}

/** What cookie-session adds over what this package adds, native engine. */
const TARGETS = {
  small: [2, 7, 5, 2.8, 13, 7],
  medium: [2, 3.6, 3.3, 2.2, 10, 3.5],
  large: [2, 1.9, 2.3, 1.7, 5.5, 1.8]
}
/** A cell holds at this part of its target. */
const TOLERANCE = 0.9

/** What `node` may cost at most of what cookie-session costs: small sessions. */
const FALLBACK_TARGETS = { read: 0.6, 'read and modify': 0.6 }

/** Compression steps of an HMAC-SHA-1 whose key's two blocks have been computed before. */
function blocksOf(bytes) {
  return Math.ceil((bytes + 9) / 64) + 1
}

module.exports = {
  FALLBACK_TARGETS,
  KEYS,
  OTHER_COOKIES,
  SESSIONS,
  SETTINGS,
  SITUATIONS,
  SIZES,
  TARGETS,
  TOLERANCE,
  blocksOf,
  cookiesOf,
  headerOf,
  optionsOf,
  sessionOf
}
