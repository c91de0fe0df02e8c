import { existsSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { PlaitError } from '../../errors.ts'

/** A folder of this machine that applications see, under the same path. */
export interface Mount {
  /** Absolute, as the application names it. */
  readonly at: string
  /** Absolute, without links. */
  readonly folder: string
  readonly writable: boolean
}

/** Folders that the interpreter has for itself. */
const TAKEN: ReadonlySet<string> = new Set(['/', '/lib', '/dev', '/proc', '/plait'])

/**
 * What an application sees of the file system, outer folders first.
 * @throws PlaitError `PLAIT_CONFIGURATION` for a folder that is not there, or cannot be shown because the interpreter has its own there
 */
export function planMounts(readOnly: readonly string[], writable: readonly string[]): Mount[] {
  const mounts = new Map<string, Mount>()
  for (const [folders, mayWrite] of [
    [readOnly, false],
    [writable, true],
  ] as const) {
    for (const at of folders) {
      const folder = realFolder(at)
      // Under its own name too: links may lead there.
      for (const name of new Set([at, folder])) mounts.set(name, { at: name, folder, writable: mayWrite })
    }
  }
  const all = [...mounts.values()].toSorted((a, b) => a.at.length - b.at.length)
  return all.filter((mount) => mount.writable || !all.some((outer) => covers(outer, mount)))
}

/** True when what `inner` shows is seen without it. */
function covers(outer: Mount, inner: Mount): boolean {
  if (outer === inner || outer.writable) return false
  const below = path.relative(outer.at, inner.at)
  if (below === '' || below.startsWith('..') || path.isAbsolute(below)) return false
  return path.join(outer.folder, below) === inner.folder
}

function realFolder(folder: string): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw misfit(`There is no directory ${folder}`)
  const real = realpathSync(folder)
  for (const name of [folder, real]) {
    if (TAKEN.has(name)) throw misfit(`Pyodide has its own ${name}: put the application into a directory below it`)
  }
  return real
}

function misfit(message: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', message)
}
