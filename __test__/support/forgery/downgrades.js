'use strict'

// No weaker rule is applied to what a request brings or a response sends: whatever is put on the request's options, or
// on the options after the middleware was made, or on Object.prototype, which a hole elsewhere in an app may let a
// client write to.

const assert = require('node:assert')
const { describe, test } = require('node:test')
const { Random } = require('../differential/random')
const {
  HOUR,
  KEYS,
  MODES,
  OTHER_NAME,
  STRANGER,
  derive,
  engines,
  hmac,
  openUnder,
  optionsOf,
  signatureOf
} = require('./apps')
const { headerWith } = require('./mutations')
const { Pool } = require('./pool')
const { drive } = require('./request')

const yes = () => true
const nothing = () => {}

/** Apps with options that change what is read or written, and apps with some other option of ours. */
const TARGETS = [
  ...MODES.filter(({ isDefault }) => !isDefault),
  ...[
    { maxSize: 4096 },
    { reissue: true },
    { rolling: true },
    { sessionMethods: true },
    { onError: nothing },
    { proxy: true },
    { requestKey: 'admin' }
  ].map((options) => {
    const [label] = Object.keys(options)
    return { label, name: options.requestKey ?? 'session', format: 'original', digest: 'sha1', options }
  })
]

const VALUES = [
  null,
  undefined,
  false,
  true,
  0,
  1,
  Infinity,
  Number.NaN,
  '',
  'write',
  'sha1',
  OTHER_NAME,
  [],
  [STRANGER],
  {},
  { sign: () => 'x', index: () => 0, verify: yes },
  new Date(Date.now() + 1000 * HOUR),
  yes
]
const NAMES = [
  'encrypt',
  'ttl',
  'maxLifetime',
  'digest',
  'legacy',
  'accept',
  'keys',
  'secret',
  'signed',
  'maxSize'
]
NAMES.push('name', 'rolling', 'reissue', 'requestKey', 'sessionMethods', 'onError', 'proxy')

/** Names of what lib/ hands from one function to the next in plain objects. */
const INNER_NAMES = [
  'json',
  'reason',
  'keyIndex',
  'times',
  'isOriginal',
  'unsigned',
  'ageMs',
  'bytes',
  'issued'
]
INNER_NAMES.push(
  'created',
  'place',
  'text',
  'renewed',
  'live',
  'sign',
  'index',
  'ring',
  'signature',
  'formatIsNew'
)
INNER_NAMES.push(
  'alwaysSigned',
  'isAnySet',
  'accepts',
  'formats',
  'options',
  'cookie',
  'verify',
  '_new',
  '_val'
)
const INNER_VALUES = [
  undefined,
  null,
  false,
  true,
  0,
  '{"admin":true}',
  Buffer.from('{"admin":true}').toString('base64'),
  'accept',
  { issued: Date.now(), created: Date.now() },
  [STRANGER],
  yes
]

/** @param {{ step: number, from: number }} share one value in `step`, beginning with another for each name */
function settings(names, values, { step, from }) {
  return names.flatMap((name, at) =>
    values.filter((_, place) => (place + at + from) % step === 0).map((value) => ({ name, value }))
  )
}

/** What can be made of a request's options as a whole, by what replaces them. */
const REPLACEMENTS = {
  null: () => null,
  undefined: () => undefined,
  false: () => false,
  'a text': () => 'signed',
  'an empty object': () => ({}),
  'an object without a prototype': () => Object.create(null),
  'unsigned options': () => ({ signed: false }),
  'options without keys': () => ({ signed: false, keys: [], encrypt: false, legacy: true }),
  'inherited unsigned options': (options) =>
    Object.create(Object.create(options, { signed: { value: false } })),
  'a Proxy that says false': (options) => new Proxy(options, { get: () => false }),
  'a Proxy that has nothing': (options) => new Proxy(options, { get: nothing, has: () => false })
}

function changesOfRequest(mode, share) {
  const key = `${mode.options.requestKey ?? 'session'}Options`
  return [
    ...settings(NAMES, VALUES, share).map(({ name, value }) => ({
      what: `${key}.${name}`,
      value,
      before: (req) => {
        req[key][name] = value
      }
    })),
    ...Object.entries(REPLACEMENTS).map(([what, replace]) => ({
      what: `${key} is ${what}`,
      before: (req) => {
        req[key] = replace(req[key])
      }
    })),
    { what: `${key} without a prototype`, before: (req) => Object.setPrototypeOf(req[key], null) }
  ]
}

