'use strict'

// Starts the measuring processes.

const { fork } = require('node:child_process')
const path = require('node:path')
const { passes } = require('./batches')

/**
 * What memory the processes get, by what they measure. Those that have packages side by side get room enough to
 * do without collections, as one package's garbage would be another's time. Those that have one package collect
 * early and often: each batch pays for its own garbage.
 */
const ROOM = ['--min-semi-space-size=32', '--max-semi-space-size=32', '--initial-old-space-size=1500']
const MEMORY = {
  together: ROOM,
  growth: ROOM,
  alternatives: ROOM,
  turns: ['--min-semi-space-size=1', '--max-semi-space-size=1'],
  memory: []
}

function start(plan) {
  const child = fork(path.join(__dirname, 'life.js'), {
    execArgv: ['--expose-gc', ...MEMORY[plan.kind]],
    env: { ...process.env, NODE_ENV: 'production', DEBUG: '' }
  })
  child.send(plan)
  return child
}

/** @returns {Promise<unknown>} the next message of a child process, which is not to end before */
function answerOf(child) {
  return new Promise((resolve, reject) => {
    const onExit = (code) => reject(new Error(`a measuring process ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}

/** @param {{ kind: string }} plan see life.js */
function live(plan) {
  return answerOf(start(plan))
}

/**
 * A process for each subject, one of them measuring at a time.
 *
 * @param {string[]} subjects packages by name, and `floor`
 * @returns {Promise<Record<string, object>>} what each of them found
 */
async function inTurns(subjects, { settings, milliseconds }) {
  const children = subjects.map((subject) => start({ kind: 'turns', subject, settings }))
  await Promise.all(children.map(answerOf))
  const ask = (child, message) => {
    child.send(message)
    return answerOf(child)
  }
  const meters = children.map((child) => ({
    calibrate: () => ask(child, 'calibrate'),
    pass: (counts) => ask(child, { counts })
  }))
  await passes(meters, milliseconds)
  const found = await Promise.all(children.map((child) => ask(child, 'end')))
  return Object.fromEntries(subjects.map((subject, i) => [subject, found[i]]))
}

module.exports = { answerOf, inTurns, live }
