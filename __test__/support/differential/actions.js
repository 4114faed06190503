// What a script can do between the arrival of a request and the end of its response. Each action is one
// plain object, `{ op: 'set', path: ['user'], value: 1 }`, and one function here that carries it out on the
// world `w` of the running script and returns what there is to be seen.

'use strict'

const { createRequire } = require('node:module')
const onHeaders = createRequire(require.resolve('cookie-session'))('on-headers')
const { build } = require('./values')
const { headerText } = require('./header')
const { describeSession, describeClass, showFunction, showKeys, showProperty, show } = require('./describe')

// The object to reach the session through: the request, or something that inherits from it or stands before
// it.
function through(w, via) {
  if (via === undefined) return w.req
  if (via === 'first') return w.firstReq
  let target = w.req
  for (const layer of via) {
    if (layer === 'inherit') target = Object.create(target)
    else if (layer === 'proxy') target = new Proxy(target, {})
    else target = new Proxy(target, { get: (inner, key) => Reflect.get(inner, key) })
  }
  return target
}

function reach(root, path) {
  let target = root
  for (const key of path.slice(0, -1)) target = target[key]
  return target
}

const reads = {
  touch: (session) => typeof session,
  isNew: (session) => session.isNew,
  isChanged: (session) => session.isChanged,
  isPopulated: (session) => session.isPopulated,
  flags: (session) => [session.isNew, session.isPopulated, session.isChanged],
  keys: (session) => Object.keys(session),
  json: (session) => JSON.stringify(session),
  copy: (session) => ({ ...session }),
  in: (session) => {
    const keys = []
    for (const key in session) keys.push(key)
    return [keys, 'a' in session, 'isNew' in session, '_ctx' in session]
  },
  print: (session) => session,
  same: (session, w, action) => session === through(w, action.via).session
}

