'use strict'

// How an app answers.

const { UNDEFINED } = require('./aspects')
const { OtherActions } = require('./other-actions')

class Answers extends OtherActions {
  answer() {
    const { r } = this
    const out = []
    const kind = r.weighted([
      [50, 'end'],
      [8, 'write'],
      [14, 'writeHead'],
      [5, 'flush'],
      [3, 'nothing'],
      [this.strange.has('response') ? 40 : 3, 'several']
    ])
    this.count(`answer ${kind}`)
    if (kind === 'write') out.push({ op: 'write', chunk: 'part' })
    if (kind === 'writeHead') out.push(this.writeHead())
    if (kind === 'flush') out.push({ op: 'flush' })
    if (kind === 'several') {
      for (let i = r.between(1, 4); i > 0; i--) {
        out.push(
          r.weighted([
            [3, () => this.counted(['write', { op: 'write', chunk: 'x' }])],
            [4, () => this.writeHead()],
            [2, () => this.counted(['flushHeaders', { op: 'flush' }])],
            [2, () => this.counted(['writeContinue', { op: 'continue' }])],
            [1, () => this.counted(['writeProcessing', { op: 'processing' }])],
            [1, () => this.counted(['writeEarlyHints', { op: 'earlyHints' }])],
            [2, () => this.counted(['several ends', { op: 'end', chunk: 'early' }])],
            [2, () => this.action_set()],
            [1, () => this.action_assign()],
            [1, () => this.action_read()]
          ])()
        )
      }
    }
    if (kind !== 'nothing') out.push({ op: 'end', chunk: r.pick(['done', 'ok', '']) })
    return out
  }

  writeHead() {
    const { r } = this
    const status = r.weighted([
      [8, 200],
      [2, 302],
      [1, 404],
      [1, 204],
      [1, 500]
    ])
    const args = this.counted(
      r.weighted([
        [8, ['writeHead status', [status]]],
        [3, ['writeHead reason', [status, 'Reason']]],
        [4, ['writeHead object', [status, { 'X-A': '1', Location: '/next' }]]],
        [2, ['writeHead reason and object', [status, 'Reason', { 'X-A': ['1', '2'] }]]],
        [2, ['writeHead flat array', [status, ['X-A', '1', 'X-B', '2', 'X-A', '3']]]],
        [
          2,
          [
            'writeHead 2-D array',
            [
              status,
              [
                ['X-A', '1'],
                ['X-B', '2'],
                ['X-A', '3']
              ]
            ]
          ]
        ],
        [
          2,
          [
            'writeHead with Set-Cookie',
            [status, { 'Set-Cookie': r.pick(['own=1', ['own=1', `${this.name}=own`]]) }]
          ]
        ],
        [1, ['writeHead with Set-Cookie', [status, ['Set-Cookie', 'own=1', 'Set-Cookie', 'own=2']]]],
        [1, ['writeHead reason and flat array', [status, 'Reason', ['X-A', '1']]]],
        [1, ['writeHead fails', [status, ['odd']]]],
        [1, ['writeHead fails', [r.pick([99, 'abc', { $: 'nan' }, UNDEFINED, 1000])]]],
        [1, ['writeHead fails', [status, { 'bad name': '1' }]]],
        [1, ['writeHead fails', [status, 'bad\nreason']]],
        [0.5, ['writeHead without arguments', []]],
        [1, ['writeHead null reason', [status, null, { 'X-A': '1' }]]],
        [1, ['writeHead undefined reason', [status, UNDEFINED, { 'X-A': '1' }]]],
        [1, ['writeHead string status', ['201']]]
      ])
    )
    return { op: 'writeHead', args }
  }
}

module.exports = { Answers }
