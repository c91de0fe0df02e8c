/** May a file be run, or be given to an interpreter? */
import { access, constants } from 'node:fs/promises'
import type { ServedRoot } from '../static/served-root.ts'
import { closeOpened, openBelow, statusOfError } from '../static/open-file.ts'

/** What is at a path. */
export type FoundScript = 'script' | 'directory' | 403 | 404 | 503

/**
 * Looks at what a request leads to.
 * @param run `true`: it must be executable, else readable
 * @throws other errors of the system than those that say that a file is not there or may not be read
 */
export async function findScript(root: ServedRoot, file: string, run: boolean): Promise<FoundScript> {
  try {
    const opened = await openBelow(root, file)
    if (opened === undefined) return 404
    const directory = opened.stats.isDirectory()
    closeOpened(opened)
    if (directory) return 'directory'
    if (run) await access(file, constants.X_OK)
    return 'script'
  } catch (error) {
    const status = statusOfError(error)
    if (status === undefined) throw error
    return status
  }
}
