'use strict'

// The command line, run as a program: what it prints, how it ends, and that no key is ever printed.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { randomInt } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const { describe, it } = require('node:test')
const { Random } = require('../support/differential/random')
const program = require('../support/cli/program')
const cookieSession = require('../..')

const KEY = 'a-key-of-32-bytes-that-is-a-secret'
const OLD = 'an-older-secret-key-of-32-bytes-too'
/** Of the random texts; a failure prints the seed. */
const SEED = Number(process.env.SEED) || randomInt(2 ** 31)
const CASES = Number(process.env.CASES) || 100

/** No key may be in what it says. */
function checked(result) {
  const { stdout, stderr } = result
  for (const key of [KEY, OLD]) assert.ok(!`${stdout}${stderr}`.includes(key), 'a key was printed')
  return result
}

const run = async (...args) => checked(await program.run(...args))
const spawned = (...args) => checked(program.spawned(...args))

const env = { APP_KEYS: `${KEY}, ${OLD}` }
const withKeys = ['--keys-env', 'APP_KEYS']
const FORMATS = {
  'of cookie-session': {},
  v1: { ttl: 1000 },
  e1: { encrypt: true }
}

describe('keygen', () => {
  it('prints another key of 32 bytes each time, good for encryption', async () => {
    const one = spawned(['keygen']).stdout.trim()
    assert.equal(Buffer.from(one, 'base64url').length, 32)
    assert.notEqual(spawned(['keygen']).stdout.trim(), one)
    assert.match((await run(['keygen'])).stdout, /^[\w-]{43}\n$/)
    assert.doesNotThrow(() => cookieSession({ keys: [one], encrypt: true }))
  })
})

describe('as a program', () => {
  const header = (options) =>
    `a=b; ${cookieSession.cookieHeader({ user: 'Zoë' }, { keys: [OLD], ...options })}`
  const ageless = ({ stdout, ...rest }) => ({
    ...rest,
    stdout: stdout.replace(/\(-?\d+ s (?:ago|ahead)\)/g, '')
  })
  const deep = Buffer.from('['.repeat(300_000) + ']'.repeat(300_000)).toString('base64url')
  const asks = {
    'no argument': [[]],
    '--help': [['--help']],
    'an option that is none': [['inspect', '--unknown']],
    'a key for the name of its variable': [['inspect', 'eyJhIjoxfQ==', '--keys-env', KEY]],
    'nothing from standard input': [['inspect']],
    'bytes from standard input': [
      ['inspect', ...withKeys],
      { input: Buffer.from([0x3d, 0xff, 0, 0x0a]), env }
    ],
    'a mebibyte from standard input': [['inspect'], { input: 'a'.repeat(2 ** 20) }],
    'more than a mebibyte': [['inspect'], { input: 'a'.repeat(2 ** 20 + 1) }],
    'a long answer': [['inspect'], { input: deep }],
    'a lone surrogate as an argument': [['inspect', '\ud800']]
  }
  for (const [format, options] of Object.entries(FORMATS)) {
    asks[`${format}, as an argument`] = [['inspect', header(options), ...withKeys], { env }]
    asks[`${format}, from standard input`] = [
      ['inspect', ...withKeys],
      { input: `${header(options)}\n`, env }
    ]
    asks[`${format}, refused`] = [['inspect', `${header(options)}x`, ...withKeys], { env }]
  }
  for (const [what, [args, options]] of Object.entries(asks)) {
    it(`${what}: it says what the tests below are told`, async () => {
      assert.deepEqual(ageless(spawned(args, options)), ageless(await run(args, options)))
    })
  }

  it('verifies with the engine that the environment asks for', () => {
    for (const engine of ['native', 'node']) {
      for (const options of Object.values(FORMATS)) {
        const asked = { env: { ...env, COOKIE_SESSION_ENGINE: engine } }
        const { status, stdout } = spawned(['inspect', header(options), ...withKeys], asked)
        assert.match(stdout, /verified +yes, by key 1 of 2/)
        assert.equal(status, 0)
      }
    }
  })
})

