'use strict'

// Shows that the differential test sees: breaks one rule at a time in a copy of the package, runs the test on the
// copy, and expects it to fail. Prints a table for docs/conformance.md.
//
//   node scripts/break-rules.js [part of a rule's name]    with a part, prints what the test said as well
//
// DIFFERENTIAL_SEED=1        the seed of the scripts
// DIFFERENTIAL_SCRIPTS=6000  how many of them may be needed

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { target } = require('../lib/engine/binding')

const ROOT = path.join(__dirname, '..')
const TEST = '__test__/once/differential.test.js'
const ADDON = `cookie-session-native.${target()}.node`
const BUILD = path.join(ROOT, 'target', 'broken')
const { DIFFERENTIAL_SEED = '1', DIFFERENTIAL_SCRIPTS = '6000' } = process.env

const CONFIG = 'lib/config.js'
const REQUEST_SESSION = 'lib/request/request-session.js'
const ACCESSOR = 'lib/request/session-accessor.js'
const CONNECTION = 'lib/request/connection.js'
const LATE_CHANGES = 'lib/request/late-changes.js'
const SESSION = 'lib/session/session.js'
const ORIGINAL = 'lib/formats/original.js'
const KEY_CACHE = 'lib/keys/key-cache.js'
const SESSION_COOKIES = 'lib/cookies/session-cookies.js'
const SET_COOKIE = 'lib/cookies/set-cookie.js'
const ATTRIBUTE_CACHE = 'lib/cookies/attribute-cache.js'

