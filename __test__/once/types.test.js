'use strict'

// Why this file exists: it compiles the fixtures in support/types as applications would, with the oldest TypeScript
// we support and with the current one. Each application is a directory of its own, where the package and the
// types it needs are installed and no others.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, it } = require('node:test')

const root = path.join(__dirname, '..', '..')
const fixtures = path.join(__dirname, '..', 'support', 'types')

const compilers = ['typescript-5.4', 'typescript'].map((name) => {
  const directory = path.join(root, 'node_modules', name)
  const { bin, version } = require(path.join(directory, 'package.json'))
  return { version, directory, tsc: path.join(directory, bin.tsc), current: name === 'typescript' }
})

// TypeScript 7 knows no node10, and 5.4 has no bundler resolution for CommonJS. The last one names no types,
// as is the default of TypeScript 7: the package has to ask for Node's by itself.
const modules = {
  nodenext: () => ({ module: 'nodenext', moduleResolution: 'nodenext' }),
  commonjs: ({ current }) => ({ module: 'commonjs', moduleResolution: current ? 'bundler' : 'node10' }),
  bundler: () => ({ module: 'esnext', moduleResolution: 'bundler', types: [] })
}

const allPackages = 'express and @types/cookie-session'
const installs = {
  'node types only': ['node'],
  express: ['node', 'express', 'connect', 'keygrip'],
  [allPackages]: ['node', 'express', 'connect', 'keygrip', 'cookie-session']
}

const everywhere = ['options.ts', 'augment.ts', 'global.d.ts']
const withExpress = [...everywhere, 'express.ts', 'migrated.ts']
const projects = [
  ['nodenext', 'node types only', [...everywhere, 'plain.ts', 'esm.mts', 'require.cts']],
  ['nodenext', 'express', [...withExpress, 'esm.mts', 'require.cts']],
  ['nodenext', allPackages, [...withExpress, 'esm.mts', 'require.cts']],
  ['commonjs', 'node types only', [...everywhere, 'plain.ts', 'require.cts']],
  ['commonjs', allPackages, [...withExpress, 'require.cts']],
  ['bundler', 'node types only', [...everywhere, 'plain.ts', 'esm.mts']],
  ['bundler', allPackages, [...withExpress, 'esm.mts']],
  ['nodenext', 'node types only', ['methods.ts']],
  ['nodenext', 'express', ['methods.ts', 'methods-express.ts']],
  ['commonjs', allPackages, ['methods.ts', 'methods-express.ts']]
]

/** TypeScript 5.4 takes a second for each, and resolves modules for a bundler as for NodeNext. */
function projectsOf({ current }) {
  return current ? projects : projects.filter(([module]) => module !== 'bundler')
}

const workspace = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'cookie-session-native-types-')))

// Lays an application out, and gives its directory.
function layOut(install, files, compilerOptions) {
  const directory = fs.mkdtempSync(path.join(workspace, 'app-'))
  const installed = path.join(directory, 'node_modules', 'cookie-session-native')
  fs.mkdirSync(installed, { recursive: true })
  for (const file of ['package.json', 'index.d.ts']) {
    fs.copyFileSync(path.join(root, file), path.join(installed, file))
  }

  const types = path.join(directory, 'node_modules', '@types')
  fs.mkdirSync(types)
  for (const name of installs[install]) {
    fs.symlinkSync(path.join(root, 'node_modules', '@types', name), path.join(types, name), 'junction')
  }

  for (const file of files) fs.copyFileSync(path.join(fixtures, file), path.join(directory, file))
  if (installs[install].includes('cookie-session') && files.includes('migrated.ts')) {
    const source = fs.readFileSync(path.join(fixtures, 'migrated.ts'), 'utf8')
    const before = source.replace("from 'cookie-session-native'", "from 'cookie-session'")
    assert.notEqual(before, source)
    files = [...files, 'before-migration.ts']
    fs.writeFileSync(path.join(directory, 'before-migration.ts'), before)
  }

  // A package.json of its own, so that NodeNext takes .ts files for CommonJS whatever lies above.
  fs.writeFileSync(path.join(directory, 'package.json'), '{ "private": true }')
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    esModuleInterop: true,
    target: 'es2022',
    lib: ['es2022'],
    types: installs[install],
    ...compilerOptions
  }
  fs.writeFileSync(path.join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }))
  return directory
}

