'use strict'

// What a script is told on its command line: a flag that it does not know must not start something long.

const { parseArgs } = require('node:util')

/**
 * @param {string} usage the command, as it is to be written
 * @param {import('node:util').ParseArgsConfig['options']} options
 * @param {boolean} [allowPositionals]
 * @returns {{ values: object, positionals: string[] }} for `--help`, and for what it does not know, the process ends
 */
function flagsOf(usage, options, allowPositionals = false) {
  let given
  try {
    given = parseArgs({ options: { ...options, help: { type: 'boolean' } }, allowPositionals })
  } catch (error) {
    console.error(`${error.message.split('. ')[0]}\nusage: ${usage}`)
    process.exit(2)
  }
  if (!given.values.help) return given
  console.log(`usage: ${usage}`)
  return process.exit(0)
}

module.exports = { flagsOf }
