'use strict'

// The npm packages of a release: one for each platform, with its addon in it, and the main one, which asks for all of
// them as optional dependencies, so that npm installs the one that fits and runs no script for it.
//
//   node scripts/packages.js artifacts [FOLDER]   npm/NAME, a package for each addon in FOLDER (by default, here)
//   node scripts/packages.js prepublish           has package.json ask for the packages in npm/, at its own version
//   node scripts/packages.js version              gives the crate the version of package.json
//
// package.json asks for none of them in the repository, as an installer that cannot find one of their names there gives up.

const fs = require('node:fs')
const path = require('node:path')

const { TARGETS } = require('./targets')

const ROOT = path.join(__dirname, '..')
const PACKAGES = path.join(ROOT, 'npm')
const MANIFEST = path.join(ROOT, 'package.json')
const SCOPE = '@cookie-session-native'

const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'))
const writeJson = (file, value) => fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)

/** Where the packages come from, which npm's provenance has to find in them. Known to the workflow that publishes. */
function origin() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
  if (!GITHUB_REPOSITORY) return {}
  const page = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`
  return {
    homepage: `${page}#readme`,
    bugs: `${page}/issues`,
    repository: { type: 'git', url: `git+${page}.git` }
  }
}

function fail(message) {
  console.error(`cookie-session-native: ${message}`)
  process.exit(1)
}

const commands = {
  artifacts(folder = ROOT) {
    const { version, license, engines } = readJson(MANIFEST)
    fs.rmSync(PACKAGES, { recursive: true, force: true })
    let made = 0
    for (const [name, { triple, os, cpu, libc }] of Object.entries(TARGETS)) {
      const addon = `cookie-session-native.${name}.node`
      const source = path.join(folder, addon)
      if (!fs.existsSync(source)) continue
      const to = path.join(PACKAGES, name)
      fs.mkdirSync(to, { recursive: true })
      fs.copyFileSync(source, path.join(to, addon))
      fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(to, 'LICENSE'))
      fs.writeFileSync(
        path.join(to, 'README.md'),
        `# ${SCOPE}/${name}\n\nThe addon of cookie-session-native for ${triple}. Install that package; it asks for this one.\n`
      )
      writeJson(path.join(to, 'package.json'), {
        name: `${SCOPE}/${name}`,
        version,
        description: `The addon of cookie-session-native for ${triple}`,
        license,
        ...origin(),
        main: addon,
        files: [addon],
        engines,
        os: [os],
        cpu: [cpu],
        ...(libc && { libc: [libc] })
      })
      made++
      console.log(`npm/${name}: ${fs.statSync(source).size} bytes`)
    }
    if (made === 0) fail(`no addon in ${folder}; looked for cookie-session-native.NAME.node`)
  },

  prepublish() {
    const manifest = readJson(MANIFEST)
    const names = fs.existsSync(PACKAGES) ? fs.readdirSync(PACKAGES) : []
    const missing = Object.keys(TARGETS).filter((name) => !names.includes(name))
    // A test publishes what one machine can build.
    if (missing.length > 0 && process.env.COOKIE_SESSION_PARTIAL_RELEASE !== '1') {
      fail(`npm/ lacks ${missing.join(', ')}; \`npm run artifacts\` makes them of the addons that were built`)
    }
    manifest.optionalDependencies = {}
    for (const name of names) {
      const { version } = readJson(path.join(PACKAGES, name, 'package.json'))
      if (version !== manifest.version) fail(`npm/${name} is of version ${version}, not ${manifest.version}`)
      manifest.optionalDependencies[`${SCOPE}/${name}`] = version
    }
    // For a checkout alone; installers warn of packages that seem to run a script.
    delete manifest.scripts.prepare
    writeJson(MANIFEST, { ...manifest, ...origin() })
  },

  version() {
    const { version } = readJson(MANIFEST)
    for (const name of ['Cargo.toml', 'Cargo.lock']) {
      const file = path.join(ROOT, name)
      const text = fs.readFileSync(file, 'utf8')
      const changed = text.replace(/(name = "cookie-session-native"\nversion = )"[^"]*"/, `$1"${version}"`)
      fs.writeFileSync(file, changed)
    }
  }
}

const [command, ...rest] = process.argv.slice(2)
if (!Object.hasOwn(commands, command)) fail(`usage: packages.js ${Object.keys(commands).join(' | ')}`)
commands[command](...rest)
