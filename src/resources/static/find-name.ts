/** What is on the disk under a name. */
import { readdir, stat } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const statLater = promisify(stat)
const readdirLater = promisify(readdir)

/** Is there anything at this path? @throws other errors of the system than that */
export async function isThere(file: string): Promise<boolean> {
  try {
    await statLater(file)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP') return false
    throw error
  }
}

/**
 * The name in `directory` that a URL means (Twisted: `siblingExtensionSearch`).
 * @param ignoredExts endings that the URL may have left out; `*` stands for any, the first in the order of bytes
 */
export async function findName(directory: string, name: string, ignoredExts: readonly string[]): Promise<string | undefined> {
  if (await isThere(path.join(directory, name))) return name
  for (const ext of ignoredExts) {
    if (ext === '*') {
      const found = await firstOf(directory, `${name}.`)
      if (found !== undefined) return found
    } else if (await isThere(path.join(directory, name + ext))) return name + ext
  }
  return undefined
}

async function firstOf(directory: string, start: string): Promise<string | undefined> {
  const names = (await readdirLater(directory)).filter((candidate) => candidate.startsWith(start))
  return names.toSorted().at(0)
}
