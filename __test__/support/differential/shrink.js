// Makes a script that shows a difference as small as it gets: drops and simplifies one part after the other
// for as long as the difference stays. Knows nothing of what the parts mean; a script is a tree of plain
// data.

'use strict'

// parts that give their parent its meaning
const KEPT = new Set([
  'path',
  'key',
  'name',
  'what',
  'at',
  'hex',
  'op',
  '$',
  'how',
  'own',
  'actions',
  'parts',
  'exchanges',
  'request',
  'options',
  'payload',
  'entries'
])

const SIMPLER_PAYLOADS = [{ json: '{"a":1}' }, { json: '{}' }, { json: '{"a":"x"}' }]

function replaceAt(node, path, replacement) {
  if (path.length === 0) return replacement.value
  const [head, ...rest] = path
  const copy = Array.isArray(node) ? node.slice() : { ...node }
  if (rest.length === 0 && replacement.drop) {
    if (Array.isArray(copy)) copy.splice(head, 1)
    else delete copy[head]
  } else {
    copy[head] = replaceAt(node[head], rest, replacement)
  }
  return copy
}

// every part of the tree, larger ones first
function paths(root) {
  const found = []
  let level = [[[], root]]
  while (level.length > 0) {
    const next = []
    for (const [path, node] of level) {
      found.push([path, node])
      if (node === null || typeof node !== 'object') continue
      for (const key of Object.keys(node)) {
        next.push([[...path, Array.isArray(node) ? Number(key) : key], node[key]])
      }
    }
    level = next
  }
  return found
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b)
}

function* simpler(path, node) {
  const last = path[path.length - 1]
  const inPath = path[path.length - 2] === 'path'
  if (path.length > 0 && !KEPT.has(last) && !inPath) yield { drop: true }
  if (last === 'payload') for (const value of SIMPLER_PAYLOADS) yield { value }
  if (['op', '$', 'how', 'what', 'kind', 'effect', 'form', 'tamper', 'hex'].includes(last)) return
  if (typeof node === 'string' && node.length > 1) {
    yield { value: node[0] }
    yield { value: node.slice(0, node.length >> 1) }
    yield { value: node.slice(node.length >> 1) }
    if (node.length <= 24) {
      for (let i = 0; i < node.length; i++) yield { value: node.slice(0, i) + node.slice(i + 1) }
    }
  } else if (typeof node === 'number' && node !== 0 && node !== 1) {
    yield { value: 1 }
    if (Number.isInteger(node) && node > 3) yield { value: Math.floor(node / 2) }
  } else if (node !== null && typeof node === 'object' && (last === 'value' || last === 'of' || last === 1)) {
    yield { value: 1 }
    yield { value: {} }
    if (node.of !== undefined) yield { value: node.of }
  }
}

// every occurrence of one text by another, since a name may stand in the options and in the cookie
function rename(node, from, to) {
  if (node === from) return to
  if (Array.isArray(node)) return node.map((item) => rename(item, from, to))
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, rename(value, from, to)]))
}

// the texts that stand at more than one place and could be shorter
function repeated(root) {
  const times = new Map()
  for (const [path, node] of paths(root)) {
    if (['op', '$', 'how', 'what', 'effect'].includes(path[path.length - 1])) continue
    if (typeof node === 'string' && node.length > 7) times.set(node, (times.get(node) || 0) + 1)
  }
  return [...times].filter(([, count]) => count > 1).map(([text]) => text)
}

// stillDiffers(script) says whether a smaller script shows the same difference
function shrink(script, stillDiffers, budget = 3000) {
  let best = script
  let left = budget
  const keep = (candidate) => {
    left--
    try {
      if (!stillDiffers(candidate)) return false
    } catch {
      // the smaller script makes no sense
      return false
    }
    best = candidate
    return true
  }
  for (const text of repeated(best)) {
    for (const shorter of ['sid', '0011', 'session']) if (keep(rename(best, text, shorter))) break
  }
  let progress = true
  while (progress && left > 0) {
    progress = false
    for (const [path] of paths(best)) {
      // the part may be gone since the list of paths was made
      const node = path.reduce((at, key) => (at === undefined || at === null ? undefined : at[key]), best)
      if (node === undefined) continue
      for (const replacement of simpler(path, node)) {
        if (left <= 0) return best
        const candidate = replaceAt(best, path, replacement)
        if (same(candidate, best)) continue
        if (keep(candidate)) {
          progress = true
          break
        }
      }
    }
  }
  return best
}

module.exports = { shrink }
