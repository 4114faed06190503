// A small seeded generator of random choices, so that any script of any run can be made again from two
// numbers: the seed of the run and the number of the script. Math.random could not do that.

'use strict'

class Random {
  constructor(seed, index) {
    this.state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0
    for (let i = 0; i < 4; i++) this.word()
  }

  // mulberry32
  word() {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  // an integer from 0 to n - 1
  below(n) {
    return Math.floor((this.word() / 4294967296) * n)
  }

  between(low, high) {
    return low + this.below(high - low + 1)
  }

  chance(probability) {
    return this.word() / 4294967296 < probability
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  // list: pairs of a weight and what it stands for
  weighted(list) {
    let total = 0
    for (const [weight] of list) total += weight
    let at = (this.word() / 4294967296) * total
    for (const [weight, item] of list) {
      at -= weight
      if (at < 0) return item
    }
    return list[list.length - 1][1]
  }

  text(alphabet, length) {
    let out = ''
    for (let i = 0; i < length; i++) out += alphabet[this.below(alphabet.length)]
    return out
  }

  hex(bytes) {
    return this.text('0123456789abcdef', bytes * 2)
  }
}

module.exports = { Random }
