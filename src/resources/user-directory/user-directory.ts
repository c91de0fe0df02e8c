/** The pages of the people of a machine (Twisted: `twisted.web.distrib.UserDirectory`). */
import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import { notFound } from '../../resource/error-page.ts'
import { Resource } from '../../resource/resource.ts'
import type { Rendered, TreeNode } from '../../resource/resource.ts'
import { addSlash } from '../../resource/add-slash.ts'
import { fileNameOf } from '../static/file-name.ts'
import type { FileOptions } from '../static/file-settings.ts'
import { File } from '../static/file.ts'
import { PasswdFile } from './user-database.ts'
import type { UserAccount, UserDatabase } from './user-database.ts'
import { usersPage, usersPolicy } from './users-page.ts'

/** Options of {@link UserDirectory}. */
export interface UserDirectoryOptions {
  /** Whose pages are served. @default the people in /etc/passwd */
  userDatabase?: UserDatabase
  /** The directory in each home. @default 'public_html' */
  directory?: string
  /** Show who has pages. @default true */
  listing?: boolean
  /** How the files are served. @default as `File` does: no dotfiles, symbolic links inside the directory only; but what may not be read is a 404 too */
  file?: Omit<FileOptions, 'within'>
}

/** Homes that are looked at side by side for the list. */
const atOnce = 32

/**
 * Serves `~/public_html` of each user under the user's name, and a list of those who have one.
 *
 *     root.putChild('users', new UserDirectory())
 *
 * What is served lies in the home it belongs to, whatever links are there.
 */
export class UserDirectory extends Resource {
  readonly #users: UserDatabase
  readonly #directory: string
  readonly #listing: boolean
  readonly #fileOptions: FileOptions
  readonly #noUser: TreeNode
  /** Made at the first request, by home: they remember what they have found out. */
  readonly #files = new Map<string, File>()

  /** @throws PlaitError `PLAIT_CONFIGURATION` for options that make no sense, or when /etc/passwd cannot be read */
  constructor(options: UserDirectoryOptions = {}) {
    super()
    this.#directory = options.directory ?? 'public_html'
    this.#listing = options.listing ?? true
    // One page for all that is not there, so that nobody finds out who has an account and a closed home.
    this.#fileOptions = { childNotFound: nothingHere, forbidden: nothingHere, ...options.file }
    this.#noUser = options.file?.childNotFound ?? nothingHere
    if (fileNameOf(this.#directory) !== this.#directory) {
      const message = `Cannot serve ${JSON.stringify(this.#directory)} of each home: it must be the name of a directory`
      throw new PlaitError('PLAIT_CONFIGURATION', message)
    }
    // Throws now what would be thrown at the first request.
    void new File('.', this.#fileOptions)
    this.#users = options.userDatabase ?? new PasswdFile()
  }

  override getChild(segment: string): TreeNode | Promise<TreeNode> {
    if (segment === '') return new UsersPage(() => this.#page())
    const name = fileNameOf(segment)
    return name === undefined ? this.#noUser : this.#pagesOf(name)
  }

  /** `/users/`: the list; `/users` leads there, since its links are relative. */
  render_GET(request: Request): Rendered | Promise<Rendered> {
    return request.path.endsWith('/') ? new UsersPage(() => this.#page()).render_GET(request) : addSlash(request)
  }

  async #pagesOf(name: string): Promise<TreeNode> {
    const user = await this.#users.find(name)
    if (user === undefined) return this.#noUser
    // Whether it is there shows when it is opened: a file may still come.
    return this.#fileOf(user.home)
  }

  #fileOf(home: string): File {
    let file = this.#files.get(home)
    if (file === undefined) {
      file = new File(path.join(home, this.#directory), { ...this.#fileOptions, within: home })
      this.#files.set(home, file)
    }
    return file
  }

  async #page(): Promise<string | undefined> {
    if (!this.#listing) return undefined
    const users = [...(await this.#users.list())].toSorted((one, other) => (one.name < other.name ? -1 : 1))
    const shown: UserAccount[] = []
    for (let start = 0; start < users.length; start += atOnce) {
      const looked = await Promise.all(users.slice(start, start + atOnce).map((user) => this.#look(user)))
      shown.push(...looked.filter((user) => user !== undefined))
    }
    return usersPage(shown)
  }

  /** The user, if there is a directory to serve. */
  async #look(user: UserAccount): Promise<UserAccount | undefined> {
    try {
      const directory = await realpath(path.join(user.home, this.#directory))
      const isInside = directory.startsWith((await realpath(user.home)) + path.sep)
      return isInside && (await stat(directory)).isDirectory() ? user : undefined
    } catch {
      return undefined
    }
  }
}

const nothingHere = notFound('No Such Resource', 'There is nobody of this name, or nothing to see.')

/** Below it there is nothing. */
class UsersPage extends Resource {
  readonly #html: () => Promise<string | undefined>

  /** @param html undefined: there is no page */
  constructor(html: () => Promise<string | undefined>) {
    super()
    this.#html = html
  }

  async render_GET(request: Request): Promise<Rendered> {
    const html = await this.#html()
    if (html === undefined) return notFound().render(request)
    request.setHeader('Content-Type', 'text/html; charset=utf-8')
    request.setHeader('Content-Security-Policy', usersPolicy)
    request.setHeader('X-Content-Type-Options', 'nosniff')
    request.setHeader('Cache-Control', 'no-cache')
    return html
  }
}
