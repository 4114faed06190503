'use strict'

// The request that comes, its Cookie header, and what was done to its response before the middleware.

const { Options } = require('./options')
const { INVALID_UTF8, jsonObject, oddJson, disturbedJson, jsonText } = require('../contents')

class Request extends Options {
  request() {
    const { r } = this
    const request = {}
    if (r.chance(0.2)) {
      request.encrypted = true
      this.count('encrypted socket')
    } else if (this.odd('response', 0.1)) request.encrypted = r.pick([false, 1, ''])
    if (r.chance(0.15)) {
      request.protocol = r.pick(['https', 'https', 'http'])
      this.count(`req.protocol ${request.protocol}`)
    } else if (this.odd('response', 0.08)) request.protocol = r.pick(['HTTPS', null, 5, ''])
    if (r.chance(0.15)) request.method = r.pick(['POST', 'HEAD', 'PUT'])
    if (r.chance(0.03)) request.http10 = true
    if (r.chance(0.3)) {
      request.resSet = r.pick(['own', 'proto', 'proto', 'not callable'])
      this.count(`res.set ${request.resSet}`)
    }
    if (r.chance(0.15)) {
      request.spy = true
      this.count('setHeader watched')
    }
    if (this.odd('response', 0.25)) {
      request.response = r.pick(['http2', 'foreign'])
      if (r.chance(0.3)) request.resSet = 'own'
      this.count(`response ${request.response}`)
      if (request.resSet && request.response === 'http2') this.count('http2 with res.set')
    }
    if (this.odd('call', 0.06)) {
      request.noSocket = true
      this.count('no socket')
    }
    return request
  }

  // what happened to the response before the middleware
  before() {
    const { r } = this
    const out = []
    if (r.chance(0.2) || this.odd('response', 0.4)) {
      const name = this.name
      const value = r.weighted([
        [4, ['string', 'first=1; path=/']],
        [2, ['string with the name', `${name}=old; path=/`]],
        [3, ['array', ['first=1', 'second=2']]],
        [3, ['array with the name', ['first=1', `${name}=old; path=/`, `${name}.sig=old`, `${name}x=1`]]],
        [2, ['frozen array', { $: 'frozen', of: ['first=1', `${name}=old`] }]],
        [1, ['empty array', []]],
        [2, ['array with a number', ['first=1', `${name}=old`, 5, `${name}.sig=1`]]],
        [1, ['array with odd items', [null, `${name}=old`]]],
        [1, ['array with odd items', [{ indexOf: { $: 'function', text: '' } }, `${name}=old`]]],
        [1, ['number', 5]],
        [1, ['empty string', '']],
        [1, ['proxy', { $: 'proxy', of: ['first=1', `${name}=old`] }]]
      ])
      this.count(`Set-Cookie before: ${value[0]}`)
      out.push({ op: 'header', how: 'set', name: r.pick(['Set-Cookie', 'set-cookie']), value: value[1] })
    }
    if (this.odd('response', 0.15)) out.push(this.listener('early'))
    if (this.odd('response', 0.06)) {
      this.count('headers sent before')
      out.push({ op: 'flush' })
    }
    return out
  }

  cookie(number) {
    const { r } = this
    if (number > 0 && r.chance(0.7)) {
      this.count('cookie of the exchange before')
      return { parts: [{ jar: true }] }
    }
    if (r.chance(0.2)) {
      this.count('no cookie header')
      return undefined
    }
    const parts = []
    const others = () => {
      if (r.chance(0.25))
        parts.push({ raw: r.pick(['theme=dark', '_ga=GA1.2.3', 'a=b', 'lang=de', 'empty=']) })
    }
    others()
    if (r.chance(0.95)) parts.push(this.sessionCookie())
    others()
    if (this.odd('cookie', 0.25)) {
      this.count('cookie twice')
      parts.push(this.sessionCookie())
    }
    if (this.odd('cookie', 0.45)) parts.splice(r.below(parts.length + 1), 0, this.rawPart())
    const cookie = { parts }
    if (this.odd('cookie', 0.25)) {
      cookie.separator = r.pick([';', ';  ', '; ;', ' ; ', ',', ';\t', ' ', ';;'])
      this.count('odd separator')
    }
    return cookie
  }

