/** Files of source text, and how a change of one is noticed. */
import { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** The text of a file, and what the disk said about it before it was read. */
export interface SourceFile {
  readonly text: string
  readonly stamp: string
}

/** To open a pipe would wait for its writer. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Reads a file. Were it to change meanwhile, its stamp would be that of before: the next look notices.
 * @throws Error of the system, with its `code`; `EISDIR` for whatever is no plain file
 */
export async function readSource(path: string): Promise<SourceFile> {
  const file = await open(path, flags)
  try {
    const stats = await file.stat({ bigint: true })
    if (!stats.isFile()) throw Object.assign(new Error(`${path} is no plain file`), { code: 'EISDIR' })
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

/** An editor may keep size and time, or replace the file by another: the times of content and node tell together. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}
