/** To parse a script takes longer than to send a page: nobody should make the server do it again and again. */
import { transpile } from './transpile.ts'

/** What became of a text. */
type Outcome = { readonly code: string } | { readonly error: unknown }

/** Transpiles, and remembers the outcome for files whose load has not succeeded. */
export class TranspilerMemory {
  readonly #outcomes = new Map<string, { readonly stamp: string; readonly outcome: Outcome }>()

  /** As {@link transpile}; once for each state of the file. @param stamp of the file when `text` was read */
  transpile(text: string, file: string, stamp: string): string {
    const before = this.#outcomes.get(file)
    const outcome = before?.stamp === stamp ? before.outcome : attempt(text, file)
    this.#outcomes.set(file, { stamp, outcome })
    if ('error' in outcome) throw outcome.error
    return outcome.code
  }

  /** The file is loaded: nobody needs its code again. */
  forget(file: string): void {
    this.#outcomes.delete(file)
  }
}

function attempt(text: string, file: string): Outcome {
  try {
    return { code: transpile(text, file) }
  } catch (error) {
    return { error }
  }
}
