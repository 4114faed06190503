'use strict'

// NestJS on Express, in plain JavaScript: the middleware goes into main, and controllers take @Session() or the request.
//
//   cd examples/nestjs && npm install && npm start

require('reflect-metadata')
const { randomBytes } = require('node:crypto')
const { Controller, Get, Module, Post, Redirect, Req, Session } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const cookieSession = require('cookie-session-native')

// Made up where none is given: its sessions then end with the process.
const { SESSION_SECRET_KEYS } = process.env
const keys = SESSION_SECRET_KEYS ? cookieSession.parseKeys(SESSION_SECRET_KEYS) : [randomBytes(32)]

class AppController {
  home(session) {
    session.views = (session.views || 0) + 1
    return { user: session.user ?? null, views: session.views }
  }

  // A real app would check a password here.
  login(session) {
    session.user = 'ada'
  }

  logout(req) {
    req.session = null
  }
}

/** What TypeScript writes as decorators. */
function route(name, parameter, ...decorators) {
  parameter(AppController.prototype, name, 0)
  const descriptor = Object.getOwnPropertyDescriptor(AppController.prototype, name)
  for (const decorate of decorators) decorate(AppController.prototype, name, descriptor)
}
route('home', Session(), Get('/'))
route('login', Session(), Post('/login'), Redirect('/', 303))
route('logout', Req(), Post('/logout'), Redirect('/', 303))
Controller()(AppController)

class AppModule {}
Module({ controllers: [AppController] })(AppModule)

async function main() {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] })
  app.use(cookieSession({ keys, sameSite: 'lax', maxAge: 24 * 60 * 60 * 1000 }))
  await app.listen(Number(process.env.PORT || 0))
  console.log(`Listening on http://localhost:${app.getHttpServer().address().port}/`)
}

main()
