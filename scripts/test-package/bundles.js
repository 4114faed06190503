'use strict'

// What bundlers and file tracing make of the package as it installs: each bundle runs in an empty folder, and each way
// that docs/deploying.md has to keep the addon keeps it. Configurations are taken from there.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const APP = path.join(__dirname, 'bundled.mjs')
const DOCUMENT = path.join(__dirname, '..', '..', 'docs', 'deploying.md')

/** What each bundler is to npm. Vite 7 bundles with Rollup, Vite 8 with Rolldown, which do not do the same. */
const VERSIONS = {
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@vercel/nft': '1.11.5',
  esbuild: '0.28.2',
  rollup: '4.68.8',
  vite7: 'npm:vite@7.3.8',
  vite8: 'npm:vite@8.4.0',
  webpack: '5.113.0'
}

/** A configuration that docs/deploying.md has, by the name of the file that it is for. */
function documented(name) {
  const block = fs
    .readFileSync(DOCUMENT, 'utf8')
    .match(new RegExp(`^\`\`\`js\n// ${name}\n(.*?)^\`\`\`$`, 'ms'))
  assert.ok(block, `${DOCUMENT} has no ${name}`)
  return block[1]
}

/** @returns {string} the one script in a folder */
function scriptIn(folder) {
  const [name, ...others] = fs.readdirSync(folder).filter((name) => /\.[cm]?js$/.test(name))
  assert.deepEqual(others, [], folder)
  return path.join(folder, name)
}

/**
 * @param {object} of
 * @param {string} of.platform the one whose addon is installed
 * @param {string} of.node the Node that bundlers run on
 * @param {Record<string, string[]>} of.runtimes how each runtime that bundles are tried on is called
 * @param {(...names: string[]) => string} of.tool a file of a tool that was installed
 * @param {(command: string[], options?: object) => string} of.run
 * @param {(name: string) => string} of.install gives an app that a package manager of this name installed the package in
 * @param {(what: string, started: number) => void} of.report
 */
async function testBundles({ platform, node, runtimes, tool, run, install, report }) {
  // Out of reach of any node_modules.
  const outside = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'bundles-')))
  try {
    const app = install('npm')
    fs.copyFileSync(APP, path.join(app, 'app.mjs'))
    const bundlers = bundlersFor(app, { node, tool, run })

    for (const [name, bundle] of Object.entries(bundlers)) {
      const started = Date.now()
      const folder = path.join(outside, name.replace(/\W+/g, '-'), 'dist')
      await bundle(folder)
      const file = scriptIn(folder)
      // What lies around a bundle is not ours to load, even where it is called like our addon.
      const addons = path.join(app, 'node_modules', '@cookie-session-native', platform)
      for (const addon of fs.readdirSync(addons).filter((name) => name.endsWith('.node'))) {
        fs.copyFileSync(path.join(addons, addon), path.join(folder, '..', addon))
      }
      for (const runtime of Object.values(runtimes)) runApp(runtime, file, 'node', run)
      refusesNative(node, file, platform)
      report(
        `${name}, everything: runs on the engine 'node' with ${Object.keys(runtimes).join(', ')}`,
        started
      )
    }

    for (const [name, bundle] of Object.entries(bundlersAsDocumented(app, { node, tool, run }))) {
      const started = Date.now()
      const folder = path.join(app, `dist-${name.replace(/\W+/g, '-')}`)
      await bundle(folder)
      for (const runtime of Object.values(runtimes)) runApp(runtime, scriptIn(folder), 'native', run)
      report(`${name}, as documented: runs on the engine 'native'`, started)
    }

    for (const manager of ['npm', 'pnpm']) {
      const started = Date.now()
      const installed = manager === 'npm' ? app : install(manager)
      fs.copyFileSync(APP, path.join(installed, 'app.mjs'))
      const traced = path.join(outside, `traced-${manager}`)
      const files = await trace(installed, traced, tool)
      runApp([node], path.join(traced, 'app.mjs'), 'native', run)
      report(`@vercel/nft, installed by ${manager}: the addon is among ${files} files`, started)
    }
  } finally {
    fs.rmSync(outside, { recursive: true })
  }
}

function runApp(runtime, file, engine, run) {
  // In production alone keys are looked at.
  const env = { COOKIE_SESSION_ENGINE: '', NODE_ENV: 'production', NODE_PATH: '' }
  run([...runtime, path.basename(file), engine], { cwd: path.dirname(file), env })
}

/** Where the addon is asked for and is not there, loading says so, and nothing of what the bundler made of it. */
function refusesNative(node, file, platform) {
  const env = { ...process.env, COOKIE_SESSION_ENGINE: 'native', NODE_PATH: '' }
  const { status, stderr } = spawnSync(node, [file, 'native'], { encoding: 'utf8', env })
  assert.notEqual(status, 0)
  assert.ok(stderr.includes(`\nError: cookie-session-native has no binary for ${platform} here`), stderr)
  assert.match(stderr, /code: 'ERR_COOKIE_SESSION_BINDING'/)
}

