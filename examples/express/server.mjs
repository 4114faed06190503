// Starts the example: reads the environment, listens, and stops when told to.
// What the example shows is in app.mjs.
//
//   npm start                                      http://localhost:3000/
//   PORT=8080 npm start                            another port (0: any free one)
//   SESSION_SECRET_KEYS=new,old npm start          sign with "new", still accept "old"
//   NODE_ENV=production npm start                  secure cookies, no stack traces
//   COOKIE_SESSION_ENGINE=node npm start           the JavaScript engine in place of the native one
//
//   curl -c jar -b jar -L localhost:3000/login     log in and see the page, from a shell
//
// In production the session cookie is `secure`, and is only set on a request that came over https.
// This server speaks plain http, so it needs a proxy in front that ends TLS and sends
// `X-Forwarded-Proto: https`. Express believes that header because app.mjs sets `trust proxy`.

import { randomBytes } from 'node:crypto'
import { parseKeys } from 'cookie-session-native'
import { createApp, engine } from './app.mjs'

const production = process.env.NODE_ENV === 'production'

const port = process.env.PORT || '3000'
if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
  console.error(`PORT must be a whole number from 0 to 65535, not ${JSON.stringify(port)}.`)
  process.exit(1)
}

// The first key signs; all of them verify. To rotate, put a new key in front, and drop the old one
// when the cookies it signed have expired.
const keys = keysFromEnvironment()

function keysFromEnvironment() {
  const { SESSION_SECRET_KEYS } = process.env
  if (!SESSION_SECRET_KEYS) {
    console.log('No keys in SESSION_SECRET_KEYS: made one up for this run. Its sessions end when it stops.')
    return [randomBytes(32).toString('base64url')]
  }
  try {
    return parseKeys(SESSION_SECRET_KEYS)
  } catch (error) {
    console.error(`SESSION_SECRET_KEYS: ${error.message}.`)
    process.exit(1)
  }
}

// Express 5 hands a failure to listen to the same callback.
const server = createApp({ keys, production }).listen(Number(port), (error) => {
  if (error) {
    console.error(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is in use. Choose another one: PORT=${port === '65535' ? 3000 : Number(port) + 1} npm start`
        : `Cannot listen on port ${port}: ${error.message}`
    )
    process.exit(1)
  }
  console.log(`Listening on http://localhost:${server.address().port}/ (engine: ${engine}, Ctrl+C stops it)`)
  if (production) {
    console.log(
      'Production: cookies are secure and `trust proxy` is 1. Put one TLS proxy in front that sets ' +
        'X-Forwarded-Proto: https. Over plain http no session is kept.'
    )
  }
})

// The first signal lets open requests finish, for five seconds at most. A second one ends it at once.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    console.log(`${signal}: closing`)
    server.close()
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 5000).unref()
  })
}
