// Names what came of a script, told from the transcript of the original package: a run has to show not only
// that strange things were tried, but that each rule of the original was in force at least a few times.

'use strict'

const OUTCOMES = [
  ['no keys and signed', /^constructor threw Error: \.keys required\.$/m],
  ['frozen options that need a default', /^constructor threw TypeError: Cannot (?:assign|add)/m],
  ['no keys in the array, thrown before next', /^middleware threw Error: Keys must be provided\.$/m],
  ['defaults filled in', /^options overwrite: wec true$/m],
  ['session saved', /^sent Set-Cookie: [^=;]+=[^;]+;.*\nsent Set-Cookie: [^=;]+\.sig=[^;]+;/m],
  [
    'session saved without a signature',
    (text) =>
      /^options signed: wec (?:false|0|'')$/m.test(text) && /^sent Set-Cookie: session=[^;]+;/m.test(text)
  ],
  ['session loaded', /_new: false/],
  ['session loaded and unchanged', /^isNew false\nisPopulated true\nisChanged false$/m],
  ['session loaded and changed', /^isNew false\nisPopulated true\nisChanged true$/m],
  ['session loaded, not an object', /^isNew false\nisPopulated false\nisChanged true$/m],
  ['session loaded from a string', /^own 0: wec '.'\n(?:own.*\n)*isNew false/m],
  ['session new and empty', /^isNew true\nisPopulated false\nisChanged true$/m],
  ['session null', /^null$/m],
  ['empty session sent', /^sent Set-Cookie: [^=]+=e30=;/m],
  [
    'clearing cookie',
    /^sent Set-Cookie: [^=]+=; .*expires=Thu, 01 Jan 1970.*\nsent Set-Cookie: [^=]+\.sig=[^;]+; .*expires=Thu, 01 Jan 1970/m
  ],
  [
    'clearing cookie unsigned',
    /^sent Set-Cookie: session=; .*expires=Thu, 01 Jan 1970.*\nsent (?!Set-Cookie: session\.sig)/m
  ],
  [
    'clearing .sig after a bad signature',
    /^sent Set-Cookie: [^=]+\.sig=; path=\/; expires=Thu, 01 Jan 1970/m
  ],
  [
    'fresh .sig alone',
    (text) =>
      /^sent Set-Cookie: session\.sig=[^;]+; path=\/; httponly$/m.test(text) &&
      !/^sent Set-Cookie: session=/m.test(text)
  ],
  ['secure from the connection', /^sent Set-Cookie: .*; secure/m],
  ['all attributes', /; path=.*; expires=.*; samesite=.*; httponly/],
  ['domain sent', /^sent Set-Cookie: .*; domain=/m],
  ['domain with semicolon sent', /; domain=a;b/],
  ['path with semicolon sent', /; path=\/a;b/],
  ['priority sent', /; priority=(?:high|medium|low)/],
  ['partitioned sent', /; partitioned$/m],
  ['samesite sent', /; samesite=(?:strict|lax|none)/],
  ['no path sent', /^sent Set-Cookie: [^;]+; (?:expires|httponly)/m],
  ['expires invalid sent', /; expires=Invalid Date/],
  ['headers sent, getter throws', /^(?:session|read:|set:) threw Error \[ERR_HTTP_HEADERS_SENT\]/m],
  ['cookie under another name', /^sent Set-Cookie: renamed=/m],
  ['cookie under the name undefined', /^sent Set-Cookie: undefined=/m],
  ['getter throws for a bad key', /^(?:session|read:|set:) threw TypeError \[ERR_INVALID_ARG_TYPE\]/m],
  ['getter throws without keys', /^(?:session|read:|set:) threw Error: \.keys required for signed cookies$/m],
  ['getter throws for a signature', /^(?:session|read:|set:) threw TypeError: argument value is invalid$/m],
  ['assignment refused', /^assign: threw Error: req\.session can only be set as null or an object\.$/m],
  ['read only flag', /threw TypeError: Cannot set property is\w+ of #<Session>/],
  ['prototype keys left out', /^assign\n(?:.*\n)*?.*Session \{/m],
  ['replacement character', /\ufffd/],
  ['existing array kept', /^array \[.*'first=1'.*httponly'/m],
  ['existing array robbed of the old cookie', /^array \[ 'first=1', '\S+\.sig=old', '\S+x=1' \]$/m],
  ['frozen array drops the save', /^array \[ 'first=1', '\S+=old' \]$/m],
  ['toJSON called twice', /toJSON call 1.*\ntoJSON call 2/],
  ['flags throw', /^isChanged threw/m],
  ['flag throws for depth', /^isChanged threw RangeError: Maximum call stack/m],
  ['flag throws for BigInt', /^isChanged threw TypeError: Do not know how to serialize a BigInt/m],
  ['flag throws for a circle', /^isChanged threw TypeError: Converting circular/m],
  ['flag throws for text undefined', /^isChanged threw TypeError \[ERR_INVALID_ARG_TYPE\]/m],
  ['informational answer', /^sent HTTP\/1\.1 10[02]/m],
  ['status changed by a listener', /^sent HTTP\/1\.[01] 418/m],
  ['writeHead throws', /^writeHead: threw/m],
  ['setHeader of the response used', /^res\.setHeader Set-Cookie \[".*\.sig/im],
  [
    'setHeader of the prototype used',
    (text, script) =>
      script.exchanges.length === 1 &&
      script.exchanges[0].request.spy &&
      script.exchanges[0].request.resSet &&
      /^sent Set-Cookie: session=/m.test(text) &&
      !/^res\.setHeader set-cookie/im.test(text)
  ],
  ['signer asked to sign', /^signer\.sign/m],
  ['signer asked for an index', /^signer\.index/m],
  ['http2 cookie sent', /^sent \["respond",\[.*"set-cookie",/m],
  [
    'http2 cookie lost',
    (text, script) =>
      script.exchanges[0].request.response === 'http2' &&
      script.exchanges[0].request.resSet &&
      script.exchanges.length === 1 &&
      /^debug save /m.test(text) &&
      !/^sent .*"set-cookie"/m.test(text)
  ],
  ['foreign response', /^sent \["head",/m],
  ['two names in one answer', /^sent Set-Cookie: second=(?:.*\n)*sent Set-Cookie: session=/m],
  ...[
    ['debug new session', 'new session'],
    ['debug parse', 'parse '],
    ['debug save', 'save '],
    ['debug remove', 'remove '],
    ['debug secure', 'error saving session Cannot send secure cookie'],
    ['debug name', 'error saving session argument name is invalid'],
    ['debug path', 'error saving session option path is invalid'],
    ['debug domain', 'error saving session option domain is invalid'],
    ['debug maxAge', 'error saving session option maxAge is invalid'],
    ['debug priority', 'error saving session option priority is invalid'],
    ['debug sameSite', 'error saving session option sameSite is invalid'],
    ['debug no function', 'error saving session … is not a function'],
    ['debug depth', 'error saving session Maximum call stack'],
    ['debug BigInt', 'error saving session Do not know how to serialize'],
    ['debug circle', 'error saving session Converting circular'],
    ['debug key', 'error saving session The "key" argument'],
    ['debug no keys', 'error saving session .keys required for signed cookies'],
    ['debug sign', 'error saving session sign threw'],
    ['debug frozen array', 'error saving session Cannot ']
  ].map(([name, start]) => [name, (text) => text.includes(`\ndebug ${start}`)])
]

// the names of all outcomes that the lines of a transcript show
function outcomes(lines, script) {
  const text = lines.join('\n')
  const found = []
  for (const [name, test] of OUTCOMES) {
    if (typeof test === 'function' ? test(text, script) : test.test(text)) found.push(name)
  }
  return found
}

module.exports = { outcomes, OUTCOME_NAMES: OUTCOMES.map(([name]) => name) }