function run(args, cwd) {
  // The compiler in Go takes less of the processor where it seldom collects what it no longer needs.
  const env = { ...process.env, GOGC: '400' }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (typeof error?.code === 'string' || error?.signal || stderr !== '')
        reject(error ?? new Error(stderr))
      else resolve({ code: error?.code ?? 0, stdout })
    })
  })
}

// Runs the compiler in a directory, and gives the errors and the files that it read.
async function compileOne({ tsc }, directory) {
  const flags = ['--singleThreaded', '--pretty', 'false', '--listFiles']
  const { code, stdout } = await run([tsc, ...flags, '-p', directory], directory)
  const lines = stdout.split(/\r?\n/).filter(Boolean)
  const isFile = (line) => path.isAbsolute(line) && !line.includes(': error ')
  return { code, errors: lines.filter((line) => !isFile(line)), files: lines.filter(isFile) }
}

// The same of several directories, in the same order. The old compiler does them in one process, and checks the
// declarations of Node and its own in the directory that has all packages alone.
async function compileAll(compiler, directories, whole) {
  if (compiler.current) {
    const results = []
    for (const directory of directories) results.push(await compileOne(compiler, directory))
    return results
  }
  const marked = directories.map((directory) => (whole.includes(directory) ? `!${directory}` : directory))
  const { code, stdout } = await run([path.join(fixtures, 'compile.js'), compiler.directory, ...marked], root)
  assert.equal(code, 0)
  return JSON.parse(stdout)
}

describe('types', () => {
  after(() => fs.rmSync(workspace, { recursive: true, force: true }))

  for (const compiler of compilers) {
    const results = new Map()
    before(async () => {
      const wrong = [layOut('node types only', ['wrong.ts'], modules.nodenext(compiler))]
      const own = projectsOf(compiler)
      const right = own.map(([module, install, files]) => layOut(install, files, modules[module](compiler)))
      const whole = right.filter((_, i) => own[i][0] === 'nodenext' && own[i][1] === allPackages)
      const compiled = await compileAll(compiler, [...right, ...wrong], whole)
      for (const [i, result] of compiled.entries()) results.set(own[i], result)
    })

    for (const project of projectsOf(compiler)) {
      const [module, install, [first]] = project
      it(`compile with TypeScript ${compiler.version}, ${module}, ${install}: ${first}`, () => {
        const { code, errors, files } = results.get(project)
        assert.deepEqual(errors, [])
        assert.equal(code, 0)

        // Our types were read, and of the others those that the application has.
        const read = (name) =>
          files.some((file) => file.replaceAll('\\', '/').includes(`/node_modules/${name}/`))
        assert.ok(read('cookie-session-native'))
        for (const name of ['node', 'express', 'connect', 'keygrip', 'cookie-session']) {
          assert.equal(read(`@types/${name}`), installs[install].includes(name), name)
        }
      })
    }

    it(`refuse what is wrong with TypeScript ${compiler.version}`, () => {
      const { code, errors } = results.get(undefined)
      assert.notEqual(code, 0)

      const lines = fs.readFileSync(path.join(fixtures, 'wrong.ts'), 'utf8').split('\n')
      const wrong = [
        ['{ missing }', 'TS2305'],
        ['keys: [1]', 'TS2322'],
        ["maxAge: '1000'", 'TS2322'],
        ["sameSite: 'loose'", 'TS2820|TS2322'],
        ["encrypt: 'yes'", 'TS2322'],
        ['async () => true', 'TS2322'],
        ["['a'], 256", 'TS2345|TS2769'],
        ["engine = 'node'", 'TS2540'],
        ['@ts-expect-error', 'TS2578']
      ]
      for (const [text, codes] of wrong) {
        const line = lines.findIndex((candidate) => candidate.includes(text)) + 1
        const expected = new RegExp(`^wrong\\.ts\\(${line},\\d+\\): error (?:${codes}): `)
        assert.ok(
          errors.some((error) => expected.test(error)),
          `${text} compiles:\n${errors.join('\n')}`
        )
      }
      const reported = errors.filter((error) => /^\S+\(\d+,\d+\): error /.test(error))
      assert.equal(reported.length, wrong.length, errors.join('\n'))
    })
  }
})
