import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What of Pyodide is installed beside us. */
export interface InstalledPyodide {
  /** `314.0.7` */
  readonly version: string
  /** The CPython in it: `3.14.2`. */
  readonly python: string
  /** Its folder. */
  readonly folder: string
}

/** Gives what is installed; undefined: nothing (it is an optional dependency). */
export function findPyodide(): InstalledPyodide | undefined {
  try {
    const folder = new URL('.', import.meta.resolve('pyodide'))
    const { version } = readJson(new URL('package.json', folder)) as { version: string }
    const { info } = readJson(new URL('pyodide-lock.json', folder)) as { info: { python: string } }
    return { version, python: info.python, folder: fileURLToPath(folder) }
  } catch {
    return undefined
  }
}

function readJson(file: URL): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
