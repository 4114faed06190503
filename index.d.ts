// Why this file exists: the package is CommonJS over a Rust core, so nothing can generate its types. They are
// kept by hand so that code written against @types/cookie-session compiles once its import is renamed, with
// @types/cookie-session still installed beside them or not, and with no types needed but Node's. Express's are read
// where they are installed.

/// <reference types="node" />

import type { KeyObject } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

// The global interfaces below have no members of their own: each inherits them from one of these bases. Two
// packages may then declare the same interface in one program, where repeating a member could collide.

interface SessionOptionsBase {
  /** Name of the cookie; its signature travels in `<name>.sig`. Default: `'session'`. */
  name?: string | undefined

  /**
   * Keys of the HMAC signature: the first one signs, all of them verify, so prepend a new key to rotate.
   * The array is read at each use, so it may change while the server runs. A Keygrip object may be given
   * instead, to choose the digest algorithm. No default.
   */
  keys?: string[] | cookieSession.Keygrip | undefined

  /** The only key, used when `keys` is absent. No default. */
  secret?: string | undefined

  /**
   * Lifetime in milliseconds, counted from the moment the cookie is written, and sent as `Expires`. It takes
   * precedence over `expires`; `0` counts as absent. Default: none, the browser drops the cookie when its
   * session ends. With `ttl`, `null` or `0` on `req.sessionOptions` means no Expires, also when the session is
   * written again.
   */
  maxAge?: number | undefined

  /**
   * Date on which the browser drops the cookie (RFC 6265bis, "The Expires Attribute"). Default: none, the
   * cookie lasts as long as the browser's session. With `ttl`, `undefined` on `req.sessionOptions` means no
   * Expires, also when the session is written again.
   */
  expires?: Date | undefined

  /** Path the cookie is limited to (RFC 6265bis, "The Path Attribute"). Default: `'/'`. */
  path?: string | undefined

  /**
   * Host that receives the cookie along with its subdomains (RFC 6265bis, "The Domain Attribute"). Default:
   * none, only the host that set the cookie receives it.
   */
  domain?: string | undefined

  /**
   * Whether cross-site requests carry the cookie (RFC 6265bis, "The SameSite Attribute"). `true` means
   * `'strict'`, `false` leaves the attribute out. Default: `false`.
   */
  sameSite?: 'strict' | 'lax' | 'none' | boolean | undefined

  /**
   * Whether the cookie is for secure connections only (RFC 6265bis, "The Secure Attribute"). With `true`, a
   * connection that is not TLS gets no cookie; behind a TLS proxy, let Express trust the proxy. Default:
   * `true` if the connection is TLS or `req.protocol` is `'https'`, else `false`.
   */
  secure?: boolean | undefined

  /**
   * Whether the Secure attribute is set, whatever the connection is, for TLS that ends before Node. Overrides
   * `secure` if present at all, but cannot make up for `secure: true` on a plain connection. No default.
   * @deprecated Use `secure`, and let Express trust the proxy.
   */
  secureProxy?: boolean | undefined

  /** Hides the cookie from scripts in the page (RFC 6265bis, "The HttpOnly Attribute"). Default: `true`. */
  httpOnly?: boolean | undefined

  /**
   * Whether the cookie is signed, and refused when its signature is missing or wrong. With `false`, anything
   * a client sends is taken for its session. Default: `true`.
   */
  signed?: boolean | undefined

  /**
   * Whether `Set-Cookie` headers already on the response for the same name are replaced, whatever their
   * path or domain. Default: `true`.
   */
  overwrite?: boolean | undefined

  /** Keeps a separate cookie for each top-level site (CHIPS, the Partitioned attribute). Default: `false`. */
  partitioned?: boolean | undefined

  /** Which cookies a browser evicts first (draft-west-cookie-priority). Default: none. */
  priority?: 'low' | 'medium' | 'high' | undefined
}

/** What cookie-session does not have. Read once, when the middleware is made; `docs/options.md` says how they combine. */
interface NewOptions {
  /** Gives `req.session` the methods of `cookieSession.SessionMethods`, as express-session has them. Default: `false`. */
  sessionMethods?: boolean | undefined

