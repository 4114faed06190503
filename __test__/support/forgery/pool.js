'use strict'

// Genuine cookies of one app, cookies of others beside them, and what the app has to make of each header.

const { createRequire } = require('node:module')
const assert = require('node:assert')
const {
  DIGESTS,
  HOUR,
  KEYS,
  OTHER_NAME,
  STRANGER,
  derive,
  hmac,
  issuer,
  openUnder,
  reads,
  sealUnder,
  signatureOf
} = require('./apps')

/** The one that the original reads cookies with. */
const Cookies = createRequire(require.resolve('cookie-session'))('cookies')

const TEXTS = ['', 'ada', 'Zoë', '日本', '𝄞', '~~~???>>>', 'a;b=c', '"quoted"', '\0', 'x'.repeat(40)]

function contentOf(random) {
  const content = { user: random.below(1_000_000), role: random.chance(0.1) ? 'banned' : 'user' }
  for (let i = random.below(3); i > 0; i--) content[random.text('abcdef', 3)] = random.pick(TEXTS)
  return content
}

/** When a cookie was written and its session created. */
function timesOf(random) {
  const now = Date.now()
  const age = random.weighted([
    [14, [0, 0]],
    [1, [11, 11]],
    [1, [9, 13]],
    [1, [-2, -2]],
    [1, [5, 8]]
  ])
  return { issued: now - age[0] * HOUR, created: now - age[1] * HOUR }
}

/** How many cookies of one name are looked at. */
const MOST_COOKIES = 4

/** The values of the first cookies of a name. */
function valuesIn(header = '', name) {
  const pairs = header.split(';').map((pair) => pair.replace(/^ */, ''))
  const values = pairs
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.slice(0, MOST_COOKIES).map((value) => (value.startsWith('"') ? value.slice(1, -1) : value))
}

class Pool {
  /** What the app knows each value by. */
  #genuine = new Map()

  constructor(mode, random) {
    this.mode = mode
    this.random = random
    /** The cookies to be forged: of the app's, of formats that it reads, good as of now. */
    this.own = []
    /** Every other: of formats, names, keys and digests that are not the app's, or out of time. */
    this.others = []
  }

  /** Issues a cookie and notes what the app has to make of it. */
  issue(format, digest, key, name, times) {
    const { mode, random } = this
    const content = contentOf(random)
    const made = format === 'original' ? undefined : times
    const [value, signature] = issuer(format, digest, key, name, random.below(2))(content, made)
    if (made && made.created !== made.issued) content.again = true
    const cookie = {
      name,
      value,
      signature,
      format,
      digest,
      key,
      content,
      json: JSON.stringify(content),
      times
    }
    if (format === 'e1') {
      assert.ok(openUnder(derive(key, 'encrypt', name), value)?.endsWith(`\0${cookie.json}`))
    } else {
      assert.strictEqual(signature, signatureOf(format, digest, key, name, value))
    }
    if (name === mode.name && KEYS.includes(key) && reads(mode, format, digest)) this.#note(cookie)
    return cookie
  }

  #note(cookie) {
    const { format, value } = cookie
    const signatures = new Set()
    if (format !== 'e1') {
      for (const signature of this.#signaturesOf(format, value)) signatures.add(signature)
    }
    cookie.reason = this.#reasonOf(cookie)
    this.#genuine.set(value, { ...cookie, signatures })
  }

