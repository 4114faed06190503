// Express in TypeScript, with a typed session: tsc checks and compiles it, for any Node.
//
//   npx tsc -p examples/typescript && node target/typescript/server.mjs

import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import cookieSession from 'cookie-session-native'
import express from 'express'

declare global {
  namespace CookieSessionInterfaces {
    interface CookieSessionObject {
      user?: string
      views?: number
    }
  }
}

// Made up where none is given: its sessions then end with the process.
const { SESSION_SECRET_KEYS } = process.env
const keys = SESSION_SECRET_KEYS ? cookieSession.parseKeys(SESSION_SECRET_KEYS) : [randomBytes(32)]

const options: cookieSession.Options = {
  keys,
  sameSite: 'lax',
  maxAge: 24 * 60 * 60 * 1000,
  onError: (error) => console.error(error.code)
}

const app = express()
app.use(cookieSession(options))

app.get('/', (req, res) => {
  // It is null once it has been removed.
  const session = req.session ?? {}
  session.views = (session.views ?? 0) + 1
  res.json({ user: session.user ?? null, views: session.views })
})
// A real app would check a password here.
app.post('/login/:name', (req, res) => {
  req.session = { ...req.session, user: req.params.name }
  res.redirect(303, '/')
})
app.post('/logout', (req, res) => {
  req.session = null
  res.redirect(303, '/')
})

const server = app.listen(Number(process.env.PORT || 0), () => {
  const { port } = server.address() as AddressInfo
  console.log(`Listening on http://localhost:${port}/`)
})
