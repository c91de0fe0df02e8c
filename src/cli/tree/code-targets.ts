import { PlaitError } from '../../errors.ts'
import { isTreeNode, type TreeNode } from '../../resource/resource.ts'
import { ResourceScriptDirectory } from '../../resources/script/resource-script-directory.ts'
import { ResourceScriptWrapper } from '../../resources/script/resource-script-wrapper.ts'
import { absolutePath } from '../values.ts'
import type { ServiceFile } from './service-file.ts'
import type { Target } from './target.ts'
import { mustBeThere } from './file-targets.ts'
import { loadReference, parseReference } from './user-code.ts'

/** A script; loaded when it is asked for, and again when it has changed. */
export function scriptTarget(file: string): Target {
  const path = absolutePath(file)
  return {
    description: `script ${path}`,
    reads: () => [path],
    check: () => mustBeThere(path),
    make: ({ registry }) => new ResourceScriptWrapper(path, registry),
  }
}

/** The scripts of a directory. */
export function scriptsTarget(directory: string): Target {
  const path = absolutePath(directory)
  return {
    description: `scripts in ${path}`,
    reads: () => [path],
    check: () => mustBeThere(path),
    make: ({ registry }) => new ResourceScriptDirectory(path, registry),
  }
}

/**
 * An object of a class of resources, made without arguments.
 * @throws PlaitError `PLAIT_CONFIGURATION` for what names no class
 */
export function classTarget(text: string): Target {
  const reference = parseReference(text)
  if (reference === undefined) {
    throw new PlaitError('PLAIT_CONFIGURATION', `${JSON.stringify(text)} names no class: say ./file.ts#Class or package#Class`)
  }
  const make = async (): Promise<TreeNode> => {
    const value = await loadReference(reference)
    if (typeof value !== 'function' || !isTreeNode(value.prototype)) {
      throw new PlaitError('PLAIT_CONFIGURATION', `${text} is no class of resources. --service takes objects and functions`)
    }
    return new (value as new () => TreeNode)()
  }
  return { description: `resource ${text}`, make }
}

/** What a service file exports. */
export function serviceTarget(service: ServiceFile): Target {
  const make: Target['make'] = async ({ reactor }) => {
    const { resource } = await service.load(reactor)
    if (resource !== undefined) return resource
    const message = `Cannot serve ${service.path}: it makes a site of its own. With --mount, --uid and --gid it must export the resource`
    throw new PlaitError('PLAIT_CONFIGURATION', message)
  }
  return { description: `service ${service.path}`, reads: () => [service.path], make }
}
