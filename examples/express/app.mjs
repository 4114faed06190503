// The example itself: an Express 5 app whose only memory is a signed cookie.
// It is apart from server.mjs so that the tests can run it on a port of their own.

import { STATUS_CODES } from 'node:http'
import { fileURLToPath } from 'node:url'
import cookieSession from 'cookie-session-native'
import express from 'express'
import { readSessionCookie } from './inspect.mjs'
import { createOptionsPage } from './options.mjs'
import { errorPage, homePage } from './page.mjs'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const DAY = 24 * 60 * 60 * 1000

/** 'native' when Rust signs the cookies, 'node' when JavaScript does. */
export const engine = cookieSession.engine

export function createApp({ keys, production = false }) {
  const app = express()
  app.disable('x-powered-by')

  // Behind one proxy, req.protocol is what X-Forwarded-Proto says. A secure cookie depends on it.
  if (production) app.set('trust proxy', 1)

  app.use((_req, res, next) => {
    res.set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; " +
        "base-uri 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff'
    })
    next()
  })

  // These need no session, so they come before it.
  app.get('/style.css', (_req, res) => res.sendFile('style.css', { root: HERE }))
  app.get('/favicon.ico', (_req, res) => res.status(204).end())

  // It has a session of its own.
  app.get('/options', createOptionsPage())

  // From here on there is a req.session.
  app.use(
    cookieSession({
      name: 'session',
      keys,
      maxAge: DAY,
      httpOnly: true,
      sameSite: 'lax',
      secure: production
    })
  )

  // Counting is an assignment. What changed is saved when the response's headers are written.
  app.get('/', (req, res) => {
    const received = readSessionCookie(req.headers.cookie, keys)
    const before = flags(req.session)

    req.session.views = (req.session.views || 0) + 1

    const after = flags(req.session)
    const json = JSON.stringify(req.session, null, 2)
    const { user, loggedInAt, views } = req.session

    // Most handlers end with res.send(). This one writes the headers first, because that is when the
    // session becomes a Set-Cookie header, and the page shows the header that really went out.
    res.type('html').writeHead(200)
    const sent = [res.getHeader('Set-Cookie') ?? []].flat()
    const origin = `${req.protocol}://${req.host ?? 'localhost'}`
    res.end(
      homePage({ engine, production, origin, user, loggedInAt, views, received, before, after, json, sent })
    )
  })

  // A real app would check a password here, and take nothing but POST. GET makes this one easy to curl.
  app.get('/login', (req, res) => login(req, res, req.query.name))
  app.post('/login', express.urlencoded({ extended: false, limit: '4kb' }), (req, res) =>
    login(req, res, req.body?.name)
  )

  // null removes the session: the response tells the browser to drop both cookies.
  app.all('/logout', (req, res) => {
    req.session = null
    res.redirect(303, '/')
  })

  // Everything else is unknown. It neither reads nor changes the session.
  app.use((_req, res) => {
    res.status(404).send(errorPage({ status: 404, title: 'Not Found', detail: 'There is no such page.' }))
  })

  // Express knows an error handler by its four parameters.
  app.use((error, _req, res, next) => {
    if (res.headersSent) return next(error)
    const status = error.status >= 400 && error.status < 600 ? error.status : 500
    if (status >= 500) console.error(error)
    res.status(status).send(
      errorPage({
        status,
        title: STATUS_CODES[status] ?? 'Error',
        detail: error.expose ? error.message : 'Something went wrong. The log says what.',
        stack: production ? '' : error.stack
      })
    )
  })

  return app
}

function login(req, res, name) {
  // A cookie holds about 4000 bytes, so what a user may put into it has a limit.
  const user = typeof name === 'string' ? [...name.trim()].slice(0, 64).join('') : ''
  req.session.user = user || 'guest'
  req.session.loggedInAt = new Date().toISOString()
  res.redirect(303, '/')
}

function flags({ isNew, isChanged, isPopulated }) {
  return { isNew, isChanged, isPopulated }
}
