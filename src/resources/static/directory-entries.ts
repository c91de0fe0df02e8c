/** What a listing shows of a directory. */
import { lstat, readdir, stat } from 'node:fs'
import type { Stats } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { fileNameOf, isDotfile } from './file-name.ts'
import type { DotfilePolicy } from './file-name.ts'
import type { ServedRoot } from './served-root.ts'

const statLater = promisify(stat)
const lstatLater = promisify(lstat)
const readdirLater = promisify(readdir) as (directory: string, encoding: 'latin1') => Promise<string[]>

/** A row. */
export interface DirectoryEntry {
  readonly name: string
  readonly isDirectory: boolean
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** What is asked about at the same time. */
const atOnce = 16

/** A listing is for people: nobody reads more rows, and each costs. */
export const mostEntries = 5000

/**
 * Directories and regular files of `directory` that could be requested. What vanishes meanwhile is left out.
 * @returns at most {@link mostEntries}, and whether there are more
 */
export async function readEntries(
  directory: string,
  root: ServedRoot,
  dotfiles: DotfilePolicy,
): Promise<{ entries: DirectoryEntry[]; more: boolean }> {
  const names = (await readdirLater(directory, 'latin1'))
    .map(fileNameOf)
    .filter((name) => name !== undefined)
    .filter((name) => dotfiles === 'allow' || !name.startsWith('.') || !isDotfile(name))
  const chosen = names.length > mostEntries ? names.toSorted().slice(0, mostEntries) : names
  const entries: DirectoryEntry[] = []
  for (let start = 0; start < chosen.length; start += atOnce) {
    const looked = await Promise.all(chosen.slice(start, start + atOnce).map((name) => look(directory, name, root)))
    entries.push(...looked.filter((entry) => entry !== undefined))
  }
  return { entries, more: names.length > mostEntries }
}

async function look(directory: string, name: string, root: ServedRoot): Promise<DirectoryEntry | undefined> {
  const file = path.join(directory, name)
  try {
    const own = await lstatLater(file)
    const found = own.isSymbolicLink() ? await target(file, root) : own
    if (found === undefined || !(found.isFile() || found.isDirectory())) return undefined
    return { name, isDirectory: found.isDirectory(), size: found.size, modified: found.mtimeMs }
  } catch {
    return undefined
  }
}

async function target(file: string, root: ServedRoot): Promise<Stats | undefined> {
  return (await root.admitsPath(file)) ? statLater(file) : undefined
}
