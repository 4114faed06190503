'use strict'

// What the tests of contract-session share.

const { cookie, exchange, look } = require('../support/contract/harness')

const ONE = '{"a":1}'

const GETTERS = ['isNew', 'isChanged', 'isPopulated']

const read = (req) => look(req.session)

/** What is seen and sent of a session that was loaded from a JSON text, after an app had it. */
const loaded = (json, app) => (cookieSession) => exchange(cookieSession, { cookie: cookie(json) }, app)

/** The same for a session that is new. */
const fresh = (app) => (cookieSession) => exchange(cookieSession, {}, app)

module.exports = { ONE, GETTERS, read, loaded, fresh }