  /**
   * Encrypts the session with XAES-256-GCM (c2sp.org/XAES-256-GCM). `keys` then is an array, a secret or a `Keygrip` of
   * this package, whose first key has at least 32 bytes. Default: `false`.
   */
  encrypt?: boolean | undefined

  /**
   * Digest of the HMAC that signs. Not beside a Keygrip, which has its own. Default: `'sha1'`, `'sha256'` with `ttl`.
   * Not `'sha256'` beside `cookie-parser` with the same secret, unless `ttl`, `maxLifetime` or `encrypt` is set: it signs
   * `NAME=VALUE` of its signed cookies with HMAC-SHA256 (package cookie-signature), so that its values pass for sessions.
   */
  digest?: 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined

  /**
   * Milliseconds after its last write from which the server itself refuses a session. `true`: it refuses a session when
   * its cookie's own `maxAge` or `expires` is over, that of `req.sessionOptions` included; the middleware's, where a cookie
   * has none. Default: none.
   * @throws {TypeError} for `true` with neither `maxAge` nor `expires`.
   */
  ttl?: number | true | undefined

  /** Milliseconds after its creation from which the server itself refuses a session. Default: none. */
  maxLifetime?: number | undefined

  /**
   * Issues a valid session again, also where a request left it alone: at most once in that many milliseconds, `true`
   * for a tenth of `ttl`. Not where the response sets or clears the cookie already, or where a shared cache may store
   * it (RFC 9111, section 3). Default: `false`.
   */
  rolling?: boolean | number | undefined

  /**
   * Reads cookies of the original's format beside those of `encrypt`, `digest` or `ttl`: `'write'` still writes the
   * original's, `true` writes the new one once a session is read, a `Date` does so until then. Default: `false`.
   */
  legacy?: boolean | 'write' | Date | undefined

  /** Hears of every session that could not be written, at most once a response. Default: one process warning a code. */
  onError?:
    | ((error: cookieSession.SessionError, req: IncomingMessage, res: ServerResponse) => unknown)
    | undefined

  /** Bytes of name and value of the session's cookie, over which it is not sent. Default: none. */
  maxSize?: number | undefined

  /** Takes the first `X-Forwarded-Proto` for the connection's protocol, as express-session does. Default: `false`. */
  proxy?: boolean | undefined

  /**
   * Property of the request for the session; its options are at `<requestKey>Options`, and the cookie's `name` defaults
   * to it. Default: `'session'`.
   */
  requestKey?: string | undefined

  /** Writes a cookie that an older key signed anew, whole, with its attributes. Default: `false`. */
  reissue?: boolean | undefined

  /**
   * Whether a session that was opened counts; `false` makes it a new one. `req` is undefined outside a middleware. It
   * has to return a boolean, no promise. Default: all do.
   */
  accept?:
    | ((
        session: CookieSessionInterfaces.CookieSessionObject,
        req: IncomingMessage | undefined,
        info: cookieSession.SessionInfo
      ) => boolean)
    | undefined
}

interface SessionObjectBase {
  /** Whether the contents differ from the cookie received; always `true` of a new session. Read-only. */
  isChanged?: boolean | undefined

  /** Whether the session did not come from a cookie of this request. Read-only. */
  isNew?: boolean | undefined

  /** Whether the session has enumerable properties of its own. Read-only. */
  isPopulated?: boolean | undefined

  /** Your own data: whatever `JSON.stringify` keeps. To type it, augment `CookieSessionObject`. */
  // biome-ignore lint/suspicious/noExplicitAny: code written for @types/cookie-session reads `any` here
  [propertyName: string]: any
}

interface SessionRequestBase {
  /**
   * The session, read from the cookie on first access, or a new empty one. `null` once it has been removed.
   * Assign an object to replace the session, `null` to remove its cookie.
   *
   * @throws {Error} `req.session can only be set as null or an object.`, on assigning anything else but
   * `undefined`, which acts as `null`.
   */
  session?: CookieSessionInterfaces.CookieSessionObject | null | undefined

  /**
   * The options for this request alone: they inherit from those of the middleware, and what is assigned here
   * applies to the cookie of this response. The keys, and the name under which the cookie is read, are
   * settled at construction.
   */
  sessionOptions: CookieSessionInterfaces.CookieSessionOptions
}

