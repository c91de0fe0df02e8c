/**
 * A disk that is really full. Where the tests may mount one (root, or a user with namespaces of its own), it is a file system of a few megabytes that the server alone sees; elsewhere, in
 * containers without that right, a limit on the size of the server's files: the same write fails, with EFBIG in place of ENOSPC.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

const MOUNT = 'mount -t tmpfs -o size=8m,mode=1777 none "$0" && exec "$@"'

/** Where a server can run out of room. */
export interface SmallDisk {
  /** A directory on it, as the server sees it. */
  readonly directory: string
  /** The server is to be started by these words. */
  readonly under: readonly string[]
  /** What the failure is called. */
  readonly errno: 'ENOSPC' | 'EFBIG'
  /** Leaves no byte free for the server, or for a file of it beyond 64 KiB. */
  fill(pid: number): void
  free(pid: number): void
  /** A path of the directory, as the test sees it. */
  seen(pid: number, name: string): string
}

/** Makes one; it goes with its server. */
export function smallDisk(t: TestContext): SmallDisk {
  const directory = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const flags of [['-m'], ['-r', '-m']]) {
    const under = ['unshare', ...flags, 'sh', '-c', MOUNT, directory]
    if (spawnSync(under[0] as string, [...under.slice(1), 'true']).status === 0) return mounted(directory, under)
  }
  return limited(directory)
}

function mounted(directory: string, under: readonly string[]): SmallDisk {
  const seen = (pid: number, name: string): string => path.join(`/proc/${pid}/root${directory}`, name)
  return {
    directory,
    under,
    errno: 'ENOSPC',
    seen,
    fill: (pid) => fillUp(seen(pid, 'filler')),
    free: (pid) => unlinkSync(seen(pid, 'filler')),
  }
}

function fillUp(file: string): void {
  const descriptor = openSync(file, 'a')
  try {
    // Down to the last byte.
    for (let size = 1024 * 1024; size >= 1;) {
      try {
        writeSync(descriptor, Buffer.alloc(size))
      } catch {
        size = Math.floor(size / 2)
      }
    }
  } finally {
    closeSync(descriptor)
  }
}

function limited(directory: string): SmallDisk {
  const limit = (pid: number, soft: string): void => {
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:`], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`Nothing here can make a disk full: ${stderr}`)
  }
  return {
    directory,
    under: [],
    errno: 'EFBIG',
    seen: (_pid, name) => path.join(directory, name),
    fill: (pid) => limit(pid, '65536'),
    free: (pid) => limit(pid, 'unlimited'),
  }
}
