'use strict'

// Two sessions on one request: a long one for every visitor, and a short, encrypted one for administrators, which goes
// to /admin alone.
//
//   node examples/several-sessions/server.js

const { randomBytes } = require('node:crypto')
const cookieSession = require('cookie-session-native')
const express = require('express')

const DAY = 24 * 60 * 60 * 1000

// Made up where none is given: its sessions then end with the process.
const { SESSION_SECRET_KEYS } = process.env
const keys = SESSION_SECRET_KEYS ? cookieSession.parseKeys(SESSION_SECRET_KEYS) : [randomBytes(32)]

const app = express()
app.use(cookieSession({ keys, sameSite: 'lax', maxAge: 30 * DAY }))
app.use(
  '/admin',
  cookieSession({
    requestKey: 'admin',
    keys,
    path: '/admin',
    sameSite: 'strict',
    encrypt: true,
    ttl: 15 * 60 * 1000
  })
)

app.get('/', (req, res) => {
  req.session.views = (req.session.views || 0) + 1
  res.send(`<p>Views: ${req.session.views}.</p><p><a href="/admin">Administration</a></p>`)
})
app.get('/admin', (req, res) => {
  const name = req.admin.name ?? 'nobody'
  const [action, label] = req.admin.name ? ['logout', 'Log out'] : ['login', 'Log in']
  res.send(`<p>Administrator: ${name}. Views: ${req.session.views || 0}.</p>
    <form method="post" action="/admin/${action}"><button>${label}</button></form>`)
})
// A real app would check a password here.
app.post('/admin/login', (req, res) => {
  req.admin = { name: 'root' }
  res.redirect(303, '/admin')
})
app.post('/admin/logout', (req, res) => {
  req.admin = null
  res.redirect(303, '/admin')
})

const server = app.listen(Number(process.env.PORT || 0), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`)
})
