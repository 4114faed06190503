'use strict'

// The object behind req.session, and what is known of it besides its content. Its shape, names and
// flags are those of cookie-session 2.1.1, as apps and debuggers see them.

/**
 * The context of a session that was read.
 *
 * @type {(value: string | undefined, json: string | undefined, owner?: object) => SessionContext} `value` is the cookie's,
 *   base64, undefined in a format that has none; `json` the text that it is the one base64 form of, if there is one;
 *   `owner` what the session's methods call, if it has any
 */
let openedContext
/** @type {(owner: object) => SessionContext} the context of a new session that has methods */
let ownedContext
/** @type {(session: object) => object | undefined} what a session's methods call */
let ownerOf
/**
 * Whether a session's text is another than the cookie's, by the cookie's value.
 *
 * @type {(context: SessionContext, json: string) => boolean}
 */
let differs

/**
 * What a session was read from. `_new` and `_val` are visible, as the original's are; the text that
 * belongs to `_val` is not.
 */
class SessionContext {
  #json
  #jsonOf
  #owner

  constructor() {
    /** @type {boolean} whether no cookie stands behind the session */
    this._new = true
    /** @type {string | undefined} the cookie's value */
    this._val = undefined
  }

  // Functions of this file alone, though they see private fields: an app sees the class, `_ctx.constructor`.
  static {
    openedContext = (value, json, owner) => {
      const context = new SessionContext()
      context._new = false
      context._val = value
      context.#json = json
      context.#jsonOf = value
      context.#owner = owner
      return context
    }

    ownedContext = (owner) => {
      const context = new SessionContext()
      context.#owner = owner
      return context
    }

    ownerOf = (session) => {
      const context = session?._ctx
      return typeof context === 'object' && context !== null && #owner in context ? context.#owner : undefined
    }

    differs = (context, json) => {
      if (
        typeof json === 'string' &&
        #json in context &&
        context.#json !== undefined &&
        context._val === context.#jsonOf
      ) {
        if (context.#json === json) return false
        // Only lone surrogates, which are written as U+FFFD, make two texts one value.
        if (!context.#json.includes('\ufffd')) return true
      }
      return context._val !== toBase64(json)
    }
  }
}

/** @throws {TypeError} as `Buffer.from` does, where there is no text */
function toBase64(json) {
  return Buffer.from(json).toString('base64')
}

/**
 * @param {SessionContext} ctx
 * @param {unknown} obj what to copy the enumerable properties of, own and inherited
 */
function Session(ctx, obj) {
  Object.defineProperty(this, '_ctx', { value: ctx })
  if (!obj) return
  for (const key in obj) {
    if (!(key in this)) this[key] = obj[key]
  }
}

Session.create = function create(obj) {
  return new Session(new SessionContext(), obj)
}

Session.deserialize = function deserialize(str) {
  return openSession(str)
}

Session.serialize = function serialize(sess) {
  return toBase64(JSON.stringify(sess))
}

Object.defineProperties(Session.prototype, {
  isChanged: {
    get: function getIsChanged() {
      return this._ctx._new || differs(this._ctx, JSON.stringify(this))
    }
  },
  isNew: {
    get: function getIsNew() {
      return this._ctx._new
    }
  },
  isPopulated: {
    get: function getIsPopulated() {
      return Object.keys(this).length > 0
    }
  }
})

/**
 * @param {string | undefined} value the cookie's value, in base64; undefined in a format that has none
 * @param {string} [json] its text, where an engine has decoded it
 * @throws {SyntaxError} where the value holds no JSON
 */
function openSession(value, json) {
  const obj = parse(value, json)
  return new Session(openedContext(value, json), obj)
}

function parse(value, json) {
  return JSON.parse(json === undefined ? Buffer.from(value, 'base64').toString('utf8') : json)
}

/**
 * Makes sessions that have methods besides, on a prototype between them and `Session.prototype`.
 *
 * @param {Record<string, Function>} methods not enumerable; a session's own property of the same name hides one
 * @returns {{ create: (owner: object, obj?: unknown) => object, open: (owner: object, value: string | undefined, json?:
 *   string) => object }} `owner` is what `ownerOf` then gives
 */
function sessionsWith(methods) {
  const hideable = new Set(Object.keys(methods))

  function SessionWithMethods(ctx, obj) {
    Object.defineProperty(this, '_ctx', { value: ctx })
    if (!obj) return
    for (const key in obj) {
      if (!(key in this) || hideable.has(key)) this[key] = obj[key]
    }
  }
  const descriptors = Object.entries({ ...methods, constructor: Session }).map(([name, value]) => [
    name,
    { configurable: true, value, writable: true }
  ])
  SessionWithMethods.prototype = Object.create(Session.prototype, Object.fromEntries(descriptors))

  return {
    create: (owner, obj) => new SessionWithMethods(ownedContext(owner), obj),
    open(owner, value, json) {
      const obj = parse(value, json)
      return new SessionWithMethods(openedContext(value, json, owner), obj)
    }
  }
}

module.exports = {
  createSession: Session.create,
  openSession,
  ownerOf: (session) => ownerOf(session),
  sessionsWith,
  toBase64
}
