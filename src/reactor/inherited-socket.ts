import { fstatSync, readFileSync, readlinkSync } from 'node:fs'
import { PlaitError } from '../errors.ts'

/**
 * Looks whether a file descriptor is a socket at all: node:net would take others for what they are not.
 * @throws PlaitError `PLAIT_LISTEN`
 */
export function checkInherited(fd: number): void {
  let isSocket: boolean
  try {
    isSocket = fstatSync(fd).isSocket()
  } catch (error) {
    throw new PlaitError('PLAIT_LISTEN', `Cannot listen on file descriptor ${fd}: the process was started without it`, {
      cause: error,
    })
  }
  if (!isSocket) throw new PlaitError('PLAIT_LISTEN', `Cannot listen on file descriptor ${fd}: it is no socket`)
}

/** The path of a UNIX socket; `fd 3` where the system does not tell (it does on Linux), or where there is none. */
export function pathOfInherited(fd: number): string {
  try {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? []
    const line = readFileSync('/proc/self/net/unix', 'utf8')
      .split('\n')
      .find((one) => one.trim().split(/\s+/)[6] === inode)
    return line?.trim().split(/\s+/).slice(7).join(' ') || `fd ${fd}`
  } catch {
    return `fd ${fd}`
  }
}