/** The members of `T`, each of which may be `null` too. */
type Nullable<T> = { [K in keyof T]: T[K] | null | undefined }

// The parameters of a method may be narrower than those of what it stands for, which those of a function may not: so a
// handler of Express's requests stands for one of Node's.

type NodeHandler = {
  // biome-ignore lint/suspicious/noExplicitAny: callbacks declare their error in many ways, as in Express
  handle(req: IncomingMessage, res: ServerResponse, next: (err?: any) => void): void
}['handle']

// @ts-ignore: where Express's types are not installed, this is an error, and any
type RequestHandler = import('express').RequestHandler

/** Only `any` has every key. */
type ExpressHandler = string extends keyof RequestHandler
  ? NodeHandler
  : { handle(...args: Parameters<RequestHandler>): ReturnType<RequestHandler> }['handle']

// A second name for the whole export, which lets the namespace contain itself.
import self = cookieSession

declare global {
  namespace Express {
    interface Request extends CookieSessionInterfaces.CookieSessionRequest {}
  }

  namespace CookieSessionInterfaces {
    /**
     * Options of the middleware, and of one request as `req.sessionOptions`. `cookieSession.Options` accepts
     * more.
     */
    interface CookieSessionOptions extends SessionOptionsBase {}

    /** Contents of `req.session`. Augment this interface to type your own data. */
    interface CookieSessionObject extends SessionObjectBase {}

    /** What the middleware adds to the request. */
    interface CookieSessionRequest extends SessionRequestBase {}
  }
}

// A call gives what takes Node's requests, and the requests of Express and Connect with them. An annotation by
// `ReturnType`, which puts the constraint of `Use` in its place, gives what @types/cookie-session gives.

/**
 * Creates the middleware that keeps `req.session` in a signed cookie. It is written for Express and Connect,
 * and can be called as a plain function of Node's own request and response.
 *
 * Apart from the keys, options are checked when the cookie is written: if one is invalid, no cookie is sent.
 *
 * @param options Name, keys and cookie attributes. Either `keys` or `secret` is required, unless `signed` is
 * `false`.
 * @returns Middleware that sets `req.session` and `req.sessionOptions`. It throws
 * `Error('Keys must be provided.')` if `keys` is an empty array, even where `signed` is `false`.
 * @throws {Error} `.keys required.`, if there is neither `keys` nor `secret` and `signed` is not `false`.
 */
declare function cookieSession<Use extends 'call' | 'annotation' = 'call'>(
  options?: cookieSession.Options
): [Use] extends ['call'] ? cookieSession.Middleware : cookieSession.ExpressMiddleware

declare namespace cookieSession {
  /** A key: text, taken as UTF-8, bytes, or a secret `KeyObject`. */
  export type KeyLike = string | NodeJS.ArrayBufferView | ArrayBuffer | KeyObject

  /** What can be signed: text, taken as UTF-8, or bytes. */
  export type Signable = string | NodeJS.ArrayBufferView

  /** How a digest is written, by Node's names; `+`, `/` and `=` are then replaced as in base64url. */
  export type Encoding = 'base64' | 'hex' | (string & Record<never, never>)

  /** The least that an object given as `keys` must do: a Keygrip of any origin does. */
  export interface KeygripLike {
    /** Digest of `data` under the current key. */
    sign(data: string): string
    /** Position of the key that gives `digest` for `data`, or a negative number if none does. */
    index(data: string, digest: string): number
  }

  /**
   * Options of `cookieSession()`: those of `CookieSessionInterfaces.CookieSessionOptions`, with more kinds of
   * keys, and `null` allowed but for `name`. `null` stands for absent keys and for the default of `httpOnly`,
   * `signed` and `overwrite`; of the others, it leaves the attribute out.
   */
  export interface Options
    extends Pick<CookieSessionInterfaces.CookieSessionOptions, 'name'>,
      Nullable<Omit<CookieSessionInterfaces.CookieSessionOptions, 'name' | 'keys' | 'secret'>>,
      NewOptions {
    /**
     * Keys of the HMAC-SHA1 signature: the first one signs, all of them verify, so prepend a new key to
     * rotate. The array is read at each use, so it may change while the server runs. Give a Keygrip, or any
     * object with `sign` and `index`, to choose another digest. No default.
     */
    keys?: readonly KeyLike[] | KeygripLike | null | undefined

    /** The only key, used when `keys` is absent. No default. */
    secret?: KeyLike | null | undefined

    /**
     * Lifetime in milliseconds. No default.
     * @deprecated Old spelling of `maxAge`.
     */
    maxage?: number | null | undefined
  }

