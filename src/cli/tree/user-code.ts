import { existsSync } from 'node:fs'
import path from 'node:path'
import { PlaitError } from '../../errors.ts'
import { loadModule } from '../../modules/module-loader.ts'
import { resolveImport } from '../../modules/resolve.ts'
import { isTreeNode, type TreeNode } from '../../resource/resource.ts'
import type { Processor } from '../../resources/static/file-settings.ts'
import { absolutePath } from '../values.ts'

/** `module#export`: something of the user's, by the file or package that has it. */
export interface CodeReference {
  readonly module: string
  /** @default 'default' */
  readonly name: string
}

/** Reads `module#export`; without `#` it is the default export. Gives undefined when one of them is missing. */
export function parseReference(text: string): CodeReference | undefined {
  const at = text.lastIndexOf('#')
  // A package's own names begin with #.
  if (at <= 0) return text.trim() === '' || at === 0 ? undefined : { module: text, name: 'default' }
  const [module, name] = [text.slice(0, at), text.slice(at + 1)]
  return module.trim() === '' || name.trim() === '' ? undefined : { module, name }
}

/**
 * What a reference means. Files are meant from where the user stands, packages are looked for there.
 * @throws PlaitError `PLAIT_MODULE` when there is no such module, or it has no such export
 */
export async function loadReference({ module, name }: CodeReference): Promise<unknown> {
  const exports = await loadNamed(module)
  if (name in exports) return exports[name]
  const names = Object.keys(exports)
  const there = names.length === 0 ? 'it exports nothing' : `its exports are ${names.join(', ')}`
  const missing = name === 'default' ? `no default export: say ${module}#NAME` : `no export ${name}`
  throw new PlaitError('PLAIT_MODULE', `${module} has ${missing}; ${there}`)
}

async function loadNamed(module: string): Promise<Record<string, unknown>> {
  const file = absolutePath(module)
  if (/^[./~]/.test(module) || existsSync(file)) return loadModule(file)
  try {
    const resolved = resolveImport(module, path.resolve('plait.config.ts'))
    return resolved.kind === 'user'
      ? await loadModule(resolved.path)
      : ((await import(resolved.specifier)) as Record<string, unknown>)
  } catch (error) {
    if (!(error instanceof PlaitError)) throw error
    throw new PlaitError('PLAIT_MODULE', `There is neither a file ${file} nor a package ${module}`, { cause: error })
  }
}

/**
 * The processors for files that references name, by ending. A class is called with `new`.
 * @throws PlaitError `PLAIT_MODULE`, or `PLAIT_CONFIGURATION` for what cannot be called
 */
export async function loadProcessors(references: Readonly<Record<string, string>>): Promise<Record<string, Processor>> {
  const loaded = Object.entries(references).map(async ([ending, text]): Promise<[string, Processor]> => {
    const value = await loadReference(parseReference(text) ?? { module: text, name: 'default' })
    if (typeof value !== 'function') {
      throw new PlaitError('PLAIT_CONFIGURATION', `${text} is no class and no function that gives the resource of a file`)
    }
    if (!isTreeNode(value.prototype)) return [ending, value as Processor]
    const OfFile = value as new (...given: Parameters<Processor>) => TreeNode
    return [ending, (file, registry) => new OfFile(file, registry)]
  })
  return Object.fromEntries(await Promise.all(loaded))
}
