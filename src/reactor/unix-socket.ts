import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, lstatSync, renameSync, unlinkSync, type Stats } from 'node:fs'
import { connect } from 'node:net'
import { basename, dirname, join, resolve as absolute } from 'node:path'
import { PlaitError } from '../errors.ts'

/** Bytes of a path that fit into `sockaddr_un`, with its NUL (Linux 108, the BSDs and macOS 104). */
const LONGEST = process.platform === 'linux' ? 107 : 103

/**
 * Looks whether the system can take a path: some cut it and listen elsewhere.
 * @throws PlaitError `PLAIT_LISTEN`
 */
export function checkPath(path: string): void {
  const bytes = Buffer.byteLength(path)
  const wrong = (what: string): PlaitError => new PlaitError('PLAIT_LISTEN', `Cannot listen on ${JSON.stringify(path)}: ${what}`)
  if (path === '') throw wrong('the path is empty')
  if (path.includes('\0')) throw wrong('a path has no NUL in it')
  if (bytes > LONGEST) {
    throw wrong(
      `the path has ${bytes} bytes, and the system takes at most ${LONGEST}. Choose a shorter one, or one from the working directory`,
    )
  }
}

/**
 * Lets `bind` make a socket file that has its mode from the beginning: a `chmod` afterwards would leave a moment in which others can connect, or put
 * something else in its place. `bind` must be done when it returns.
 */
export function bindWithMode(path: string, mode: number, bind: () => void): void {
  let before: number
  try {
    before = process.umask(0o777 & ~mode)
  } catch {
    // A worker thread must not change it.
    bind()
    if (statsOf(path)?.isSocket() === true) chmodSync(path, mode)
    return
  }
  try {
    bind()
  } finally {
    process.umask(before)
  }
}

/** The file of a socket, so that only this very one is removed. */
export interface SocketFile {
  /** Absolute. */
  readonly path: string
  readonly dev: number
  readonly ino: number
}

/**
 * Lets `bind` make a socket file at another name, and links it to `path`. node:net removes what it has bound when it closes: a server that has given its socket to another process
 * must leave the file there, so it must not be the one that node:net knows. See {@link bindWithMode} for the rest.
 * @returns the file; undefined when `bind` has made none, and tells why itself
 * @throws an error of the system, `EADDRINUSE` when there is something at `path` already
 */
export function bindSocketFile(path: string, mode: number, bind: (draft: string) => void): SocketFile | undefined {
  const draft = draftOf(path)
  bindWithMode(draft, mode, () => bind(draft))
  const stats = statsOf(draft)
  if (stats?.isSocket() !== true) return undefined
  publish(draft, path)
  return { path: absolute(path), dev: stats.dev, ino: stats.ino }
}

/** Removes a socket file that is still the one that it was. Never throws: nobody is left who could do more about it. */
export function removeSocketFile({ path, dev, ino }: SocketFile): void {
  try {
    const now = statsOf(path)
    if (now?.ino === ino && now.dev === dev) unlinkSync(path)
  } catch {
    // Its directory may belong to somebody else by now.
  }
}

/** A name beside it that is not too long where that of the path is not. */
function draftOf(path: string): string {
  const random = randomBytes(8).toString('hex')
  const beside = `${path}.${random}`
  if (Buffer.byteLength(beside) <= LONGEST) return beside
  return join(dirname(path), random.slice(0, Buffer.byteLength(basename(path))))
}

function publish(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' && statsOf(path) === undefined) {
      // A file system without links.
      renameSync(draft, path)
      return
    }
    unlinkSync(draft)
    throw code === 'EEXIST' ? Object.assign(new Error('the address is in use'), { code: 'EADDRINUSE' }) : error
  }
  unlinkSync(draft)
}

/** A socket file on which nobody listens any more is removed; a living one stays, and listening fails. */
export async function removeDeadSocket(path: string): Promise<void> {
  const before = statsOf(path)
  if (before?.isSocket() !== true || (await isAlive(path))) return
  const now = statsOf(path)
  // Not what another server has put there meanwhile.
  if (now?.ino === before.ino && now.dev === before.dev) unlinkSync(path)
}

/** Only a refused connection says for certain that nobody listens. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      resolve(true)
      probe.destroy()
    })
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}

/** Of the path itself, no link; undefined when there is nothing, or when nobody may look: to listen tells why. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}