/** [rule, file, ...[text, what breaks it]]. Each text has to be there once. */
const RULES = [
  [
    'overwrite is defaulted on the caller’s object',
    CONFIG,
    ['  if (options.overwrite == null) options.overwrite = true\n', '']
  ],
  [
    'httpOnly is defaulted on the caller’s object',
    CONFIG,
    ['  if (options.httpOnly == null) options.httpOnly = true\n', '']
  ],
  [
    'options are defaulted before `.keys required.`',
    CONFIG,
    [
      '  if (options.overwrite == null)',
      "  if (!keys && (options.signed ?? true)) throw new Error('.keys required.')\n  if (options.overwrite == null)"
    ]
  ],
  [
    'an empty array of keys throws before req.session exists',
    'index.js',
    ['    format.prepare(req)\n', ''],
    ['    onHeaders(res,', '    format.prepare(req)\n    onHeaders(res,']
  ],
  [
    'the presence of keys is checked even with signed false',
    'index.js',
    ['format.prepare(req)', 'try { format.prepare(req) } catch (error) { if (opts.signed) throw error }']
  ],
  [
    'options stay live',
    'index.js',
    ['= Object.create(opts)', '= Object.create(frozen)'],
    ['  return function', '  const frozen = { ...opts }\n  return function']
  ],
  ['sessionOptions inherits from the options', 'index.js', ['Object.create(opts)', '{ ...opts }']],
  [
    'an untouched session is not read',
    'index.js',
    ['    onHeaders(res,', '    session.get()\n    onHeaders(res,']
  ],
  [
    'req.session is enumerable',
    ACCESSOR,
    [
      'const sharedAccessor = {\n  configurable: true,\n  enumerable: true',
      'const sharedAccessor = {\n  configurable: true,\n  enumerable: false'
    ]
  ],
  [
    'a second middleware’s req.session is its own',
    ACCESSOR,
    [
      "    require('./shared-names').warnOf",
      "    return sharedAccessor\n    require('./shared-names').warnOf"
    ]
  ],
  [
    'req.session is found through a Proxy',
    ACCESSOR,
    ["if (typeof stream === 'object' && stream !== null && Carrier.has(stream)) return", 'if (false) return']
  ],
  [
    'undefined clears the session as null does',
    REQUEST_SESSION,
    ['if (value == null) {', 'if (value === null) {']
  ],
  ['other values throw', REQUEST_SESSION, ['throw new Error(', 'void new Error(']],
  [
    'assigning copies',
    REQUEST_SESSION,
    [
      'this.current = this.config.sessions.create(this, value)',
      'this.current = this.config.sessions.create(this, value)\n' +
        '      if (value instanceof this.current.constructor) this.current = value'
    ]
  ],
  [
    'errors while sending are swallowed',
    REQUEST_SESSION,
    ["debug('error saving session %s', message)", 'throw cause']
  ],
  [
    'an empty new session is not sent',
    REQUEST_SESSION,
    ['        (!this.current.isNew || this.current.isPopulated) &&\n', '']
  ],
  ['an unchanged session is not sent', REQUEST_SESSION, [' &&\n        this.current.isChanged\n', '\n']],
  [
    'a changed session is turned to JSON twice',
    REQUEST_SESSION,
    [
      '        this.current.isChanged\n',
      '        ((stringify) => {\n' +
        '          JSON.stringify = (session) => (json = stringify(session))\n' +
        '          try { return this.current.isChanged } finally { JSON.stringify = stringify }\n' +
        '        })(JSON.stringify)\n'
    ],
    ['json = policy?.isUntouched', 'json ??= policy?.isUntouched']
  ],
  [
    'what toJSON puts in the place of a session is sent',
    REQUEST_SESSION,
    ['    let json\n', '    let json\n    const { current } = this\n'],
    [': JSON.stringify(this.current)', ': JSON.stringify(current)']
  ],
  ['debug says `new session`', REQUEST_SESSION, ["if (debug.enabled) debug('new session')", '']],
  ['debug says `parse`', REQUEST_SESSION, ["if (debug.enabled) debug('parse %s', value ?? '(sealed)')", '']],
  [
    'a subscriber to a channel changes nothing',
    REQUEST_SESSION,
    [
      "this.publisher('saved', { bytes })",
      "this.publisher('saved', { bytes: JSON.stringify(this.current)?.length })"
    ]
  ],
  [
    'a session that is looked at late is not asked for anything',
    LATE_CHANGES,
    ['const before = Object', 'JSON.stringify(session)\n  const before = Object']
  ],
  [
    'keys already in a session are not copied',
    SESSION,
    ['if (!(key in this)) this[key]', "if (key !== '_ctx') this[key]"]
  ],
  [
    'inherited keys are copied',
    SESSION,
    [
      'for (const key in obj) {\n    if (!(key in this)) this',
      'for (const key of Object.keys(obj)) {\n    if (!(key in this)) this'
    ]
  ],
  [
    '_ctx is not enumerable',
    SESSION,
    [
      "function Session(ctx, obj) {\n  Object.defineProperty(this, '_ctx', { value: ctx })",
      "function Session(ctx, obj) {\n  Object.defineProperty(this, '_ctx', { value: ctx, enumerable: true })"
    ]
  ],
  ['_val is the cookie’s value', SESSION, ['context._val = value', 'context._val = undefined']],
  ['_ctx has `_new` and `_val` alone', SESSION, ['context.#json = json', 'context._json = json']],
  [
    'isChanged compares base64, not JSON',
    SESSION,
    [
      '  const obj = parse(value, json)\n  return',
      "  if (json === undefined) json = Buffer.from(value, 'base64').toString('utf8')\n" +
        '  const obj = parse(value, json)\n  return'
    ]
  ],
  ['an app may change _val', SESSION, [' &&\n        context._val === context.#jsonOf\n', '\n']],
  [
    'isPopulated counts own keys',
    SESSION,
    ['Object.keys(this).length > 0', 'Object.values(this).some((value) => value !== undefined)']
  ],
  ['isChanged has no setter', SESSION, ['  isChanged: {\n', '  isChanged: {\n    set() {},\n']],
  [
    'a missing signature sends nothing',
    REQUEST_SESSION,
    ['if (!opened.unsigned) this.setSignature(null)', 'this.setSignature(null)']
  ],
  ['a bad signature is cleared', REQUEST_SESSION, ['if (!opened.unsigned) this.setSignature(null)', '']],
  [
    'it is cleared without the options’ attributes',
    SESSION_COOKIES,
    ["'; path=/' + expires", "'; path=' + (req.sessionOptions?.path ?? '/') + expires"]
  ],
  [
    'secure of a cleared signature follows the connection',
    SESSION_COOKIES,
    ["const secure = isSecure(req, this.#optIn?.proxy) ? '; secure' : ''", "const secure = ''"]
  ],
  [
    'an older key’s signature is replaced',
    REQUEST_SESSION,
    ['if (opened.renewed !== undefined) this.setSignature(opened.renewed)', '']
  ],
  [
    'a signature is mended even when the headers went, which throws',
    REQUEST_SESSION,
    [
      '  setSignature(signature) {\n',
      '  setSignature(signature) {\n    if (this.res.headersSent) return undefined\n'
    ]
  ],
  [
    'signed false reads unverified',
    REQUEST_SESSION,
    ['const isSigned = cookies.isSigned(this.options)', 'const isSigned = Boolean(this.options)']
  ],
  [
    'null options read unverified',
    REQUEST_SESSION,
    [
      'const isSigned = cookies.isSigned(this.options)',
      'const isSigned = !this.options || cookies.isSigned(this.options)'
    ]
  ],
  [
    'where no option says it, having keys is being signed',
    SESSION_COOKIES,
    ['options.signed : this.#format.hasKeys', 'options.signed : false']
  ],
  [
    '`.keys required for signed cookies` on reading',
    ORIGINAL,
    ["if (!signer) throw new Error('.keys required for signed cookies')", 'if (!signer) return -1']
  ],
  [
    'a foreign index may answer anything',
    ORIGINAL,
    ['if (index < 0) continue', 'if (!(index >= 0)) continue']
  ],
  ['keys are live', KEY_CACHE, ['    this.#keys = keys\n', '    this.#keys = Array.from(keys)\n']],
  ['the bytes of a key are live', KEY_CACHE, [' || (one.copy !== undefined && !one.is(keys[i]))', '']],
  [
    'a key that is none throws when it is reached',
    KEY_CACHE,
    [
      'const bytes = bytesOf(key)\n      if (bytes === undefined) return false',
      'const bytes = bytesOf(key)\n      if (bytes === undefined) continue'
    ]
  ],
  [
    'the name is that of the options when written',
    SET_COOKIE,
    [
      'for (const option in options) this[option]',
      "for (const option in options) if (option !== 'name') this[option]"
    ]
  ],
  [
    '`value` among the options lands on the cookie',
    SET_COOKIE,
    [
      'for (const option in options) this[option]',
      "for (const option in options) if (option !== 'value') this[option]"
    ]
  ],
  ['maxage is maxAge', SET_COOKIE, ['    this.maxAge = value\n', '']],
  [
    'maxAge 0 leaves expires',
    SET_COOKIE,
    ['if (this.maxAge) this.expires', "if (typeof this.maxAge === 'number') this.expires"]
  ],
  [
    'a bad maxAge throws',
    SET_COOKIE,
    ['!Number.isFinite(this.maxAge) : this.maxAge', '!Number.isFinite(this.maxAge) : false']
  ],
  [
    'a bad sameSite throws',
    SET_COOKIE,
    ['if (this.sameSite && this.sameSite !== true && !SAME_SITE', 'if (false && !SAME_SITE']
  ],
  ['a bad priority throws', SET_COOKIE, ['if (this.priority && !PRIORITY', 'if (false && !PRIORITY']],
  [
    'domain is checked no more than it is',
    SET_COOKIE,
    ['this.domain && !FIELD_CONTENT.test(this.domain)', 'this.domain && !/^[a-z.]+$/.test(this.domain)']
  ],
  [
    'the order of attributes',
    SET_COOKIE,
    [
      "  if (cookie.secure) flags += '; secure'\n  if (cookie.httpOnly) flags += '; httponly'",
      "  if (cookie.httpOnly) flags += '; httponly'\n  if (cookie.secure) flags += '; secure'"
    ]
  ],
  ['sameSite in lower case', SET_COOKIE, ['cookie.sameSite.toLowerCase()', 'cookie.sameSite']],
  ['partitioned', SET_COOKIE, ['if (cookie.partitioned) flags', 'if (false) flags']],
  ['overwrite drops earlier cookies', SET_COOKIE, ['headers.splice(i, 1)', 'continue']],
  [
    'overwrite drops them by prefix',
    SET_COOKIE,
    ["headers[i].indexOf(name + '=') === 0", "headers[i].split(';')[0] === name + '='"]
  ],
  [
    'Set-Cookie is changed in place',
    CONNECTION,
    [
      'const values = header || []',
      "const values = typeof header === 'string' ? header : [...(header || [])]"
    ]
  ],
  [
    'a secure cookie on a plain connection throws',
    CONNECTION,
    ['if (!secure && options && options.secure) {', 'if (false) {']
  ],
  [
    'secure null suppresses',
    SESSION_COOKIES,
    [
      'cookie.secure = options && options.secure !== undefined ?',
      'cookie.secure = options && options.secure != null ?'
    ],
    ['options.secure === undefined ? secure', 'options.secure == null ? secure']
  ],
  ['secureProxy overrides', SESSION_COOKIES, ["if (options && 'secureProxy' in options)", 'if (false)']],
  ['secure follows req.protocol', CONNECTION, ["  if (request.protocol === 'https') return true\n", '']],
  [
    'OutgoingMessage’s setHeader where there is res.set',
    CONNECTION,
    ['response.set ? http.OutgoingMessage.prototype.setHeader : response.setHeader', 'response.setHeader']
  ],
  [
    'what Object.prototype holds lands on a mended signature',
    SESSION_COOKIES,
    [' &&\n      isObjectPrototypeClean()\n', '\n']
  ],
  [
    'a path that is there and undefined is no path',
    ATTRIBUTE_CACHE,
    [
      "for (const attribute of ['name', 'path', 'httpOnly'])",
      "for (const attribute of ['name', 'httpOnly'])"
    ],
    ["      (values.path !== undefined || !('path' in options)) &&\n", '']
  ],
  ['options that are not enumerable do not count', ATTRIBUTE_CACHE, ['return enumerable && ', 'return ']],
  [
    'the date moves with the clock',
    ATTRIBUTE_CACHE,
    ['if (second !== this.#second) {', 'if (this.#second === undefined) {']
  ],
  [
    'attributes of one request do not stay for the next',
    ATTRIBUTE_CACHE,
    ['      options.domain === values.domain &&\n', '']
  ],
  [
    'the first cookie of a name counts',
    'src/cookie_header.rs',
    ['if found.value.is_none() {', 'if true {'],
    [
      'found.value = self.first(header, at, hits, b"=");',
      'found.value = self.first(header, at, hits, b"=").or(found.value);'
    ],
    ['if found.value.is_some() && found.signature.is_some() {', 'if false {']
  ],
  [
    'a quoted value loses its quotes',
    'src/cookie_header.rs',
    ["[b'\"', inner @ .., last] =>", "[b'\"', inner @ .., last @ b'\"'] =>"]
  ],
  [
    'only spaces may stand before a name',
    'src/cookie_header.rs',
    [
      "places_of(u8x16::splat(b' '), &block)",
      "(places_of(u8x16::splat(b' '), &block) | places_of(u8x16::splat(b'\\t'), &block))"
    ]
  ],
  [
    'all keys verify',
    'src/keyring.rs',
    ['for (key_index, key) in self.keys.iter() {', 'for (key_index, key) in self.keys.iter().take(1) {']
  ],
  [
    'a signature is compared whole',
    'src/keyring.rs',
    ['if digest.len() != self.signature_length() {', 'if false {'],
    ['self.as_bytes().ct_eq(digest).into()', 'self.as_bytes().iter().zip(digest).all(|(a, b)| a == b)']
  ],
  [
    'base64 in another form counts as changed',
    'src/codec.rs',
    [
      'payload::decode(value, json);',
      'payload::decode(value, json) ||\n' +
        '[&b"="[..], b"=="].iter().any(|pad| payload::decode(&[value, pad].concat(), json));'
    ]
  ],
  [
    'characters of several bytes in front of a cookie move nothing',
    'src/napi/codec.rs',
    ['if text.is_ascii() {', 'if true {']
  ],
  ['an empty signature is none', 'src/formats/original.rs', ['Some(digest @ [_, ..])', 'Some(digest)']]
]

