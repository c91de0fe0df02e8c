/** One file of the user's, loaded. */
import { currentStamp } from './source-file.ts'

/** Names and values that a module exports. */
export type Exports = Record<string, unknown>

/** A file of the user's in the state in which it was read, with those that it imports. */
export class UserModule {
  /** Real path. */
  readonly path: string
  /** Files of the user's that it imports, in the state in which it imported them. */
  readonly imports: Set<UserModule> = new Set<UserModule>()
  /** Those whose end it waits for now. */
  readonly waitsFor: Set<UserModule> = new Set<UserModule>()
  /** What it exports; while it runs, what it has exported so far. */
  exports: Exports = {}
  /** Of the file that was read; undefined before. */
  stamp: string | undefined
  loading = true
  /** Rejected with what went wrong. */
  loaded: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.path = path
  }

  /** True while neither its file nor one that it imports, near or far, has changed since it was read. */
  async isCurrent(): Promise<boolean> {
    const states = await Promise.all([...this.withImports()].map((one) => one.#isUnchanged()))
    return states.every(Boolean)
  }

  /** Itself, what it imports, and what that imports. */
  withImports(): Set<UserModule> {
    const found = new Set<UserModule>([this])
    // A set that grows while it is walked is walked to its new end.
    for (const one of found) for (const imported of one.imports) found.add(imported)
    return found
  }

  /** True when it waits for `other`, or for one that does: to wait for it in turn would never end. */
  isHeldUpBy(other: UserModule): boolean {
    const held = new Set<UserModule>([this])
    for (const one of held) for (const next of one.waitsFor) held.add(next)
    return held.has(other)
  }

  async #isUnchanged(): Promise<boolean> {
    return this.loading || this.stamp === (await currentStamp(this.path))
  }
}
