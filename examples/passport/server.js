'use strict'

// passport with a name and a password, its session in a cookie: sessionMethods gives it what it needs.
//
//   node examples/passport/server.js       log in as ada, password "analytical"

const { randomBytes } = require('node:crypto')
const cookieSession = require('cookie-session-native')
const express = require('express')
const passport = require('passport')
const { Strategy } = require('passport-local')

// A real app keeps its users in a database, and hashes of their passwords there.
const users = new Map([['ada', { name: 'ada', password: 'analytical' }]])

passport.use(
  new Strategy((name, password, done) => {
    const user = users.get(name)
    done(null, user?.password === password ? user : false)
  })
)
passport.serializeUser((user, done) => done(null, user.name))
passport.deserializeUser((name, done) => done(null, users.get(name) ?? false))

// Made up where none is given: its sessions then end with the process.
const { SESSION_SECRET_KEYS } = process.env
const keys = SESSION_SECRET_KEYS ? cookieSession.parseKeys(SESSION_SECRET_KEYS) : [randomBytes(32)]

const app = express()
app.use(
  cookieSession({
    keys,
    sameSite: 'lax',
    maxAge: 24 * 60 * 60 * 1000,
    sessionMethods: true
  })
)
app.use(passport.session())
app.use(express.urlencoded({ extended: false }))

app.get('/', (req, res) => {
  res.send(
    req.user
      ? `<p>Logged in as ${req.user.name}.</p><form method="post" action="/logout"><button>Log out</button></form>`
      : `<p>Nobody is logged in.</p>
         <form method="post" action="/login">
           <input name="username" placeholder="ada" aria-label="Name">
           <input name="password" type="password" placeholder="analytical" aria-label="Password">
           <button>Log in</button>
         </form>`
  )
})
app.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/' }))
app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))))

const server = app.listen(Number(process.env.PORT || 0), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`)
})