  /** Every signature of a value that the app takes, the newest key's first. */
  #signaturesOf(format, value) {
    const digests = DIGESTS.filter((one) => reads(this.mode, format, one))
    return KEYS.flatMap((key) =>
      digests.map((digest) => signatureOf(format, digest, key, this.mode.name, value))
    )
  }

  /** Why a cookie that keys of the app made is refused all the same. */
  #reasonOf({ format, times, content }) {
    const { accept, ttl = Infinity, maxLifetime = Infinity } = this.mode.options
    if (format !== 'original' && Math.min(ttl, maxLifetime) < Infinity) {
      const now = Date.now()
      if (times.issued > now + HOUR || times.created > now + HOUR) return 'future'
      if (now - times.issued > ttl || now - times.created > maxLifetime) return 'expired'
    }
    return accept && content.role === 'banned' ? 'accept' : undefined
  }

  /** Fills the pool anew. */
  refill(count) {
    const { mode, random } = this
    this.own = []
    this.others = []
    const now = Date.now()
    const fresh = { issued: now, created: now }
    const formats = ['original', 'v1', 'e1']
    // No app writes `v1.` with SHA-1.
    const ways = formats
      .flatMap((format) => (format === 'e1' ? [undefined] : DIGESTS).map((digest) => ({ format, digest })))
      .filter(({ format, digest }) => format !== 'v1' || digest !== 'sha1')
    const readWays = ways.filter(({ format, digest }) => reads(mode, format, digest))
    while (this.own.length < count) {
      const { format, digest } = random.pick(readWays)
      const times = format === 'original' ? fresh : timesOf(random)
      const cookie = this.issue(format, digest, random.pick(KEYS), mode.name, times)
      if (cookie.reason === undefined) this.own.push(cookie)
      else this.others.push(cookie)
    }
    for (const { format, digest } of ways) {
      this.others.push(this.issue(format, digest, KEYS[0], mode.name, fresh))
      this.others.push(this.issue(format, digest, random.pick(KEYS), OTHER_NAME, fresh))
      this.others.push(this.issue(format, digest, STRANGER, mode.name, fresh))
    }
  }

  /**
   * What the app has to make of a header.
   *
   * @returns {{ json?: string, value?: string, reason?: string, signature?: string }} the session's text and the value that
   *   it came in, or why there is none; neither where there is no cookie; and the newest key's signature of what is signed
   *   and holds no session
   */
  expected(header) {
    const { name, format } = this.mode
    if (format === 'original') {
      const cookies = new Cookies({ headers: { cookie: header } }, {})
      return this.#verdict(cookies.get(name), [cookies.get(`${name}.sig`)])
    }
    // The first that is not refused, each beside any signature. What `accept` says comes after.
    const signatures = valuesIn(header, `${name}.sig`)
    const verdicts = valuesIn(header, name).map((value) => this.#verdict(value, signatures))
    return verdicts.find(({ reason }) => reason === undefined || reason === 'accept') ?? verdicts[0] ?? {}
  }

  #verdict(value, signatures) {
    const { mode } = this
    if (value === undefined) return {}
    const known = this.#genuine.get(value)
    if (known && (known.format === 'e1' || signatures.some((signature) => known.signatures.has(signature)))) {
      return known.reason === undefined ? { json: known.json, value } : { reason: known.reason }
    }
    const isNew = mode.format !== 'original'
    if (!/^[ev]1\./.test(value)) return { reason: isNew && !mode.legacy ? 'legacy' : 'signature' }
    if (isNew || mode.legacy) {
      return { reason: value.startsWith(`${mode.format}.`) ? 'signature' : 'malformed' }
    }
    // Here it is a value like any other: where a key signed it, it holds no session.
    const made = this.#signaturesOf('original', value)
    return made.includes(signatures[0])
      ? { reason: 'malformed', signature: made[0] }
      : { reason: 'signature' }
  }

  /** The signature of a cookie's value by a key of the app, under any digest; of an encrypted one's, as if it had one. */
  signedAnew({ format, name, value }) {
    const { random } = this
    return signatureOf(format === 'e1' ? 'v1' : format, random.pick(DIGESTS), random.pick(KEYS), name, value)
  }

  /** What nobody but a holder of the app's keys can make, each with something that is not as the formats have it. */
  misusing({ name, value, json, format }) {
    const { random } = this
    const key = random.pick(KEYS)
    const now = Date.now()
    const times = JSON.stringify({ issued: now, created: now })
    const signed = (text, signature) => `${name}=${text}; ${name}.sig=${signature}`
    const encode = (text) => Buffer.from(text).toString('base64url')
    const v1 = format === 'v1' ? value : `v1.${encode(times)}.${encode(json)}`
    const plain = Buffer.from(json).toString('base64')
    const digest = random.pick(DIGESTS)
    const ownText = `\0cookie-session-native/v1\0${name}=`
    const plaintext = `${times}\0${json}`
    return random.pick([
      () => signed(v1, hmac(digest, key, `${name}=${v1}`)),
      () => signed(v1, hmac(digest, key, ownText + v1)),
      () => signed(v1, hmac(digest, derive(key, 'encrypt', name), ownText + v1)),
      () => signed(v1, hmac(digest, derive(key, 'sign', OTHER_NAME), ownText + v1)),
      () => signed(v1, hmac(digest, derive(key, 'sign', name), `${name}=${v1}`)),
      () => signed(v1, hmac(digest, derive(key, 'sign', name), ownText.slice(1) + v1)),
      () => signed(plain, hmac(digest, derive(key, 'sign', name), `${name}=${plain}`)),
      () => signed(plain, hmac(digest, derive(key, 'sign', name), ownText + plain)),
      () => signed(`e1.${plain}`, hmac(digest, key, `${name}=e1.${plain}`)),
      () => `${name}=${sealUnder(derive(key, 'sign', name), plaintext)}`,
      () => `${name}=${sealUnder(derive(key, 'encrypt', OTHER_NAME), plaintext)}`,
      () => `${name}=${sealUnder(Buffer.from(key).subarray(0, 32), plaintext)}`,
      () => `${name}=${sealUnder(derive(STRANGER, 'encrypt', name), plaintext)}`
    ])()
  }
}

module.exports = { Pool }
