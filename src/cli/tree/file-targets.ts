import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import type { Rendered, TreeNode } from '../../resource/resource.ts'
import { CGIDirectory } from '../../resources/cgi/cgi-directory.ts'
import { CGIScript } from '../../resources/cgi/cgi-script.ts'
import { UserDirectory } from '../../resources/user-directory/user-directory.ts'
import type { Registry } from '../../resources/script/registry.ts'
import { ResourceScriptWrapper } from '../../resources/script/resource-script-wrapper.ts'
import { ResourceScript, scriptProcessors } from '../../resources/script/resource-script.ts'
import { endingsOf } from '../../resources/static/file-name.ts'
import type { FileOptions } from '../../resources/static/file-settings.ts'
import { File } from '../../resources/static/file.ts'
import { absolutePath } from '../values.ts'
import type { Target } from './target.ts'

/**
 * A directory, or one file.
 * @param runsScripts files that end like scripts are resources. Who may put files into such a directory may run programs
 */
export function filesTarget(name: string, { runsScripts = false }: { runsScripts?: boolean } = {}): Target {
  const path = absolutePath(name)
  return {
    description: `files in ${path}`,
    hasFiles: true,
    reads: () => [path],
    check: () => mustBeThere(path),
    make: (means) => {
      const { files, cgi } = means
      const runs = { ...scriptProcessors, '.cgi': (file: string) => new CGIScript(file, cgi) }
      const options = { ...files, processors: { ...(runsScripts ? runs : {}), ...files.processors } }
      return statSync(path).isDirectory() ? new File(path, options) : oneFile(path, options, means.registry)
    },
  }
}

/** One file at its place, which may be the `/` of a site. */
async function oneFile(path: string, options: FileOptions, registry: Registry): Promise<TreeNode> {
  const { processors = {} } = options
  const ending = endingsOf(basename(path)).find((one) => Object.hasOwn(processors, one))
  const processor = ending === undefined ? undefined : processors[ending]
  if (processor === undefined) return new AlsoIndex(new File(path, options))
  // The one that looks for changes.
  if (processor === ResourceScript) return new ResourceScriptWrapper(path, registry)
  const resource = await processor(path, registry)
  return resource.isLeaf ? resource : new AlsoIndex(resource)
}

/** A resource that stands for its own index. */
class AlsoIndex implements TreeNode {
  readonly isLeaf = false
  readonly #resource: TreeNode
  constructor(resource: TreeNode) {
    this.#resource = resource
  }
  getChildWithDefault(name: string, request: Request): TreeNode | Promise<TreeNode> {
    return name === '' ? this.#resource : this.#resource.getChildWithDefault(name, request)
  }
  render(request: Request): Rendered | Promise<Rendered> {
    return this.#resource.render(request)
  }
}

/** @throws PlaitError `PLAIT_CONFIGURATION` */
export function mustBeThere(path: string): void {
  if (!existsSync(path)) throw new PlaitError('PLAIT_CONFIGURATION', `There is no file or directory ${path}`)
}

/** A directory of programs. */
export function cgiTarget(name: string): Target {
  const path = absolutePath(name)
  return {
    description: `programs in ${path}`,
    reads: () => [path],
    check: () => {
      mustBeThere(path)
      if (!statSync(path).isDirectory()) throw new PlaitError('PLAIT_CONFIGURATION', `${path} is no directory of CGI programs`)
    },
    make: ({ cgi }) => new CGIDirectory(path, cgi),
  }
}

/**
 * A directory in the home of each user.
 * @throws PlaitError `PLAIT_CONFIGURATION` when there can be none of this name, or the users are not known
 */
export function usersTarget(directory: string): Target {
  void new UserDirectory({ directory })
  return {
    description: `${directory} of each user`,
    hasFiles: true,
    // As in Twisted, none of the processors: what users put there is no program of the server's.
    make: ({ files }) => new UserDirectory({ directory, file: { ...files, processors: {} } }),
  }
}