describe('inspect', () => {
  for (const [format, options] of Object.entries(FORMATS)) {
    const headerOf = (keys) => `a=b; ${cookieSession.cookieHeader({ user: 'Zoë' }, { keys, ...options })}`

    it(`${format}: verified, with which key, and what it holds`, async () => {
      for (const [keys, place] of [
        [[KEY], 0],
        [[OLD], 1]
      ]) {
        const { status, stdout } = await run(['inspect', headerOf(keys), ...withKeys], { env })
        assert.match(stdout, new RegExp(`format +${format}`))
        assert.match(stdout, new RegExp(`verified +yes, by key ${place} of 2`))
        assert.match(stdout, /"user": "Zoë"/)
        assert.match(stdout, /size +\d+ bytes/)
        assert.equal(/issued +\d{4}-/.test(stdout), format !== 'of cookie-session')
        assert.equal(status, 0)
      }
    })

    it(`${format}: refused`, async () => {
      for (const header of [headerOf(['another key that has 32 bytes or so']), `${headerOf([KEY])}x`]) {
        const { status, stdout } = await run(['inspect', header, ...withKeys], { env })
        assert.match(stdout, /verified +no/)
        assert.equal(status, 1)
      }
    })

    it(`${format}: from standard input, and without keys`, async () => {
      const { status, stdout } = await run(['inspect'], { input: `Cookie: ${headerOf([KEY])}\n` })
      assert.match(stdout, /not verified/)
      assert.equal(stdout.includes('Zoë'), format !== 'e1')
      assert.equal(status, 1)
    })

    it(`${format}: without content`, async () => {
      const { stdout } = await run(['inspect', headerOf([KEY]), ...withKeys, '--no-content'], { env })
      assert.doesNotMatch(stdout, /Zoë|content/)
    })
  }

  it('takes a value and a signature apart', async () => {
    const [cookie, signature] = cookieSession.seal({ a: 1 }, { keys: [KEY], name: 'sid', digest: 'sha256' })
    const valueIn = (line) => line.split(';')[0].replace(/^[^=]+=/, '')
    const args = [
      'inspect',
      valueIn(cookie),
      '--name',
      'sid',
      '--sig',
      valueIn(signature),
      '--digest',
      'sha256'
    ]
    assert.equal((await run([...args, ...withKeys], { env })).status, 0)
  })

  it('takes keys as a JSON array', async () => {
    const header = cookieSession.cookieHeader({ a: 1 }, { keys: ['with, a comma'] })
    const json = { APP_KEYS: JSON.stringify(['newer', 'with, a comma']) }
    assert.match((await run(['inspect', header, ...withKeys], { env: json })).stdout, /by key 1 of 2/)
  })

  it('shows no control characters', async () => {
    const value = Buffer.from('\u001b[31m').toString('base64')
    assert.ok(!(await run(['inspect', value])).stdout.includes('\u001b'))
  })
})