  /**
   * Middleware for Express, Connect, or Node's own `http` server. A handler whose parameters are Express's stands for
   * one, too.
   */
  export interface Middleware extends NodeHandler {}

  /**
   * What `ReturnType<typeof cookieSession>` gives: the parameters of a handler without types are Express's. Where
   * Express's types are not installed, they are those of `Middleware`, which is also what to annotate with for a server
   * of Node's own.
   */
  export interface ExpressMiddleware extends ExpressHandler {}

  /** Signs and verifies data with a list of keys, as the `keygrip` package does. */
  export interface Keygrip {
    /**
     * Signs with the first key.
     * @param data Text or bytes.
     * @returns The digest, in the encoding of this Keygrip.
     */
    sign(data: Signable): string

    /**
     * Tells whether any of the keys gives this digest.
     * @param data Text or bytes.
     * @param digest What `sign` returned.
     */
    verify(data: Signable, digest: string): boolean

    /**
     * Finds the key that gives this digest.
     * @param data Text or bytes.
     * @param digest What `sign` returned.
     * @returns Its position in the list, or `-1`. Any position but `0` tells that the key has been rotated.
     */
    index(data: Signable, digest: string): number
  }

  /** A class that may be called without `new`. */
  export interface KeygripConstructor {
    /**
     * @param keys One key or more; the first one signs.
     * @param algorithm Digest of the HMAC, as Node names it. Default: `'sha1'`.
     * @param encoding How digests are written. Default: `'base64'`.
     * @throws {Error} `Keys must be provided.`, if there is no key.
     */
    new (
      keys: ArrayLike<KeyLike> & object,
      algorithm?: string | null | undefined,
      encoding?: Encoding | null | undefined
    ): Keygrip

    /** The same as with `new`. */
    (
      keys: ArrayLike<KeyLike> & object,
      algorithm?: string | null | undefined,
      encoding?: Encoding | null | undefined
    ): Keygrip

    readonly prototype: Keygrip
  }

  /**
   * Signs and verifies data; an instance can be given as `keys`. May be called without `new`. Not with sha256 and a secret
   * of `cookie-parser`, see `digest`.
   */
  export const Keygrip: KeygripConstructor

  /** Why a session could not be written. The message holds nothing of it; `cause` may. */
  export interface SessionError extends Error {
    code:
      | 'ERR_SESSION_INSECURE'
      | 'ERR_SESSION_TOO_LARGE'
      | 'ERR_SESSION_NOT_SERIALIZABLE'
      | 'ERR_SESSION_INVALID_ATTRIBUTE'
      | 'ERR_SESSION_KEYS'
      | 'ERR_SESSION_HEADERS_SENT'
    cause?: unknown
  }

  /**
   * What `req.session` has with `sessionMethods`. Callbacks are called later, with an error or undefined; without one
   * there is a promise, which may be ignored.
   *
   * What is assigned to `req.session` has no methods, so do not augment `CookieSessionObject` with them. An accessor of
   * Express's request gives them on reading alone:
   *
   * ```ts
   * declare global {
   *   namespace Express {
   *     interface Request {
   *       get session(): (CookieSessionInterfaces.CookieSessionObject & cookieSession.SessionMethods) | null
   *       set session(value: CookieSessionInterfaces.CookieSessionObject | null)
   *     }
   *   }
   * }
   * ```
   */
  export interface SessionMethods {
    /** Puts an empty session in place of this one. */
    regenerate(): Promise<void>
    regenerate(callback: (error?: unknown) => void): this
    /** Checks that the session can be written, and has it written with the headers, changed or not. */
    save(): Promise<void>
    save(callback: (error?: unknown) => void): this
    /** Reads the request's cookie again. */
    reload(): Promise<void>
    reload(callback: (error?: unknown) => void): this
    /** The same as `req.session = null`. */
    destroy(): Promise<void>
    destroy(callback: (error?: unknown) => void): this
    /** Has the session issued again with this response. */
    touch(): this
  }

