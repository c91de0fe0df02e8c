/** Files of source text, and how a change of one is noticed. */
import { open, stat } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'

/** The text of a file, and what the disk said about it before it was read. */
export interface SourceFile {
  readonly text: string
  readonly stamp: string
}

/**
 * Reads a file. Were it to change meanwhile, its stamp would be that of before: the next look notices.
 * @throws Error of the system, with its `code`; `EISDIR` for whatever is no plain file (a pipe would never end)
 */
export async function readSource(path: string): Promise<SourceFile> {
  await plainStats(path)
  const file = await open(path, 'r')
  try {
    const stats = await file.stat({ bigint: true })
    return { stamp: stampOf(stats), text: await file.readFile('utf8') }
  } finally {
    await file.close()
  }
}

/** What changes whenever the file does; undefined when it is not there, or cannot be looked at. */
export async function currentStamp(path: string): Promise<string | undefined> {
  try {
    return stampOf(await stat(path, { bigint: true }))
  } catch {
    return undefined
  }
}

/** The stats of a plain file. @throws Error of the system, with its `code` */
async function plainStats(path: string): Promise<BigIntStats> {
  const stats = await stat(path, { bigint: true })
  if (stats.isFile()) return stats
  throw Object.assign(new Error(`${path} is no plain file`), { code: 'EISDIR' })
}

/** An editor may keep size and time, or replace the file by another: the times of content and node tell together. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}