/** What the test needs of a package. */
const COPIED = ['index.js', 'package.json', 'lib', ADDON, TEST, '__test__/support/differential']
/** What cargo needs besides. */
const COPIED_CRATE = ['src', 'Cargo.toml', 'Cargo.lock', 'build.rs']

function isOfCrate(file) {
  return file.startsWith('src/')
}

/**
 * A file's text with a rule broken.
 *
 * @throws {Error} where a text is not there, or there more than once: then the rule may live elsewhere by now
 */
function broken([rule, file, ...replacements]) {
  let text = fs.readFileSync(path.join(ROOT, file), 'utf8')
  for (const [from, to] of replacements) {
    const parts = text.split(from)
    if (parts.length !== 2) {
      throw new Error(
        `${rule}: ${JSON.stringify(from)} is in ${file} ${parts.length - 1} times; expected once`
      )
    }
    text = parts.join(to)
  }
  return text
}

/** Copies what the test needs, so that nothing of the checkout is touched. */
function copyPackage(folder, file) {
  for (const name of isOfCrate(file) ? [...COPIED, ...COPIED_CRATE] : COPIED) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true })
  }
}

/** @returns {Promise<{ status: number | null, said: string }>} */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        said += text
      })
    }
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, said }))
  })
}

/** Compiles the copy's addon. All copies share the dependencies' objects. */
async function compile(folder, rule) {
  const args = ['build', '--quiet', '--lib', '--locked', '--features=addon', '--target-dir', BUILD]
  const { status, said } = await run('cargo', args, { cwd: folder })
  if (status !== 0) throw new Error(`${rule}: does not compile\n${said}`)
  const built = path.join(BUILD, 'debug')
  const library = fs.readdirSync(built).find((name) => /\.(?:so|dylib|dll)$/.test(name))
  fs.copyFileSync(path.join(built, library), path.join(folder, ADDON))
}

