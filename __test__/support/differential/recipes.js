// Small changes that make a random script meet a rule which chance alone would seldom bring about, since it
// takes several things at once: say, a value that cannot be serialized in a session that was loaded.

'use strict'

const UNDEFINED = { $: 'undefined' }

function setOption(script, key, value) {
  if (script.options === null || typeof script.options !== 'object' || !script.options.own) {
    script.options = { own: [['keys', ['k1']]] }
  }
  script.options.own = script.options.own.filter(([own]) => own !== key)
  script.options.own.push([key, value])
}

function first(script) {
  return script.exchanges[0]
}

// a session that was changed, so that something is to be sent
function changed(script) {
  first(script).actions.unshift({ op: 'set', path: ['changed'], value: 1 })
}

// a cookie that loads
function genuine(script, json = '{"a":1,"views":2}') {
  script.options = { own: [['keys', ['k1', 'k2']]] }
  first(script).cookie = { parts: [{ name: 'session', payload: { json }, sig: { key: 'k1' } }] }
}

function arrayThere(script) {
  const value = ['first=1', 'session=old; path=/', 'session.sig=old', 'sessionx=1']
  first(script).before = [{ op: 'header', how: 'set', name: 'Set-Cookie', value }]
}

const RECIPES = {
  'fails after the array was changed'(script, r) {
    arrayThere(script)
    setOption(
      script,
      ...r.pick([
        ['expires', 'no date'],
        ['priority', ['high']],
        ['sameSite', ['lax']],
        ['keys', { $: 'signer', index: 0, sign: 'throw' }],
        ['keys', [UNDEFINED, 'k1']],
        ['keys', [5]]
      ])
    )
    changed(script)
  },

  'signed without keys'(script, r) {
    script.options = { own: [['signed', false]] }
    if (r.chance(0.5)) arrayThere(script)
    const value = r.pick([true, 1, 'yes'])
    changed(script)
    first(script).actions.unshift({ op: 'sessionOptions', how: 'set', key: 'signed', value })
  },

  'cannot be serialized'(script, r) {
    genuine(script)
    const value = r.pick([{ $: 'circular' }, { $: 'bigint', digits: '7' }, { $: 'nested', depth: 12000 }])
    first(script).actions.unshift({ op: 'set', path: ['bad'], value })
    if (r.chance(0.3))
      first(script).actions.push({ op: 'end', chunk: 'x' }, { op: 'read', what: 'isChanged' })
    if (r.chance(0.5)) arrayThere(script)
  },

  'serialized as undefined'(script, r) {
    if (r.chance(0.7)) genuine(script)
    const value = {
      effect: 'value',
      of: r.pick([UNDEFINED, { $: 'function', text: 'f' }, { $: 'symbol', text: 's' }])
    }
    first(script).actions.unshift({ op: 'toJSON', value })
  },

  'signs what no cookie can hold'(script, r) {
    genuine(script)
    const sign = r.pick(['bad;sig', 'bad\nsig', '名', 5, '', 0, false, null])
    script.options = { own: [['keys', { $: 'signer', index: r.pick([0, 1, 2]), sign }]] }
    first(script).actions.unshift({ op: 'read', what: 'touch' })
    if (r.chance(0.5)) changed(script)
  },

  'bad attribute'(script, r) {
    const [key, value] = r.pick([
      ['path', 'bad\npath'],
      ['domain', 'bad\ndomain'],
      ['priority', 'bad'],
      ['sameSite', 'bad'],
      ['maxAge', '1000'],
      ['maxAge', { $: 'nan' }],
      ['expires', 'no date'],
      ['expires', { $: 'date', ms: null }],
      ['name', 'a;b'],
      ['path', '/a;b'],
      ['domain', 'a;b'],
      ['secure', true],
      ['secure', true]
    ])
    setOption(script, key, value)
    first(script).request = {}
    if (key === 'secure' && r.chance(0.3)) setOption(script, 'secureProxy', r.chance(0.5))
    if (r.chance(0.3)) arrayThere(script)
    changed(script)
  },

  renamed(script, r) {
    const value = r.pick(['renamed', '', UNDEFINED, null, 'session.sig', 'a;b'])
    if (r.chance(0.4)) {
      setOption(script, 'name', r.pick(['', null, UNDEFINED, 0, false]))
    } else {
      first(script).actions.unshift({ op: 'sessionOptions', how: 'set', key: 'name', value })
    }
    if (r.chance(0.4)) arrayThere(script)
    changed(script)
  },

  'over http2'(script, r) {
    first(script).request = {
      response: 'http2',
      encrypted: true,
      resSet: r.pick([undefined, 'own', 'proto'])
    }
    changed(script)
  },

  'counted calls'(script, r) {
    genuine(script)
    const effect = r.pick(['count', 'replace', undefined])
    first(script).actions.unshift(
      effect
        ? { op: 'set', path: ['a'], value: { $: 'toJSON', effect, of: { b: 1 } } }
        : { op: 'define', key: 'a', enumerable: true, getter: 'count' }
    )
  },

  'no object in the cookie'(script, r) {
    genuine(
      script,
      r.pick(['"text"', '5', 'true', 'null', '[1]', '""', '"日本"', '{}', '\ufeff{"a":1}', '{"a":1}\u0000'])
    )
    if (r.chance(0.5)) first(script).actions.unshift({ op: 'read', what: r.pick(['touch', 'flags']) })
  },

  'lookalike name'(script, r) {
    const [name, like] = r.pick([
      ['koa.sess', 'koaxsess'],
      ['a.b', 'axb'],
      ['x+', 'xx'],
      ['sess$', 'sess'],
      ['session', 'session '],
      ['session', ' session '],
      ['session', 'Session'],
      ['session', 'xsession']
    ])
    script.options = {
      own: [
        ['keys', ['k1']],
        ['name', name],
        ['signed', r.chance(0.5)]
      ]
    }
    const parts = [like, name].map((own, i) => ({
      name: own,
      payload: { json: `{"a":${i}}` },
      sig: { key: 'k1', over: name }
    }))
    first(script).cookie = { parts: r.chance(0.3) ? parts.slice(0, 1) : parts }
    first(script).actions.unshift({ op: 'read', what: 'full' })
  },

  'spelled otherwise'(script, r) {
    genuine(script, '{"a":"??>>~~ÿ","b":1}')
    const part = first(script).cookie.parts[0]
    if (r.chance(0.6)) part.sig.tamper = r.pick(['standard', 'pad', 'case', 'space'])
    else part.payload.form = r.pick(['urlsafe', 'unpadded', 'spaced', 'last bits'])
    if (r.chance(0.3)) part.quote = r.pick(['both', 'open'])
    first(script).actions.unshift({ op: 'read', what: r.pick(['touch', 'full']) })
  },

  'secure or not'(script, r) {
    genuine(script)
    first(script).request = r.pick([{}, {}, { encrypted: true }, { protocol: 'https' }])
    if (r.chance(0.8))
      setOption(script, 'secure', r.pick([true, true, true, false, null, null, UNDEFINED, 'yes']))
    if (r.chance(0.5)) setOption(script, 'secureProxy', r.pick([true, true, false, UNDEFINED]))
    if (r.chance(0.3)) setOption(script, 'maxAge', r.pick([0, 1, -1]))
    changed(script)
  },

  // what was worked out for one answer must not be used for the next
  'attributes changed between exchanges'(script, r) {
    genuine(script)
    let last = { op: 'set', path: ['saved'], value: 1 }
    const change = r.pick([
      () => {
        setOption(script, 'expires', { $: 'date', ms: 2000000000000 })
        return { op: 'options', how: 'setTime', ms: 2100000000000 }
      },
      () => {
        const key = r.pick(['expires', 'maxAge', 'path'])
        script.options.own.push([key, null, 'ticking'])
        return { op: 'clock', ms: 61000 }
      },
      () => {
        const [key, value] = r.pick([
          ['domain', 'p'],
          ['path', '/p'],
          ['sameSite', 'lax'],
          ['extra', 1],
          ['maxAge', 5000]
        ])
        if (r.chance(0.5)) {
          // the signature alone is sent
          first(script).cookie.parts[0].sig.key = r.pick(['k2', 'foreign'])
          last = { op: 'read', what: 'touch' }
        }
        return { op: 'pollute', on: 'Object', key, value }
      },
      () => {
        script.options.own.push(['maxAge', 1000, 'hidden'])
        return { op: 'clock', ms: 1000 }
      },
      () => {
        const [key, value] = r.pick([
          ['maxAge', 1000],
          ['path', '/p'],
          ['path', UNDEFINED],
          ['path', UNDEFINED],
          ['secure', true],
          ['overwrite', false],
          ['httpOnly', 0],
          ['sameSite', 'bad']
        ])
        return { op: 'options', how: 'set', key, value }
      },
      () => {
        setOption(script, 'maxAge', 1000)
        return r.pick([
          { op: 'clock', ms: 1000 },
          { op: 'options', how: 'delete', key: 'maxAge' },
          { op: 'encrypted', value: true },
          { op: 'protocol', value: 'https' }
        ])
      }
    ])()
    const exchange = (actions) => ({ request: {}, cookie: first(script).cookie, actions: [...actions, last] })
    script.exchanges = [exchange([]), exchange(r.chance(0.5) ? [change] : [])]
    if (script.exchanges[1].actions.length === 1) script.exchanges[1].before = [change]
  },

  'keys changed between'(script, r) {
    genuine(script)
    script.options = { own: [['keys', [{ $: 'buffer', hex: r.hex(8) }, 'k1']]] }
    if (r.chance(0.5)) script.options.own[0][1].reverse()
    const at = script.options.own[0][1].findIndex((key) => key.$)
    const change = r.pick([
      { op: 'keys', how: 'fill', at, byte: 7 },
      { op: 'keys', how: 'shift' },
      { op: 'keys', how: 'reverse' },
      { op: 'keys', how: 'unshift', value: 'new key' }
    ])
    first(script).actions.unshift({ op: 'read', what: 'touch' }, change)
    changed(script)
  },

  'read only after the headers'(script, r) {
    genuine(script)
    first(script).cookie.parts[0].sig.key = r.pick(['k1', 'k2', 'foreign'])
    first(script).actions = [
      { op: 'flush' },
      { op: 'read', what: 'full' },
      { op: 'set', path: ['a'], value: 2 }
    ]
  }
}

// Changes the script in place and returns the name of what was done.
function applyRecipe(script, r) {
  const name = r.pick(Object.keys(RECIPES))
  RECIPES[name](script, r)
  if (r.chance(0.6)) script.debug = true
  return `recipe: ${name}`
}

module.exports = { applyRecipe }