function polluted({ name, value }, run) {
  Object.defineProperty(Object.prototype, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true
  })
  try {
    return run()
  } finally {
    delete Object.prototype[name]
  }
}

/** The first of some cases, where there is no cookie, and so many more, others each time. */
function windows([first, ...cases], size) {
  let from = 0
  return () => {
    const picked = Array.from(
      { length: Math.min(size, cases.length) },
      (_, i) => cases[(from + i) % cases.length]
    )
    from += picked.length
    return [first, ...picked]
  }
}

/** Cookies that an app has to refuse, some that it has to read, and requests without one. */
function casesFor(mode, seed) {
  const pool = new Pool(mode, new Random(seed, 1000))
  pool.refill(12)
  const [own] = pool.own
  const { name, json } = own
  const plain = Buffer.from('{"admin":true}').toString('base64')
  const headers = [undefined, '', 'a=b', `${name}=`, `${name}=; ${name}.sig=`]
  for (const value of [plain, `v1.${plain}`, `e1.${plain}`, `v1.${plain}.${plain}`, own.value]) {
    headers.push(`${name}=${value}`, `${name}=${value}; ${name}.sig=`)
    headers.push(`${name}=${value}; ${name}.sig=${hmac('sha1', STRANGER, `${name}=${value}`)}`)
    headers.push(`${name}=${value}; ${name}.sig=${hmac('md5', KEYS[0], `${name}=${value}`)}`)
  }
  for (const cookie of pool.others) headers.push(headerWith(cookie), headerWith({ ...cookie, name }))
  for (let i = 0; i < 20; i++) headers.push(pool.misusing({ ...own, json }))
  const genuine = pool.own.slice(0, 3).map((cookie) => headerWith(cookie))
  const cases = [...headers, ...genuine].map((header) => ({ header, json: pool.expected(header).json }))
  assert.ok(cases.filter((one) => one.json === undefined).length > 30)
  return cases
}

/** An option of a mode, while Object.prototype is polluted as well. */
function optionOf({ options }, name) {
  return Object.hasOwn(options, name) ? options[name] : undefined
}

/** What an app makes of each case. @param {object} [settings] as for `drive` */
function shown(mode, middleware, cases, settings) {
  const key = optionOf(mode, 'requestKey') ?? 'session'
  return cases.map(({ header }) => drive(middleware, header, { key, ...settings }))
}

/** Whether each session is the one that the case has. */
function check(mode, cases, seen, what) {
  for (const [i, { header, json }] of cases.entries()) {
    const { isNew, json: text } = seen[i]
    if (isNew === (json === undefined) && text === (json ?? '{}')) continue
    assert.fail(`${mode.label}, ${what}, Cookie: ${header}: the session is ${text}`)
  }
}

/** What an app writes, and what of a session that is too large, where there is such a thing. */
function written(mode, middleware, before) {
  const key = optionOf(mode, 'requestKey') ?? 'session'
  const write = (session) => {
    const change = (req) => {
      req[key] = session
    }
    return drive(middleware, undefined, { key, before, change }).setCookie
  }
  const maxSize = optionOf(mode, 'maxSize')
  return { setCookie: write({ user: 1 }), large: maxSize ? write({ text: 'x'.repeat(maxSize) }) : [] }
}

/** Whatever is sent is of the format and under the key that the app is to write. */
function checkWritten(mode, { setCookie, large }, what) {
  assert.deepStrictEqual(large, [], `${mode.label}, ${what}, too large`)
  const pairs = setCookie.map((line) => /^(.*?)=([\w+/.-]*=*);/.exec(line).slice(1))
  const note = `${mode.label}, ${what}, wrote ${JSON.stringify(setCookie)}`
  const values = pairs.filter(([name, value]) => !name.endsWith('.sig') && value !== '')
  assert.ok(values.length <= 1, note)
  for (const [name, value] of values) {
    const signature = pairs.find((pair) => pair[0] === `${name}.sig`)?.[1]
    const writesOriginal = mode.format === 'original' || mode.options.legacy === 'write'
    const digest = mode.options.legacy === 'write' ? 'sha1' : mode.digest
    if (writesOriginal) assert.strictEqual(signature, hmac(digest, KEYS[0], `${name}=${value}`), note)
    else if (mode.format === 'v1') {
      assert.strictEqual(signature, signatureOf('v1', digest, KEYS[0], mode.name, value), note)
    } else assert.match(openUnder(derive(KEYS[0], 'encrypt', mode.name), value), /\0\{"user":1\}$/, note)
  }
}

