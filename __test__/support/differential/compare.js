// Finds where two transcripts of the same script part.

'use strict'

const { run } = require('./run')

// null if equal, else { at, left, right, before }
function firstDifference(left, right) {
  const length = Math.max(left.length, right.length)
  for (let at = 0; at < length; at++) {
    if (left[at] !== right[at]) {
      return {
        at,
        left: left[at] === undefined ? '(nothing more)' : left[at],
        right: right[at] === undefined ? '(nothing more)' : right[at],
        before: left.slice(Math.max(0, at - 3), at)
      }
    }
  }
  return null
}

function compare(script, reference, candidate) {
  return firstDifference(run(script, reference), run(script, candidate))
}

// what sort of line differs, to keep a shrinking script on the same trail
function kind(difference) {
  const words = difference.left.split(' ')
  return words[0] === 'sent' ? 'sent' : words.slice(0, 2).join(' ').replace(/\d+/g, '#')
}

module.exports = { compare, firstDifference, kind }
