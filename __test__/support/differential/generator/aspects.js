'use strict'

// What all parts of the generator share: chance, and the count of what strange things did occur. Each script has a few
// aspects in which it may be strange; all else is ordinary.

const { Random } = require('../random')

const ASPECTS = [
  'options',
  'options',
  'keys',
  'keys',
  'cookie',
  'cookie',
  'cookie',
  'contents',
  'contents',
  'values',
  'values',
  'access',
  'later',
  'later',
  'response',
  'response',
  'call'
]

const UNDEFINED = { $: 'undefined' }

function shuffle(r, list) {
  const out = list.slice()
  for (let i = out.length - 1; i > 0; i--) {
    const j = r.below(i + 1)
    ;[out[i], out[j]] = [out[j], out[i]]
  }
  return out
}

class Aspects {
  constructor(seed, index) {
    this.r = new Random(seed, index)
    this.features = new Set()
    this.strange = new Set()
    this.name = 'session'
    this.signing = { keys: ['k1'] }
    const { r } = this
    const number = r.weighted([
      [30, 0],
      [32, 1],
      [20, 2],
      [12, 3],
      [6, 9]
    ])
    for (let i = 0; i < number; i++) this.strange.add(r.pick(ASPECTS))
    if (number === 0) this.count('wholly ordinary')
  }

  count(name) {
    this.features.add(name)
  }

  // whether to be strange here
  odd(aspect, probability) {
    return this.strange.has(aspect) && this.r.chance(probability)
  }

  counted([name, value]) {
    this.count(name)
    return value
  }
}

module.exports = { Aspects, UNDEFINED, shuffle }
