/** Scripts that make a resource (Twisted: `twisted.web.script.ResourceScript`, `.rpy`). */
import { stat } from 'node:fs/promises'
import { runFailure } from '../../modules/load-failure.ts'
import { userModules } from '../../modules/module-loader.ts'
import type { UserModule } from '../../modules/user-module.ts'
import { notFound } from '../../resource/error-page.ts'
import { isTreeNode, type TreeNode } from '../../resource/resource.ts'
import type { Processor } from '../static/file-settings.ts'
import type { Registry } from './registry.ts'
import { ScriptFault } from './script-fault.ts'

/** What a script may export as `resource`: a node of the tree, or a function that makes one. Promises of either are awaited. */
export type ScriptResource = TreeNode | ((registry: Registry) => TreeNode | Promise<TreeNode>)

/** What functions have made, by module and registry. */
const made = new WeakMap<UserModule, WeakMap<Registry, Promise<unknown>>>()

/**
 * The resource that a script exports. As a processor of `File`:
 *
 *     new File('public', { processors: { '.rpy.ts': ResourceScript } })
 *
 * The script runs once, and again when it or a file that it imports has changed. Requests that are under way keep the resource that they have.
 *
 * @param path of a `.ts`, `.js` or `.mjs` file that says `export const resource = …`
 * @param registry given to `resource` when that is a function, which is then called once for each registry
 * @returns a 404 page where there is no such file, a 500 page that says what to export where there is no resource
 * @throws PlaitError `PLAIT_MODULE` when the script fails; the next request tries again
 */
export async function ResourceScript(path: string, registry: Registry): Promise<TreeNode> {
  let module: UserModule
  try {
    module = await userModules.load(path)
  } catch (error) {
    // It may have gone since it was found.
    if (!(await isPlainFile(path))) return notFound('No Such Resource', 'File not found.')
    throw error
  }
  const { resource } = module.exports
  const found = await (isFactory(resource) ? makeOnce(module, registry, resource) : settle(module, resource))
  return isTreeNode(found) ? found : new ScriptFault(path, found, 'default' in module.exports)
}

/** The processors for `File` that run scripts: `.rpy.ts`, `.rpy.js` and `.rpy.mjs`. */
export const scriptProcessors: Readonly<Record<string, Processor>> = Object.freeze({
  '.rpy.ts': ResourceScript,
  '.rpy.js': ResourceScript,
  '.rpy.mjs': ResourceScript,
})

async function makeOnce(module: UserModule, registry: Registry, factory: (registry: Registry) => unknown): Promise<unknown> {
  const byRegistry = made.get(module) ?? new WeakMap<Registry, Promise<unknown>>()
  made.set(module, byRegistry)
  let making = byRegistry.get(registry)
  if (making === undefined) {
    making = (async () => factory(registry))()
    byRegistry.set(registry, making)
    // What failed is tried again.
    making.catch(() => byRegistry.delete(registry))
  }
  try {
    return await making
  } catch (error) {
    throw runFailure(module.path, error)
  }
}

/** What was exported, a promise of it awaited. Where that was rejected the script runs again for the next request. */
async function settle(module: UserModule, resource: unknown): Promise<unknown> {
  try {
    return await resource
  } catch (error) {
    userModules.forget(module)
    throw runFailure(module.path, error)
  }
}

/** A function that makes a resource; a class of resources is none. */
function isFactory(value: unknown): value is (registry: Registry) => unknown {
  return typeof value === 'function' && !isTreeNode(value) && !isTreeNode(value.prototype)
}

async function isPlainFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
