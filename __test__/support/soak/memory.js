'use strict'

// What tells a leak from noise: the process's size at many moments, and whether the late ones are above the early ones.

const { setImmediate: turn } = require('node:timers/promises')

/** How often the size is taken, after the warm-up. */
const MOMENTS = 40
/** The part of the run that comes before: code gets compiled, caches and heaps get their sizes. */
const WARM_UP = 0.2

/** Several times, as what an addon gives back is freed between turns of the loop after a collection. */
async function sizes() {
  for (let i = 0; i < 4; i++) {
    global.gc()
    await turn()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

function mean(list) {
  return list.reduce((sum, size) => sum + size, 0) / list.length
}

/**
 * Runs `work` again and again and looks at the size of the process. Needs --expose-gc.
 *
 * @param {number} total how much there is to do
 * @param {(count: number) => Promise<void>} work does so much of it
 * @returns {Promise<object>} the means of the first quarter and of the last, and their difference, in bytes
 */
async function soak(total, work) {
  const start = Math.round(total * WARM_UP)
  await work(start)
  const taken = []
  for (let moment = 1, done = start; moment <= MOMENTS; moment++) {
    const until = start + Math.round(((total - start) * moment) / MOMENTS)
    await work(until - done)
    done = until
    const size = await sizes()
    taken.push(size)
    if (moment % 4 === 0) console.error(`${done} of ${total}: heap ${size.heap}, resident ${size.resident}`)
  }
  const result = { total }
  for (const kind of ['heap', 'resident']) {
    const all = taken.map((size) => size[kind])
    const [early, late] = [mean(all.slice(0, MOMENTS / 4)), mean(all.slice(-MOMENTS / 4))]
    result[kind] = { early, late, growth: late - early, most: Math.max(...all) }
  }
  return result
}

module.exports = { soak }
