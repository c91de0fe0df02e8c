import { accessSync, constants } from 'node:fs'
import { PlaitError } from '../../errors.ts'
import type { Application } from '../../hosts/application.ts'
import type { TreeNode } from '../../resource/resource.ts'
import { MountTree } from '../../resources/mount-tree.ts'
import { WSGIResource } from '../../wsgi/wsgi-resource.ts'
import type { Means, Mount } from './target.ts'

/** What the mounts have become. */
export interface Tree {
  readonly root: TreeNode
  /** Each once, in the order of the mounts. */
  readonly applications: readonly Application[]
  /** What is where, for the start-up lines. */
  readonly places: readonly (readonly [prefix: string, what: string])[]
}

/**
 * Makes the resources and puts them together.
 * @throws PlaitError when one cannot be made
 */
export async function growTree(mounts: readonly Mount[], means: Means): Promise<Tree> {
  const made = await Promise.all(mounts.map(async (mount) => ({ mount, resource: await mount.target.make(means) })))
  const applications = new Map<string, Application>()
  const places: (readonly [string, string])[] = []
  for (const { mount, resource } of made) {
    let what = mount.target.description
    if (resource instanceof WSGIResource) {
      const { application } = resource
      applications.set(application.key, application)
      what += ` in ${application.cwd}`
    }
    places.push([mount.prefix, what])
  }
  const only = made.length === 1 ? made[0] : undefined
  const root =
    only?.mount.prefix === '/'
      ? only.resource
      : new MountTree(Object.fromEntries(made.map(({ mount, resource }) => [mount.prefix, resource])))
  return { root, applications: [...applications.values()], places }
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
