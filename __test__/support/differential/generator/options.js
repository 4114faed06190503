'use strict'

// The options that an app gives to the middleware.

const { UNDEFINED, shuffle } = require('./aspects')
const { Keys } = require('./keys')

// odd values of each option, each with the name it is counted under
const ODD_OPTIONS = {
  path: [
    ['path given', '/app'],
    ['path undefined', UNDEFINED],
    ['path null', null],
    ['path empty', ''],
    ['path false', false],
    ['path with semicolon', '/a;b'],
    ['path invalid', '/a\nb'],
    ['path invalid', '/日本'],
    ['path not a string', 5],
    ['path latin', '/é'],
    ['path not a string', ['/x']]
  ],
  domain: [
    ['domain given', 'example.test'],
    ['domain with semicolon', 'a;b'],
    ['domain empty', ''],
    ['domain invalid', 'a\r\nb'],
    ['domain not a string', 7],
    ['domain null', null]
  ],
  maxAge: [
    ['maxAge given', 3600000],
    ['maxAge given', 86400000],
    ['maxAge zero', 0],
    ['maxAge NaN', { $: 'nan' }],
    ['maxAge Infinity', { $: 'infinity' }],
    ['maxAge a string', '1000'],
    ['maxAge empty string', ''],
    ['maxAge negative', -5000],
    ['maxAge huge', 1e17],
    ['maxAge fraction', 1500.75],
    ['maxAge null', null],
    ['maxAge undefined', UNDEFINED],
    ['maxAge true', true],
    ['maxAge false', false],
    ['maxAge bigint', { $: 'bigint', digits: '5' }],
    ['maxAge object', { $: 'boxed', of: 1000 }]
  ],
  maxage: [
    ['maxage given', 60000],
    ['maxage zero', 0],
    ['maxage a string', '60'],
    ['maxage undefined', UNDEFINED]
  ],
  expires: [
    ['expires given', { $: 'date', ms: 2000000000000 }],
    ['expires past', { $: 'date', ms: 0 }],
    ['expires invalid date', { $: 'date', ms: null }],
    ['expires a string', 'Thu, 01 Jan 2032 00:00:00 GMT'],
    ['expires a number', 5],
    ['expires with toUTCString', { $: 'fakeDate', text: 'some day' }],
    ['expires with toUTCString', { $: 'fakeDate', text: 'x; y' }],
    ['expires null', null],
    ['expires far year', { $: 'date', ms: 8.64e15 }],
    ['expires before Christ', { $: 'date', ms: -8.64e15 }]
  ],
  sameSite: [
    ['sameSite true', true],
    ['sameSite given', 'lax'],
    ['sameSite given', 'none'],
    ['sameSite upper case', 'Strict'],
    ['sameSite upper case', 'LAX'],
    ['sameSite invalid', 'bad'],
    ['sameSite invalid', 'lax\n'],
    ['sameSite false', false],
    ['sameSite not a string', 1],
    ['sameSite not a string', ['lax']],
    ['sameSite empty', '']
  ],
  priority: [
    ['priority given', 'high'],
    ['priority given', 'medium'],
    ['priority upper case', 'LOW'],
    ['priority invalid', 'urgent'],
    ['priority not a string', ['high']],
    ['priority empty', '']
  ],
  secure: [
    ['secure true', true],
    ['secure true', true],
    ['secure false', false],
    ['secure null', null],
    ['secure undefined', UNDEFINED],
    ['secure truthy', 'yes'],
    ['secure zero', 0]
  ],
  secureProxy: [
    ['secureProxy true', true],
    ['secureProxy false', false],
    ['secureProxy undefined', UNDEFINED]
  ],
  httpOnly: [
    ['httpOnly false', false],
    ['httpOnly null', null],
    ['httpOnly empty', ''],
    ['httpOnly true', true]
  ],
  partitioned: [
    ['partitioned true', true],
    ['partitioned false', false],
    ['partitioned truthy', 1]
  ],
  overwrite: [
    ['overwrite false', false],
    ['overwrite false', false],
    ['overwrite zero', 0],
    ['overwrite null', null],
    ['overwrite truthy', 'x']
  ],
  signed: [
    ['signed false', false],
    ['signed false', false],
    ['signed null', null],
    ['signed undefined', UNDEFINED],
    ['signed zero', 0],
    ['signed empty', ''],
    ['signed truthy', 'yes'],
    ['signed true', true]
  ],
  value: [
    ['value option', 'fixed'],
    ['value option empty', ''],
    ['value option invalid', 'a;b\n'],
    ['value option not a string', 5]
  ],
  extra: [['unknown option', 1]],
  toString: [['option toString', { $: 'function', text: 'odd=1' }]],
  toHeader: [['option toHeader', { $: 'function', text: 'odd=2; whole' }]],
  constructor: [['option constructor', 'x']],
  hasOwnProperty: [['option hasOwnProperty', 1]]
}

const OPTION_KEYS = Object.keys(ODD_OPTIONS).flatMap((key) =>
  ['extra', 'toString', 'toHeader', 'constructor', 'hasOwnProperty', 'value'].includes(key)
    ? [key]
    : [key, key, key]
)

