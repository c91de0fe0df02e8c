/** Files and directories of the disk as resources (Twisted: `twisted.web.static.File`). */
import path from 'node:path'
import type { Request } from '../../http/request.ts'
import { errorPage } from '../../resource/error-page.ts'
import { Resource } from '../../resource/resource.ts'
import type { Rendered, TreeNode } from '../../resource/resource.ts'
import type { Registry } from '../script/registry.ts'
import { contentTypeOf } from './content-type.ts'
import { readEntries } from './directory-entries.ts'
import { DirectoryListing } from './directory-listing.ts'
import { endingsOf, fileNameOf, isDotfile } from './file-name.ts'
import { settingsOf } from './file-settings.ts'
import type { FileOptions, FileSettings, Processor } from './file-settings.ts'
import { findName, isThere } from './find-name.ts'
import { closeOpened, openBelow, statusOfError } from './open-file.ts'
import type { OpenedFile } from './open-file.ts'
import { addSlash } from '../../resource/add-slash.ts'
import { sendFile } from './send-file.ts'
import { ServedRoot } from './served-root.ts'
import { selectRepresentation } from './select-representation.ts'
import { Siblings } from './siblings.ts'

/** Characters of a path that no system takes (Linux: 4096 bytes): what lies deeper is not looked at. */
const longestPath = 4096

/** What all files below one root share, whatever their settings. */
interface Tree {
  readonly root: ServedRoot
  readonly siblings: Siblings
}

/** Settings on their way from a directory to its children: `createSimilarFile` passes them through the constructor. */
class Inherited {
  readonly settings: FileSettings
  readonly tree: Tree
  constructor(settings: FileSettings, tree: Tree) {
    this.settings = settings
    this.tree = tree
  }
}

/**
 * Serves a file, or a directory with all that is below it.
 *
 *     root.putChild('static', new File('public'))
 *
 * Children that were put there (`putChild`) come before names on the disk.
 */
export class File extends Resource {
  /** Absolute. */
  readonly path: string
  /** The Content-Type, in place of the one by the ending of the name. */
  type: string | undefined = undefined
  /** The Content-Encoding, likewise. */
  encoding: string | undefined = undefined
  #settings: FileSettings
  /** The settings are this file's own: they may be changed without changing those of others. */
  #own: boolean
  #tree: Tree

