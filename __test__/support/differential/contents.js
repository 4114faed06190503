// Random contents of sessions: values that an application stores, and texts of JSON as they may stand in a
// cookie. Ordinary ones are what real sessions hold; odd ones are chosen for where serializers and parsers
// tend to differ.

'use strict'

const ORDINARY_KEYS = [
  'user',
  'views',
  'a',
  'b',
  'list',
  'nested',
  'cart',
  'csrf',
  'returnTo',
  'passport',
  'flash'
]

const ODD_KEYS = [
  '__proto__',
  'toString',
  'constructor',
  'hasOwnProperty',
  'isNew',
  'isChanged',
  'isPopulated',
  '_ctx',
  'toJSON',
  'valueOf',
  '0',
  '1',
  '10',
  '-1',
  '4294967295',
  '01',
  '1.5',
  '',
  ' ',
  'a.b',
  'quo"te',
  'back\\slash',
  'é',
  '日本',
  '\u2028',
  '\ud800',
  '😀',
  'length',
  'key with spaces',
  '__defineGetter__',
  'undefined'
]

const STRINGS = [
  '',
  'a',
  'hello world',
  'https://example.test/path?q=1&r=2#x',
  'tobi@example.test',
  'ünïcödé',
  '日本語テキスト',
  '😀😃',
  '"quoted" \\ and /slashed/',
  'line\nbreak\ttab\r\u0000\u0001\u001f\b\f',
  '\u007f\u0080\u00ff\u0100',
  '\u2028\u2029',
  '\ud800',
  'x\udc00y',
  '\udc00\ud800',
  '\ufeffbom',
  '\ufffd',
  '</script><!--',
  '__proto__',
  'true',
  '123'
]

const NUMBERS = [
  0,
  1,
  -1,
  42,
  3.14,
  0.1 + 0.2,
  1e21,
  1e-7,
  123456789012345680000,
  1.7976931348623157e308,
  5e-324,
  2 ** 53,
  -(2 ** 53) - 1,
  4294967296,
  -2147483649,
  1e300,
  0.000001,
  100000000000000000000,
  2.5e-5,
  1699999999999
]

function randomDouble(r) {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, r.word())
  view.setUint32(4, r.word())
  const number = view.getFloat64(0)
  return Number.isFinite(number) ? number : 0.5
}

function randomNumber(r, odd) {
  if (!odd) return r.chance(0.7) ? r.below(1000) : r.pick(NUMBERS)
  const number = r.chance(0.5) ? r.pick(NUMBERS) : randomDouble(r)
  return Object.is(number, -0) ? 0 : number
}

function randomString(r, odd) {
  if (odd && r.chance(0.05)) return r.text('abcdefghij klmnop"\\é', r.between(100, 3000))
  if (odd && r.chance(0.3)) {
    let out = ''
    for (let i = r.below(12); i > 0; i--) {
      out += String.fromCharCode(
        r.pick([r.below(0x80), r.below(0x100), r.below(0x10000), 0xd800 + r.below(0x800)])
      )
    }
    return out
  }
  if (odd || r.chance(0.2)) return r.pick(STRINGS)
  return r.text('abcdefghijklmnopqrstuvwxyz0123456789', r.between(1, 24))
}

function randomKey(r, odd) {
  if (odd && r.chance(0.4)) return r.pick(ODD_KEYS)
  return r.pick(ORDINARY_KEYS)
}

function entriesToData(entries) {
  const plain = entries.every(([key]) => key !== '__proto__' && key !== '$')
  if (plain) return Object.fromEntries(entries)
  return { $: 'object', entries }
}

// what JSON can hold
function jsonValue(r, odd, depth = 0) {
  const kind = r.weighted([
    [5, 'string'],
    [4, 'number'],
    [2, 'boolean'],
    [1, 'null'],
    [depth < 3 ? 2 : 0, 'array'],
    [depth < 3 ? 3 : 0, 'object']
  ])
  if (kind === 'string') return randomString(r, odd)
  if (kind === 'number') return randomNumber(r, odd)
  if (kind === 'boolean') return r.chance(0.5)
  if (kind === 'null') return null
  if (kind === 'array') {
    return Array.from({ length: r.below(4) }, () => jsonValue(r, odd, depth + 1))
  }
  return jsonObject(r, odd, depth + 1)
}

function jsonObject(r, odd, depth = 0) {
  const entries = new Map()
  for (let i = r.between(depth === 0 ? 1 : 0, 4); i > 0; i--)
    entries.set(randomKey(r, odd), jsonValue(r, odd, depth))
  return entriesToData([...entries])
}