describe('inspect, of what was pasted', () => {
  const options = { keys: [KEY], ttl: 1000 }
  const before = cookieSession.cookieHeader({ user: 'Ada' }, { keys: [OLD], ttl: 1000 })
  const set = cookieSession.seal(
    { user: 'Zoë' },
    { ...options, sameSite: 'lax', partitioned: true, secure: true }
  )
  const header = `theme=dark; ${set.map((value) => value.split(';', 1)[0]).join('; ')}`
  const named = set.map((value) => `Set-Cookie: ${value}`)
  const original = cookieSession.cookieHeader({ user: 'Zoë' }, { keys: [KEY] })
  const quoted = header.replace(/=([^;]+)/g, '="$1"')
  // As browsers write a command for cmd.exe.
  const forCmd = (text) => `^"${text.replace(/[\\"]/g, '\\$&').replace(/[^\w\s:=+~'/.,?;()*`-]/g, '^$&')}^"`

  const texts = {
    'a header with its name': `cOOkie:${header}`,
    'a header as curl -v prints it': `> cookie: ${header}\r`,
    'values in quotes': `Cookie: ${quoted}`,
    'all in quotes': `'${header}'`,
    'lines of Set-Cookie': named.join('\n'),
    'lines of Set-Cookie, CRLF': `${named.join('\r\n')}\r\n`,
    'lines of Set-Cookie, the signature first': [...named].reverse().join('\n'),
    'lines of Set-Cookie as curl -v prints them': named
      .map((line) => `< ${line.toLowerCase().slice(0, 10)}${line.slice(10)}`)
      .join('\r\n'),
    'values of Set-Cookie': set.join('\n'),
    'values of Set-Cookie below their names': set.map((value) => `set-cookie\n${value}`).join('\n'),
    'a response': ['HTTP/1.1 200 OK', 'X-Session: a; session=b', ...named, 'Content-Length: 0', '', ''].join(
      '\r\n'
    ),
    'a cookie that is replaced': [
      `> Cookie: ${before}`,
      '>',
      '< HTTP/1.1 200 OK',
      ...named.map((line) => `< ${line}`)
    ].join('\n'),
    'a response, and the next request': [
      `< Set-Cookie: ${before.replace('; ', '\nSet-Cookie: ')}`,
      `> Cookie: ${header}`
    ].join('\n'),
    'a cookie that is only signed anew': `> Cookie: ${header.replace(/sig=.*/, 'sig=x')}\n< ${named[1]}`,
    'curl -b': `curl -b '${header}' http://localhost:3000/`,
    'curl -b, in double quotes': `curl -b "${header}" http://localhost:3000/`,
    'curl -b, without a blank': `curl -svb'${header}' http://localhost:3000/`,
    'curl -b, escaped': `curl -b ${header.replace(/[; ]/g, '\\$&')} http://localhost:3000/`,
    'curl -b, where a cookie has an exclamation mark': `curl 'http://localhost/' -b $'a=it\\'s \\u0021\\x21; ${header}'`,
    'curl --cookie': `$ curl.exe --cookie '${header}' -v http://localhost:3000/`,
    'curl --cookie=': `curl --cookie='${header}' http://localhost:3000/`,
    'a command of Chromium': `curl 'http://localhost/?a=b;session=c' \\\n  -H 'Accept: a;session=d' \\\n  -b '${header}' \\\n  --compressed`,
    'a command of Firefox': `curl 'http://localhost/' --compressed -H 'User-Agent: it'\\''s' -H 'Cookie: ${header}'`,
    'a command for cmd.exe': `curl ${forCmd('http://localhost/?a=b&c=%20"')} ^\r\n  -H ${forCmd('a: "b\\c"')} ^\r\n  -b ${forCmd(quoted)}`,
    'a header of a command for cmd.exe': `curl "http://localhost/" -H "cookie: ${header}" --compressed`,
    'a line of a command': `  -b '${header}' \\\n`,
    'a command, and what it printed': `curl -vb '${before}' localhost\n* Trying\n< ${named.join('\n< ')}\n\n1 views`,
    'the signature alone is of another request': `Set-Cookie: session.sig=x\n${named.join('\n')}`
  }
  for (const [what, input] of Object.entries(texts)) {
    it(what, async () => {
      const { status, stdout, stderr } = await run(['inspect', ...withKeys], { input, env })
      assert.equal(stderr, '')
      assert.match(stdout, /"user": "Zoë"/)
      assert.match(stdout, /verified +yes, by key 0 of 2/)
      assert.equal(status, 0)
    })
  }

  for (const args of [
    [`curl -b '${header}' localhost`],
    [`-b '${header}' localhost`],
    [`-H 'cookie: ${header}'`],
    [`--cookie "${header}"`],
    ['-b', header],
    ['--cookie', header],
    [named.join('\n')],
    [`"${header.match(/session=([^;]*)/)[1]}"`, '--sig', header.match(/sig=(.*)/)[1]],
    [`${header.match(/session=([^;]*)/)[1].replace('.', '.\n')}`, '--sig', header.match(/sig=(.*)/)[1]]
  ]) {
    it(`${JSON.stringify(args).slice(0, 25)}, as an argument`, async () => {
      const { status, stdout } = await run(['inspect', ...args, ...withKeys], { env })
      assert.match(stdout, /verified +yes/)
      assert.equal(status, 0)
    })
  }

  it('attributes are no cookies', async () => {
    const [line] = cookieSession.seal(
      { a: 1 },
      { keys: [KEY], priority: 'high', maxAge: 1000, domain: 'example.com' }
    )
    for (const name of ['path', 'expires', 'domain', 'priority', 'httponly']) {
      for (const input of [line, `Set-Cookie: ${line}`]) {
        const { status, stderr } = await run(['inspect', '--name', name], { input })
        assert.match(stderr, new RegExp(`there is no cookie of the name ${name}`))
        assert.equal(status, 2)
      }
      assert.equal((await run(['inspect', '--name', name], { input: `Cookie: a=b; ${name}=e30=` })).status, 1)
    }
  })

  it('says where the session is cleared', async () => {
    for (const opts of [options, { keys: [KEY] }, { keys: [KEY], encrypt: true }]) {
      const lines = cookieSession.seal(null, opts)
      for (const input of [lines.join('\n'), ...[lines.map((line) => `Set-Cookie: ${line}`).join('\n')]]) {
        for (const earlier of ['', `Cookie: ${header}\n`]) {
          const { status, stdout } = await run(['inspect', ...withKeys], { input: earlier + input, env })
          assert.equal(stdout, 'cookie    session\ncontent   none: this Set-Cookie clears the session\n')
          assert.equal(status, 1)
        }
      }
    }
    const { status, stdout } = await run(['inspect', ...withKeys], {
      input: 'Cookie: session=; session.sig=x',
      env
    })
    assert.match(stdout, /content +none: the cookie is empty/)
    assert.equal(status, 1)
  })

  it('a value that stands in two pairs of quotes has one of them', async () => {
    const doubled = original.replace(/session=([^;]+)/, 'session=""$1""')
    assert.match((await run(['inspect', doubled, ...withKeys], { env })).stdout, /verified +no/)
  })

  it('a lone signature is no session', async () => {
    assert.equal((await run(['inspect', 'session.sig=abc'])).status, 2)
  })
})

