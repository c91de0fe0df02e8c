/** Opening what a path leads to, in a way that can neither hang nor lead out. */
import { constants, fstatSync, open } from 'node:fs'
import type { Stats } from 'node:fs'
import { closeNow } from '../../http/file-body.ts'
import type { ServedRoot } from './served-root.ts'

/** An open file or directory; who has it closes it with {@link closeOpened}. */
export interface OpenedFile {
  readonly descriptor: number
  readonly stats: Stats
}

/** A FIFO without a writer opens at once, and a terminal does not become the server's own. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)
const noFollow = constants.O_NOFOLLOW ?? 0

/**
 * Opens a regular file or a directory below `root`.
 * @returns undefined when it is something else (a FIFO, a device, a socket), or not to be served
 * @throws the error of the system; {@link statusOfError} says what it means to a client
 */
export async function openBelow(root: ServedRoot, path: string): Promise<OpenedFile | undefined> {
  const descriptor = await openPath(path, root.symlinks === 'deny' && path !== root.path ? openFlags | noFollow : openFlags)
  let opened: OpenedFile | undefined
  try {
    // Of an open file everybody knows this by heart: it waits for no disk.
    const stats = fstatSync(descriptor)
    if ((stats.isFile() || stats.isDirectory()) && (await root.admits(descriptor, stats, path))) opened = { descriptor, stats }
  } finally {
    if (opened === undefined) closeNow(descriptor)
  }
  return opened
}

/** Closes what {@link openBelow} gave. */
export function closeOpened(opened: OpenedFile): void {
  closeNow(opened.descriptor)
}

function openPath(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)))
  })
}

const statuses: Readonly<Record<string, 403 | 404 | 503>> = Object.freeze({
  ENOENT: 404,
  ENOTDIR: 404,
  ENAMETOOLONG: 404,
  ELOOP: 404,
  EMLINK: 404,
  // Sockets and devices that cannot be opened.
  ENXIO: 404,
  ENODEV: 404,
  EOPNOTSUPP: 404,
  EACCES: 403,
  EPERM: 403,
  EMFILE: 503,
  ENFILE: 503,
  ENOMEM: 503,
})

/** What an error of the file system is to a client; undefined: a failure of the server. */
export function statusOfError(error: unknown): 403 | 404 | 503 | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && Object.hasOwn(statuses, code) ? statuses[code] : undefined
}