function make(mode, { cookieSession, Keygrip }) {
  const options = optionsOf(mode, { Keygrip })
  return { options, middleware: cookieSession(options) }
}

function describeMode(mode, seed, size, { engines, share }) {
  test("a request's options weaken nothing", () => {
    const next = windows(casesFor(mode, seed), size)
    for (const implementation of engines) {
      const { middleware } = make(mode, implementation)
      for (const { what, value, before } of changesOfRequest(mode, share)) {
        const note = `${implementation.label}, ${what} ${String(value)}`
        const cases = next()
        check(mode, cases, shown(mode, middleware, cases, { before }), note)
        checkWritten(mode, written(mode, middleware, before), note)
      }
    }
  })

  test('options changed after the middleware was made weaken nothing', () => {
    const next = windows(casesFor(mode, seed), size)
    for (const implementation of engines) {
      for (const { name, value } of settings(NAMES, VALUES, share)) {
        const { options, middleware } = make(mode, implementation)
        options[name] = value
        const note = `${implementation.label}, options.${name} = ${String(value)}`
        const cases = next()
        check(mode, cases, shown(mode, middleware, cases), note)
        checkWritten(mode, written(mode, middleware), note)
      }
    }
  })

  test('Object.prototype polluted with options weakens nothing', () => {
    const next = windows(casesFor(mode, seed), size)
    for (const implementation of engines) {
      const { middleware } = make(mode, implementation)
      for (const pollution of settings(NAMES, VALUES, share)) {
        const note = `${implementation.label}, Object.prototype.${pollution.name} = ${String(pollution.value)}`
        const cases = next()
        const { seen, sent } = polluted(pollution, () => ({
          seen: shown(mode, middleware, cases),
          sent: written(mode, middleware)
        }))
        check(mode, cases, seen, note)
        checkWritten(mode, sent, note)
      }
    }
  })
}

function describeInnerNames(mode, seed, size, { engines, share }) {
  test('Object.prototype polluted with inner names lets no forged cookie in', () => {
    const next = windows(
      casesFor(mode, seed).filter(({ json }) => json === undefined),
      size
    )
    for (const implementation of engines) {
      const { options, middleware } = make(mode, implementation)
      const codec = implementation.cookieSession.codec(options)
      for (const pollution of settings(INNER_NAMES, INNER_VALUES, share)) {
        const note = `${implementation.label}, Object.prototype.${pollution.name} = ${String(pollution.value)}`
        const cases = next()
        const seen = polluted(pollution, () =>
          cases.map((one) => ({
            session: attempt(() => shown(mode, middleware, [one])[0], { isNew: true, json: '{}' }),
            unsealed: attempt(() => codec.unseal(one.header), null)
          }))
        )
        check(
          mode,
          cases,
          seen.map(({ session }) => session),
          note
        )
        for (const [i, { unsealed }] of seen.entries()) {
          assert.strictEqual(unsealed, null, `${mode.label}, ${note}, unseal, Cookie: ${cases[i].header}`)
        }
      }
    }
  })
}

/** What throws lets nobody in. */
function attempt(run, otherwise) {
  try {
    return run()
  } catch {
    return otherwise
  }
}

/** @param {number} size how many cookies are shown to an app after each change */
function downgrades(seed, size) {
  test('a Date of legacy that the app moves later does not bring the old format back', () => {
    const mode = MODES.find(({ options }) => options.legacy instanceof Date)
    const next = windows(casesFor(mode, seed), Infinity)
    for (const implementation of engines) {
      const legacy = new Date(0)
      const middleware = implementation.cookieSession({ ...optionsOf(mode, implementation), legacy })
      legacy.setTime(Date.now() + 1000 * HOUR)
      const cases = next()
      check(mode, cases, shown(mode, middleware, cases), `${implementation.label}, legacy moved`)
    }
  })

  // Both engines share the code that reads options, and so do the modes: in the short form each mode is tried on one engine,
  // and with each second value.
  const partFor = (place) =>
    size > 1
      ? { engines, share: { step: 1, from: 0 } }
      : { engines: [engines[place % 2]], share: { step: 2, from: Math.floor(place / 2) } }
  for (const [place, mode] of TARGETS.entries())
    describe(`downgrade: ${mode.label}`, () => describeMode(mode, seed, size, partFor(place)))
  const modes = [...MODES.filter(({ isDefault }) => isDefault), ...TARGETS]
  for (const [place, mode] of modes.entries())
    describe(`pollution: ${mode.label}`, () => describeInnerNames(mode, seed, size, partFor(place)))
}

module.exports = { downgrades }
