'use strict'

// Many users in one process, each on a keep-alive connection of its own. A user knows what its session has to hold,
// which key its cookie was made with, and so what each answer has to say and to set.

const assert = require('node:assert/strict')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { Random } = require('../differential/random')
const { parse, requestText, signature } = require('../sockets/harness')
const { KEPT_KEYS, MODES, checksum, fillerOf, keyOf } = require('./shared')

const env = process.env
const [PORT, SEED, FIRST, COUNT, SECONDS] = ['PORT', 'SEED', 'FIRST', 'COUNT', 'SECONDS'].map((name) =>
  Number(env[name])
)
/** Milliseconds that a user thinks, on average: some 2,000 requests a second, whatever the number of users. */
const THINK_MS = (Number(env.CONNECTIONS) / 2000) * 1000
/** Milliseconds after which a request counts as forgotten. Nothing waits for it unless the run fails. */
const PATIENCE = 60_000
/** Characters of a request's head: what Node's server takes. */
const LARGEST_HEAD = 16_300

const report = { requests: 0, checked: 0, wrong: 0, details: [], kinds: {} }
/** The newest rotation that an answer has told of. */
let rotation = 0
let isOver = false

function count(kind) {
  report.kinds[kind] = (report.kinds[kind] ?? 0) + 1
}

function wrong(detail) {
  report.wrong++
  if (report.details.length < 10) report.details.push(detail)
}

/** Each process has an address, and so all ports, of its own. */
function connect() {
  return net.connect({ port: PORT, host: '127.0.0.1', localAddress: env.ADDRESS, noDelay: true })
}

/** A keep-alive connection, with one request on it at a time. */
class Connection {
  #text = ''
  #waiting

  constructor() {
    this.socket = connect()
    this.socket.setEncoding('latin1')
    this.socket.on('data', (chunk) => {
      this.#text += chunk
      this.#settle()
    })
    this.socket.on('error', (error) => this.#fail(error))
    this.socket.on('close', () => this.#fail(new Error('the server closed the connection')))
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve)
      this.socket.once('error', reject)
    })
  }

  request(text) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new Error('no answer')), PATIENCE)
      this.#waiting = { resolve, reject, timer }
      if (this.socket.closed) this.#fail(new Error('the server had closed the connection'))
      else this.socket.write(text)
    })
  }

  close() {
    this.socket.destroy()
  }

  #fail(error) {
    const waiting = this.#waiting
    this.#waiting = undefined
    clearTimeout(waiting?.timer)
    waiting?.reject(error)
  }

  #settle() {
    const end = this.#text.indexOf('\r\n\r\n') + 4
    if (end < 4) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1] ?? 0)
    if (this.#text.length < end + length) return
    const text = this.#text
    const waiting = this.#waiting
    this.#text = ''
    this.#waiting = undefined
    clearTimeout(waiting?.timer)
    if (text.length > end + length || !waiting) wrong('bytes that nobody asked for')
    waiting?.resolve(parse(text))
  }
}

class User {
  #random
  #connection
  #mode
  #name
  #logins = 0
  /** What the browser has: by name, a value, the rotation of the key it was made with, and what a signature signs. */
  #jar = new Map()
  /** What the session holds; null where there is none. */
  #state = null

  constructor(number) {
    this.#name = `${env.ADDRESS}-${number}`
    this.#random = new Random(SEED, number)
    this.#mode = this.#random.weighted(MODES)
    this.#connection = new Connection()
  }

  get opened() {
    return this.#connection.opened
  }

