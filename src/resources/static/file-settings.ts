/** What the `File`s of one tree have in common. */
import { PlaitError } from '../../errors.ts'
import { forbidden, notFound } from '../../resource/error-page.ts'
import type { TreeNode } from '../../resource/resource.ts'
import { Registry } from '../script/registry.ts'
import type { DotfilePolicy } from './file-name.ts'
import type { SymlinkPolicy } from './served-root.ts'

/** Makes the resource for one file. @param path of the file; @param registry components that such resources share */
export type Processor = (path: string, registry: Registry) => TreeNode | Promise<TreeNode>

/** Options of `File`. */
export interface FileOptions {
  /** The type of files whose ending nobody knows. @default 'application/octet-stream' */
  defaultType?: string
  /** What a directory shows, the first that is there. @default index, index.html, index.htm, and index.rpy.ts, .js, .mjs where a processor takes them */
  indexNames?: readonly string[]
  /** Endings that a URL may leave out, tried in this order; `*` stands for any. @default none */
  ignoredExts?: readonly string[]
  /** Resources in place of files, by ending (`'.rpy.ts'`; the longest that fits). @default none */
  processors?: Record<string, Processor>
  /** What processors get as their second argument. @default a new one */
  registry?: Registry
  /** Content types by ending (`'.md'`), before the usual ones. @default none */
  contentTypes?: Record<string, string>
  /** Endings that say how a file is encoded (`{ '.gz': 'gzip' }`): it is sent with that Content-Encoding to everybody. @default none */
  contentEncodings?: Record<string, string>
  /** Send `app.js.br`, `.zst` or `.gz` for `app.js` to clients that take them. @default true */
  precompressed?: boolean
  /** Show the content of directories without an index. @default true */
  listing?: boolean
  /** Names that begin with a dot: 404, served, or 403. `.well-known` is always served. @default 'ignore' */
  dotfiles?: DotfilePolicy
  /** Symbolic links: to what is inside the served directory, to anything, or 404. @default 'inside' */
  symlinks?: SymlinkPolicy
  /** A directory that the served one must lie in, after links: for directories that belong to somebody else, who could make a link of them. @default anywhere */
  within?: string
  /** `Cache-Control: public, max-age=…`, in seconds. @default no such field */
  maxAge?: number
  /** With `maxAge`: the content under a name never changes. @default false */
  immutable?: boolean
  /** What is shown for what is not there. @default a 404 page */
  childNotFound?: TreeNode
  /** What is shown for what may not be read. @default a 403 page */
  forbidden?: TreeNode
}

/** The options with their defaults. Files share one object until one of its properties is set. */
export interface FileSettings {
  defaultType: string
  indexNames: readonly string[]
  ignoredExts: string[]
  processors: Record<string, Processor>
  registry: Registry
  contentTypes: Record<string, string>
  contentEncodings: Record<string, string>
  precompressed: boolean
  listing: boolean
  dotfiles: DotfilePolicy
  symlinks: SymlinkPolicy
  cacheControl: string | undefined
  childNotFound: TreeNode
  forbidden: TreeNode
}

const indexNames = Object.freeze(['index', 'index.html', 'index.htm', 'index.rpy.ts', 'index.rpy.js', 'index.rpy.mjs'])

/** Checks the options. @throws PlaitError `PLAIT_CONFIGURATION` */
export function settingsOf(options: FileOptions): FileSettings {
  oneOf('dotfiles', options.dotfiles, ['ignore', 'allow', 'deny'])
  oneOf('symlinks', options.symlinks, ['inside', 'follow', 'deny'])
  return {
    defaultType: options.defaultType ?? 'application/octet-stream',
    indexNames: options.indexNames ?? indexNames,
    ignoredExts: [...(options.ignoredExts ?? [])],
    processors: { ...options.processors },
    registry: options.registry ?? new Registry(),
    contentTypes: { ...options.contentTypes },
    contentEncodings: { ...options.contentEncodings },
    precompressed: options.precompressed ?? true,
    listing: options.listing ?? true,
    dotfiles: options.dotfiles ?? 'ignore',
    symlinks: options.symlinks ?? 'inside',
    cacheControl: cacheControlOf(options),
    childNotFound: options.childNotFound ?? notFound('No Such Resource', 'File not found.'),
    forbidden: options.forbidden ?? forbidden(),
  }
}

function cacheControlOf({ maxAge, immutable }: FileOptions): string | undefined {
  if (maxAge === undefined) {
    if (immutable !== true) return undefined
    throw new PlaitError('PLAIT_CONFIGURATION', 'Cannot serve files as immutable: give maxAge too')
  }
  if (!Number.isInteger(maxAge) || maxAge < 0) {
    throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use maxAge ${maxAge}: it must be a whole number of seconds`)
  }
  return `public, max-age=${maxAge}${immutable === true ? ', immutable' : ''}`
}

function oneOf(option: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return
  throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use ${option} '${value}': choose ${known.join(', ')}`)
}
