'use strict'

// A chat that knows who is talking: the page logs in with an ordinary session, and the WebSocket server opens the same
// cookie with unseal, as its handshake passes no middleware.
//
//   node examples/websocket/server.js      open it in two browsers

const { randomBytes } = require('node:crypto')
const cookieSession = require('cookie-session-native')
const express = require('express')
const { WebSocketServer } = require('ws')

// Made up where none is given: its sessions then end with the process.
const { SESSION_SECRET_KEYS } = process.env
const keys = SESSION_SECRET_KEYS ? cookieSession.parseKeys(SESSION_SECRET_KEYS) : [randomBytes(32)]

const options = { keys, sameSite: 'lax', encrypt: true, ttl: 60 * 60 * 1000 }
const sessions = cookieSession.codec(options)

const app = express()
app.use(cookieSession(options))
app.use(express.urlencoded({ extended: false }))

const LOGIN = `<!doctype html><title>Chat</title>
<form method="post" action="/login"><input name="name" aria-label="Name"> <button>Log in</button></form>`
const CHAT = `<!doctype html><title>Chat</title>
<form method="post" action="/logout"><button>Log out</button></form>
<form id="say"><input aria-label="Message"> <button>Say</button></form>
<ul></ul>
<script>
  const socket = new WebSocket('ws://' + location.host)
  const input = document.querySelector('#say input')
  socket.onmessage = ({ data }) => {
    document.querySelector('ul').appendChild(document.createElement('li')).textContent = data
  }
  document.querySelector('#say').onsubmit = (event) => {
    event.preventDefault()
    socket.send(input.value)
    input.value = ''
  }
</script>`

app.get('/', (req, res) => res.send(req.session.name ? CHAT : LOGIN))
app.post('/login', (req, res) => {
  req.session.name = String(req.body?.name || 'guest').slice(0, 64)
  res.redirect(303, '/')
})
app.post('/logout', (req, res) => {
  req.session = null
  res.redirect(303, '/')
})

const server = app.listen(Number(process.env.PORT || 0), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`)
})

const chat = new WebSocketServer({
  server,
  maxPayload: 1024,
  verifyClient({ origin, req }, done) {
    // Any site may open a WebSocket here, and the browser sends our cookie along: only our own page may.
    const isOurs = origin === `http://${req.headers.host}`
    req.chatName = isOurs ? sessions.unseal(req.headers.cookie)?.name : undefined
    done(req.chatName !== undefined, 401)
  }
})

chat.on('connection', (socket, req) => {
  socket.on('error', () => {})
  socket.on('message', (data) => {
    for (const client of chat.clients) client.send(`${req.chatName}: ${data}`)
  })
  socket.send(`Welcome, ${req.chatName}`)
})
