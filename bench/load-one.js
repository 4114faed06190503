'use strict'

// Requires one package in a fresh process and says how many microseconds that took. It loads nothing else, as what
// is loaded already would be missing from the time.

const before = process.cpuUsage()
const started = process.hrtime.bigint()
require(process.argv[2])
const wall = Number(process.hrtime.bigint() - started) / 1000
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ wall, cpu: user + system }))
