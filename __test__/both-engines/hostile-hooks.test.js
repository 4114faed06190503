'use strict'

// Hooks that come back into the middleware while a session is written, and while the head goes. Sessions that came in other
// ways are in once/hostile-hooks.test.js.

const { describeHooks, describeListeners } = require('../support/hostile/hooks')

describeHooks('loaded')
describeListeners()
