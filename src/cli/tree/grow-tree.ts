import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { PlaitError } from '../../errors.ts'
import type { Resource, TreeNode } from '../../resource/resource.ts'
import { MountTree } from '../../resources/mount-tree.ts'
import { WSGIResource } from '../../wsgi/wsgi-resource.ts'
import type { Means, Mount } from './target.ts'

/** What the mounts have become. */
export interface Tree {
  readonly root: TreeNode
  /** What is where, for the start-up lines. */
  readonly places: readonly (readonly [prefix: string, what: string])[]
}

/**
 * Makes the resources and puts them together.
 * @throws PlaitError when one cannot be made
 */
export async function growTree(mounts: readonly Mount[], means: Means): Promise<Tree> {
  const made = await Promise.all(
    mounts.map(async (mount) => ({ mount, resource: await mount.target.make(meansAt(mount.prefix, means)) })),
  )
  const places = made.map(({ mount: { prefix, target }, resource }): [string, string] => {
    const { application } = resource instanceof WSGIResource ? resource : {}
    const where =
      application === undefined
        ? ''
        : ` in ${application.module === undefined ? application.cwd : dirname(application.module.file)}`
    return [prefix, `${target.description}${where}`]
  })
  const only = made.length === 1 ? made[0] : undefined
  if (only?.mount.prefix === '/') return { root: only.resource, places }
  return { root: new MountTree(Object.fromEntries(made.map(({ mount, resource }) => [mount.prefix, resource]))), places }
}

/** Limits are said by path from the root; a resource knows what is below it. */
function meansAt(prefix: string, means: Means): Means {
  const { limits, wsgi } = means
  return limits === undefined ? means : { ...means, wsgi: { ...wsgi, limits: limits.below(prefix) } }
}

/** The applications of a tree, as far as its resources are put there and not made on demand; each once. */
export function applicationsIn(root: TreeNode): WSGIResource[] {
  const nodes = new Set<TreeNode>([root])
  // A set that grows while it is walked is walked to its new end.
  for (const node of nodes) {
    const { listEntities } = node as Partial<Resource>
    if (typeof listEntities === 'function') for (const child of listEntities.call(node as Resource)) nodes.add(child)
  }
  return [...nodes].filter((node) => node instanceof WSGIResource)
}

/**
 * Can this process, which has become somebody else, still read what it is to serve?
 * @throws PlaitError `PLAIT_CONFIGURATION`
 */
export function checkReadable(paths: readonly string[], who: string): void {
  for (const path of paths) {
    try {
      accessSync(path, constants.R_OK)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const why = code === 'EACCES' ? 'permission denied' : message
      throw new PlaitError('PLAIT_CONFIGURATION', `${who} cannot read ${path}: ${why}`, { cause: error })
    }
  }
}