  /** The cookie that a key stands behind. */
  get #keyCookie() {
    return this.#mode === 'encrypt' ? 'session' : 'session.sig'
  }

  async run() {
    try {
      while (!isOver) {
        await this.#step()
        await sleep(this.#random.below(2 * THINK_MS))
      }
      const answer = await this.#send('read')
      if (answer.seen !== null) report.checked++
    } catch (error) {
      wrong(`${this.#mode} ${this.#name}: ${error.message}`)
    }
    this.#connection.close()
  }

  async #step() {
    const random = this.#random
    if (this.#state === null)
      return this.#send(random.chance(0.8) ? 'login' : random.pick(['read', 'logout']))
    const kind = random.weighted([
      [400, 'read'],
      [300, 'modify'],
      [150, 'grow'],
      [40, 'login'],
      [40, 'logout'],
      [30, 'tampered'],
      [30, 'concurrent'],
      [10, 'idle'],
      [5, 'gone']
    ])
    switch (kind) {
      case 'concurrent':
        return this.#sendTwice()
      case 'gone':
        return this.#goAway()
      case 'tampered':
        this.#tamper()
        return this.#sendRefused(kind)
      case 'idle':
        return (await this.#outliveKey()) && this.#sendRefused(kind)
      default:
        return this.#send(kind)
    }
  }

  /** @returns {Promise<boolean>} whether the key of the cookie is gone */
  async #outliveKey() {
    const { rotation: made } = this.#jar.get(this.#keyCookie)
    while (rotation < made + KEPT_KEYS && !isOver) await sleep(50)
    return !isOver
  }

  /** A cookie that has to be refused; then the user logs in anew. */
  async #sendRefused(kind) {
    count(kind)
    const { seen } = await this.#send('read', { watched: this.#random.chance(0.5) })
    assert.equal(seen, null, `${kind} cookie accepted`)
    await this.#send('login')
  }

  async #sendTwice() {
    count('concurrent')
    const second = new Connection()
    try {
      await second.opened
      const actions = ['read', 'modify', 'grow', 'logout']
      await Promise.all([
        this.#send(this.#random.pick(actions)),
        this.#send(this.#random.pick(actions), { connection: second })
      ])
    } finally {
      second.close()
    }
  }

  /** Another client with the same cookie leaves in the middle of its request, before the answer, or in it. */
  async #goAway() {
    count('gone')
    const random = this.#random
    const { text } = this.#request('modify', { large: 1, waits: random.below(20) })
    const when = random.pick(['in request', 'before answer', 'in answer'])
    const socket = connect()
    const leave = () => socket.destroy()
    socket.on('error', leave)
    if (when === 'in answer') socket.once('data', leave)
    if (when === 'in request') socket.write(text.slice(0, random.between(1, text.length - 1)), leave)
    else socket.write(text, when === 'before answer' ? leave : undefined)
    await new Promise((resolve) => socket.once('close', resolve))
  }

  /** Changes one character behind the mark of the format. No key made this. */
  #tamper() {
    const name = this.#mode === 'encrypt' ? 'session' : this.#random.pick(['session', 'session.sig'])
    const cookie = this.#jar.get(name)
    const at = this.#random.between(3, cookie.value.length - 1)
    const other = cookie.value[at] === 'A' ? 'B' : 'A'
    cookie.value = cookie.value.slice(0, at) + other + cookie.value.slice(at + 1)
    this.#jar.get(this.#keyCookie).rotation = -Infinity
  }

  #request(action, query = {}) {
    report.requests++
    const id = `${env.ADDRESS}-${report.requests}`
    const path = `/${this.#mode}?${new URLSearchParams({ action, id, ...query })}`
    const own = [...this.#jar].map(([name, { value }]) => `${name}=${value}`)
    const build = (others) =>
      requestText({ path, headers: [['Cookie', [...others, ...own].join('; ')]] }, false)
    let text = build([])
    if (this.#random.chance(0.1)) {
      count('with other cookies')
      const room = LARGEST_HEAD - text.length - 37
      const length = this.#random.chance(0.5) ? room : this.#random.below(room)
      text = build(['xsession=1', 'session2.sig=2', `filler=${'f'.repeat(length)}`])
    }
    return { id, text }
  }

  async #send(action, { connection = this.#connection, watched = this.#random.chance(0.05) } = {}) {
    const random = this.#random
    const sent = { ...Object.fromEntries(this.#jar), state: this.#state, action, watched }
    // Cookies of 60 bytes to nearly 4 KB.
    sent.length = random.chance(0.3) ? 0 : Math.floor(2500 * random.below(1000) ** 2 * 1e-6)
    sent.user = action === 'login' ? `${this.#name}-${++this.#logins}` : undefined
    const query = {
      length: sent.length,
      user: sent.user,
      waits: watched ? 0 : random.below(3),
      watched: watched ? 1 : ''
    }
    const { id, text } = this.#request(action, query)
    count(action)
    const { status, cookies, body } = await connection.request(text)
    assert.equal(status, 200, body)
    const answer = JSON.parse(body)
    assert.equal(answer.id, id, 'the answer to another request')
    rotation = Math.max(rotation, answer.openedAt)
    this.#check(sent, answer, cookies)
    return answer
  }

  /** Compares an answer with what it has to be, and takes what it sets. */
  #check(sent, { seen, reason, openedAt, sealedAt }, setCookies) {
    const { session, state, action } = sent
    const keyed = sent[this.#keyCookie]
    const isWhole = session !== undefined && keyed !== undefined
    const isGood =
      isWhole && openedAt - keyed.rotation < KEPT_KEYS && (keyed === session || keyed.signs === session.value)
    const expected = isGood ? state : null
    assert.deepEqual(
      seen,
      expected,
      `${action}: another session, made at ${keyed?.rotation}, read at ${openedAt}`
    )
    if (isWhole && !isGood) count(`refused, as ${reasonOf(keyed, openedAt)}`)
    if (sent.watched && isWhole) assert.equal(reason, isGood ? undefined : 'signature')

    const isOld = isGood && keyed.rotation < openedAt
    if (isOld) count('with an older key')
    const whole = this.#mode === 'encrypt' ? ['session'] : ['session', 'session.sig']
    const isRemoved = action === 'logout'
    const isChanged = action === 'login' || (isGood && (action === 'modify' || action === 'grow'))
    let names = []
    if (isRemoved || isChanged) names = whole
    else if (isOld) names = this.#mode === 'default' ? ['session.sig'] : whole
    else if (isWhole && !isGood && this.#mode === 'default') names = ['session.sig']
    const isCleared = isRemoved || (!isGood && !isChanged)
    const isWritten = names.includes('session')

    const set = setCookies.map(parseSetCookie)
    assert.deepEqual(
      set.map(({ name }) => name),
      names,
      `${action}: other cookies set`
    )
    for (const { name, value, path, isExpired } of set) {
      assert.equal(path, this.#mode === 'default' ? '/' : `/${this.#mode}`)
      assert.equal(isExpired, isCleared, `${action}: ${name} ${isExpired ? 'dropped' : 'kept'}`)
      if (isExpired) this.#jar.delete(name)
      else if (name === 'session') this.#jar.set(name, { value, rotation: sealedAt })
      else {
        const signs = isWritten ? set[0].value : session.value
        const made = isWritten ? sealedAt : openedAt
        if (this.#mode === 'default') {
          const key = keyOf(SEED, this.#mode, made)
          assert.equal(value, signature(`session=${signs}`, key), 'signed by another key')
        }
        this.#jar.set(name, { value, rotation: made, signs })
      }
    }

    if (isWritten) this.#state = after(sent, expected)
    else if (!isGood && this.#jar.get('session') === session) this.#state = null
    // Of two concurrent answers, the later dropped the signature that came with the other.
    if (!this.#jar.has(this.#keyCookie)) this.#state = null
  }
}

/** Why a cookie is no good. */
function reasonOf(keyed, openedAt) {
  if (keyed.rotation === -Infinity) return 'tampered with'
  if (openedAt - keyed.rotation >= KEPT_KEYS) return 'its key is gone'
  return 'the signature is that of a concurrent answer'
}

/** What a session holds after a request. */
function after({ action, user, length }, before) {
  switch (action) {
    case 'login':
      return { user, count: 0, sum: checksum(fillerOf(user, 0, length)) }
    case 'logout':
      return null
    case 'modify':
      return { ...before, count: before.count + 1 }
    case 'grow': {
      const next = before.count + 1
      return { user: before.user, count: next, sum: checksum(fillerOf(before.user, next, length)) }
    }
    default:
      return before
  }
}

function parseSetCookie(line) {
  const [pair, ...attributes] = line.split('; ')
  const at = pair.indexOf('=')
  return {
    name: pair.slice(0, at),
    value: pair.slice(at + 1),
    path: attributes.find((attribute) => attribute.startsWith('path='))?.slice('path='.length),
    isExpired: attributes.includes('expires=Thu, 01 Jan 1970 00:00:00 GMT')
  }
}

async function connectAll() {
  const users = []
  for (let number = 0; number < COUNT; number++) {
    users.push(new User(FIRST + number))
    if (number % 100 === 0) await users[number].opened
  }
  await Promise.all(users.map((user) => user.opened))
  return users
}

async function main() {
  const users = await connectAll()
  process.send({ connected: users.length })
  await new Promise((resolve) => process.once('message', resolve))
  setTimeout(() => {
    isOver = true
  }, SECONDS * 1000)
  await Promise.all(users.map((user) => user.run()))
  process.send(report, () => process.exit())
}

main()
