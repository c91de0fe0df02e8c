import { existsSync, realpathSync, statSync } from 'node:fs'
import { PlaitError } from '../../errors.ts'

/** A folder of this machine that applications see, under the same path. */
export interface Mount {
  /** Absolute, without links. */
  readonly folder: string
  readonly writable: boolean
}

/** What applications see of the machine. */
export interface FileView {
  /** Outer folders first. */
  readonly mounts: readonly Mount[]
  /** Names of folders that lead to others over links. */
  readonly links: readonly { readonly at: string; readonly folder: string }[]
}

/** Folders that the interpreter has for itself. */
const TAKEN: ReadonlySet<string> = new Set(['/', '/lib', '/dev', '/proc', '/plait'])

/**
 * What an application sees of the file system.
 * @throws PlaitError `PLAIT_CONFIGURATION` for a folder that is not there, or cannot be shown because the interpreter has its own there
 */
export function planMounts(readOnly: readonly string[], writable: readonly string[]): FileView {
  const mounts = new Map<string, Mount>()
  const links = new Map<string, { at: string; folder: string }>()
  for (const [folders, mayWrite] of [
    [readOnly, false],
    [writable, true],
  ] as const) {
    for (const at of folders) {
      const folder = realFolder(at)
      mounts.set(folder, { folder, writable: mayWrite })
      if (at !== folder) links.set(at, { at, folder })
    }
  }
  const all = [...mounts.values()].toSorted((a, b) => a.folder.length - b.folder.length)
  return { mounts: all.filter((mount) => mount.writable || !isSeen(mount, all)), links: [...links.values()] }
}

/** True when a read-only folder is seen without a mount of its own: the nearest one around it is read-only too. */
function isSeen({ folder }: Mount, all: readonly Mount[]): boolean {
  const nearest = all.findLast((outer) => outer.folder !== folder && `${folder}/`.startsWith(`${outer.folder}/`))
  return nearest?.writable === false
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
