/** A directory of scripts (Twisted: `twisted.web.script.ResourceScriptDirectory`). */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Request } from '../../http/request.ts'
import { errorPage, forbidden, notFound } from '../../resource/error-page.ts'
import { Resource } from '../../resource/resource.ts'
import type { Rendered, TreeNode } from '../../resource/resource.ts'
import { addSlash } from '../../resource/add-slash.ts'
import { endingsOf, fileNameOf, isDotfile } from '../static/file-name.ts'
import { statusOfError } from '../static/open-file.ts'
import { ServedRoot } from '../static/served-root.ts'
import { Registry } from './registry.ts'
import { ResourceScript, scriptProcessors } from './resource-script.ts'

const indexNames = Object.keys(scriptProcessors).map((ending) => `index${ending}`)
const nothing = notFound('No Such Resource', 'File not found.')

/**
 * Each script of a directory is a resource under its name, subdirectories likewise; nothing else in it is served, and nothing is listed.
 *
 *     root.putChild('pages', new ResourceScriptDirectory('pages'))
 *
 * Scripts end in `.rpy.ts`, `.rpy.js` or `.rpy.mjs`. `index.rpy.ts` (or `.js`, `.mjs`) is found under the directory's own name and a
 * slash. Names that begin with a dot, and links that lead out of the directory, are not there.
 */
export class ResourceScriptDirectory extends Resource {
  readonly #path: string
  readonly #registry: Registry
  #root: ServedRoot

  /**
   * @param directory its path; it need not be there yet
   * @param registry given to scripts that export a function. @default a new one
   */
  constructor(directory: string, registry: Registry = new Registry()) {
    super()
    this.#path = path.resolve(directory)
    this.#registry = registry
    this.#root = new ServedRoot(this.#path, 'inside')
  }

  override async getChild(segment: string): Promise<TreeNode> {
    if (segment === '') return this.#index()
    const name = fileNameOf(segment)
    if (name === undefined || isDotfile(name)) return nothing
    try {
      return await this.#childOf(name)
    } catch (error) {
      return pageOf(error)
    }
  }

  /** The index, under the directory's name and a slash. */
  override async render(request: Request): Promise<Rendered> {
    const index = await this.#index()
    return index === nothing || request.path.endsWith('/') ? index.render(request) : addSlash(request)
  }

  async #index(): Promise<TreeNode> {
    for (const name of indexNames) {
      const child = await this.#childOf(name).catch(pageOf)
      if (child !== nothing) return child
    }
    return nothing
  }

  async #childOf(name: string): Promise<TreeNode> {
    const file = path.join(this.#path, name)
    const stats = await stat(file)
    if (!(await this.#root.admitsPath(file))) return nothing
    if (stats.isDirectory()) {
      const child = new ResourceScriptDirectory(file, this.#registry)
      child.#root = this.#root
      return child
    }
    const isScript = endingsOf(name).some((ending) => Object.hasOwn(scriptProcessors, ending))
    return isScript && stats.isFile() ? ResourceScript(file, this.#registry) : nothing
  }
}

/** @throws what is no trouble with a path, but a failure */
function pageOf(error: unknown): TreeNode {
  const status = statusOfError(error)
  if (status === 404) return nothing
  if (status === undefined) throw error
  return status === 403
    ? forbidden()
    : errorPage(503, 'Service Unavailable', 'The server is too busy to open files. Try again soon.')
}
