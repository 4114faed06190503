'use strict'

// Says on stderr what is being measured, and since when. Results go to stdout.

class Progress {
  #started = performance.now()
  #terminal = process.stderr.isTTY
  #stage

  seconds() {
    return Math.round((performance.now() - this.#started) / 1000)
  }

  /** @param {string} text what is under way; where lines cannot be rewritten, what follows a colon is left out */
  show(text) {
    const time = `${String(this.seconds()).padStart(3)} s  `
    if (this.#terminal) {
      process.stderr.write(`\r\x1b[K${time}${text}`)
      return
    }
    const stage = text.split(':')[0]
    if (stage !== this.#stage) process.stderr.write(`${time}${stage}\n`)
    this.#stage = stage
  }

  clear() {
    if (this.#terminal) process.stderr.write('\r\x1b[K')
  }

  /** @returns {number} seconds from start to end */
  end() {
    this.clear()
    return this.seconds()
  }
}

module.exports = { Progress }