  rawPart() {
    const { r, name } = this
    return {
      raw: this.counted(
        r.pick([
          ['near-match name', `${name.replace(/[.]/g, 'x')}=e30=`],
          ['near-match name', `${name.replace(/[.]/g, 'x')}=e30=`],
          ['near-match name', `x${name}=1`],
          ['near-match name', `${name}x=1`],
          ['near-match name', `${name.toUpperCase()}=e30=`],
          ['near-match name', `x ${name}=e30=`],
          ['near-match name', `x=y ${name}=e30=`],
          ['.sig alone', `${name}.sig=abc`],
          ['empty value', `${name}=`],
          ['space in the cookie', `${name} =e30=`],
          ['space in the cookie', `${name}= e30=`],
          ['space in the cookie', `${name}=e30= `],
          ['space in the cookie', `  ${name}=e30=`],
          ['tab in the cookie', `\t${name}=e30=`],
          ['equals in the cookie', `${name}==e30=`],
          ['equals in the cookie', `=${name}=e30=`],
          ['equals in the cookie', '='],
          ['quotes in the cookie', `${name}="`],
          ['quotes in the cookie', `${name}=""`],
          ['quotes in the cookie', `${name}="e30`],
          ['quotes in the cookie', `${name}=e30="`],
          ['semicolons in the cookie', ';;;'],
          ['semicolons in the cookie', ''],
          ['name alone', name],
          ['latin-1 in the cookie', `é=${name}=1`],
          ['wide characters in the cookie', `日本=1;${name}`],
          ['newline in the cookie', `x=1\n${name}=e30=`],
          ['line separator in the cookie', `x=1\u2028${name}=e30=`]
        ])
      )
    }
  }

  payload() {
    const { r } = this
    if (this.odd('contents', 0.75)) {
      return r.weighted([
        [
          6,
          () => {
            const json = this.counted(oddJson(r))
            return { json }
          }
        ],
        [2, () => ({ bytes: this.counted(['invalid UTF-8', r.pick(INVALID_UTF8)]) })],
        [
          2,
          () => ({ json: this.counted(['disturbed JSON', disturbedJson(r, jsonText(jsonObject(r, true)))]) })
        ],
        [2, () => ({ json: this.counted(['odd contents', jsonText(jsonObject(r, true))]) })],
        [
          0.6,
          () =>
            this.counted([
              'deep nesting',
              { nest: r.pick([100, 1000, 3500]), shape: r.pick(['array', 'object']) }
            ])
        ],
        [0.4, () => this.counted(['too deep nesting', { nest: 12000, shape: r.pick(['array', 'object']) }])],
        [
          0.3,
          () =>
            this.counted([
              'big cookie',
              { json: r.pick(['x', 'é', '日', '\\u0041']), repeat: r.pick([700, 3000, 12000]) }
            ])
        ]
      ])()
    }
    if (this.odd('cookie', 0.35)) {
      const form = r.pick([
        'urlsafe',
        'unpadded',
        'overpadded',
        'spaced',
        'junk',
        'inner padding',
        'trailing',
        'last bits',
        'truncated'
      ])
      this.count(`base64 ${form}`)
      const json = r.chance(0.4) ? '{"a":"??>>~~ÿ","b":1}' : jsonText(jsonObject(r, false))
      return { json, form }
    }
    if (this.odd('cookie', 0.2)) {
      this.count('value is no base64 of JSON')
      return {
        text: r.pick([
          '',
          'garbage',
          '%7B%7D',
          '!!!',
          'e30',
          '====',
          'é',
          '日本',
          'j:{"a":1}',
          '"',
          'a b',
          'eyJhIjox',
          `${'A'.repeat(50)}é`
        ])
      }
    }
    return { json: jsonText(jsonObject(r, false)) }
  }

  sessionCookie() {
    const { r } = this
    const part = { name: this.name, payload: this.payload() }
    const { keys, algorithm, encoding } = this.signing
    const at = r.chance(0.65) ? 0 : r.below(keys.length)
    this.count(at === 0 ? 'signed with the first key' : 'signed with a later key')
    part.sig = { key: keys[at] }
    if (algorithm) part.sig.algorithm = algorithm
    if (encoding) part.sig.encoding = encoding
    if (r.chance(0.06) || this.odd('cookie', 0.1)) {
      this.count('signed with a foreign key')
      part.sig.key = 'foreign'
    }
    if (r.chance(0.05) || this.odd('cookie', 0.12)) {
      this.count('no signature')
      part.sig = undefined
    } else if (this.odd('cookie', 0.3)) {
      part.sig.tamper = r.pick([
        'flip',
        'first',
        'case',
        'truncate',
        'extend',
        'pad',
        'standard',
        'empty',
        'space',
        'latin',
        'wide'
      ])
      this.count(`signature tampered: ${part.sig.tamper}`)
    }
    if (this.odd('cookie', 0.12)) {
      part.tamper = r.pick(['flip', 'first', 'truncate', 'extend', 'pad', 'case', 'latin', 'wide', 'empty'])
      this.count('value tampered')
    }
    if (this.odd('cookie', 0.2)) {
      part.quote = r.pick(['both', 'both', 'open'])
      this.count(`quoted value (${part.quote})`)
    }
    if (part.sig) {
      if (this.odd('cookie', 0.1)) {
        part.sig.quote = true
        this.count('quoted signature')
      }
      if (this.odd('cookie', 0.06)) {
        part.sig.over = r.pick([`${this.name}x`, '', 'session'])
        this.count('signature of another name')
      }
      if (this.odd('cookie', 0.3) || r.chance(0.05)) {
        part.order = r.pick(['sig first', 'sig first', 'sig only'])
        this.count(`order ${part.order}`)
      }
    } else delete part.sig
    return part
  }
}

module.exports = { Request }
