/** Files as Apache's `htpasswd` writes them: lines of `user:hash`. */

/** How a hash was made; undefined: in a way that is not taken here. */
export type HashKind = 'bcrypt' | 'apr1' | 'sha' | undefined

/** A line of the file. */
export interface HtpasswdEntry {
  readonly user: string
  /** Counted from 1. */
  readonly line: number
  readonly hash: string
  readonly kind: HashKind
}

const kinds: readonly (readonly [Exclude<HashKind, undefined>, RegExp])[] = [
  ['bcrypt', /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/],
  ['apr1', /^\$(?:apr1|1)\$[^$:]{0,8}\$[./A-Za-z0-9]{22}$/],
  ['sha', /^\{SHA\}[A-Za-z0-9+/]{27}=$/],
]

/** What a file says. */
export interface HtpasswdFile {
  /** By name. */
  readonly entries: ReadonlyMap<string, HtpasswdEntry>
  /** Those whose kind is known. */
  readonly usable: readonly HtpasswdEntry[]
}

/** Reads a file. Of two lines for one name the first counts, as in Apache. */
export function parseHtpasswd(text: string): HtpasswdFile {
  const entries = new Map<string, HtpasswdEntry>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    // What follows a second colon is a comment (nginx).
    const [user = '', hash = ''] = line.split(':').map((part) => part.trim())
    if (entries.has(user)) continue
    const kind = kinds.find(([, pattern]) => pattern.test(hash))?.[0]
    entries.set(user, { user, line: index + 1, hash, kind })
  }
  return { entries, usable: [...entries.values()].filter(({ kind }) => kind !== undefined) }
}
