import path from 'node:path'
import type { Logger } from '../../log/logger.ts'
import type { ThreadPool } from '../../threadpool/thread-pool.ts'
import { absolutePath } from '../values.ts'
import { FileWatch } from './file-watch.ts'

/** Reloads the applications of a pool when a file changes that they have imported. The pool tells `imported` which these are. */
export class ReloadOnChange {
  readonly #watch: FileWatch
  #pool: ThreadPool | undefined

  /** @param extra further files, directories and patterns, from where the user stands */
  constructor(extra: readonly string[], log: Logger) {
    const changed = (files: readonly string[]): void => {
      const [first = ''] = files
      log.info(`${path.relative('.', first)}${files.length > 1 ? ` and ${files.length - 1} more` : ''} changed: reloading`)
      // What goes wrong is in the log already.
      this.#pool?.reload({ onFailure: 'show' }).catch(() => undefined)
    }
    this.#watch = new FileWatch({ extra: extra.map(absolutePath), changed })
  }

  readonly imported = (files: readonly string[]): void => this.#watch.add(files)

  /** Whose applications are reloaded. */
  serve(pool: ThreadPool): void {
    this.#pool = pool
  }

  stop(): void {
    this.#watch.stop()
  }
}
