'use strict'

// An app that counts visits, and its visitors' cookies.

const { encode, signed } = require('./harness')
const { CURRENT, KEYS, tell } = require('./app')
const { framework } = require('./stacks')

function count(req) {
  req.session.n = (req.session.n || 0) + 1
  return req.session
}

/** The answer is the session, after one more visit. */
function visits(cookieSession, options) {
  return framework.bare([
    cookieSession({ keys: [...KEYS], ...options }),
    (req, res) => {
      const [, what, who] = req.url.split('/')
      if (what === 'clear') req.session = null
      else if (what === 'visit') {
        req.session.who = req.session.who || who
        count(req)
      }
      tell(req, res)
    }
  ])
}

/** A cookie of somebody who has been here n times. */
function visitor(i, secret = CURRENT) {
  return signed('session', encode({ who: `visitor ${i}`, n: i }), secret)
}

module.exports = { count, visitor, visits }
