/** What an `import` in a user's file means. */
import { realpathSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { PlaitError } from '../errors.ts'
import { sourceFailure } from './load-failure.ts'
import { transpiler } from './transpile.ts'

/**
 * Where an import leads:
 * - `user`: a file of the user's, which is loaded here and watched for changes
 * - `node`: left to Node (packages, its own modules, CommonJS), by the specifier given. Loaded once
 */
export type Resolved = { readonly kind: 'user'; readonly path: string } | { readonly kind: 'node'; readonly specifier: string }

/** The files that are loaded here. */
const source = /\.(?:[cm]?ts|m?js|json)$/
/** TypeScript may name the file that a compiler would make. */
const made: Readonly<Record<string, string>> = { '.js': '.ts', '.mjs': '.mts', '.cjs': '.cts' }
/** Tried in this order where the name is not complete. */
const left = ['.ts', '.mts', '.js', '.mjs', '.json', '/index.ts', '/index.js']
/** Plait's own files, as they run now. Loaded by Node, they are those that run. */
const own = path.join(realpathSync(fileURLToPath(new URL('..', import.meta.url))), path.sep)

/** True for Plait and its parts: they are those that run, wherever the file lies and whatever copies lie near it. */
export function isPlait(specifier: string): boolean {
  return specifier === 'plait' || specifier.startsWith('plait/')
}

/**
 * Resolves like Node, and finds TypeScript too.
 * @param importer real path of the file that imports
 * @throws PlaitError `PLAIT_MODULE` for what is not there
 */
export function resolveImport(specifier: string, importer: string): Resolved {
  if (isBuiltin(specifier) || /^(?:node|data|https?):/.test(specifier)) return { kind: 'node', specifier }
  const named = pathOf(specifier, importer)
  if (named === undefined) return packageOf(specifier, importer)
  const found = candidates(named).find(isPlainFile)
  if (found === undefined) throw missing(`the file '${specifier}'`, importer)
  return byPath(realpathSync(found), true)
}

/** The path that a relative, absolute or `file:` specifier names; undefined for the name of a package. */
function pathOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier)
  if (/^\.\.?(?:\/|$)/.test(specifier) || path.isAbsolute(specifier)) return path.resolve(path.dirname(importer), specifier)
  return undefined
}

function candidates(named: string): string[] {
  const ending = path.extname(named)
  const typed = made[ending]
  return [named, ...(typed === undefined ? [] : [named.slice(0, -ending.length) + typed]), ...left.map((rest) => named + rest)]
}

function packageOf(specifier: string, importer: string): Resolved {
  const url = transpiler().esmResolve(specifier, { parentURL: pathToFileURL(importer).href, try: true })
  if (url === undefined) throw missing(`the package '${specifier}'`, importer)
  const found = realpathSync(fileURLToPath(url))
  // What a program imports under the name of a package, it shares with its scripts: Node keeps one of it. Only what Node 20 cannot read
  // is read here, and a name with # is not that of a package, but of a file of the user's own.
  const ours = specifier.startsWith('#') || /\.[cm]?ts$/.test(found)
  return byPath(found, ours && !found.includes(`${path.sep}node_modules${path.sep}`))
}

function byPath(found: string, ours: boolean): Resolved {
  if (ours && source.test(found) && !found.startsWith(own)) return { kind: 'user', path: found }
  return { kind: 'node', specifier: pathToFileURL(found).href }
}

function isPlainFile(candidate: string): boolean {
  return statSync(candidate, { throwIfNoEntry: false })?.isFile() ?? false
}

function missing(what: string, importer: string): PlaitError {
  return sourceFailure(`Cannot find ${what}, imported by ${importer}`)
}