/** The compilation that runs, or ran last: each leaves its library in the same place. */
let compilation = Promise.resolve()

/** @returns {Promise<string | undefined>} what the test said when it failed; undefined where it passed */
async function breakRule([rule, file, ...replacements]) {
  const folder = fs.mkdtempSync(path.join(ROOT, '.broken-'))
  try {
    copyPackage(folder, file)
    fs.writeFileSync(path.join(folder, file), broken([rule, file, ...replacements]))
    if (isOfCrate(file)) {
      const mine = compilation.then(() => compile(folder, rule))
      compilation = mine.catch(() => {})
      await mine
    }
    const env = {
      ...process.env,
      COOKIE_SESSION_ENGINE: 'native',
      DIFFERENTIAL_SCRIPTS,
      DIFFERENTIAL_SEED,
      // In production nobody is warned.
      NODE_ENV: undefined,
      NODE_TEST_CONTEXT: undefined
    }
    const { status, said } = await run(process.execPath, ['--test', TEST], { cwd: folder, env })
    return status === 0 ? undefined : said
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

async function main([part]) {
  const started = Date.now()
  for (const rule of RULES) broken(rule)
  const rules = RULES.filter(([name]) => part === undefined || name.includes(part))
  if (rules.length === 0) throw new Error(`no rule has ${JSON.stringify(part)} in its name`)
  const results = new Map()

  /** @returns {Promise<string>} what the table says of it */
  async function resultOf(rule) {
    try {
      const said = await breakRule(rule)
      if (said === undefined) return '**not seen**'
      if (part !== undefined) console.error(said)
      const [script] = /script \d+(?= of seed )/.exec(said) ?? []
      if (script !== undefined) return script
      // A copy that does not even run has not been told from the original.
      throw new Error(`no difference was shown\n${said}`)
    } catch (error) {
      console.error(error)
      return '**does not run**'
    }
  }

  async function work(take) {
    for (let rule = take(); rule !== undefined; rule = take()) {
      results.set(rule, await resultOf(rule))
      console.error(`${results.size} of ${rules.length}: ${rule[0]}: ${results.get(rule)}`)
    }
  }

  // Two at a time. The rules of the crate, which is compiled, are at one end, so that it is compiled beside other work.
  const left = [...rules]
  await Promise.all([work(() => left.shift()), work(() => left.pop())])

  for (const rule of rules) console.log(`| ${rule[0]} | \`${rule[1]}\` | ${results.get(rule)} |`)
  const seen = rules.filter((rule) => results.get(rule).startsWith('script')).length
  console.error(`${seen} of ${rules.length} rules seen, in ${Math.round((Date.now() - started) / 1000)} s`)
  if (seen < rules.length) process.exitCode = 1
}

main(process.argv.slice(2))