/** Bundlers that put everything into one file, each into a folder. */
function bundlersFor(app, { node, tool, run }) {
  const input = path.join(app, 'app.mjs')
  const rollup = (format) => (folder) => {
    const config = tool('..', 'rollup.config.mjs')
    fs.writeFileSync(
      config,
      `import commonjs from '@rollup/plugin-commonjs'
       import resolve from '@rollup/plugin-node-resolve'
       export default { plugins: [commonjs(), resolve({ preferBuiltins: true })] }`
    )
    const name = `app.${format === 'es' ? 'mjs' : 'cjs'}`
    const flags = ['--input', input, '--format', format, '--dir', folder, '--entryFileNames', name]
    run([node, tool('rollup', 'dist', 'bin', 'rollup'), '--config', config, ...flags])
  }
  const vite = (version) => (folder) => {
    fs.writeFileSync(path.join(app, 'vite.config.mjs'), 'export default { ssr: { noExternal: true } }')
    const flags = ['--ssr', 'app.mjs', '--outDir', folder, '--emptyOutDir']
    run([node, tool(version, 'bin', 'vite.js'), 'build', ...flags], { cwd: app })
  }
  const esbuild = (options) => async (folder) => {
    const { warnings } = await require(tool('esbuild')).build({
      entryPoints: [input],
      bundle: true,
      platform: 'node',
      outdir: folder,
      ...options
    })
    assert.deepEqual(warnings, [])
  }
  // An ES module has no require of its own, and debug needs one.
  const banner = {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"
  }
  return {
    'Rollup, es': rollup('es'),
    'Rollup, cjs': rollup('cjs'),
    'Vite 7, ssr': vite('vite7'),
    'Vite 8, ssr': vite('vite8'),
    'esbuild, esm': esbuild({ format: 'esm', outExtension: { '.js': '.mjs' }, banner }),
    'esbuild, cjs': esbuild({ format: 'cjs', outExtension: { '.js': '.cjs' } }),
    'webpack, module': (folder) =>
      webpack(tool, input, folder, { target: 'node', experiments: { outputModule: true } }),
    'webpack, commonjs': (folder) => webpack(tool, input, folder, { target: 'node' })
  }
}

function webpack(tool, entry, folder, config) {
  const filename = config.experiments?.outputModule ? 'app.mjs' : 'app.cjs'
  const output = { path: folder, filename, module: config.experiments?.outputModule }
  return new Promise((resolve, reject) => {
    require(tool('webpack'))({ mode: 'production', ...config, entry, output }, (error, stats) => {
      if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString()))
      else resolve()
    })
  })
}

/** Bundlers that leave the package to `require`, as docs/deploying.md says. */
function bundlersAsDocumented(app, { node, tool, run }) {
  const input = path.join(app, 'app.mjs')
  const vite = (version) => (folder) => {
    fs.writeFileSync(path.join(app, 'vite.config.mjs'), documented('vite.config.js'))
    const flags = ['--ssr', 'app.mjs', '--outDir', folder, '--emptyOutDir']
    run([node, tool(version, 'bin', 'vite.js'), 'build', ...flags], { cwd: app })
  }
  return {
    Rollup(folder) {
      fs.writeFileSync(tool('..', 'documented.mjs'), documented('rollup.config.js'))
      const config = tool('..', 'rollup.config.mjs')
      fs.writeFileSync(
        config,
        `import commonjs from '@rollup/plugin-commonjs'
         import resolve from '@rollup/plugin-node-resolve'
         import documented from './documented.mjs'
         export default { ...documented, plugins: [commonjs(), resolve({ preferBuiltins: true })] }`
      )
      const flags = ['--input', input, '--dir', folder, '--entryFileNames', 'app.mjs']
      run([node, tool('rollup', 'dist', 'bin', 'rollup'), '--config', config, ...flags])
    },
    'Vite 7': vite('vite7'),
    'Vite 8': vite('vite8'),
    webpack(folder) {
      const config = path.join(app, 'webpack.config.cjs')
      fs.writeFileSync(config, documented('webpack.config.js'))
      return webpack(tool, input, folder, require(config))
    }
  }
}

/** Copies what file tracing finds, links as links. @returns {Promise<number>} how many files that is */
async function trace(app, to, tool) {
  const { nodeFileTrace } = require(tool('@vercel', 'nft'))
  const { fileList } = await nodeFileTrace([path.join(app, 'app.mjs')], { base: app })
  for (const name of fileList) {
    fs.mkdirSync(path.dirname(path.join(to, name)), { recursive: true })
    fs.cpSync(path.join(app, name), path.join(to, name), { verbatimSymlinks: true })
  }
  return fileList.size
}

module.exports = { VERSIONS, testBundles }
