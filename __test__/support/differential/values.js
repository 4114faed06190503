// Scripts are plain data, so that they can be stored, shrunk and printed; but sessions and options hold
// things that JSON cannot. Those are written in tagged form, `{ $: 'date', ms: 0 }`, and this module makes
// the real value of them: fresh ones at each call, since every implementation must get its own.

'use strict'

const crypto = require('node:crypto')

class Point {
  constructor(x) {
    this.x = x
  }
  get double() {
    return this.x * 2
  }
  method() {
    return this.x
  }
}

// What a value reports while it is used (calls of toJSON, of getters, of a signer) goes to env.note.
function build(data, env) {
  if (data === null || typeof data !== 'object') return data
  if (Array.isArray(data)) return data.map((item) => build(item, env))
  if (data.$ === undefined) {
    const out = {}
    for (const key of Object.keys(data)) out[key] = build(data[key], env)
    return out
  }
  const make = makers[data.$]
  if (!make) throw new Error(`unknown tag ${data.$}`)
  return make(data, env)
}

function fill(target, entries, env) {
  for (const [key, value] of entries) {
    Object.defineProperty(target, key, {
      value: build(value, env),
      writable: true,
      enumerable: true,
      configurable: true
    })
  }
  return target
}

const makers = {
  undefined: () => undefined,
  nan: () => NaN,
  infinity: (data) => (data.negative ? -Infinity : Infinity),
  minusZero: () => -0,
  bigint: (data) => BigInt(data.digits),
  symbol: (data) => Symbol(data.text),
  date: (data) => new Date(data.ms === null ? NaN : data.ms),
  fakeDate: (data) => ({ toUTCString: () => data.text }),
  // not from the shared pool, whose offsets would show
  buffer: (data) => Buffer.from(bytesOf('ArrayBuffer', data.hex)),
  bytes: (data) => bytesOf(data.kind, data.hex),
  keyObject: (data) => crypto.createSecretKey(Buffer.from(data.hex, 'hex')),
  regexp: (data) => new RegExp(data.source, data.flags),
  map: (data, env) => new Map(data.entries.map(([key, value]) => [key, build(value, env)])),
  set: (data, env) => new Set(data.items.map((item) => build(item, env))),
  error: (data) => Object.assign(new RangeError(data.text), { stack: `RangeError: ${data.text}` }),
  url: (data) => new URL(data.text),
  boxed: (data, env) => Object(build(data.of, env)),
  point: (data) => new Point(data.x),
  repeat: (data) => data.text.repeat(data.times),
  rope: (data) => data.parts.reduce((left, right) => left + right, ''),
  nested: (data) => nestedValue(data.depth),
  proxy: (data, env) => new Proxy(build(data.of, env), {}),
  frozen: (data, env) => Object.freeze(build(data.of, env)),
  shared: (data, env) => {
    const value = build(data.of, env)
    return { left: value, right: value, both: [value, value] }
  },
  circular: () => {
    const loop = { in: {} }
    loop.in.again = loop
    return loop
  },
  object: (data, env) => {
    const proto =
      data.proto === undefined ? Object.prototype : data.proto === null ? null : fill({}, data.proto, env)
    return fill(Object.create(proto), data.entries, env)
  },
  array: (data, env) => {
    const out = []
    data.items.forEach((item, i) => {
      if (item === null || item.$ !== 'hole') out[i] = build(item, env)
    })
    if (data.items.length > out.length) out.length = data.items.length
    return fill(out, data.extra || [], env)
  },
  function: (data, env) =>
    function named() {
      env.note(`called function ${data.text}`)
      return data.text
    },
  hidden: (data, env) =>
    Object.defineProperty({ seen: 1 }, 'unseen', { value: build(data.of, env), configurable: true }),
  toJSON: (data, env) => withToJSON({}, data, env),
  getter: (data, env) => {
    let calls = 0
    return Object.defineProperty({}, data.key, {
      enumerable: true,
      configurable: true,
      get() {
        calls++
        env.note(`getter ${data.key} call ${calls}`)
        if (data.effect === 'throw') throw new RangeError('the getter threw')
        return data.effect === 'count' ? calls : build(data.of, env)
      }
    })
  },
  session: (_data, env) => env.session(),
  keygrip: (data, env) => {
    const Keygrip = data.lib === 'own' ? env.Keygrip : env.PlainKeygrip
    return new Keygrip(build(data.keys, env), data.algorithm, data.encoding)
  },
  signer: (data, env) => signer(data, env)
}

function bytesOf(kind, hex) {
  const bytes = Buffer.from(hex, 'hex')
  const own = new ArrayBuffer(bytes.length)
  new Uint8Array(own).set(bytes)
  if (kind === 'ArrayBuffer') return own
  if (kind === 'DataView') return new DataView(own)
  if (kind === 'Uint8Array') return new Uint8Array(own)
  if (kind === 'Uint16Array') return new Uint16Array(own, 0, own.byteLength >> 1)
  if (kind === 'Float64Array') return new Float64Array(own, 0, own.byteLength >> 3)
  if (kind === 'subarray') {
    const wide = new Uint8Array(bytes.length + 7)
    wide.set(bytes, 3)
    return wide.subarray(3, 3 + bytes.length)
  }
  throw new Error(`unknown kind of bytes ${kind}`)
}

function nestedValue(depth) {
  let value = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

function withToJSON(target, data, env) {
  let calls = 0
  target.toJSON = (key) => {
    calls++
    env.note(`toJSON call ${calls} key ${typeof key} ${String(key)}`)
    if (data.effect === 'throw') throw new RangeError('toJSON threw')
    if (data.effect === 'touch') env.session().touched = calls
    if (data.effect === 'replace') env.replaceSession({ replaced: calls })
    if (data.effect === 'count') return calls
    return build(data.of, env)
  }
  return target
}

// An object as an application may pass for `keys`: it signs in its own way and tells what it was asked.
function signer(data, env) {
  const plain = {
    ...(data.without === 'sign'
      ? {}
      : {
          sign(...args) {
            env.note(`signer.sign ${JSON.stringify(args)} this ${this === out}`)
            if (data.sign === 'throw') throw new RangeError('sign threw')
            return data.sign === undefined ? `s${args[0].length}` : build(data.sign, env)
          }
        }),
    ...(data.without === 'index'
      ? {}
      : {
          index(...args) {
            env.note(`signer.index ${JSON.stringify(args)} this ${this === out}`)
            if (data.index === 'throw') throw new RangeError('index threw')
            return build(data.index, env)
          }
        })
  }
  let out = plain
  if (data.className) {
    const Named = { [data.className]: class {} }[data.className]
    out = Object.assign(new Named(), plain)
  }
  return out
}

module.exports = { build, withToJSON, nestedValue }
