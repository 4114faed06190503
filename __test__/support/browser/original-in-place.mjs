// Preloaded with --import, this puts the real cookie-session in the place of this package where the example makes its
// middleware, so that the app runs on either without a change. Its keys are read by this package in any case.

import { register } from 'node:module'

const hook = `
  export function resolve(specifier, context, nextResolve) {
    const isInPlace = specifier === 'cookie-session-native' && !context.parentURL?.endsWith('/server.mjs')
    return nextResolve(isInPlace ? 'cookie-session' : specifier, context)
  }`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
