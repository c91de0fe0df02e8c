import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PlaitError } from '../../../errors.ts'
import { PrivateFolder } from '../../../reactor/process/private-folder.ts'

/** A UNIX socket's path may have so many bytes (`sun_path`), with the end of the text. */
const LONGEST_PATH = 107
/** What a private folder adds to the path of the one in which it lies, at most, and the socket to that. */
const NAME = 'plait-1234567890-01234567-abcdef/s'

/**
 * A folder of our own for the socket of one template.
 * @param bases where it may be, the first that will do
 * @throws PlaitError `PLAIT_CONFIGURATION` when the paths in all of them are too long for a socket
 */
export function socketFolder(bases: readonly string[] = [tmpdir(), '/tmp']): PrivateFolder {
  const base = bases.find((one) => existsSync(one) && Buffer.byteLength(path.join(one, NAME)) < LONGEST_PATH)
  if (base !== undefined) return new PrivateFolder(base)
  const message = `Cannot preload: no socket can have a path as long as one in ${bases[0]}; set TMPDIR to a shorter one`
  throw new PlaitError('PLAIT_CONFIGURATION', message)
}