  /**
   * @param file path of a file or directory; it need not be there yet
   * @throws PlaitError `PLAIT_CONFIGURATION` for options that make no sense
   */
  constructor(file: string, options: FileOptions = {}) {
    super()
    const inherited: unknown = options
    this.path = inherited instanceof Inherited ? file : path.resolve(file)
    this.#own = !(inherited instanceof Inherited)
    this.#settings = inherited instanceof Inherited ? inherited.settings : settingsOf(options)
    this.#tree =
      inherited instanceof Inherited
        ? inherited.tree
        : { root: new ServedRoot(this.path, this.#settings.symlinks, options.within), siblings: new Siblings() }
  }

  // -- what may be changed after construction, as in Twisted; children that are made later inherit it

  get indexNames(): readonly string[] {
    return this.#settings.indexNames
  }
  set indexNames(names: readonly string[]) {
    this.#change().indexNames = names
  }

  get processors(): Record<string, Processor> {
    return this.#settings.processors
  }
  set processors(processors: Record<string, Processor>) {
    this.#change().processors = processors
  }

  get contentTypes(): Record<string, string> {
    return this.#settings.contentTypes
  }
  set contentTypes(types: Record<string, string>) {
    this.#change().contentTypes = types
  }

  get contentEncodings(): Record<string, string> {
    return this.#settings.contentEncodings
  }
  set contentEncodings(encodings: Record<string, string>) {
    this.#change().contentEncodings = encodings
  }

  get defaultType(): string {
    return this.#settings.defaultType
  }
  set defaultType(type: string) {
    this.#change().defaultType = type
  }

  get childNotFound(): TreeNode {
    return this.#settings.childNotFound
  }
  set childNotFound(resource: TreeNode) {
    this.#change().childNotFound = resource
  }

  get forbidden(): TreeNode {
    return this.#settings.forbidden
  }
  set forbidden(resource: TreeNode) {
    this.#change().forbidden = resource
  }

  get registry(): Registry {
    return this.#settings.registry
  }
  set registry(registry: Registry) {
    this.#change().registry = registry
  }

  /** Lets URLs leave out one more ending; `*` for any. */
  ignoreExt(ext: string): void {
    this.#settings.ignoredExts.push(ext)
  }

  get ignoredExts(): readonly string[] {
    return this.#settings.ignoredExts
  }

  #change(): FileSettings {
    if (!this.#own) this.#settings = { ...this.#settings }
    this.#own = true
    return this.#settings
  }

  // -- the tree

  /**
   * A file or directory below this one. Override it to make children of another kind.
   * @param file absolute path
   */
  createSimilarFile(file: string): File {
    // Whatever its constructor does with them, it hands its options to this one's.
    const Similar = this.constructor as new (file: string, options: unknown) => File
    return new Similar(file, new Inherited(this.#settings, this.#tree))
  }

  /** What a directory without an index shows. Override it for another listing. */
  directoryListing(): TreeNode | Promise<TreeNode> {
    return this.#settings.listing ? this.#list() : this.childNotFound
  }

  async #list(): Promise<TreeNode> {
    try {
      const { root } = this.#tree
      const opened = await openBelow(root, this.path)
      if (opened === undefined) return this.childNotFound
      closeOpened(opened)
      if (!opened.stats.isDirectory()) return this.childNotFound
      const { contentTypes, defaultType, dotfiles } = this.#settings
      const directory = await readEntries(this.path, root, dotfiles)
      return new DirectoryListing(directory, (name) => contentTypeOf(name, contentTypes, defaultType))
    } catch (error) {
      return this.#pageOf(error)
    }
  }

  /** The index for `''`, else what `segment` names. Whether it is there shows when it is opened. */
  override getChild(segment: string, _request: Request): TreeNode | Promise<TreeNode> {
    if (segment === '') return this.#index()
    // The directory itself (RFC 3986 section 6.2.2.3); clients take it out before they send.
    if (segment === '.') return this
    const name = fileNameOf(segment)
    if (name === undefined || this.path.length > longestPath) return this.childNotFound
    const { dotfiles, ignoredExts } = this.#settings
    if (isDotfile(name) && dotfiles !== 'allow') return dotfiles === 'deny' ? this.forbidden : this.childNotFound
    if (ignoredExts.length > 0 || this.#processorOf(name) !== undefined) return this.#find([name, ignoredExts])
    return this.#childAt(this.#pathOf(name))
  }

  /** Looks at the disk before the child is made. */
  async #find([name, ignoredExts]: [string, readonly string[]]): Promise<TreeNode> {
    try {
      const found = await findName(this.path, name, ignoredExts)
      return found === undefined ? this.childNotFound : await this.#childOf(found)
    } catch (error) {
      return this.#pageOf(error)
    }
  }

  async #index(): Promise<TreeNode> {
    try {
      for (const name of this.indexNames) {
        // The source of a script is no page.
        if (/\.rpy\.[a-z]+$/.test(name) && this.#processorOf(name) === undefined) continue
        if (await isThere(this.#pathOf(name))) return await this.#childOf(name)
      }
    } catch (error) {
      return this.#pageOf(error)
    }
    return this.directoryListing()
  }

  /** The resource for a name that is there. */
  async #childOf(name: string): Promise<TreeNode> {
    const file = this.#pathOf(name)
    const processor = this.#processorOf(name)
    if (processor === undefined) return this.#childAt(file)
    return (await this.#tree.root.admitsPath(file)) ? processor(file, this.registry) : this.childNotFound
  }

  /** Only put together: to look through the whole path at each segment would make deep ones slow. */
  #pathOf(name: string): string {
    return this.path.endsWith(path.sep) ? this.path + name : this.path + path.sep + name
  }

  #childAt(file: string): File {
    const child = this.createSimilarFile(file)
    // Were it a root of its own, a symbolic link could make it one anywhere.
    if (child.path === file) child.#tree = this.#tree
    return child
  }

  /** By the longest ending. Case as given, else any: on many disks `x.RPY.TS` is the file `x.rpy.ts`, whose source must not be sent. */
  #processorOf(name: string): Processor | undefined {
    const known = Object.entries(this.#settings.processors)
    if (known.length === 0) return undefined
    for (const ending of endingsOf(name)) {
      const [, processor] =
        known.find(([one]) => one === ending) ?? known.find(([one]) => one.toLowerCase() === ending.toLowerCase()) ?? []
      if (processor !== undefined) return processor
    }
    return undefined
  }

  /** @throws what is no trouble with a path, but a failure */
  #pageOf(error: unknown): TreeNode {
    const status = statusOfError(error)
    if (status === 404) return this.childNotFound
    if (status === 403) return this.forbidden
    if (status === 503) return errorPage(503, 'Service Unavailable', 'The server is too busy to open files. Try again soon.')
    throw error
  }

  // -- the response

  async render_GET(request: Request): Promise<Rendered> {
    let opened: OpenedFile | undefined
    try {
      opened = await openBelow(this.#tree.root, this.path)
    } catch (error) {
      return this.#pageOf(error).render(request)
    }
    if (opened === undefined) return this.childNotFound.render(request)
    if (opened.stats.isDirectory()) {
      closeOpened(opened)
      // A directory is reached by its name and a slash; `/` itself is where a File was put under ''.
      if (request.path.endsWith('/')) return (await this.#index()).render(request)
      return addSlash(request)
    }
    if (this.#processorOf(path.basename(this.path)) !== undefined) {
      // Only a File that was made for a script gets here. What it would show is the source.
      closeOpened(opened)
      return this.childNotFound.render(request)
    }
    const { root, siblings } = this.#tree
    const file = { path: this.path, root, siblings, settings: this.#settings, type: this.type, encoding: this.encoding }
    await sendFile(request, await selectRepresentation(request, file, opened))
  }
}
