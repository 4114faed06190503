// A clock that stands still while a script runs, so that cookies made by two implementations carry the same
// Expires. It moves only when the script says so. `new Date()` has to stand still as well as Date.now().

'use strict'

const RealDate = Date
const realNow = Date.now

function freezeClock(start) {
  let now = start

  const StillDate = new Proxy(RealDate, {
    construct(target, args, newTarget) {
      return Reflect.construct(target, args.length === 0 ? [now] : args, newTarget)
    },
    apply() {
      return new RealDate(now).toString()
    }
  })

  RealDate.now = () => now
  globalThis.Date = StillDate

  return {
    advance(milliseconds) {
      now += milliseconds
    },
    restore() {
      RealDate.now = realNow
      globalThis.Date = RealDate
    }
  }
}

module.exports = { freezeClock }