describe('inspect, of what nobody should have pasted', () => {
  const encoded = (value) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const ofTimes = (times) => `v1.${encoded(times)}.${encoded({ a: 1 })}`
  const last = 8.64e15

  for (const [issued, said] of [
    [last, /issued +\+275760-09-13T/],
    [-last, /issued +-271821-04-20T/],
    [last + 1, /issued +8640000000000001 \(no date\)/],
    [-last - 1, /issued +-8640000000000001 \(no date\)/],
    [Number.MAX_SAFE_INTEGER, /issued +9007199254740991 \(no date\)/],
    [1e300, /issued +1e\+300 \(no date\)/]
  ]) {
    it(`a session that was issued at ${issued}`, async () => {
      const { status, stdout, stderr } = await run(['inspect', ofTimes({ issued, created: issued })])
      assert.match(stdout, said)
      assert.equal(
        stdout.match(said)[0].slice(10),
        stdout.match(/created.*/)[0].slice(10, 10 + stdout.match(said)[0].length - 10)
      )
      assert.match(stdout, /"a": 1/)
      assert.equal(stderr, '')
      assert.equal(status, 1)
    })
  }

  it('a time that no date has, verified', async () => {
    const times = Number.MAX_SAFE_INTEGER
    const realNow = Date.now
    Date.now = () => times
    let header
    try {
      header = cookieSession.cookieHeader({ a: 1 }, { keys: [KEY], encrypt: true })
    } finally {
      Date.now = realNow
    }
    const { status, stdout } = await run(['inspect', header, ...withKeys], { env })
    assert.match(stdout, /verified +yes/)
    assert.match(stdout, /issued +9007199254740991 \(no date\)/)
    assert.equal(status, 0)
  })

  const deep = (depth, open, close) =>
    encoded(open.repeat(depth) + (open === '[' ? '' : '1') + close.repeat(depth))
  const inputs = {
    'an array too deep to be indented': deep(300_000, '[', ']'),
    'an object too deep to be indented': deep(100_000, '{"a":', '}'),
    'times that are too deep': `v1.${deep(300_000, '[', ']')}.${encoded({ a: 1 })}`,
    'times that are null': ofTimes(null),
    'times that are text': ofTimes({ issued: '1', created: [] }),
    'a value of dots': `v1.${'.'.repeat(500_000)}`,
    'a prefix alone': 'v1.',
    'another prefix alone': 'e1.',
    'lone surrogates': `curl -b $'session=\\ud800; session.sig=\\udc00'`,
    'lone surrogates in JSON': encoded('{"\\ud800":"\\udfff"}'),
    NUL: 'session=\0; session.sig=\0',
    'a byte that is no UTF-8': Buffer.from([0x73, 0x65, 0x73, 0x73, 0x69, 0x6f, 0x6e, 0x3d, 0xff, 0xfe]),
    'a quote without an end': "curl -b 'session=a",
    'an escape without an end': "curl -b $'session=a\\",
    'a backslash at the end': 'curl -b \\',
    'options without values': 'curl -b -H --cookie --header',
    'many commands': '-b a\n'.repeat(200_000),
    'many lines of Set-Cookie': 'Set-Cookie: session=a\n'.repeat(40_000),
    'many blanks': `session=${' '.repeat(900_000)}a`,
    'many quotes': `curl -b ${`"'`.repeat(400_000)}`,
    'many carets': `curl ^"${'^'.repeat(900_000)}`,
    'many semicolons': `session=a${'; '.repeat(400_000)}`,
    'many colons': ':'.repeat(900_000),
    'a name that is a prototype': '__proto__=a'
  }
  for (const [what, input] of Object.entries(inputs)) {
    it(what, async () => {
      for (const args of [[], withKeys, ['--name', '__proto__', ...withKeys]]) {
        const { status, stdout, stderr } = await run(['inspect', ...args], { input, env })
        assert.ok([1, 2].includes(status), `status ${status}`)
        assert.doesNotMatch(stderr, /\n +at /)
        assert.equal(stderr === '', status === 1)
        assert.ok(stdout.length < 5_000_000)
      }
    })
  }

  it('shows what is too deep on one line', async () => {
    assert.match((await run(['inspect', deep(1000, '[', ']')])).stdout, /content +\[{1000}\]{1000}\n/)
    assert.match(
      (await run(['inspect', encoded(`${'['.repeat(50)}"\\u001b[]",\r\n1${']'.repeat(50)}`)])).stdout,
      /\["\\u001b\[\]", {2}1\]/
    )
  })

  it('takes no more than a mebibyte', async () => {
    const { status, stderr } = await run(['inspect'], { input: 'a'.repeat(2 ** 20 + 1) })
    assert.match(stderr, /more than 1 MiB/)
    assert.equal(status, 2)
    assert.equal((await run(['inspect'], { input: 'a'.repeat(2 ** 20) })).status, 1)
  })

  it('a standard input that cannot be read', async () => {
    for (const [file, flags, said] of [
      [os.devNull, 'w', /^standard input cannot be read: \w+\n$/],
      [__dirname, 'r', /^there is no cookie in what was given\n$/]
    ]) {
      // Windows opens no folder.
      if (process.platform === 'win32' && file === __dirname) continue
      const input = fs.openSync(file, flags)
      const { status, stderr } = spawnSync(process.execPath, [program.PROGRAM, 'inspect'], {
        stdio: [input, 'pipe', 'pipe'],
        encoding: 'utf8'
      })
      fs.closeSync(input)
      assert.match(stderr, said)
      assert.equal(status, 2)
    }
  })

  it('a name that is too long for keys', async () => {
    const name = 'n'.repeat(1000)
    for (const value of ['v1.a.b', 'e1.a', 'e30=']) {
      const { status, stderr } = await run(['inspect', value, '--name', name, ...withKeys], { env })
      assert.equal(status, 2)
      assert.equal(stderr, '--name has 1000 characters; expected 900 at most\n')
    }
    assert.equal(
      (await run(['inspect', 'v1.a.b', '--name', 'é'.repeat(900), ...withKeys], { env })).status,
      1
    )
  })

  it('a random text', async () => {
    const pieces = [
      'session',
      '__proto__',
      'constructor',
      '.sig',
      '=',
      ';',
      ' ',
      '"',
      "'",
      '$',
      '\\',
      '^',
      '\n',
      '\r\n',
      '\0',
      '\ud800',
      '\u202e',
      '\uffff'
    ]
    pieces.push(
      'Set-Cookie:',
      'cookie: ',
      '< ',
      '> ',
      'curl ',
      '-b',
      '-H ',
      '--cookie',
      'v1.',
      'e1.',
      'e30=',
      'bnVsbA==',
      'MQ',
      '.',
      'path=/',
      'HttpOnly'
    )
    pieces.push(cookieSession.cookieHeader({ a: 1 }, { keys: [KEY] }), encoded({ issued: 1e17, created: -1 }))
    for (let i = 0; i < CASES; i++) {
      const random = new Random(SEED, i)
      const listOf = (most, make) => Array.from({ length: random.between(1, most) }, make)
      const text = listOf(12, () => random.pick(pieces)).join('')
      const bytes = Buffer.from(listOf(50, () => random.below(256)))
      const input = random.pick([text, Buffer.concat([Buffer.from(text), bytes]), bytes])
      const name = random.pick([
        'session',
        'session',
        '__proto__',
        'constructor',
        'toString',
        'a=b',
        ';',
        ' ',
        ''
      ])
      const more = random.pick([[], withKeys, ['--sig', text.replaceAll('\0', '')], ['--digest', 'sha512']])
      const args = ['inspect', `--name=${name}`, ...more]
      const { status, stdout, stderr } = await run(args, { input, env })
      const told = `seed ${SEED}, case ${i}: ${JSON.stringify(args)} ${JSON.stringify(String(input))}: ${status} ${stderr}`
      assert.ok([0, 1, 2].includes(status), told)
      assert.doesNotMatch(stderr, /\n +at /, told)
      assert.equal(stderr === '', status !== 2, told)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be there
      assert.doesNotMatch(stdout + stderr, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/, told)
    }
  })
})

