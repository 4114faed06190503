'use strict'

// A package from npm that depends on cookie-session, in an app that has ours stand in for it: the first step of an
// OAuth log-in of Feathers, which keeps its state in a cookie.

const assert = require('node:assert')
const path = require('node:path')
const { createRequire } = require('node:module')
const { AuthenticationService, JWTStrategy } = require('@feathersjs/authentication')
const { OAuthStrategy, oauth } = require('@feathersjs/authentication-oauth')
const { default: express, rest } = require('@feathersjs/express')
const { feathers } = require('@feathersjs/feathers')

const dependent = createRequire(require.resolve('@feathersjs/authentication-oauth'))
const manifest = dependent(path.join(path.dirname(dependent.resolve('cookie-session')), 'package.json'))
assert.strictEqual(manifest.name, 'cookie-session-native')
assert.strictEqual(dependent('cookie-session').engine, 'native')

const SECRET = 'a key of the app'

async function main() {
  const app = express(feathers())
  app.configure(rest())
  app.set('host', '127.0.0.1')
  app.set('port', 80)
  app.set('authentication', {
    secret: SECRET,
    entity: null,
    authStrategies: ['jwt'],
    oauth: { redirect: '/', github: { key: 'an id', secret: 'a secret' } }
  })
  const authentication = new AuthenticationService(app)
  authentication.register('jwt', new JWTStrategy())
  authentication.register('github', new OAuthStrategy())
  app.use('authentication', authentication)
  app.configure(oauth())
  const server = await app.listen(0, '127.0.0.1')
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/oauth/github`, { redirect: 'manual' })
  assert.strictEqual(answer.status, 303)
  assert.match(answer.headers.get('location'), /^https:\/\/github\.com\/login\/oauth\/authorize/)

  const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0])
  const read = require('cookie-session-native')
    .codec({ name: 'feathers.oauth', keys: [SECRET] })
    .unseal(cookies.join('; '))
  assert.strictEqual(read.grant.provider, 'github')
  process.exit(0)
}

main()
