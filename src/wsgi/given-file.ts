/**
 * A file that the application gave (`wsgi.file_wrapper`), opened by the server: no byte of it goes through the application's process.
 */
import { constants, fstat, open } from 'node:fs'
import { PlaitError } from '../errors.ts'
import type { FileResponse } from '../hosts/host.ts'
import { closeQuietly } from '../http/file-body.ts'

/** The file is opened for reading only, and opening a FIFO that took its place does not wait for a writer. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Opens the very file that the application gave: a regular file with the same device and inode.
 * @param done gets the descriptor and the bytes there are now from `file.offset` on, or an error. The caller closes the descriptor.
 */
export function openSameFile(
  file: FileResponse,
  done: (error: Error | undefined, descriptor: number, size: number) => void,
): void {
  open(file.path, openFlags, (openError, descriptor) => {
    if (openError !== null) return done(openError, -1, 0)
    fstat(descriptor, { bigint: true }, (error, found) => {
      const same = error === null && found.isFile() && found.dev === file.dev && found.ino === file.ino
      if (same) return done(undefined, descriptor, Math.max(0, Number(found.size) - file.offset))
      closeQuietly(descriptor)
      done(error ?? new PlaitError('PLAIT_APPLICATION', `Cannot send ${file.path}: it is not the file that was given`), -1, 0)
    })
  })
}
