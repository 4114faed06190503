'use strict'

// Sharing hidden classes must leave nothing to see: a request and a response look as the original leaves them, and
// what is no message of Express is not touched at all.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const http = require('node:http')
const path = require('node:path')
const { describe, it } = require('node:test')
const original = require('cookie-session')
const cookieSession = require('../..')
const { shareHiddenClass } = require('../../lib/request/hidden-class')

/** Every own property in order, with its flags; values that differ from object to object by their kind alone. */
function look(object) {
  return Reflect.ownKeys(object).map((key) => {
    const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(object, key)
    return [String(key), typeof value, typeof get, typeof set, flags]
  })
}

async function looksIn(express, middleware) {
  const app = express()
  const looks = []
  app.use(middleware({ keys: ['k'] }))
  app.use((req, res) => {
    req.session.a = 1
    looks.push(look(req), look(res), Object.keys(req), Object.keys(res))
    res.on('finish', () => looks.push(look(res)))
    res.json({ ok: true })
  })
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/?a=b`)
    looks.push(await answer.text(), answer.headers.getSetCookie())
  }
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  return looks
}

describe('a request and a response of Express', () => {
  for (const name of ['express', 'express4']) {
    it(`have the own properties, in the order and with the flags, that the original leaves (${name})`, async () => {
      const express = require(name)
      assert.deepEqual(await looksIn(express, cookieSession), await looksIn(express, original))
    })
  }
})

describe('shareHiddenClass', () => {
  const exchanged = () =>
    Object.setPrototypeOf(new http.IncomingMessage(null), Object.create(http.IncomingMessage.prototype))

  it('leaves the properties of a message as they were', () => {
    const message = exchanged()
    const before = [look(message), message._events]
    shareHiddenClass(message)
    assert.deepEqual([look(message), message._events], before)
  })

  it('does not touch what is frozen, a Proxy, or no object, nor makes a property', () => {
    const proxy = new Proxy(exchanged(), {
      defineProperty() {
        throw new Error('touched')
      }
    })
    for (const value of [Object.freeze(exchanged()), proxy, undefined, null, 5, 'x', Object.create(null)]) {
      assert.doesNotThrow(() => shareHiddenClass(value))
    }
    const plain = Object.create({})
    shareHiddenClass(plain)
    assert.deepEqual(Reflect.ownKeys(plain), [])
  })

  const pays = Number.parseInt(process.versions.v8, 10) < 13
  it('has messages whose prototype was exchanged share a hidden class, whatever they get', {
    skip: !pays
  }, () => {
    const script = `
      const http = require('node:http')
      const { shareHiddenClass } = require('./lib/request/hidden-class')
      const prototype = Object.create(http.ServerResponse.prototype)
      const make = (share) => {
        const message = Object.setPrototypeOf(new http.ServerResponse({}), prototype)
        if (share) shareHiddenClass(message)
        message.writeHead = () => {}
        return message
      }
      console.log(%HaveSameMap(make(true), make(true)), %HaveSameMap(make(false), make(false)))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--allow-natives-syntax', '-e', script], {
      cwd: path.join(__dirname, '..', '..'),
      encoding: 'utf8'
    })
    assert.match(stdout, /^true /, stderr)
  })
})

describe('a call with what is no request or response', () => {
  const cases = {
    'no request': [undefined, {}],
    'no response': [{ headers: {} }, undefined],
    neither: [null, null]
  }
  for (const [name, args] of Object.entries(cases)) {
    it(`throws what the original throws: ${name}`, () => {
      const thrown = (middleware) => {
        try {
          middleware({ keys: ['k'] })(...args, () => {})
        } catch (error) {
          return `${error.name}: ${error.message}`
        }
      }
      assert.equal(thrown(cookieSession), thrown(original))
      assert.match(thrown(original), /Error/)
    })
  }
})
