'use strict'

// Compiles several projects in one process, as `tsc -p` does one: most of the time of a `tsc` that is written in JavaScript
// goes to its own start, and to reading the same declarations again.
//
//   node compile.js TYPESCRIPT FOLDER...
//
// A folder with a `!` in front is checked whole; of the others, TypeScript's own declarations and Node's are not. Tells on
// stdout, as JSON, of each folder the errors and the files that were read.

const path = require('node:path')

const [, , typescript, ...projects] = process.argv
const ts = require(typescript)
const OWN = /\/node_modules\/(?:typescript[^/]*|@types\/node|undici-types)\//
/** Declarations that all projects of the same modules have. */
const shared = new Map()

function compile(folder, isWhole) {
  const { options, fileNames, errors } = ts.getParsedCommandLineOfConfigFile(
    path.join(folder, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      getCurrentDirectory: () => folder,
      onUnRecoverableConfigFileDiagnostic({ messageText }) {
        throw new Error(JSON.stringify(messageText))
      }
    }
  )
  const host = ts.createCompilerHost(options)
  host.getCurrentDirectory = () => folder
  const { getSourceFile } = host
  host.getSourceFile = (name, how, ...rest) => {
    if (!OWN.test(name)) return getSourceFile(name, how, ...rest)
    const key = [name, how.impliedNodeFormat, options.module, options.moduleResolution].join()
    if (!shared.has(key)) shared.set(key, getSourceFile(name, how, ...rest))
    return shared.get(key)
  }
  const program = ts.createProgram({
    rootNames: fileNames,
    options,
    host,
    configFileParsingDiagnostics: errors
  })
  const checked = program.getSourceFiles().filter(({ fileName }) => isWhole || !OWN.test(fileName))
  const found = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...checked.flatMap((file) => program.getSemanticDiagnostics(file))
  ]
  const text = ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(found), {
    getCurrentDirectory: () => folder,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n'
  })
  return {
    code: found.length === 0 ? 0 : 1,
    errors: text.split('\n').filter(Boolean),
    files: program.getSourceFiles().map(({ fileName }) => fileName)
  }
}

const results = projects.map((project) => compile(project.replace(/^!/, ''), project.startsWith('!')))
process.stdout.write(JSON.stringify(results))