  /** A session that holds `T`, with the methods of `sessionMethods`. */
  export type Session<T extends object = Record<string, unknown>> = T &
    SessionMethods & { readonly isNew: boolean; readonly isChanged: boolean; readonly isPopulated: boolean }

  /** What is known of the cookie that a session came in. */
  export interface SessionInfo {
    /** When the cookie was written, ms since 1970; undefined in cookie-session's format, which has no times. */
    issued: number | undefined
    /** When the session was created, ms since 1970; undefined in cookie-session's format. */
    created: number | undefined
    /** Place of the key that signed or encrypted it, 0 for the newest; undefined for a cookie that was not verified. */
    keyIndex: number | undefined
    /** See docs/format.md. */
    format: 'cookie-session' | 'v1' | 'e1'
  }

  /** `unseal`, `seal` and `cookieHeader`, bound to some options. */
  export interface Codec {
    /** See `cookieSession.unseal`. */
    unseal<T extends object = Record<string, unknown>>(cookieHeader: string | null | undefined): T | null
    /** See `cookieSession.unsealWithInfo`. */
    unsealWithInfo<T extends object = Record<string, unknown>>(
      cookieHeader: string | null | undefined
    ): { session: T; info: SessionInfo } | null
    /** See `cookieSession.seal`. */
    seal(data: object | null): string[]
    /** See `cookieSession.cookieHeader`. */
    cookieHeader(data: object | null): string
  }

  /**
   * Prepares options for use outside a middleware. The same object gives the same codec, as long as its keys and what
   * else is read once stay the same.
   * @throws {TypeError} for an option that is wrong.
   * @throws {Error} `.keys required.`
   */
  export function codec(options: Options): Codec

  /**
   * Reads a session where there is no request.
   * @param cookieHeader The Cookie header.
   * @returns The keys that `req.session` would have; null where it is missing, refused or expired. `T` is not checked.
   */
  export function unseal<T extends object = Record<string, unknown>>(
    cookieHeader: string | null | undefined,
    options: Options
  ): T | null

  /**
   * Reads a session and what is known of its cookie, as `accept` is told it, where there is no request.
   * @param cookieHeader The Cookie header.
   * @returns Null where the session is missing, refused or expired. `T` is not checked.
   */
  export function unsealWithInfo<T extends object = Record<string, unknown>>(
    cookieHeader: string | null | undefined,
    options: Options
  ): { session: T; info: SessionInfo } | null

  /**
   * Writes a session where there is no response.
   * @param data What to keep; null for the cookies that drop it. `secure` is what the option says, false by default.
   * @returns Values of Set-Cookie headers.
   * @throws {SessionError} where the session cannot be written.
   */
  export function seal(data: object | null, options: Options): string[]

  /**
   * Writes a Cookie header as a browser would send it back, for tests that need a user who is logged in.
   * @throws {SessionError} where the session cannot be written.
   */
  export function cookieHeader(data: object | null, options: Options): string

  /**
   * The keys that an environment variable holds: separated by commas, trimmed, empty ones dropped; or a JSON array of
   * strings. An empty key, which `'new,'.split(',')` gives, lets everybody sign.
   * @param text What the variable holds; undefined where it is not set.
   * @returns One key or more, in the order in which they stand there: the first one signs.
   * @throws {TypeError} where it is no string, or holds no key, or begins as a JSON array and is none, or is one of
   * something else than strings that are not empty. The message says nothing of the text.
   */
  export function parseKeys(text: string | null | undefined): string[]

  /** What does the work: the Rust core, or Node's `crypto` where the core could not be loaded. */
  export const engine: 'native' | 'node'

  /** The same function again, for `import { cookieSession } from 'cookie-session-native'`. */
  export { self as cookieSession }
}

export = cookieSession
