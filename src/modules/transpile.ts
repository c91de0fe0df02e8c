/** From TypeScript or modern JavaScript to the body of an async function, line by line. */
import { createJiti } from 'jiti'
import type { Jiti } from 'jiti'
import type { PlaitError } from '../errors.ts'
import { sourceFailure } from './load-failure.ts'

/** The parameters of that function: what the transpiled text calls in place of `import`, `import.meta` and the like. */
export const parameters = [
  'exports',
  'require',
  'module',
  '__filename',
  '__dirname',
  'jitiImport',
  'jitiESMResolve',
  'plaitImportMeta',
] as const

/** Code of files, by path: what {@link transpile} gave for them in the state that `stamp` stands for. */
export type Transpiled = Map<string, { readonly stamp: string; readonly code: string }>

/** What jiti gives for text that it cannot parse. */
const failure = 'exports.__JITI_ERROR__ = '

/** A node of Babel, as far as the plugin below needs it. */
interface BabelPath {
  replaceWith(node: unknown): void
}

/** jiti replaces `import.meta.url` and its siblings by values. Whatever else is asked of `import.meta` comes from a parameter. */
const restOfImportMeta = ({ types }: { types: { identifier(name: string): unknown } }) => ({
  visitor: { MetaProperty: (path: BabelPath) => path.replaceWith(types.identifier('plaitImportMeta')) },
})

let jiti: Jiti | undefined

/**
 * jiti, without anything that it would share with others. Its cache on disk lies in a folder of the temporary directory to which every user of the
 * machine can write: code from there would be run as ours.
 */
export function transpiler(): Jiti {
  return (jiti ??= createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    sourceMaps: false,
    tsconfigPaths: false,
    tryNative: false,
    jsx: false,
    debug: false,
    alias: {},
    nativeModules: [],
    transformModules: [],
  }))
}

/** Loads what transpiling needs, which otherwise happens at the first file. */
export function prepareTranspiler(): void {
  transpile('', 'nothing.ts')
}

/**
 * The text with types removed and modules made asynchronous; each line stays where it was, so that traces name the right ones.
 * @param filename tells by its ending whether there are types
 * @throws PlaitError `PLAIT_MODULE` for text that cannot be parsed; `detail` shows the place
 */
export function transpile(source: string, filename: string): string {
  const ts = /\.[cm]?ts$/.test(filename)
  const code = transpiler().transform({ source, filename, ts, async: true, babel: { plugins: [restOfImportMeta] } })
  if (code.startsWith(failure)) throw cannotParse(JSON.parse(code.slice(failure.length)), source, filename)
  return code
}

/** Where and why parsing ended. */
interface ParseFailure {
  readonly line: number
  readonly column: number
  readonly message: string
}

function cannotParse({ line, column, message }: ParseFailure, source: string, filename: string): PlaitError {
  const why = message
    .replace(`${filename}: `, '')
    .replace(/\s*\(\d+:\d+\)[^]*$/, '')
    .trim()
  const text = source.split('\n')[line - 1] ?? ''
  const detail = `${filename}:${line}:${column + 1}\n${text}\n${' '.repeat(column)}^`
  return sourceFailure(`Cannot load ${filename}: line ${line}: ${why}`, detail)
}
