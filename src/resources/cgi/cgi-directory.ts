/** A directory of programs (Twisted: `twisted.web.twcgi.CGIDirectory`). */
import path from 'node:path'
import type { Request } from '../../http/request.ts'
import { errorPage, forbidden, notFound } from '../../resource/error-page.ts'
import { Resource } from '../../resource/resource.ts'
import type { Rendered, TreeNode } from '../../resource/resource.ts'
import { fileNameOf, isDotfile } from '../static/file-name.ts'
import { ServedRoot } from '../static/served-root.ts'
import type { SymlinkPolicy } from '../static/served-root.ts'
import { CGIScript, ScriptInheritance } from './cgi-script.ts'
import { settingsOf } from './cgi-settings.ts'
import type { CGIOptions } from './cgi-settings.ts'
import { findScript } from './script-file.ts'

/** Options of {@link CGIDirectory}. */
export interface CGIDirectoryOptions extends CGIOptions {
  /** Symbolic links: only to what is below the directory, anywhere, or not at all. @default 'inside' */
  symlinks?: SymlinkPolicy
}

/**
 * Runs the programs in a directory and below. All of them: put nothing else there.
 *
 *     root.putChild('cgi-bin', new CGIDirectory('/srv/cgi-bin'))
 */
export class CGIDirectory extends Resource {
  /** Absolute. */
  readonly path: string
  readonly #inheritance: ScriptInheritance

  /** @throws PlaitError `PLAIT_CONFIGURATION` for options that make no sense */
  constructor(directory: string, options: CGIDirectoryOptions = {}) {
    super()
    const given: unknown = options
    this.path = path.resolve(directory)
    this.#inheritance =
      given instanceof ScriptInheritance
        ? given
        : new ScriptInheritance(settingsOf(options), new ServedRoot(this.path, options.symlinks ?? 'inside'))
  }

  /** The script or directory of that name; names that begin with a dot are not there. */
  override async getChild(segment: string, _request: Request): Promise<TreeNode> {
    if (segment === '') return this
    const name = fileNameOf(segment)
    if (name === undefined || isDotfile(name)) return notFound()
    const file = path.join(this.path, name)
    const found = await findScript(this.#inheritance.root, file, true)
    if (found === 'directory') return new CGIDirectory(file, this.#inheritance as unknown as CGIDirectoryOptions)
    if (found === 'script') return new CGIScript(file, this.#inheritance as unknown as CGIOptions)
    if (found === 403) return forbidden()
    return found === 503
      ? errorPage(503, 'Service Unavailable', 'The server is too busy to run programs. Try again soon.')
      : notFound()
  }

  override render(request: Request): Rendered | Promise<Rendered> {
    return notFound('No Such Resource', 'CGI directories do not support directory listing.').render(request)
  }
}
