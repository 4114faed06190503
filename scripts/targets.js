'use strict'

// The platforms that a prebuilt addon is published for, each as an npm package of its own. The names are those that
// lib/engine/binding.js asks for.

/** The oldest C library that a binary for gnu runs with: that of RHEL 7, Debian 8 and Amazon Linux 2. */
const GLIBC = '2.17'

/** @type {Record<string, { triple: string, os: string, cpu: string, libc?: string }>} by name; triples are Rust's */
const TARGETS = {
  'darwin-arm64': { triple: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64' },
  'darwin-x64': { triple: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64' },
  'linux-arm64-gnu': { triple: 'aarch64-unknown-linux-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'linux-arm64-musl': { triple: 'aarch64-unknown-linux-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
  'linux-x64-gnu': { triple: 'x86_64-unknown-linux-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
  'linux-x64-musl': { triple: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
  'win32-arm64-msvc': { triple: 'aarch64-pc-windows-msvc', os: 'win32', cpu: 'arm64' },
  'win32-x64-msvc': { triple: 'x86_64-pc-windows-msvc', os: 'win32', cpu: 'x64' }
}

module.exports = { GLIBC, TARGETS }
