'use strict'

// Makes random scripts: what an application configures, what its client sends, what it does with the
// session and how it answers. Most parts of most scripts are ordinary; each script has a few aspects
// (options, keys, the cookie, the values stored, ...) in which it may be strange. Every strange thing is
// counted by name, so that a run can tell that it did occur. The parts of a script are made in generator/.

const { Answers } = require('./generator/answers')
const { applyRecipe } = require('./recipes')

class Generator extends Answers {
  script() {
    const { r } = this
    const script = { options: this.options(), exchanges: [] }
    if (r.chance(this.strange.size > 0 ? 0.3 : 0.1)) {
      script.debug = true
      this.count('debug lines')
    }
    if (this.odd('call', 0.25)) script.before = [this.pollution(true)]
    const exchanges = r.weighted([
      [70, 1],
      [20, 2],
      [10, 3]
    ])
    if (exchanges > 1) this.count('several exchanges')
    for (let i = 0; i < exchanges; i++) script.exchanges.push(this.exchange(i))
    if (r.chance(0.18)) this.count(applyRecipe(script, r))
    return script
  }

  exchange(number) {
    const { r } = this
    const exchange = { request: this.request(), actions: [] }
    const cookie = this.cookie(number)
    if (cookie) exchange.cookie = cookie
    const before = this.before()
    if (before.length > 0) exchange.before = before
    if (this.odd('call', 0.3)) {
      exchange.odd = r.pick([
        'frozen request',
        'sealed session',
        'session there',
        'next throws',
        'no response',
        'no next'
      ])
      this.count(`called with ${exchange.odd}`)
    }
    const length = r.weighted([
      [2, 0],
      [5, 1],
      [8, 2],
      [7, 3],
      [5, 4],
      [3, 6],
      [1, 9]
    ])
    if (this.noKeys && r.chance(0.4)) {
      this.count('no keys, signed later')
      exchange.actions.push({ op: 'sessionOptions', how: 'set', key: 'signed', value: true })
    }
    if (length === 0) this.count('untouched session')
    for (let i = 0; i < length; i++) exchange.actions.push(this.action(number))
    exchange.actions.push(...this.answer())
    if (r.chance(0.12)) {
      this.count('actions after the answer')
      for (let i = r.between(1, 3); i > 0; i--) exchange.actions.push(this.action(number))
    }
    return exchange
  }

  action(number) {
    const { r } = this
    const op = r.weighted([
      [14, 'read'],
      [16, 'set'],
      [5, 'delete'],
      [2, 'push'],
      [7, 'assign'],
      [2, 'hold'],
      [2, 'clock'],
      [3, 'header'],
      [2, 'status'],
      [1.5, 'sessionOptions'],
      [this.strange.has('values') ? 12 : 0.5, 'odd value'],
      [this.strange.has('later') ? 26 : 0.6, 'later'],
      [this.strange.has('response') ? 6 : 0.5, 'listener'],
      [this.strange.has('call') ? 8 : 0.3, 'call'],
      [this.strange.has('access') ? 6 : 0.2, 'access'],
      [number > 0 ? 1 : 0, 'first']
    ])
    return this[`action_${op.replace(' ', '_')}`]()
  }
}

// Returns { script, features }, the same for the same two numbers.
function generate(seed, index) {
  const generator = new Generator(seed, index)
  const script = generator.script()
  return { script, features: generator.features }
}

module.exports = { generate }
