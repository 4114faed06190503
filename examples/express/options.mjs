// The page /options: a second session, at req.lab, whose options are switched on in the page. Each choice is a real
// middleware with these options, and the page shows what it makes of the cookie.

import { randomBytes } from 'node:crypto'
import cookieSession from 'cookie-session-native'
import { optionsPage } from './page.mjs'

const SECOND = 1000

/** What can be switched on, and what to look for. */
export const SWITCHES = {
  encrypt: {
    options: { encrypt: true },
    effect: 'The value cannot be read any more, and there is no signature beside it.'
  },
  ttl: {
    options: { ttl: 20 * SECOND },
    effect: 'Twenty seconds after its last write the server refuses it.'
  },
  rolling: { options: { rolling: true }, effect: 'It is issued again, also where a request left it alone.' },
  digest: { options: { digest: 'sha256' }, effect: 'The signature is longer: HMAC-SHA256.' },
  legacy: {
    options: { legacy: true },
    effect: 'Cookies from before the switch are read, and written in the new format.'
  },
  maxSize: {
    options: { maxSize: 100 },
    effect: 'A cookie over 100 bytes is not sent, and onError hears of it.'
  },
  sessionMethods: {
    options: { sessionMethods: true },
    effect: 'req.lab has regenerate, save, reload, destroy and touch.'
  }
}

export function createOptionsPage() {
  // A real app takes its key from its configuration: this one ends with the process.
  const keys = [randomBytes(32).toString('base64url')]
  const middlewares = new Map()

  /** One middleware for each choice, as an app has one for its own. */
  function middlewareFor(chosen) {
    const id = chosen.join(' ')
    if (!middlewares.has(id)) {
      const options = Object.assign({}, ...chosen.map((name) => SWITCHES[name].options))
      const onError = (error, req) => {
        req.labError = error
      }
      middlewares.set(id, cookieSession({ keys, requestKey: 'lab', sameSite: 'lax', onError, ...options }))
    }
    return middlewares.get(id)
  }

  return function showOptions(req, res, next) {
    const chosen = Object.keys(SWITCHES).filter((name) => req.query[name] === 'on')
    let middleware
    try {
      middleware = middlewareFor(chosen)
    } catch (error) {
      return res.status(400).send(optionsPage({ chosen, switches: SWITCHES, refused: error.message }))
    }
    middleware(req, res, (error) => {
      if (error) return next(error)
      const received = { value: cookieIn(req.headers.cookie, 'lab'), isOpened: !req.lab.isNew }
      req.lab.views = (req.lab.views || 0) + 1
      const json = JSON.stringify(req.lab, null, 2)
      // The headers go first, so that the page can show what became of the session.
      res.type('html').writeHead(200)
      const sent = [res.getHeader('Set-Cookie') ?? []].flat().filter((line) => line.startsWith('lab'))
      const lost = req.labError?.message
      res.end(optionsPage({ chosen, switches: SWITCHES, received, json, sent, lost }))
    })
  }
}

function cookieIn(header = '', name) {
  const pairs = header.split(/; */)
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}