// what JSON cannot hold, as tagged data, each with the name it is counted under
function oddValue(r, depth = 0) {
  const inner = () => (depth < 2 && r.chance(0.4) ? oddValue(r, depth + 1)[1] : jsonValue(r, true, 2))
  return r.pick([
    () => ['undefined', { $: 'undefined' }],
    () => ['NaN', { $: 'nan' }],
    () => ['Infinity', { $: 'infinity', negative: r.chance(0.5) }],
    () => ['minus zero', { $: 'minusZero' }],
    () => ['bigint', { $: 'bigint', digits: r.pick(['0', '-5', '123456789012345678901234567890']) }],
    () => ['symbol', { $: 'symbol', text: 's' }],
    () => ['function', { $: 'function', text: 'f' }],
    () => ['date', { $: 'date', ms: r.pick([0, 1e12, -1, 8.64e15, null]) }],
    () => ['buffer', { $: 'buffer', hex: r.hex(r.below(5)) }],
    () => [
      'bytes',
      { $: 'bytes', kind: r.pick(['Uint8Array', 'Uint16Array', 'ArrayBuffer', 'DataView']), hex: '01020304' }
    ],
    () => ['regexp', { $: 'regexp', source: 'a+', flags: 'gi' }],
    () => ['map', { $: 'map', entries: [['k', inner()]] }],
    () => ['set', { $: 'set', items: [inner()] }],
    () => ['error', { $: 'error', text: 'stored error' }],
    () => ['url', { $: 'url', text: 'https://example.test/a?b' }],
    () => [
      'boxed',
      {
        $: 'boxed',
        of: r.pick([
          'text',
          '',
          5,
          true,
          false,
          { $: 'nan' },
          { $: 'bigint', digits: '5' },
          { $: 'symbol', text: 'b' }
        ])
      }
    ],
    () => ['class instance', { $: 'point', x: 3 }],
    () => ['proxy', { $: 'proxy', of: r.chance(0.3) ? [1, inner()] : { p: inner() } }],
    () => ['frozen value', { $: 'frozen', of: { f: inner() } }],
    () => ['shared value', { $: 'shared', of: { s: inner() } }],
    () => ['circular', { $: 'circular' }],
    () => ['null prototype', { $: 'object', proto: null, entries: [['n', inner()]] }],
    () => [
      'inherited keys',
      {
        $: 'object',
        proto: [
          ['up', inner()],
          ['a', 'from above']
        ],
        entries: [['own', inner()]]
      }
    ],
    () => [
      'own __proto__',
      {
        $: 'object',
        entries: [
          ['__proto__', inner()],
          ['a', 1]
        ]
      }
    ],
    () => ['array with holes', { $: 'array', items: [1, { $: 'hole' }, inner()], extra: [['extra', 1]] }],
    () => ['hidden property', { $: 'hidden', of: inner() }],
    () => [
      'toJSON',
      { $: 'toJSON', effect: r.pick(['count', 'count', 'value', 'touch', 'throw']), of: inner() }
    ],
    () => [
      'getter',
      {
        $: 'getter',
        key: r.pick(['g', 'toJSON', '0']),
        effect: r.pick(['count', 'count', 'value', 'throw']),
        of: inner()
      }
    ],
    () => ['deep value', { $: 'nested', depth: r.pick([20, 300, 2000]) }],
    () => ['too deep value', { $: 'nested', depth: 12000 }],
    () => [
      'big string',
      { $: 'repeat', text: r.pick(['x', 'é', '"', '\u0001', '日']), times: r.pick([100, 2000, 9000]) }
    ],
    () => ['rope', { $: 'rope', parts: [r.text('abc', 9), '日本', r.text('xyz', 9), randomString(r, true)] }],
    () => ['odd inside object', { inside: inner(), more: [inner()] }]
  ])()
}

