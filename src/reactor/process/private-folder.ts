import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  statSync,
  unlinkSync,
  type BigIntStats,
  type Stats,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { PlaitError } from '../../errors.ts'
import { currentUser } from './current-user.ts'
import { isAlive } from './is-alive.ts'

/** A pid is known by its number on its own machine only, and containers may share a disk. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
/** The same machine may have several namespaces of pids (pid_namespaces(7)); whoever is alive in another one cannot be seen. */
const NAMESPACE = pidNamespace()
const PREFIX = `plait-${process.pid}-${MACHINE}-${NAMESPACE}-`
const NAME = /^plait-(\d{1,10})-([0-9a-f]{8})-(\d{1,20})-\w+$/
/** Milliseconds after which a folder of another namespace counts as left: no request needs one for so long, and a server makes it anew. */
const OLD = 24 * 3600 * 1000
const WORLD_WRITABLE = 0o002
const STICKY = 0o1000

/** Those that are there; a process that ends leaves none. */
const made = new Set<PrivateFolder>()

/**
 * A folder for files that nobody else may see: 0700, with a name that nobody can foresee. It is made at first need, made anew when something has taken it away (those who
 * clean up `/tmp` do), and removed at exit. What a killed process left is removed by {@link sweep}.
 */
export class PrivateFolder {
  readonly #base: string | undefined
  #folder: { path: string; dev: bigint; ino: bigint } | undefined

  /** @param base where it is made. @default the system's folder for temporary files */
  constructor(base?: string) {
    this.#base = base === undefined ? undefined : path.resolve(base)
  }

  /** Where it is made, absolute: hosts have working directories of their own. */
  get base(): string {
    return this.#base ?? path.resolve(tmpdir())
  }

  /** Its path; it is there when this returns, and is ours. Throws what the file system throws. */
  get path(): string {
    const folder = this.#folder
    if (folder !== undefined) {
      const stats = lstatSync(folder.path, { bigint: true, throwIfNoEntry: false }) as BigIntStats | undefined
      if (stats?.ino === folder.ino && stats.dev === folder.dev) return folder.path
    }
    mkdirSync(this.base, { recursive: true })
    // mkdtemp makes it 0700 and never takes one that is there, nor a link.
    const file = mkdtempSync(path.join(this.base, PREFIX))
    const { dev, ino } = lstatSync(file, { bigint: true })
    this.#folder = { path: file, dev, ino }
    if (made.size === 0) process.once('exit', removeAll)
    made.add(this)
    return file
  }

  /**
   * Looks whether it can be made, by making one.
   * @returns what is not as it should be, and yet works
   * @throws PlaitError `PLAIT_CONFIGURATION`
   */
  check(): readonly string[] {
    const { base } = this
    try {
      const stats = statSync(base)
      rmdirSync(mkdtempSync(path.join(base, PREFIX)))
      return dangers(base, stats)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const why = code === 'EACCES' ? `the user ${currentUser()} may not write there` : (REASONS[code ?? ''] ?? message)
      throw new PlaitError('PLAIT_CONFIGURATION', `Cannot keep temporary files in ${base}: ${why}`, { cause: error })
    }
  }

  /**
   * Removes the folders of processes that are dead, and of containers that nobody has touched for a day. Only what is this user's own: where somebody else can change names meanwhile, nothing is looked into.
   * @returns how many
   */
  sweep(): number {
    let swept = 0
    for (const name of namesIn(this.base)) {
      const [, pid, machine, namespace] = NAME.exec(name) ?? []
      if (machine !== MACHINE) continue
      const folder = path.join(this.base, name)
      const left = namespace === NAMESPACE ? isLeft(Number(pid), folder) : isOld(folder)
      if (left && empty(folder)) swept++
    }
    return swept
  }

  /** Removes the folder with all that is in it, if it was made. It is made anew when it is needed again. */
  remove(): void {
    if (this.#folder !== undefined) empty(this.#folder.path)
    this.#forget()
  }

  /** Removes the folder if nothing is in it. */
  removeEmpty(): void {
    if (this.#folder === undefined) return
    try {
      rmdirSync(this.#folder.path)
    } catch {
      // Somebody still needs it; or it is gone.
      return
    }
    this.#forget()
  }

  #forget(): void {
    this.#folder = undefined
    made.delete(this)
    if (made.size === 0) process.off('exit', removeAll)
  }

  /** Is this it? */
  is(file: string): boolean {
    return this.#folder?.path === file
  }
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: 'there is no such directory',
  ENOTDIR: 'it is no directory',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its file system is full',
  EDQUOT: 'the quota is used up',
})

function removeAll(): void {
  for (const folder of made) folder.remove()
}

/** In a container the same id comes again and again: a folder of that name which this process has not made is from before. */
function isLeft(pid: number, folder: string): boolean {
  return pid === process.pid ? ![...made].some((one) => one.is(folder)) : pid > 0 && !isAlive(pid)
}

function isOld(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false })
  return stats !== undefined && Date.now() - stats.mtimeMs > OLD
}

/** Its number; 0 where there is but one. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

/** What lets others put another folder in the place of ours. */
function dangers(base: string, { mode, uid }: Stats): string[] {
  if (process.geteuid === undefined) return []
  const found: string[] = []
  if ((mode & WORLD_WRITABLE) !== 0 && (mode & STICKY) === 0)
    found.push(`Every user of this machine may rename what is in ${base}: chmod +t ${base}`)
  if (uid !== 0 && uid !== process.geteuid())
    found.push(`${base} belongs to another user (uid ${uid}), who may rename what is in it`)
  return found
}

/** Removes a folder of files. @returns false when it is no folder, or not ours */
function empty(folder: string): boolean {
  try {
    const stats = lstatSync(folder)
    if (!stats.isDirectory() || (process.geteuid !== undefined && stats.uid !== process.geteuid())) return false
    for (const name of readdirSync(folder)) unlinkSync(path.join(folder, name))
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}

function namesIn(base: string): readonly string[] {
  try {
    return readdirSync(base)
  } catch {
    return []
  }
}