describe('wrong usage', () => {
  for (const args of [
    [],
    ['other'],
    ['keygen', 'more'],
    ['inspect', 'a', 'b'],
    ['inspect', '--unknown'],
    ['inspect', 'a', '-b', 'b'],
    ['inspect', '--name', '', 'e30='],
    ['inspect', ''],
    ['inspect', 'a=b; c=d'],
    ['inspect', 'eyJhIjoxfQ==', '--digest', 'md5'],
    ['inspect', 'eyJhIjoxfQ==', '--keys-env', 'NOT_SET'],
    ['inspect', 'eyJhIjoxfQ==', '--keys-env', 'toString'],
    ['inspect', 'eyJhIjoxfQ==', '--keys-env', KEY]
  ]) {
    it(`${JSON.stringify(args)} ends with 2 and says why`, async () => {
      const { status, stderr } = await run(args)
      assert.equal(status, 2)
      assert.notEqual(stderr, '')
      assert.doesNotMatch(stderr, /\n +at /)
    })
  }

  it('names the environment variable that holds no keys, and says nothing of what it holds', async () => {
    for (const [text, said] of [
      ['', /^the environment variable APP_KEYS is not set$/m],
      [' , ', /^the environment variable APP_KEYS holds no key; expected keys separated by commas/],
      [`["${KEY}"`, /^the environment variable APP_KEYS begins as a JSON array, and is none; expected/],
      [`["${KEY}", ""]`, /^the environment variable APP_KEYS holds something else than strings that are not/]
    ]) {
      const { status, stderr } = await run(['inspect', 'eyJhIjoxfQ==', ...withKeys], {
        env: { APP_KEYS: text }
      })
      assert.match(stderr, said)
      assert.equal(status, 2)
    }
  })

  it('says that there is no such command, and not what was given in its place', async () => {
    const { status, stderr } = await run([KEY])
    assert.match(stderr, /^there is no such command\n\nUsage/)
    assert.ok(!stderr.includes(KEY))
    assert.equal(status, 2)
  })

  it('--help is right', async () => {
    const { status, stdout } = await run(['--help'])
    assert.equal(status, 0)
    assert.match(stdout, /^Usage/)
  })
})
