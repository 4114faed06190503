'use strict'

// What an app does with the session, and what is odd about the session, its properties and its values.

const { UNDEFINED } = require('./aspects')
const { Request } = require('./request')
const { ORDINARY_KEYS, ODD_KEYS, jsonValue, jsonObject, oddValue } = require('../contents')

class SessionActions extends Request {
  via() {
    const { r } = this
    if (!this.strange.has('access')) {
      if (!r.chance(0.04)) return undefined
    } else if (!r.chance(0.7)) return undefined
    const via = Array.from(
      {
        length: r.weighted([
          [4, 1],
          [3, 2],
          [1, 5]
        ])
      },
      () => r.pick(['inherit', 'inherit', 'proxy', 'bound proxy'])
    )
    for (const layer of via) this.count(`session through ${layer}`)
    if (via.length > 1) this.count('session through several layers')
    return via
  }

  key() {
    const { r } = this
    if (this.odd('values', 0.3)) {
      const key = r.pick(ODD_KEYS)
      if (['__proto__', 'toString', 'isNew', '_ctx', 'constructor', 'toJSON'].includes(key))
        this.count(`property ${key}`)
      else this.count('odd property name')
      return key
    }
    return r.pick(ORDINARY_KEYS)
  }

  path() {
    const { r } = this
    if (r.chance(0.85)) return [this.key()]
    this.count('nested property')
    return [r.pick(['nested', 'list', 'cart', 'user', 'a']), r.pick(['x', 'y', '0', 'deep', 'a'])]
  }

  value() {
    const { r } = this
    if (this.odd('values', 0.65)) {
      const [name, value] = oddValue(r)
      this.count(`value ${name}`)
      return value
    }
    return r.chance(0.75) ? jsonValue(r, false, 1) : jsonValue(r, true)
  }

  withVia(action) {
    const via = this.via()
    if (via) action.via = via
    return action
  }

  action_read() {
    const { r } = this
    const what = r.weighted([
      [5, 'touch'],
      [4, 'get'],
      [2, 'isNew'],
      [3, 'isChanged'],
      [2, 'isPopulated'],
      [2, 'flags'],
      [2, 'keys'],
      [2, 'json'],
      [1, 'copy'],
      [1, 'in'],
      [1, 'print'],
      [1, 'same'],
      [3, 'full'],
      [1, 'class']
    ])
    this.count(`read ${what}`)
    const action = { op: 'read', what }
    if (what === 'get') action.key = this.key()
    return this.withVia(action)
  }

  action_set() {
    const { r } = this
    if (r.chance(0.15)) {
      // one of the values that the session may hold already
      this.count('set to an equal value')
      return { op: 'set', path: [r.pick(['a', 'views'])], value: r.pick([1, 2]) }
    }
    const action = { op: 'set', path: this.path(), value: this.value() }
    if (r.chance(0.06)) {
      action.held = true
      this.count('set on a session held')
      return action
    }
    return this.withVia(action)
  }

  action_delete() {
    const action = { op: 'delete', path: this.path() }
    if (this.r.chance(0.06)) action.held = true
    return this.withVia(action)
  }

  action_push() {
    return this.withVia({ op: 'push', path: [this.r.pick(['list', 'cart'])], value: this.value() })
  }

  action_assign() {
    const { r } = this
    const value = r.weighted([
      [8, () => this.counted(['assign null', null])],
      [2, () => this.counted(['assign undefined', UNDEFINED])],
      [3, () => this.counted(['assign {}', {}])],
      [6, () => this.counted(['assign object', jsonObject(r, false)])],
      [1, () => this.counted(['assign array', r.pick([[], [1, 'x'], [null]])])],
      [1, () => this.counted(['assign boxed', { $: 'boxed', of: r.pick(['text', 5, true]) }])],
      [
        2,
        () =>
          this.counted([
            'assign primitive',
            r.pick([
              'text',
              '',
              5,
              0,
              true,
              false,
              { $: 'symbol', text: 's' },
              { $: 'bigint', digits: '1' },
              { $: 'nan' }
            ])
          ])
      ],
      [1, () => this.counted(['assign function', { $: 'function', text: 'f' }])],
      [2, () => this.counted(['assign the session', { $: 'session' }])],
      [
        1,
        () =>
          this.counted([
            'assign inherited',
            {
              $: 'object',
              proto: [
                ['up', 1],
                ['toString', 2]
              ],
              entries: [
                ['a', 1],
                ['isNew', 5]
              ]
            }
          ])
      ],
      [1, () => this.counted(['assign null prototype', { $: 'object', proto: null, entries: [['a', 1]] }])],
      [1, () => this.counted(['assign odd keys', jsonObject(r, true)])],
      [this.strange.has('values') ? 5 : 0.2, () => oddValue(r)[1]],
      [
        0.5,
        () =>
          this.counted([
            'assign getter',
            { $: 'getter', key: 'g', effect: r.pick(['count', 'throw']), of: 1 }
          ])
      ],
      [0.5, () => this.counted(['assign class instance', { $: 'point', x: 1 }])],
      [0.5, () => this.counted(['assign hidden', { $: 'hidden', of: 1 }])]
    ])()
    return this.withVia({ op: 'assign', value })
  }

  action_hold() {
    return { op: 'hold' }
  }

  action_odd_value() {
    const { r } = this
    return r.pick([
      () => {
        this.count('accessor on the session')
        return {
          op: 'define',
          key: this.key(),
          enumerable: r.chance(0.8),
          getter: r.pick(['count', 'count', 'throw'])
        }
      },
      () => {
        this.count('property defined')
        return {
          op: 'define',
          key: r.chance(0.3) ? r.pick(['isNew', 'isChanged', 'isPopulated', '_ctx']) : this.key(),
          enumerable: r.chance(0.4),
          value: r.chance(0.4) ? r.chance(0.5) : this.value()
        }
      },
      () => {
        this.count('toJSON on the session')
        return {
          op: 'toJSON',
          value: {
            effect: r.pick(['count', 'value', 'value', 'throw']),
            of: r.chance(0.4) ? UNDEFINED : this.value()
          }
        }
      },
      () => {
        this.count('symbol key')
        return { op: 'symbol', value: 1 }
      },
      () => {
        this.count('session guarded')
        return { op: 'guard', how: r.pick(['freeze', 'seal', 'preventExtensions']) }
      },
      () => {
        this.count('_ctx changed')
        return r.chance(0.5)
          ? { op: 'context', key: '_new', value: r.pick([true, false, 0, 'x', UNDEFINED]) }
          : { op: 'context', key: '_val', value: r.pick(['e30=', UNDEFINED, null, '', 'eyJhIjoxfQ==']) }
      },
      () => {
        this.count('prototype changed')
        return {
          op: 'proto',
          value: r.pick([null, { isChanged: true, isPopulated: true }, { up: 1 }, { $: 'map', entries: [] }])
        }
      },
      () => ({ op: 'set', path: this.path(), value: this.value() }),
      () => ({ op: 'set', path: this.path(), value: this.value() })
    ])()
  }
}

module.exports = { SessionActions }
