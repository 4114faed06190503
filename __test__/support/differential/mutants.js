// The original package with one thing wrong in each: what a rewrite could get wrong. The harness is worth
// something only if it notices every one of them. Each mutant is a name and replacements in the source text
// of one of the original's files; a replacement that finds nothing to replace is an error.

'use strict'

const S = 'cookie-session'

// [name, file, from, to, (more of file, from, to)]
const MUTANTS = [
  [
    'reads the session before it is asked for',
    S,
    'onHeaders(res, function setHeaders () {',
    'try { getSession() } catch (e) {}\n    onHeaders(res, function setHeaders () {'
  ],
  [
    'compares signatures without regard to case',
    'keygrip',
    'compare(digest, sign(data, keys[i]))',
    'compare(digest.toLowerCase(), sign(data, keys[i]).toLowerCase())'
  ],
  [
    'accepts padding in a signature',
    'keygrip',
    'compare(digest, sign(data, keys[i]))',
    "compare(digest.replace(/=+$/, ''), sign(data, keys[i]))"
  ],
  [
    'accepts a signature in the standard alphabet',
    'keygrip',
    'compare(digest, sign(data, keys[i]))',
    "compare(digest.replace(/\\+/g, '-').replace(/\\//g, '_'), sign(data, keys[i]))"
  ],
  ['verifies with the first key only', 'keygrip', 'l = keys.length', 'l = 1'],
  [
    'tries the last key first',
    'keygrip',
    'for (var i = 0, l = keys.length; i < l; i++)',
    'for (var i = keys.length - 1; i >= 0; i--)'
  ],
  [
    'copies the keys at construction',
    S,
    'var keys = opts.keys\n',
    'var keys = Array.isArray(opts.keys) ? opts.keys.slice() : opts.keys\n'
  ],
  [
    'copies the keys at each request',
    'keygrip',
    '  function sign(data, key)',
    '  keys = Array.prototype.slice.call(keys)\n  function sign(data, key)'
  ],
  [
    'checks for keys at construction',
    S,
    "debug('session options %j', opts)",
    "if (Array.isArray(keys) && !(0 in keys)) throw new Error('Keys must be provided.')"
  ],
  [
    'takes an array whose first key is undefined for empty',
    'keygrip',
    '!(0 in keys)',
    'keys[0] === undefined'
  ],
  [
    'checks for keys only when signed',
    S,
    'var cookies = new Cookies(req, res, {\n      keys: keys',
    'var cookies = new Cookies(req, res, {\n      keys: opts.signed ? keys : undefined'
  ],
  [
    'swaps the order of path and expires',
    'cookies',
    'if (this.path     ) header += "; path=" + this.path\n  if (this.expires  ) header += "; expires=" + this.expires.toUTCString()',
    'if (this.expires  ) header += "; expires=" + this.expires.toUTCString()\n  if (this.path     ) header += "; path=" + this.path'
  ],
  [
    'swaps the order of secure and httponly',
    'cookies',
    'if (this.secure   ) header += "; secure"\n  if (this.httpOnly ) header += "; httponly"',
    'if (this.httpOnly ) header += "; httponly"\n  if (this.secure   ) header += "; secure"'
  ],
  ['writes SameSite in the case given', 'cookies', 'this.sameSite.toLowerCase()', 'this.sameSite'],
  ['writes priority in the case given', 'cookies', 'this.priority.toLowerCase()', 'this.priority'],
  [
    'writes Max-Age',
    'cookies',
    'if (this.domain   ) header',
    'if (this.maxAge   ) header += "; max-age=" + this.maxAge\n  if (this.domain   ) header'
  ],
  ['ignores overwrite', 'cookies', 'if (cookie.overwrite) {', 'if (false) {'],
  ['always overwrites', 'cookies', 'if (cookie.overwrite) {', 'if (true) {'],
  ['overwrites by prefix of the name', 'cookies', "indexOf(cookie.name + '=')", 'indexOf(cookie.name)'],
  [
    'does not know maxage',
    'cookies',
    'set: function (val) { return this.maxAge = val }',
    'set: function (val) {}'
  ],
  [
    'takes a maxAge of 0 for an expiry',
    'cookies',
    'if (this.maxAge) this.expires',
    "if (typeof this.maxAge === 'number') this.expires"
  ],
  [
    'accepts a maxAge in a string',
    'cookies',
    "throw new TypeError('option maxAge is invalid')",
    'this.maxAge = Number(this.maxAge)'
  ],
  [
    'checks a domain for semicolons',
    'cookies',
    'if (this.domain && ',
    "if (this.domain && /;/.test(this.domain)) throw new TypeError('option domain is invalid')\n  if (this.domain && "
  ],
  [
    'checks a path for semicolons',
    'cookies',
    'if (this.path && ',
    "if (this.path && /;/.test(this.path)) throw new TypeError('option path is invalid')\n  if (this.path && "
  ],
  [
    'lets secure through on plain connections',
    'cookies',
    'if (!secure && opts && opts.secure) {',
    'if (false) {'
  ],
  [
    'lets secureProxy excuse a plain connection',
    'cookies',
    'if (!secure && opts && opts.secure) {',
    'if (!secure && opts && opts.secure && !opts.secureProxy) {'
  ],
  ['ignores secureProxy', 'cookies', 'cookie.secure = opts.secureProxy', ''],
  [
    'takes a secure of null for none given',
    'cookies',
    'opts && opts.secure !== undefined\n',
    'opts && opts.secure != null\n'
  ],
  [
    'ignores req.protocol',
    'cookies',
    "req.protocol === 'https' || isRequestEncrypted(req)",
    'isRequestEncrypted(req)'
  ],
  [
    'ignores the encrypted socket',
    'cookies',
    "req.protocol === 'https' || isRequestEncrypted(req)",
    "req.protocol === 'https'"
  ],
  [
    'stringifies once',
    S,
    'this._ctx._new || this._ctx._val !== Session.serialize(this)',
    'this._ctx._new || this._ctx._val !== (this._ctx._text = Session.serialize(this))',
    S,
    'Session.serialize(sess), req',
    'sess._ctx._text || Session.serialize(sess), req'
  ],
  [
    'compares JSON instead of base64',
    S,
    'this._ctx._val !== Session.serialize(this)',
    "Buffer.from(this._ctx._val, 'base64').toString() !== JSON.stringify(this)"
  ],
  [
    'compares with the JSON as parsed',
    S,
    'this._ctx._val !== Session.serialize(this)',
    'JSON.stringify(decode(this._ctx._val)) !== JSON.stringify(this)'
  ],
  [
    'computes Expires at construction',
    S,
    "debug('session options %j', opts)",
    "if (typeof opts.maxAge === 'number' && opts.maxAge && isFinite(opts.maxAge) && !Object.isFrozen(opts)) { try { opts.expires = new Date(Date.now() + opts.maxAge); opts.maxAge = undefined } catch (e) {} }"
  ],
  [
    'writes both cookies when it signs anew',
    'cookies',
    'index && this.set(sigName, this.keys.sign(data), { signed: false })',
    'if (index) { this.set(name, value, { signed: false }); this.set(sigName, this.keys.sign(data), { signed: false }) }'
  ],
  [
    'does not sign anew',
    'cookies',
    'index && this.set(sigName, this.keys.sign(data), { signed: false })',
    ''
  ],
  ['does not clear a bad signature', 'cookies', 'this.set(sigName, null, {path: "/", signed: false })', ''],
  [
    'clears both cookies after a bad signature',
    'cookies',
    'this.set(sigName, null, {path: "/", signed: false })',
    'this.set(name, null, {path: "/", signed: false }); this.set(sigName, null, {path: "/", signed: false })'
  ],
  [
    'sends no clearing cookie where none came',
    S,
    'if (sess === false) {\n          // remove',
    'if (sess === false) {\n          if (!cookies.get(name, { signed: false })) return'
  ],
  [
    'clears without the signature',
    S,
    "cookies.set(name, '', req.sessionOptions)",
    "cookies.set(name, '', Object.assign(Object.create(req.sessionOptions), { signed: false }))"
  ],
  [
    'copies an array of Set-Cookie',
    'cookies',
    'if (typeof headers == "string") headers = [headers]',
    'headers = [].concat(headers)'
  ],
  ['drops what was in Set-Cookie', 'cookies', 'headers = res.getHeader("Set-Cookie") || []', 'headers = []'],
  [
    'copies the options at construction',
    S,
    'return function _cookieSession',
    'opts = Object.assign({}, opts)\n  return function _cookieSession'
  ],
  [
    'uses the options of the constructor at send time',
    S,
    'Session.serialize(sess), req.sessionOptions',
    'Session.serialize(sess), Object.create(opts)'
  ],
  ['copies the options flat onto the request', S, 'Object.create(opts)', 'Object.assign({}, opts)'],
  [
    'verifies in spite of signed: false',
    'cookies',
    'if (!opts || !signed) return value',
    'if (!opts || !this.keys) return value'
  ],
  [
    'verifies where sessionOptions is null',
    'cookies',
    'if (!opts || !signed) return value',
    'if (!signed) return value'
  ],
  ['signs in spite of signed: false', 'cookies', 'if (opts && signed) {', 'if (opts && this.keys) {'],
  [
    'ignores a name in sessionOptions',
    'cookies',
    'this[name] = attrs[name]',
    "if (name !== 'name') this[name] = attrs[name]"
  ],
  [
    'ignores a value in sessionOptions',
    'cookies',
    'this[name] = attrs[name]',
    "if (name !== 'value') this[name] = attrs[name]"
  ],
  [
    'ignores inherited attributes',
    'cookies',
    'for (var name in attrs) {\n',
    'for (var name in attrs) {\n    if (!Object.prototype.hasOwnProperty.call(attrs, name) && !Object.prototype.hasOwnProperty.call(Object.getPrototypeOf(attrs), name)) continue\n'
  ],
  ['keeps the quotes of a value', 'cookies', "if (value[0] === '\"') value = value.slice(1, -1)", ''],
  [
    'strips a quote only where both are there',
    'cookies',
    "if (value[0] === '\"') value",
    'if (/^".*"$/.test(value)) value'
  ],
  ['takes the last cookie of the name', 'cookies', "'(?:^|;) *' +", "'.*(?:^|;) *' +"],
  ['needs a space or the start before the name', 'cookies', "'(?:^|;) *' +", "'(?:^|; )' +"],
  [
    'does not escape the name',
    'cookies',
    "name.replace(REGEXP_ESCAPE_CHARS_REGEXP, '\\\\$&')",
    "name.replace(/[()[\\]{}*+?\\\\]/g, '\\\\$&')"
  ],
  ['allows spaces before the equals sign', 'cookies', "'=([^;]*)'", "' *=([^;]*)'"],
  ['trims the value', 'cookies', 'value = match[1]\n', 'value = match[1].trim()\n'],
  [
    'calls setHeader of the response though it has set',
    'cookies',
    'res.set ? http.OutgoingMessage.prototype.setHeader : res.setHeader',
    'res.setHeader'
  ],
  [
    'always calls setHeader of the prototype',
    'cookies',
    'res.set ? http.OutgoingMessage.prototype.setHeader : res.setHeader',
    'http.OutgoingMessage.prototype.setHeader'
  ],
  [
    'remembers an error of the getter',
    S,
    'if ((sess = tryGetSession(cookies, name, req.sessionOptions))) {\n        return sess\n      }',
    'try { sess = tryGetSession(cookies, name, req.sessionOptions) } catch (e) { sess = Session.create(); throw e }\n      if (sess) return sess'
  ],
  [
    'swallows an error of the getter',
    S,
    'var str = cookies.get(name, opts)',
    'var str\n  try { str = cookies.get(name, opts) } catch (e) {}'
  ],
  ['lets errors at send through', S, "debug('error saving session %s', e.message)", 'throw e'],
  [
    'throws on cookies that do not parse',
    S,
    '  } catch (err) {\n    return undefined\n  }',
    '  } catch (err) {\n    throw err\n  }'
  ],
  [
    'takes urlsafe base64 only for broken',
    S,
    "var body = Buffer.from(string, 'base64')",
    "if (/[-_]/.test(string)) throw new Error('bad')\n  var body = Buffer.from(string, 'base64')"
  ],
  ['decodes as latin1', S, "toString('utf8')", "toString('latin1')"],
  [
    'strips a byte order mark',
    S,
    'return JSON.parse(body)',
    "return JSON.parse(body.replace(/^\\ufeff/, ''))"
  ],
  [
    'refuses JSON that is no object',
    S,
    'var obj = decode(str)\n',
    "var obj = decode(str)\n  if (obj === null || typeof obj !== 'object') throw new Error('no object')\n"
  ],
  [
    'loads names of the prototype',
    S,
    'if (!(key in this)) {',
    'if (!Object.prototype.hasOwnProperty.call(Session.prototype, key) && key !== "_ctx") {'
  ],
  ['copies own keys only', S, 'for (var key in obj) {\n', 'for (var key of Object.keys(Object(obj))) {\n'],
  [
    'keeps the object assigned',
    S,
    'sess = Session.create(val)\n        return sess',
    'sess = val instanceof Session ? val : Session.create(val)\n        return sess'
  ],
  ['sends an empty new session', S, '(!sess.isNew || sess.isPopulated) && sess.isChanged', 'sess.isChanged'],
  [
    'sends unchanged sessions',
    S,
    '(!sess.isNew || sess.isPopulated) && sess.isChanged',
    '!sess.isNew || sess.isPopulated'
  ],
  [
    'sends no session emptied',
    S,
    '(!sess.isNew || sess.isPopulated) && sess.isChanged',
    'sess.isPopulated && sess.isChanged'
  ],
  [
    'counts only keys with a value as populated',
    S,
    'return Object.keys(this).length > 0',
    "return JSON.stringify(this) !== '{}'"
  ],
  ['makes _ctx enumerable', S, '    value: ctx\n', '    value: ctx, enumerable: true\n'],
  [
    'lets flags be configured',
    S,
    'get: function getIsNew () {',
    'configurable: true, get: function getIsNew () {'
  ],
  [
    'has a session of null for undefined',
    S,
    'if (sess === false) {\n        return null',
    'if (sess === false) {\n        return undefined'
  ],
  [
    'makes a session anew after null',
    S,
    '// unset\n      if (sess === false) {\n        return null\n      }',
    ''
  ],
  [
    'takes undefined for no assignment',
    S,
    'if (val == null) {',
    'if (val === undefined) return\n      if (val === null) {'
  ],
  [
    'refuses arrays',
    S,
    "if (typeof val === 'object') {",
    "if (typeof val === 'object' && !Array.isArray(val)) {"
  ],
  [
    'defines a plain property that is not enumerable',
    S,
    'enumerable: true,\n      get: getSession',
    'enumerable: false,\n      get: getSession'
  ],
  [
    'looks for the session on this',
    S,
    'get: getSession,',
    'get: function () { if (this !== req) return undefined; return getSession() },'
  ],
  ['sends at every writeHead', 'on-headers', 'fired = true\n', ''],
  [
    'does not set headers given to writeHead first',
    'on-headers',
    'this.statusCode = statusCode\n',
    'this.statusCode = statusCode\n  if (Array.isArray(headers)) return Array.prototype.slice.call(arguments)\n'
  ],
  [
    'runs hooks in the order of registration',
    'on-headers',
    'return prevWriteHead.apply(this, args)',
    'return prevWriteHead.apply(this, args)',
    'on-headers',
    'res.writeHead = createWriteHead(res.writeHead, listener)',
    'if (res.writeHead.chain) { res.writeHead.chain.push(listener); return }\n  var chain = [listener]\n  res.writeHead = createWriteHead(res.writeHead, function () { for (var f of chain) f.call(this) })\n  res.writeHead.chain = chain'
  ],
  ['signs with sha256', 'keygrip', 'algorithm = "sha1"', 'algorithm = "sha256"'],
  [
    'ignores the algorithm of a keygrip',
    'keygrip',
    '.createHmac(algorithm, key)',
    '.createHmac("sha1", key)'
  ],
  ['signs the value alone', 'cookies', 'this.keys.sign(cookie.toString())', 'this.keys.sign(cookie.value)'],
  ['leaves padding in the signature', 'keygrip', '"=": ""', '"=": "="'],
  [
    'asks a foreign signer twice',
    'cookies',
    'index = this.keys.index(data, remote)',
    'index = this.keys.index(data, remote), index = this.keys.index(data, remote)'
  ],
  ['does not fill in defaults', S, 'if (opts.httpOnly == null) opts.httpOnly = true', ''],
  [
    'fills in defaults on a copy',
    S,
    'var opts = options || {}',
    'var opts = Object.assign(Object.create(options && typeof options === "object" ? Object.getPrototypeOf(options) : Object.prototype), options)'
  ],
  [
    'takes keys before it complains',
    S,
    "if (!keys && opts.signed) throw new Error('.keys required.')",
    "if (!keys) throw new Error('.keys required.')"
  ],
  [
    'reads under the name of the moment',
    S,
    'cookies, name, req.sessionOptions',
    'cookies, opts.name || name, req.sessionOptions'
  ],
  [
    'writes under the default name where the name is falsy',
    'cookies',
    '  this.name = name\n  this.value',
    '  var given = name\n  this.value',
    'cookies',
    '  if (!this.value) {\n',
    '  if (!this.name) this.name = given\n  if (!this.value) {\n'
  ],
  [
    'drops a session after the headers',
    S,
    'if (sess) {\n        return sess\n      }',
    'if (sess && !res.headersSent) {\n        return sess\n      }'
  ],
  ['writes no debug line', S, "debug('save %s', name)", '']
]

// [{ label, patches }, ...]
function mutants() {
  return MUTANTS.map(([label, ...rest]) => {
    const patches = []
    for (let i = 0; i < rest.length; i += 3)
      patches.push({ file: rest[i], from: rest[i + 1], to: rest[i + 2] })
    return { label, patches }
  })
}

module.exports = { mutants }
