'use strict'

// Medians, quartiles and chance: what a noisy machine leaves standing.

function quantile(sorted, part) {
  const place = (sorted.length - 1) * part
  const low = Math.floor(place)
  return sorted[low] + (sorted[Math.ceil(place)] - sorted[low]) * (place - low)
}

function sort(values) {
  return [...values].sort((a, b) => a - b)
}

function lowerQuartile(values) {
  return quantile(sort(values), 0.25)
}

function median(values) {
  return quantile(sort(values), 0.5)
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * @param {number[]} values
 * @returns {{ median: number, least: number, most: number }} what to print of a few runs
 */
function spread(values) {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}

/** The same values in another order, each as likely. */
function shuffled(values) {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1))
    ;[result[i], result[other]] = [result[other], result[i]]
  }
  return result
}

module.exports = { lowerQuartile, mean, median, shuffled, spread }
