'use strict'

// Shows that the differential test sees: breaks one rule at a time in a copy of the package, runs the test on the
// copy, and expects it to fail. Prints a table for docs/conformance.md.
//
//   node scripts/break-rules.js [part of a rule's name]

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { target } = require('../lib/engine/binding')

const ROOT = path.join(__dirname, '..')
const SEED = process.env.DIFFERENTIAL_SEED || '1'

/** [rule, file, text, what breaks it]; files of the crate are compiled again. */
const RULES = [
  [
    'overwrite is defaulted on the caller’s object',
    'index.js',
    'if (opts.overwrite == null) opts.overwrite = true',
    ''
  ],
  [
    'httpOnly is defaulted on the caller’s object',
    'index.js',
    'if (opts.httpOnly == null) opts.httpOnly = true',
    ''
  ],
  [
    'options are defaulted before `.keys required.`',
    'index.js',
    'if (opts.signed == null) opts.signed = true',
    'if (opts.signed == null && (keys || opts.signed)) opts.signed = true'
  ],
  ['an empty array of keys throws before req.session exists', 'index.js', '    jar.prepare()\n', ''],
  [
    'the presence of keys is checked even with signed false',
    'index.js',
    '    jar.prepare()\n',
    '    if (opts.signed) jar.prepare()\n'
  ],
  [
    'options stay live',
    'index.js',
    'req.sessionOptions = Object.create(opts)',
    'req.sessionOptions = Object.create(frozen)',
    ['  const jar =', '  const frozen = { ...opts }\n  const jar =']
  ],
  ['sessionOptions inherits from the options', 'index.js', 'Object.create(opts)', '{ ...opts }'],
  [
    'an untouched session is not read',
    'index.js',
    '    onHeaders(res,',
    '    state.get()\n    onHeaders(res,'
  ],
  ['req.session is enumerable', 'lib/request/session-accessor.js', 'enumerable: true', 'enumerable: false'],
  ['undefined clears the session as null does', 'index.js', 'if (value == null) {', 'if (value === null) {'],
  [
    'other values throw',
    'index.js',
    "throw new Error('req.session can only be set as null or an object.')",
    'return'
  ],
  [
    'assigning copies',
    'index.js',
    'this.#session = createSession(value)',
    'this.#session = value instanceof createSession().constructor ? value : createSession(value)'
  ],
  [
    'errors while sending are swallowed',
    'index.js',
    "debug('error saving session %s', causeOf(thrown).message)",
    'throw causeOf(thrown)'
  ],
  [
    'an empty new session is not sent',
    'index.js',
    '(!this.#session.isNew || this.#session.isPopulated) && this.#session.isChanged',
    'this.#session.isChanged'
  ],
  [
    'an unchanged session is not sent',
    'index.js',
    '(!this.#session.isNew || this.#session.isPopulated) && this.#session.isChanged',
    '(!this.#session.isNew || this.#session.isPopulated)'
  ],
  [
    'a changed session is turned to JSON twice',
    'index.js',
    'const json = JSON.stringify(this.#session)',
    'const json = this.#session.__json ?? JSON.stringify(this.#session)',
    [
      '&& this.#session.isChanged',
      "&& (this.#session.isNew || Object.defineProperty(this.#session, '__json', { value: JSON.stringify(this.#session) })) && this.#session.isChanged"
    ]
  ],
  ['debug says `new session`', 'index.js', "if (debug.enabled) debug('new session')", ''],
  ['debug says `parse`', 'index.js', "if (debug.enabled) debug('parse %s', opened.value)", ''],
  [
    'keys already in a session are not copied',
    'lib/session/session.js',
    'if (!(key in this) || hideable?.has(key)) this[key]',
    'if (key !== "_ctx") this[key]'
  ],
  [
    'inherited keys are copied',
    'lib/session/session.js',
    'for (const key in obj) {',
    'for (const key of Object.keys(obj)) {'
  ],
  [
    '_ctx is not enumerable',
    'lib/session/session.js',
    "'_ctx', { value: ctx }",
    "'_ctx', { value: ctx, enumerable: true }"
  ],
  [
    '_val is the cookie’s value',
    'lib/session/session.js',
    'context._val = value',
    'context._val = undefined'
  ],
  [
    'isChanged compares base64, not JSON',
    'lib/session/session.js',
    'return openSession(str)\n',
    'return openSession(str)\n',
    [
      'const obj = parse(value, json)',
      "if (json === undefined) json = Buffer.from(value, 'base64').toString('utf8')\n  const obj = parse(value, json)"
    ]
  ],
  [
    'isPopulated counts own keys',
    'lib/session/session.js',
    'Object.keys(this).length > 0',
    'Object.values(this).some((value) => value !== undefined)'
  ],
  ['isChanged has no setter', 'lib/session/session.js', 'isNew: {\n', 'isNew: {\n    set() {},\n'],
  [
    'a missing signature sends nothing',
    'lib/jar.js',
    'if (opened === undefined) return undefined',
    'if (opened === undefined) return this.#setSignature(request, response, null)'
  ],
  [
    'a bad signature is cleared',
    'lib/jar.js',
    '        this.#setSignature(request, response, null)\n        return undefined',
    '        return undefined'
  ],
  [
    'it is cleared without the options’ attributes',
    'lib/jar.js',
    "'; path=/' + expires + secure + '; httponly'",
    "'; path=' + (response.req?.sessionOptions?.path ?? '/') + expires + secure + '; httponly'"
  ],
  [
    'secure of a cleared signature follows the connection',
    'lib/jar.js',
    "this.#isSecure(request) ? '; secure' : ''",
    "''"
  ],
  [
    'an older key’s signature is replaced',
    'lib/jar.js',
    'if (opened.renewed !== undefined) this',
    'if (false) this'
  ],
  [
    'signed false reads unverified',
    'lib/jar.js',
    'if (!options || !signed) return {',
    'if (!options) return {'
  ],
  [
    'null options read unverified',
    'lib/jar.js',
    'if (!options || !signed) return {',
    'if (options && !signed) return {'
  ],
  [
    '`.keys required for signed cookies` on reading',
    'lib/jar.js',
    "    if (!this.keys) throw new Error('.keys required for signed cookies')\n    const index",
    '    if (!this.keys) return undefined\n    const index'
  ],
  ['a foreign index may answer anything', 'lib/jar.js', '    if (index < 0) {', '    if (!(index >= 0)) {'],
  [
    'keys are live',
    'lib/keys/key-cache.js',
    '    this.#keys = keys\n',
    '    this.#keys = Array.from(keys)\n'
  ],
  [
    'the bytes of a key are live',
    'lib/keys/key-cache.js',
    '(one.copy !== undefined && !one.is(keys[i]))',
    'false'
  ],
  [
    'a key that is none throws when it is reached',
    'lib/keys/key-cache.js',
    'if (bytes === undefined) return false',
    'if (bytes === undefined) continue'
  ],
  [
    'the name is that of the options when written',
    'lib/cookies/set-cookie.js',
    'for (const option in options) this[option]',
    "for (const option in options) if (option !== 'name') this[option]"
  ],
  [
    '`value` among the options lands on the cookie',
    'lib/cookies/set-cookie.js',
    'for (const option in options) this[option]',
    "for (const option in options) if (option !== 'value') this[option]"
  ],
  ['maxage is maxAge', 'lib/cookies/set-cookie.js', '    this.maxAge = value\n', ''],
  [
    'maxAge 0 leaves expires',
    'lib/cookies/set-cookie.js',
    'if (this.maxAge) this.expires',
    "if (typeof this.maxAge === 'number') this.expires"
  ],
  [
    'a bad maxAge throws',
    'lib/cookies/set-cookie.js',
    '!Number.isFinite(this.maxAge) : this.maxAge',
    '!Number.isFinite(this.maxAge) : false'
  ],
  [
    'a bad sameSite throws',
    'lib/cookies/set-cookie.js',
    'if (this.sameSite && this.sameSite !== true && !SAME_SITE',
    'if (false && !SAME_SITE'
  ],
  [
    'a bad priority throws',
    'lib/cookies/set-cookie.js',
    'if (this.priority && !PRIORITY',
    'if (false && !PRIORITY'
  ],
  [
    'domain is checked no more than it is',
    'lib/cookies/set-cookie.js',
    'this.domain && !FIELD_CONTENT.test(this.domain)',
    'this.domain && !/^[a-z.]+$/.test(this.domain)'
  ],
  [
    'the order of attributes',
    'lib/cookies/set-cookie.js',
    "  if (cookie.secure) flags += '; secure'\n  if (cookie.httpOnly) flags += '; httponly'",
    "  if (cookie.httpOnly) flags += '; httponly'\n  if (cookie.secure) flags += '; secure'"
  ],
  ['sameSite in lower case', 'lib/cookies/set-cookie.js', 'cookie.sameSite.toLowerCase()', 'cookie.sameSite'],
  ['partitioned', 'lib/cookies/set-cookie.js', 'if (cookie.partitioned) flags', 'if (false) flags'],
  ['overwrite drops earlier cookies', 'lib/cookies/set-cookie.js', 'headers.splice(i, 1)', 'continue'],
  [
    'overwrite drops them by prefix',
    'lib/cookies/set-cookie.js',
    "headers[i].indexOf(name + '=') === 0",
    "headers[i].split(';')[0] === name + '='"
  ],
  [
    'Set-Cookie is changed in place',
    'lib/jar.js',
    'const values = header || []',
    "const values = typeof header === 'string' ? header : [...(header || [])]"
  ],
  [
    'a secure cookie on a plain connection throws',
    'lib/jar.js',
    'if (!secure && options && options.secure) {',
    'if (false) {'
  ],
  [
    'secure null suppresses',
    'lib/jar.js',
    'cookie.secure = options && options.secure !== undefined ?',
    'cookie.secure = options && options.secure != null ?'
  ],
  ['secureProxy overrides', 'lib/jar.js', "if (options && 'secureProxy' in options)", 'if (false)'],
  ['secure follows req.protocol', 'lib/jar.js', "if (request.protocol === 'https') return true", ''],
  [
    'OutgoingMessage’s setHeader where there is res.set',
    'lib/jar.js',
    'response.set ? http.OutgoingMessage.prototype.setHeader : response.setHeader',
    'response.setHeader'
  ],
  [
    'a path that is there and undefined is no path',
    'lib/cookies/attribute-cache.js',
    "for (const attribute of ['name', 'path', 'httpOnly'])",
    "for (const attribute of ['name', 'httpOnly'])",
    ["      (values.path !== undefined || !('path' in options)) &&\n", '']
  ],
  [
    'options that are not enumerable do not count',
    'lib/cookies/attribute-cache.js',
    'return enumerable && ',
    'return '
  ],
  [
    'the date moves with the clock',
    'lib/cookies/attribute-cache.js',
    'if (second !== this.#second) {',
    'if (this.#second === undefined) {'
  ],
  [
    'attributes of one request do not stay for the next',
    'lib/cookies/attribute-cache.js',
    'options.domain === values.domain &&',
    'true &&'
  ],
  [
    'the first cookie of a name counts',
    'src/cookie_header.rs',
    'if found.value.is_none() {',
    'if true {',
    [
      'found.value = self.first(header, at, hits, b"=");',
      'found.value = self.first(header, at, hits, b"=").or(found.value);'
    ],
    ['if found.value.is_some() && found.signature.is_some() {', 'if false {']
  ],
  [
    'a quoted value loses its quotes',
    'src/cookie_header.rs',
    "[b'\"', inner @ .., _] => inner,",
    "[b'\"', inner @ .., b'\"'] => inner,"
  ],
  [
    'only spaces may stand before a name',
    'src/cookie_header.rs',
    "places_of(u8x16::splat(b' '), &block)",
    "(places_of(u8x16::splat(b' '), &block) | places_of(u8x16::splat(b'\\t'), &block))"
  ],
  [
    'all keys verify',
    'src/keyring.rs',
    'signatures.any(|older| older.matches(digest))',
    'signatures.take(0).any(|older| older.matches(digest))'
  ],
  [
    'a signature is compared whole',
    'src/keyring.rs',
    'self.as_bytes().ct_eq(digest).into()',
    'self.as_bytes().iter().zip(digest).all(|(a, b)| a == b)'
  ],
  [
    'base64 in another form counts as changed',
    'src/codec.rs',
    'let canonical = payload::decode(value, json);',
    'let canonical = payload::decode(value, json) || { json.extend_from_slice(b"{}"); true };'
  ],
  ['an empty signature is none', 'src/codec.rs', 'Some(digest @ [_, ..])', 'Some(digest)']
]

