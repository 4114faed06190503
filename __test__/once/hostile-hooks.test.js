'use strict'

// Hooks that come back into the middleware while a session is written that is new, or that an older key signed: what the
// engine is then asked for is what both-engines/hostile-hooks.test.js asks both for.

const { describeHooks } = require('../support/hostile/hooks')

describeHooks('new', 'of an older key')
