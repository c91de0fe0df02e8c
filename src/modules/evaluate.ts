/** Runs the transpiled text of a module. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { isPlait } from './resolve.ts'
import { parameters } from './transpile.ts'
import type { Exports } from './user-module.ts'

/** How a running module reaches others. */
export interface Surroundings {
  /** What `import(specifier)` gives. */
  import(specifier: string): Promise<unknown>
  /** What `import.meta.resolve(specifier)` gives. */
  resolve(specifier: string): string
  /** Told what is exported as soon as that object exists, before anything runs: circles see it grow. */
  exporting(exports: Exports): void
  /** What `require('plait')` gives; undefined: the Plait that runs. */
  readonly plait: Exports | undefined
}

const opening = `(async function (${parameters.join(', ')}) { `

/**
 * Runs `code` to its end, its top-level awaits included.
 * @param file real path: the name in traces
 * @returns what it exports
 */
export async function evaluate(code: string, file: string, surroundings: Surroundings): Promise<Exports> {
  const script = new vm.Script(`${opening}${code}\n})`, { filename: file, columnOffset: -opening.length })
  const run = script.runInThisContext() as (...given: unknown[]) => Promise<void>
  const exports: Exports = {}
  const module = { exports, id: file, filename: file }
  const directory = path.dirname(file)
  const { resolve } = surroundings
  const meta = { url: pathToFileURL(file).href, filename: file, dirname: directory, resolve, main: false }
  surroundings.exporting(exports)
  const importFrom = (specifier: unknown): Promise<unknown> => surroundings.import(String(specifier))
  await run.call(exports, exports, requireFrom(file, surroundings.plait), module, file, directory, importFrom, resolve, meta)
  return module.exports === exports ? exports : commonExports(module.exports)
}

/** `require` of Node, but for Plait: that is the one that runs. */
function requireFrom(file: string, plait: Exports | undefined): NodeJS.Require {
  const require = createRequire(file)
  const ours = createRequire(import.meta.url)
  const either = (id: string): unknown => (isPlait(id) ? (plait ?? ours(id)) : require(id))
  return Object.assign(either, {
    resolve: require.resolve,
    cache: require.cache,
    main: require.main,
    extensions: require.extensions,
  })
}

/** What a file that sets `module.exports` exports by name, as Node has it: its properties, and the whole as `default`. */
function commonExports(value: unknown): Exports {
  const names = typeof value === 'object' && value !== null ? value : {}
  return { ...names, default: value }
}
