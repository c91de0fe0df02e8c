import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PlaitError } from '../../../errors.ts'

/** A UNIX socket's path may have so many bytes (`sun_path`), with the end of the text. */
const LONGEST_PATH = 107

/** A folder of our own (0700) for the socket of one template, named as the other folders of this server are, so that the next server removes what a killed one left. */
export class SocketFolder {
  readonly #folder: string

  /** @throws PlaitError `PLAIT_CONFIGURATION` when no folder for temporary files has a path that is short enough */
  constructor(bases: readonly string[] = [tmpdir(), '/tmp']) {
    const name = `plait-${process.pid}-`
    const base = bases.find((one) => existsSync(one) && Buffer.byteLength(path.join(one, `${name}XXXXXX`, 's')) <= LONGEST_PATH)
    if (base === undefined) {
      const message = `Cannot preload: no socket can have a path as long as one in ${bases[0]}; set TMPDIR to a shorter one`
      throw new PlaitError('PLAIT_CONFIGURATION', message)
    }
    this.#folder = mkdtempSync(path.join(base, name))
  }

  get socket(): string {
    return path.join(this.#folder, 's')
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