const actions = {
  read(w, action) {
    const session = through(w, action.via).session
    if (action.what === 'full') return describeSession(session, w.note)
    if (action.what === 'class') return describeClass(session, w.note)
    if (action.what === 'get') return session[action.key]
    return reads[action.what](session, w, action)
  },

  set(w, action) {
    const session = action.held ? w.held : through(w, action.via).session
    reach(session, action.path)[action.path.at(-1)] = build(action.value, w.env)
  },

  symbol(w, action) {
    w.req.session[Symbol('extra')] = build(action.value, w.env)
  },

  toJSON(w, action) {
    const value = build({ ...action.value, $: 'toJSON' }, w.env)
    w.req.session.toJSON = value.toJSON
  },

  delete(w, action) {
    const session = action.held ? w.held : through(w, action.via).session
    return delete reach(session, action.path)[action.path.at(-1)]
  },

  push(w, action) {
    const session = through(w, action.via).session
    return reach(session, action.path)[action.path.at(-1)].push(build(action.value, w.env))
  },

  // by defineProperty; with `getter`, an accessor that counts its calls
  define(w, action) {
    const descriptor = { enumerable: action.enumerable, configurable: true }
    if (action.getter) {
      let calls = 0
      descriptor.get = () => {
        calls++
        w.note(`accessor call ${calls}`)
        if (action.getter === 'throw') throw new RangeError('the accessor threw')
        return calls
      }
    } else {
      descriptor.value = build(action.value, w.env)
    }
    Object.defineProperty(w.req.session, action.key, descriptor)
  },

  guard(w, action) {
    const session = w.req.session
    return typeof Object[action.how](session)
  },

  context(w, action) {
    w.req.session._ctx[action.key] = build(action.value, w.env)
  },

  proto(w, action) {
    Object.setPrototypeOf(w.req.session, build(action.value, w.env))
  },

  assign(w, action) {
    const value = build(action.value, w.env)
    through(w, action.via).session = value
  },

  hold(w) {
    w.held = w.req.session
    return typeof w.held
  },

  sessionOptions(w, action) {
    const { req } = w
    const target = through(w, action.via)
    switch (action.how) {
      case 'set':
        target.sessionOptions[action.key] = build(action.value, w.env)
        return
      case 'delete':
        return delete req.sessionOptions[action.key]
      case 'replace':
        target.sessionOptions = build(action.value, w.env)
        return
      case 'remove':
        return delete req.sessionOptions
      case 'freeze':
        Object.freeze(req.sessionOptions)
        return
      default: {
        const all = []
        for (const key in req.sessionOptions) all.push(key)
        w.note(`proto is the options ${Object.getPrototypeOf(req.sessionOptions) === w.options}`)
        w.note(showProperty(req, 'sessionOptions').split(' ').slice(0, 2).join(' '))
        return all
      }
    }
  },

  // the object given to the constructor, changed later
  options(w, action) {
    if (action.how === 'delete') return delete w.options[action.key]
    if (action.how === 'setTime') return w.options.expires.setTime(action.ms)
    w.options[action.key] = build(action.value, w.env)
  },

  // the array of keys given to the constructor, changed later
  keys(w, action) {
    const keys = w.options.keys
    switch (action.how) {
      case 'push':
        return keys.push(build(action.value, w.env))
      case 'unshift':
        return keys.unshift(build(action.value, w.env))
      case 'pop':
        return typeof keys.pop()
      case 'shift':
        return typeof keys.shift()
      case 'reverse':
        keys.reverse()
        return
      case 'empty':
        keys.length = 0
        return
      case 'set':
        keys[action.at] = build(action.value, w.env)
        return
      default:
        return fillBytes(keys[action.at], action.byte)
    }
  },

  second(w, action) {
    const options = w.buildOptions(action.options)
    w.constructing = true
    let middleware
    try {
      middleware = w.implementation.cookieSession(options)
    } finally {
      w.constructing = false
    }
    return middleware(w.req, w.res, (...args) => w.note(`second next ${args.length}`))
  },

  again(w) {
    return w.middleware(w.req, w.res, (...args) => w.note(`next again ${args.length}`))
  },

  header(w, action) {
    const { res } = w
    const value = build(action.value, w.env)
    switch (action.how) {
      case 'set':
        if (Array.isArray(value)) w.arrays.push(value)
        return typeof res.setHeader(action.name, value)
      case 'append':
        return typeof res.appendHeader(action.name, value)
      case 'remove':
        return res.removeHeader(action.name)
      case 'push':
        return w.arrays.at(-1).push(value)
      default:
        return res.getHeader(action.name)
    }
  },

  protocol(w, action) {
    w.req.protocol = build(action.value, w.env)
  },

  encrypted(w, action) {
    w.socket.encrypted = build(action.value, w.env)
  },

  cookieHeader(w, action) {
    const text = headerText(action.cookie, w.jar, w.env)
    if (text === undefined) delete w.req.headers.cookie
    else w.req.headers.cookie = text
  },

  // the application's own hook at the time the headers are written
  listener(w, action) {
    const { req, res, note } = w
    onHeaders(res, () => {
      note(`listener ${action.effect}`)
      if (action.effect === 'set') req.session.fromListener = true
      if (action.effect === 'unset') req.session = null
      if (action.effect === 'status') res.statusCode = 418
      if (action.effect === 'cookie') res.setHeader('Set-Cookie', ['listener=1'])
      if (action.effect === 'look') note(show(res.getHeader('set-cookie')))
      if (action.effect === 'options') req.sessionOptions.path = '/listener'
    })
  },

  writeHead(w, action) {
    return w.res.writeHead(...build(action.args, w.env)) === w.res
  },

  status(w, action) {
    w.res.statusCode = action.code
    if (action.message !== undefined) w.res.statusMessage = action.message
  },

  flush(w) {
    return w.res.flushHeaders()
  },

  write(w, action) {
    return w.res.write(action.chunk)
  },

  end(w, action) {
    return w.res.end(action.chunk) === w.res
  },

  continue(w) {
    return w.res.writeContinue()
  },

  processing(w) {
    return w.res.writeProcessing()
  },

  earlyHints(w) {
    return w.res.writeEarlyHints({ link: '</a.css>; rel=preload' })
  },

  clock(w, action) {
    w.clock.advance(action.ms)
  },

  // what the middleware left on the request and on the response
  shapes(w) {
    w.note(showProperty(w.req, 'session'))
    w.note(showFunction(w.res, 'writeHead'))
    return showKeys(w.req)
  },

  redefine(w, action) {
    const { req } = w
    if (action.how === 'delete') return delete req.session
    if (action.how === 'copy') {
      const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(req))
      return typeof copy.session
    }
    Object.defineProperty(req, 'session', { value: build(action.value, w.env), configurable: true })
  },

  pollute(w, action) {
    const target = {
      Object: () => Object.prototype,
      Session: () => Object.getPrototypeOf(w.req.session),
      BigInt: () => BigInt.prototype,
      Array: () => Array.prototype,
      String: () => String.prototype,
      Number: () => Number.prototype
    }[action.on]()
    if (Object.hasOwn(target, action.key)) return
    w.cleanups.push(() => delete target[action.key])
    const { note } = w
    Object.defineProperty(target, action.key, {
      value:
        action.key === 'toJSON'
          ? function toJSON() {
              // what the debug line about the options does is not compared
              if (!w.constructing) note(`${action.on}.prototype.toJSON`)
              return `${action.on} ${typeof this}`
            }
          : build(action.value, w.env),
      writable: true,
      configurable: true,
      enumerable: action.key !== 'toJSON'
    })
  }
}

function fillBytes(key, byte) {
  const view = ArrayBuffer.isView(key)
    ? new Uint8Array(key.buffer, key.byteOffset, key.byteLength)
    : new Uint8Array(key)
  view.fill(byte)
  return view.length
}

module.exports = { actions }