/** Copies what the test needs, so that nothing of the checkout is touched. */
function copyPackage(folder) {
  const addon = `cookie-session-native.${target()}.node`
  for (const name of [
    'index.js',
    'package.json',
    'lib',
    'src',
    'Cargo.toml',
    'Cargo.lock',
    'build.rs',
    addon,
    '__test__/once/differential.test.js',
    '__test__/support/differential',
    'bench/instructions.rs'
  ]) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true })
  }
  return path.join(folder, addon)
}

function replace(file, from, to) {
  const text = fs.readFileSync(file, 'utf8')
  if (!text.includes(from)) throw new Error(`${path.basename(file)} has no ${JSON.stringify(from)}`)
  fs.writeFileSync(
    file,
    text.replace(from, () => to)
  )
}

/** @returns {string | undefined} what the test said when it failed; undefined where it passed */
function breakRule([rule, name, from, to, also]) {
  const folder = fs.mkdtempSync(path.join(ROOT, '.broken-'))
  try {
    const addon = copyPackage(folder)
    replace(path.join(folder, name), from, to)
    if (also) replace(path.join(folder, name), ...also)
    const env = {
      ...process.env,
      DIFFERENTIAL_SEED: SEED,
      DIFFERENTIAL_SCRIPTS: '20000',
      NODE_TEST_CONTEXT: undefined
    }
    const compiled = name.startsWith('src/')
    if (compiled) {
      const build = path.join(ROOT, 'target', 'broken')
      const args = ['build', '--quiet', '--lib', '--locked', '--features=addon', '--target-dir', build]
      const { status } = spawnSync('cargo', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
      if (status !== 0) throw new Error(`${rule}: does not compile`)
      const library = fs
        .readdirSync(path.join(build, 'debug'))
        .find((file) => /\.(?:so|dylib|dll)$/.test(file))
      fs.copyFileSync(path.join(build, 'debug', library), addon)
    }
    env.COOKIE_SESSION_ENGINE = 'native'
    const { status, stdout } = spawnSync(process.execPath, ['--test', '__test__/once/differential.test.js'], {
      cwd: folder,
      env,
      encoding: 'utf8',
      maxBuffer: 1 << 28
    })
    return status === 0 ? undefined : stdout
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

for (const [rule, file, from] of RULES) {
  if (!fs.readFileSync(path.join(ROOT, file), 'utf8').includes(from))
    throw new Error(`${rule}: ${file} has no ${from}`)
}

let missed = 0
for (const rule of RULES.filter(([name]) => !process.argv[2] || name.includes(process.argv[2]))) {
  const said = breakRule(rule)
  const script = said && / script (\d+) of seed /.exec(said)?.[1]
  // A copy that does not even run has not been told from the original.
  if (said !== undefined && script === undefined)
    throw new Error(`${rule[0]}: no difference was shown\n${said}`)
  if (said === undefined) missed++
  console.log(`| ${rule[0]} | \`${rule[1]}\` | ${said === undefined ? '**not seen**' : `script ${script}`} |`)
}
if (missed > 0) {
  console.error(`${missed} rules can be broken unseen`)
  process.exit(1)
}
