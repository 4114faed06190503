// Preloaded with --import, this puts the real cookie-session in the place of this package, so that the example runs on
// either without a change.

import { register } from 'node:module'

const hook = `
  export function resolve(specifier, context, nextResolve) {
    return nextResolve(specifier === 'cookie-session-native' ? 'cookie-session' : specifier, context)
  }`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