const ORDINARY_OPTIONS = [
  ['maxAge', 86400000],
  ['maxAge', 3600000],
  ['httpOnly', true],
  ['secure', false],
  ['sameSite', 'lax'],
  ['sameSite', 'strict'],
  ['path', '/'],
  ['path', '/app'],
  ['domain', 'example.test'],
  ['overwrite', true],
  ['signed', true]
]

// All texts among these are different from the numbers and lists among them: cookies keeps a cache by the
// name's text.
const ODD_NAMES = [
  ['name empty', ''],
  ['name null', null],
  ['name undefined', UNDEFINED],
  ['name zero', 0],
  ['name false', false],
  ['name a number', 12345],
  ['name true', true],
  ['name an object', { odd: 'object' }],
  ['name a list', ['listed', 'name']],
  ['name symbol', { $: 'symbol', text: 'name' }],
  ['name boxed', { $: 'boxed', of: 'boxed-name' }],
  ['name with regexp characters', 'a.b'],
  ['name with regexp characters', 'x[0]'],
  ['name with regexp characters', '$&(^)|{1}*+?\\d'],
  ['name with regexp characters', 'se.ion'],
  ['name with space', 'a b'],
  ['name with space', ' lead'],
  ['name with equals', 'a=b'],
  ['name with semicolon', 'a;b'],
  ['name with quotes', '"q"'],
  ['name latin', 'näme'],
  ['name wide', '名前'],
  ['name with newline', 'a\nb'],
  ['name __proto__', '__proto__'],
  ['name toString', 'toString'],
  ['name ends in .sig', 'session.sig'],
  ['name slash', 'a/b-c'],
  ['name long', 'n'.repeat(300)]
]

class Options extends Keys {
  options() {
    const { r } = this
    if (this.odd('options', 0.04)) {
      this.count('options missing or no object')
      return r.pick([UNDEFINED, null, 'text', 5, { own: [] }])
    }
    let entries = []
    if (this.odd('options', 0.45)) {
      const name = this.counted(r.pick(ODD_NAMES))
      entries.push(['name', name])
      this.name = typeof name === 'string' && name !== '' ? name : name?.$ === 'boxed' ? name.of : 'session'
    } else if (r.chance(0.3)) {
      this.name = r.pick(['session', 'sess', 'sid', 'koa.sess', 'connect.sid'])
      entries.push(['name', this.name])
    }
    const keys = this.keys()
    if (keys) entries.push(keys)
    if (this.noKeys && r.chance(0.7)) {
      this.count('no keys, not signed')
      entries.push(['signed', false])
    }
    const used = new Set(entries.map(([key]) => key))
    const add = (key, value) => {
      if (used.has(key)) return
      used.add(key)
      entries.push([key, value])
    }
    if (this.strange.has('options')) {
      for (let i = r.between(1, 4); i > 0; i--) {
        const key = r.pick(OPTION_KEYS)
        add(key, this.counted(r.pick(ODD_OPTIONS[key])))
      }
      if (used.has('maxAge') && used.has('maxage')) this.count('maxAge and maxage')
      if (used.has('secure') && used.has('secureProxy')) this.count('secure and secureProxy')
      if (used.has('maxAge') && used.has('expires')) this.count('maxAge and expires')
    }
    for (let i = r.below(3); i > 0; i--) add(...r.pick(ORDINARY_OPTIONS))
    if (r.chance(0.5)) entries = shuffle(r, entries)
    const spec = { own: entries }
    if (this.odd('options', 0.35)) this.optionsShape(spec, used)
    return spec
  }

  optionsShape(spec, used) {
    const { r } = this
    const kind = r.pick([
      'prototype',
      'prototype',
      'frozen',
      'frozen',
      'hidden',
      'accessor',
      'getter',
      'proto key'
    ])
    if (kind === 'prototype') {
      this.count('options on the prototype')
      const cut = r.below(spec.own.length + 1)
      spec.proto = spec.own.slice(cut).map(([key, value]) => [key, value])
      spec.own = spec.own.slice(0, cut)
    } else if (kind === 'frozen') {
      spec.freeze = true
      this.count('options frozen')
      if (r.chance(0.6)) {
        this.count('options frozen and complete')
        for (const key of ['overwrite', 'httpOnly', 'signed']) {
          if (!used.has(key) && !spec.own.some(([own]) => own === key)) spec.own.push([key, true])
        }
      }
    } else if (kind === 'proto key') {
      this.count('options own __proto__')
      spec.own.push(['__proto__', { path: '/up' }])
    } else {
      this.count(`options ${kind}`)
      spec.own = spec.own.map((entry) => (r.chance(0.6) ? [entry[0], entry[1], kind] : entry))
    }
  }

  optionValue(key) {
    const { r } = this
    if (key === 'name') {
      this.count('name changed later')
      return r.pick(['renamed', 'other', '', UNDEFINED, 'a;b', 7])
    }
    if (key === 'keys') {
      this.count('keys replaced later')
      return r.pick([['other'], [], UNDEFINED, 'text'])
    }
    return this.counted(r.pick(ODD_OPTIONS[key]))
  }
}

module.exports = { OPTION_KEYS, ODD_OPTIONS, ORDINARY_OPTIONS, Options }
