import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { PlaitError } from '../../errors.ts'

/** A user and a group that a process can become. */
export interface Identity {
  readonly uid: number
  readonly gid: number
  /** Name of the user; undefined when the system knows none. */
  readonly user: string | undefined
}

/** Who to become; at least one of them. */
export interface IdentityNames {
  /** Name or number. @default the user that the process is */
  readonly user?: string
  /** Name or number. @default the group of the user */
  readonly group?: string
}

/** Node's types do not know it. */
type WithInitgroups = typeof process & { initgroups?: (user: string, extraGroup: number) => void }

const NAME = /^[A-Za-z_][\w.-]*\$?$/

/**
 * Finds a user and a group by name or number.
 * @throws PlaitError `PLAIT_CONFIGURATION` when there is none, or this system has no users
 */
export function findIdentity({ user, group }: IdentityNames): Identity {
  if (process.getuid === undefined) throw wrong('Cannot become another user: this system has none')
  const gid = group === undefined ? undefined : findGroup(group)
  if (user === undefined) {
    const uid = process.getuid()
    return { uid, gid: gid ?? (process.getgid as () => number)(), user: ask('id', '-un', String(uid)) }
  }
  const uid = /^\d{1,10}$/.test(user) ? user : NAME.test(user) ? ask('id', '-u', user) : undefined
  if (uid === undefined) throw wrong(`There is no user ${JSON.stringify(user)} on this system`)
  const own = gid ?? ask('id', '-g', user)
  if (own === undefined) throw wrong(`There is no user ${user} on this system whose group could be taken: say the group too`)
  return { uid: Number(uid), gid: Number(own), user: ask('id', '-un', user) }
}

/**
 * Makes this process, and all that it starts from now on, run as `identity`, with the supplementary groups of that user and no others. There is no way back.
 * `HOME`, `USER` and `LOGNAME` follow where the system knows the user.
 * @throws PlaitError `PLAIT_CONFIGURATION` when that is not permitted
 */
export function assumeIdentity({ uid, gid, user }: Identity): void {
  const { getuid, getgid, setuid, setgid, setgroups, initgroups } = process as WithInitgroups
  if (!getuid || !getgid || !setuid || !setgid || !setgroups || !initgroups) throw wrong('This system has no users')
  if (getuid() !== 0 && getuid() === uid && getgid() === gid) return
  try {
    if (user === undefined) setgroups([gid])
    else initgroups(user, gid)
    setgid(gid)
    setuid(uid)
  } catch (error) {
    const who = `${user ?? 'a user'} (uid ${uid}, gid ${gid})`
    const why = (error as NodeJS.ErrnoException).code === 'EPERM' ? 'only root may do that' : (error as Error).message
    throw wrong(`Cannot become ${who}: ${why}`, error)
  }
  follow()
}

function follow(): void {
  try {
    const { username, homedir } = userInfo()
    Object.assign(process.env, { HOME: homedir, USER: username, LOGNAME: username })
  } catch {
    // A number without an entry has no home.
  }
}

function findGroup(group: string): number {
  if (/^\d{1,10}$/.test(group)) return Number(group)
  const gid = NAME.test(group) ? (fromFile(group) ?? ask('getent', 'group', group)?.split(':')[2]) : undefined
  if (gid === undefined) throw wrong(`There is no group ${JSON.stringify(group)} on this system`)
  return Number(gid)
}

function fromFile(group: string): string | undefined {
  try {
    const lines = readFileSync('/etc/group', 'utf8').split('\n')
    return lines.map((line) => line.split(':')).find(([name]) => name === group)?.[2]
  } catch {
    return undefined
  }
}

/** What a command says; undefined when it fails. Node has no way to ask the system's database of users, and POSIX has these. */
function ask(command: string, ...words: string[]): string | undefined {
  try {
    const said = execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 })
    return said.trim() || undefined
  } catch {
    return undefined
  }
}

function wrong(message: string, cause?: unknown): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', message, { cause })
}