// Texts that are JSON but not what JSON.stringify would write, or not an object, or no JSON at all.
const JSON_TEXTS = {
  'json number': ['5', '0', '-1.5', '1e400'],
  'json literal': ['true', 'false', 'null'],
  'json string': ['"text"', '""', '"日本"', '"0"'],
  'json array': ['[]', '[1,2,{"a":3}]', '["x"]'],
  'json empty object': ['{}', ' {} '],
  'json duplicate keys': ['{"a":1,"a":2}', '{"a":{"b":1},"b":0,"a":3}', '{"\\u0061":1,"a":2}'],
  'json whitespace': [' {"a":1}', '{ "a" : 1 }', '{"a":1}\n', '{"a":[1, 2]}', '\t{"a":1}'],
  'json number form': [
    '{"a":1.0}',
    '{"a":1E2}',
    '{"a":1e2}',
    '{"a":0.10}',
    '{"a":10000000000000000000000}',
    '{"a":-0.0}'
  ],
  'json minus zero': ['{"a":-0}', '{"a":[-0]}'],
  'json escaped slash': ['{"a":"\\/"}', '{"\\/":1}'],
  'json escapes': [
    '{"a":"\\u0041"}',
    '{"a":"\\u00e9"}',
    '{"a":"\\u2028"}',
    '{"a":"\\u001F"}',
    '{"a":"\\u001f"}',
    '{"a":"\\u0008\\b"}',
    '{"a":"\\ud83d\\ude00"}'
  ],
  'json lone surrogate': [
    '{"a":"\\ud800"}',
    '{"a":"\\udc00x"}',
    '{"\\ud800":1}',
    '{"a":"\\uD800"}',
    '{"a":"\\udc00\\ud800"}'
  ],
  'json line separator': ['{"a":"\u2028\u2029"}', '{"\u2028":1}'],
  'json integer keys': [
    '{"2":1,"1":2}',
    '{"1":1,"2":2}',
    '{"a":1,"0":2}',
    '{"a":{"b":1,"7":2}}',
    '{"4294967295":1,"4294967294":2}',
    '{"-1":1,"1":2,"01":3}'
  ],
  'json big integer': ['{"a":12345678901234567890}', '{"a":9007199254740993}', '{"a":123456789012345680000}'],
  'json bom': ['\ufeff{"a":1}', '{"a":1}\ufeff'],
  'json trailing nul': ['{"a":1}\u0000', '{"a":1}\u0000\u0000'],
  'json prototype names': [
    '{"__proto__":{"admin":true}}',
    '{"__proto__":null,"a":1}',
    '{"toString":1,"a":2}',
    '{"constructor":{"prototype":{}}}',
    '{"hasOwnProperty":1}',
    '{"a":{"__proto__":{"x":1}}}',
    '{"valueOf":1,"b":2}',
    '{"\\u005f_proto__":1}'
  ],
  'json session names': [
    '{"isNew":true}',
    '{"isChanged":false,"a":1}',
    '{"isPopulated":1}',
    '{"_ctx":{"_new":true}}',
    '{"toJSON":1}'
  ],
  'json broken': [
    '{"a":1',
    '{a:1}',
    "{'a':1}",
    'undefined',
    '{"a":1,}',
    '{"a":01}',
    '{"a":1}}',
    '{"a":"\n"}',
    '',
    ' ',
    '{"a":"\\x"}',
    'NaN',
    '{"a":+1}',
    '[1,]',
    '{"a":1}x'
  ]
}

function oddJson(r) {
  const kind = r.pick(Object.keys(JSON_TEXTS))
  return [kind, r.pick(JSON_TEXTS[kind])]
}

// canonical text of an object with one small thing about the text changed
function disturbedJson(r, text) {
  const at = r.below(text.length)
  return r.pick([
    () => `${text.slice(0, at)} ${text.slice(at)}`,
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(0, at) + r.pick(['0', '"', '\\', ',', '}', 'e', '.', '\u0000', 'é']) + text.slice(at),
    () => text.replace(/[a-z]/, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    () => text.slice(0, at)
  ])()
}

const INVALID_UTF8 = [
  '7b2261223a22ff227d',
  '7b2261223a22c3227d',
  '7b2261223a22eda080227d',
  '7b2261223a22f0808080227d',
  '7b2261223a22e282227d',
  '7b2261223a22c0af227d',
  'ff',
  '7b2261223a317dff',
  '7b22ff223a317d',
  '7b2261223a22f4908080227d',
  'efbbbf7b2261223a317d',
  '7b2261223a22f09f98227d'
]

// the data of a JSON value back to its text, tagged objects included
function jsonText(data) {
  if (data === null || typeof data !== 'object') return JSON.stringify(data)
  if (Array.isArray(data)) return `[${data.map(jsonText).join(',')}]`
  const entries = data.$ === 'object' ? data.entries : Object.entries(data)
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`).join(',')}}`
}

module.exports = {
  ORDINARY_KEYS,
  ODD_KEYS,
  INVALID_UTF8,
  randomKey,
  randomString,
  jsonValue,
  jsonObject,
  oddValue,
  oddJson,
  disturbedJson,
  jsonText
}
