// Prints a script as a JavaScript program: what a person would write to see the difference with their own
// eyes, with either package. It runs as it stands, but for responses that are not of node:http.

'use strict'

const { headerText } = require('./header')

function text(value) {
  // A script that is being made smaller may have lost it.
  if (value === undefined) return 'undefined'
  if (value.length > 1200) {
    const left = value.length - 800
    return `(${text(value.slice(0, 400))} + ${text(value.slice(-400))} /* ${left} characters left out between */)`
  }
  return JSON.stringify(value)
    .replace(
      /[\u007f-\u009f\u2028\u2029\ufeff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
    )
    .replace(/^"(.*)"$/s, (whole, inner) =>
      inner.includes("'") || inner.includes('\\"') ? whole : `'${inner}'`
    )
}

function property(key) {
  return /^[a-z_$][\w$]*$/i.test(key) && key !== '__proto__' ? key : `[${text(key)}]`
}

function member(base, key) {
  return /^[a-z_$][\w$]*$/i.test(key) ? `${base}.${key}` : `${base}[${text(key)}]`
}

function object(entries) {
  if (entries.length === 0) return '{}'
  return `{ ${entries.map(([key, value]) => `${property(key)}: ${source(value)}`).join(', ')} }`
}

const sources = {
  undefined: () => 'undefined',
  nan: () => 'NaN',
  infinity: (data) => (data.negative ? '-Infinity' : 'Infinity'),
  minusZero: () => '-0',
  bigint: (data) => `${data.digits}n`,
  symbol: (data) => `Symbol(${text(data.text)})`,
  date: (data) => `new Date(${data.ms === null ? 'NaN' : data.ms})`,
  fakeDate: (data) => `{ toUTCString: () => ${text(data.text)} }`,
  buffer: (data) => `Buffer.from('${data.hex}', 'hex')`,
  bytes: (data) => `/* ${data.kind} */ new Uint8Array(Buffer.from('${data.hex}', 'hex'))`,
  keyObject: (data) => `crypto.createSecretKey(Buffer.from('${data.hex}', 'hex'))`,
  regexp: (data) => `/${data.source}/${data.flags}`,
  map: (data) => `new Map([${data.entries.map(([key, value]) => `[${text(key)}, ${source(value)}]`)}])`,
  set: (data) => `new Set([${data.items.map(source)}])`,
  error: (data) => `new RangeError(${text(data.text)})`,
  url: (data) => `new URL(${text(data.text)})`,
  boxed: (data) => `Object(${source(data.of)})`,
  point: (data) => `new (class Point { x = ${data.x} })()`,
  repeat: (data) => `${text(data.text)}.repeat(${data.times})`,
  rope: (data) => data.parts.map(text).join(' + '),
  nested: (data) => `JSON.parse('['.repeat(${data.depth}) + 1 + ']'.repeat(${data.depth}))`,
  proxy: (data) => `new Proxy(${source(data.of)}, {})`,
  frozen: (data) => `Object.freeze(${source(data.of)})`,
  shared: (data) => `((v) => ({ left: v, right: v, both: [v, v] }))(${source(data.of)})`,
  circular: () => '((v) => (v.again = v))({})',
  object: (data) =>
    data.proto === undefined
      ? object(data.entries)
      : `Object.assign(Object.create(${data.proto === null ? 'null' : object(data.proto)}), ${object(data.entries)})`,
  array: (data) =>
    data.extra ? `Object.assign(${holes(data.items)}, ${object(data.extra)})` : holes(data.items),
  function: (data) => `() => ${text(data.text)}`,
  hidden: (data) => `Object.defineProperty({ seen: 1 }, 'unseen', { value: ${source(data.of)} })`,
  toJSON: (data) =>
    data.effect === 'throw'
      ? "{ toJSON() { throw new RangeError('toJSON threw') } }"
      : data.effect === 'touch'
        ? `{ toJSON() { req.session.touched = (this.n = (this.n || 0) + 1); return ${source(data.of)} } }`
        : data.effect === 'replace'
          ? `{ toJSON: ((n) => () => { req.session = { replaced: ++n }; return ${source(data.of)} })(0) }`
          : data.effect === 'count'
            ? '{ toJSON: ((n) => () => ++n)(0) }'
            : `{ toJSON: () => (${source(data.of)}) }`,
  getter: (data) =>
    data.effect === 'throw'
      ? `{ get ${property(data.key)}() { throw new RangeError('the getter threw') } }`
      : data.effect === 'count'
        ? `Object.defineProperty({}, ${text(data.key)}, { enumerable: true, get: ((n) => () => ++n)(0) })`
        : `{ get ${property(data.key)}() { return ${source(data.of)} } }`,
  session: () => 'req.session',
  keygrip: (data) =>
    `new ${data.lib === 'own' ? 'cookieSession.Keygrip' : "(require('keygrip'))"}(${[
      source(data.keys),
      ...(data.algorithm || data.encoding ? [source(data.algorithm)] : []),
      ...(data.encoding ? [source(data.encoding)] : [])
    ].join(', ')})`,
  signer: (data) => {
    const answer = (value) =>
      value === 'throw' ? "{ throw new RangeError('threw') }" : `{ return ${source(value)} }`
    const parts = []
    if (data.without !== 'sign') {
      parts.push(`sign(data) ${data.sign === undefined ? "{ return 's' + data.length }" : answer(data.sign)}`)
    }
    if (data.without !== 'index') parts.push(`index(data, digest) ${answer(data.index)}`)
    const plain = `{ ${parts.join(', ')} }`
    return data.className ? `Object.assign(new (class ${data.className} {})(), ${plain})` : plain
  }
}

function holes(items) {
  return `[${items.map((item) => (item !== null && item.$ === 'hole' ? '' : source(item))).join(', ')}]`
}

function source(data) {
  if (data === undefined) return 'undefined'
  if (data === null || typeof data === 'boolean' || typeof data === 'number') return String(data)
  if (typeof data === 'string') return text(data)
  if (Array.isArray(data)) return `[${data.map(source).join(', ')}]`
  if (data.$ === undefined) return object(Object.entries(data))
  return sources[data.$](data)
}

function optionsSource(spec) {
  if (spec === null || typeof spec !== 'object' || spec.$ !== undefined) return source(spec)
  const special = spec.own.filter(([, , how]) => how)
  let out = object(spec.own.filter(([, , how]) => !how).map(([key, value]) => [key, value]))
  if (spec.proto) out = `Object.assign(Object.create(${object(spec.proto)}), ${out})`
  for (const [key, value, how] of special) {
    if (how === 'ticking') {
      const get = { expires: 'new Date(Date.now() + 60000)', maxAge: '(Date.now() % 100000) + 1' }[key]
      const code = get || "'/t' + Date.now()"
      out = `Object.defineProperty(${out}, ${text(key)}, { get: () => ${code}, enumerable: true })`
      continue
    }
    const what =
      how === 'hidden' ? `value: ${source(value)}, writable: true` : `get: () => (${source(value)})`
    const rest =
      how === 'accessor' ? ', set() {}, enumerable: true' : how === 'getter' ? ', enumerable: true' : ''
    out = `Object.defineProperty(${out}, ${text(key)}, { ${what}${rest} })`
  }
  return spec.freeze ? `Object.freeze(${out})` : out
}

function target(via) {
  if (via === undefined) return 'req'
  if (via === 'first') return 'firstReq'
  return via.reduce(
    (inner, layer) =>
      layer === 'inherit'
        ? `Object.create(${inner})`
        : layer === 'proxy'
          ? `new Proxy(${inner}, {})`
          : `new Proxy(${inner}, { get: (r, k) => Reflect.get(r, k) })`,
    'req'
  )
}

function sessionPath(action) {
  const base = action.held ? 'held' : `${target(action.via)}.session`
  return action.path.reduce(member, base)
}

const reads = {
  touch: (s) => `typeof ${s}`,
  isNew: (s) => `${s}.isNew`,
  isChanged: (s) => `${s}.isChanged`,
  isPopulated: (s) => `${s}.isPopulated`,
  flags: (s) => `[${s}.isNew, ${s}.isPopulated, ${s}.isChanged]`,
  keys: (s) => `Object.keys(${s})`,
  json: (s) => `JSON.stringify(${s})`,
  copy: (s) => `({ ...${s} })`,
  in: (s) => `'a' in ${s}`,
  print: (s) => s,
  same: (s) => `req.session === ${s}`,
  full: (s) => `[${s}, ${s}.isNew, ${s}.isPopulated, ${s}.isChanged, ${s}._ctx]`,
  class: (s) => `Object.getOwnPropertyDescriptors(Object.getPrototypeOf(${s}))`
}

const statements = {
  read: (a) =>
    a.what === 'get' ? member(`${target(a.via)}.session`, a.key) : reads[a.what](`${target(a.via)}.session`),
  set: (a) => `${sessionPath(a)} = ${source(a.value)}`,
  symbol: (a) => `req.session[Symbol('extra')] = ${source(a.value)}`,
  toJSON: (a) => `req.session.toJSON = (${source({ ...a.value, $: 'toJSON' })}).toJSON`,
  delete: (a) => `delete ${sessionPath(a)}`,
  push: (a) => `${sessionPath(a)}.push(${source(a.value)})`,
  define: (a) => {
    const what = a.getter
      ? a.getter === 'throw'
        ? "get() { throw new RangeError('the accessor threw') }"
        : 'get: ((n) => () => ++n)(0)'
      : `value: ${source(a.value)}`
    return `Object.defineProperty(req.session, ${text(a.key)}, { ${what}, enumerable: ${a.enumerable}, configurable: true })`
  },
  guard: (a) => `Object.${a.how}(req.session)`,
  context: (a) => `req.session._ctx.${a.key} = ${source(a.value)}`,
  proto: (a) => `Object.setPrototypeOf(req.session, ${source(a.value)})`,
  assign: (a) => `${target(a.via)}.session = ${source(a.value)}`,
  hold: () => 'held = req.session',
  sessionOptions: (a) => {
    const base = `${target(a.via)}.sessionOptions`
    if (a.how === 'set') return `${member(base, a.key)} = ${source(a.value)}`
    if (a.how === 'delete') return `delete ${member(base, a.key)}`
    if (a.how === 'replace') return `${base} = ${source(a.value)}`
    if (a.how === 'remove') return `delete ${base}`
    if (a.how === 'freeze') return `Object.freeze(${base})`
    return base
  },
  options: (a) =>
    a.how === 'setTime'
      ? `options.expires.setTime(${a.ms})`
      : a.how === 'delete'
        ? `delete ${member('options', a.key)}`
        : `${member('options', a.key)} = ${source(a.value)}`,
  keys: (a) => {
    if (a.how === 'push' || a.how === 'unshift') return `options.keys.${a.how}(${source(a.value)})`
    if (a.how === 'empty') return 'options.keys.length = 0'
    if (a.how === 'set') return `options.keys[${a.at}] = ${source(a.value)}`
    if (a.how === 'fill') return `options.keys[${a.at}].fill(${a.byte})`
    return `options.keys.${a.how}()`
  },
  second: (a) => `cookieSession(${optionsSource(a.options)})(req, res, () => {})`,
  again: () => 'middleware(req, res, () => {})',
  header: (a) => {
    if (a.how === 'push') return `res.getHeader('Set-Cookie').push(${source(a.value)})`
    if (a.how === 'get') return `res.getHeader(${text(a.name)})`
    if (a.how === 'remove') return `res.removeHeader(${text(a.name)})`
    return `res.${a.how}Header(${text(a.name)}, ${source(a.value)})`
  },
  protocol: (a) => `req.protocol = ${source(a.value)}`,
  encrypted: (a) => `req.socket.encrypted = ${source(a.value)}`,
  cookieHeader: (a) => `req.headers.cookie = ${cookieSource(a.cookie)}`,
  listener: (a) => {
    const body = {
      set: 'req.session.fromListener = true',
      unset: 'req.session = null',
      status: 'res.statusCode = 418',
      cookie: "res.setHeader('Set-Cookie', ['listener=1'])",
      look: "console.log(res.getHeader('set-cookie'))",
      options: "req.sessionOptions.path = '/listener'"
    }[a.effect]
    return `require('on-headers')(res, () => { ${body} })`
  },
  writeHead: (a) => `res.writeHead(${a.args.map(source).join(', ')})`,
  status: (a) =>
    `res.statusCode = ${a.code}${a.message === undefined ? '' : `; res.statusMessage = ${text(a.message)}`}`,
  flush: () => 'res.flushHeaders()',
  write: (a) => `res.write(${source(a.chunk)})`,
  end: (a) => `res.end(${a.chunk === undefined ? '' : source(a.chunk)})`,
  continue: () => 'res.writeContinue()',
  processing: () => 'res.writeProcessing()',
  earlyHints: () => "res.writeEarlyHints({ link: '</a.css>; rel=preload' })",
  clock: (a) => `/* the clock moves on by ${a.ms} ms */ 0`,
  shapes: () => "Object.getOwnPropertyDescriptor(req, 'session')",
  redefine: (a) =>
    a.how === 'delete'
      ? 'delete req.session'
      : a.how === 'copy'
        ? 'typeof Object.defineProperties({}, Object.getOwnPropertyDescriptors(req)).session'
        : `Object.defineProperty(req, 'session', { value: ${source(a.value)}, configurable: true })`,
  pollute: (a) => {
    const on = a.on === 'Session' ? 'Object.getPrototypeOf(req.session)' : `${a.on}.prototype`
    const value = a.key === 'toJSON' ? 'function () { return typeof this }' : source(a.value)
    return a.key === 'toJSON'
      ? `Object.defineProperty(${on}, 'toJSON', { value: ${value}, configurable: true })`
      : `${on}.${a.key} = ${value}`
  }
}

function statement(action) {
  try {
    return `step(() => ${wrapped(statements[action.op](action))})`
  } catch {
    return `// ${JSON.stringify(action)}`
  }
}

// an arrow function's body must not begin with a brace, and may be one expression only
function wrapped(code) {
  if (code.includes('; ')) return `{ ${code} }`
  return code.startsWith('{') ? `(${code})` : code
}

function cookieSource(cookie) {
  if (cookie === undefined) return 'undefined'
  const parts = cookie.parts || []
  if (parts.some((part) => part.jar)) {
    const separator = text(cookie.separator === undefined ? '; ' : cookie.separator)
    const rest = parts.filter((part) => !part.jar)
    const more = rest.length
      ? ` + ${separator} + ${text(headerText({ ...cookie, parts: rest }, new Map(), {}))}`
      : ''
    return `cookiesKept().join(${separator})${more}`
  }
  return text(headerText(cookie, new Map(), {}))
}

// how the session's cookie came about, since a header's text does not tell
function cookieComment(cookie) {
  return (cookie.parts || [])
    .filter((part) => part.payload)
    .map((part) => {
      const { payload, sig } = part
      const what = payload.json === undefined ? JSON.stringify(payload) : payload.json
      const by = sig
        ? `signed with ${source(sig.key)}${sig.tamper ? `, then changed (${sig.tamper})` : ''}`
        : 'unsigned'
      return `// ${part.name}: ${what.slice(0, 200)} ${by}`.replace(/[\r\n\u2028\u2029]/g, ' ')
    })
}

function exchangeLines(exchange, number) {
  const { request = {}, cookie } = exchange
  const out = [`// exchange ${number}`, 'handlers.push((req, res) => {']
  if (number === 1) out.push('  firstReq = req')
  if (cookie) {
    for (const line of cookieComment(cookie)) out.push(`  ${line}`)
    out.push(`  req.headers.cookie = ${cookieSource(cookie)}`)
  }
  if (request.response)
    out.push(
      `  // here the response is ${request.response === 'http2' ? 'an http2.Http2ServerResponse' : 'an object of a class of its own'}`
    )
  if (request.encrypted !== undefined) out.push(`  req.socket.encrypted = ${source(request.encrypted)}`)
  if (request.protocol !== undefined) out.push(`  req.protocol = ${source(request.protocol)}`)
  if (request.noSocket) out.push('  req.socket = undefined')
  if (request.method) out.push(`  req.method = '${request.method}'`)
  if (request.resSet) out.push('  res.set = function (name, value) { this.setHeader(name, value) }')
  if (request.spy) {
    out.push('  const { setHeader } = res')
    out.push(
      '  res.setHeader = function (...args) { console.log(...args); return setHeader.apply(this, args) }'
    )
  }
  for (const action of exchange.before || []) out.push(`  ${statement(action)}`)
  if (exchange.odd) out.push(`  // the middleware is called like this: ${exchange.odd}`)
  out.push('  step(() => middleware(req, res, () => {}))')
  for (const action of exchange.actions || []) out.push(`  ${statement(action)}`)
  out.push("  if (!res.writableEnded) step(() => res.end('over'))")
  out.push('  step(() => [req.session, req.session.isChanged])', '})', '')
  return out
}

function print(script) {
  const out = [
    "'use strict'",
    "const crypto = require('node:crypto')",
    "const http = require('node:http')",
    "const cookieSession = require('cookie-session') // or ours",
    '',
    'let held, firstReq, kept = []',
    'const handlers = []',
    "const cookiesKept = () => kept.map((line) => line.split(';')[0])",
    'const step = (fn) => { try { console.log(fn()) } catch (e) { console.log(String(e)) } }',
    ''
  ]
  if (script.debug) out.push('// with DEBUG=cookie-session in the environment')
  for (const action of script.before || []) out.push(statement(action))
  out.push(
    `const options = ${optionsSource(script.options)}`,
    'const middleware = cookieSession(options)',
    ''
  )
  ;(script.exchanges || []).forEach((exchange, i) => {
    out.push(...exchangeLines(exchange, i + 1))
  })
  out.push(
    'const server = http.createServer((req, res) => handlers.shift()(req, res)).listen(0, function ask() {',
    '  if (handlers.length === 0) return server.close()',
    '  http.get({ port: server.address().port, agent: false }, (answer) => {',
    '    console.log(answer.statusCode, answer.rawHeaders)',
    "    kept = answer.headers['set-cookie'] || []",
    "    answer.resume().on('end', ask)",
    '  })',
    '})'
  )
  return out.join('\n')
}

module.exports = { print, source }
