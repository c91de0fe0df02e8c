/** Files of users as modules that are loaded again when they change. */
import { realpath } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import path from 'node:path'
import { evaluate } from './evaluate.ts'
import { readFailure, runFailure } from './load-failure.ts'
import { isPlait, resolveImport } from './resolve.ts'
import { readSource } from './source-file.ts'
import type { Transpiled } from './transpile.ts'
import { TranspilerMemory } from './transpiler-memory.ts'
import { UserModule } from './user-module.ts'
import type { Exports } from './user-module.ts'

/**
 * Loads TypeScript and JavaScript files of users, on every Node.
 *
 * As with Node's own modules there is one module for a file, whoever imports it, and it runs once. But when the file or one
 * that it imports has changed, the next load makes it anew, together with all that import it; what has not changed stays as it is. What had the old
 * module keeps it.
 *
 * Packages below `node_modules` are loaded by Node, once. Plait is always the one that runs.
 */
export class ModuleLoader {
  readonly #modules = new Map<string, UserModule>()
  readonly #transpiler = new TranspilerMemory()
  readonly #plait: Exports | undefined
  readonly #transpiled: Transpiled | undefined

  /**
   * @param options.plait what modules get when they import Plait. @default the Plait that runs
   * @param options.transpiled code that is known already, and to which what is loaded is added. Then every file stays as it was when it was first loaded: what changes is
   * for the next one that begins without. @default none
   */
  constructor(options: { plait?: Exports; transpiled?: Transpiled } = {}) {
    this.#plait = options.plait
    this.#transpiled = options.transpiled
  }

  /**
   * The module of a file, in the state in which the file is now. Loads that come while one runs share it. One that fails is tried again by the next.
   * @param file its path, relative to the working directory
   * @throws PlaitError `PLAIT_MODULE`: `message` is one line, `detail` the trace, `cause` what was thrown
   */
  async load(file: string): Promise<UserModule> {
    const real = await realpath(file).catch((error: unknown) => {
      throw readFailure(path.resolve(file), error)
    })
    const module = await this.#current(real)
    await module.loaded
    return module
  }

  /** True before the first load. */
  get isEmpty(): boolean {
    return this.#modules.size === 0
  }

  /** Real paths of the files that are loaded, or are being loaded. */
  get files(): string[] {
    return [...this.#modules.keys()]
  }

  /** True when the file is loaded, or is being loaded. @param file real path */
  has(file: string): boolean {
    return this.#modules.has(file)
  }

  /** The module of a file as it is now, loaded or not; undefined when nobody has asked for it. @param file real path */
  peek(file: string): UserModule | undefined {
    return this.#modules.get(file)
  }

  /** Lets go of a module that turned out to be of no use: the next load runs its file again. */
  forget(module: UserModule): void {
    if (this.#modules.get(module.path) === module) this.#modules.delete(module.path)
  }

  /** The module for `file`, which may be loading still. */
  async #current(file: string): Promise<UserModule> {
    for (;;) {
      const known = this.#modules.get(file)
      if (known === undefined) return this.#start(file)
      if (known.loading || this.#transpiled !== undefined || (await known.isCurrent())) return known
      // Another request may have seen the change first.
      if (this.#modules.get(file) === known) return this.#start(file)
    }
  }

  #start(file: string): UserModule {
    const module = new UserModule(file)
    this.#modules.set(file, module)
    module.loaded = this.#run(module).finally(() => {
      module.loading = false
    })
    // Everybody who waits for it hears of it; nobody may be waiting.
    module.loaded.catch(() => this.forget(module))
    return module
  }

  async #run(module: UserModule): Promise<void> {
    const { path: file } = module
    const known = this.#transpiled?.get(file) ?? (await this.#read(file))
    module.stamp = known.stamp
    try {
      module.exports = file.endsWith('.json')
        ? { default: JSON.parse(known.code) as unknown }
        : await this.#evaluate(known.code, module)
      this.#transpiler.forget(file)
    } catch (error) {
      throw runFailure(file, error)
    }
  }

  #evaluate(code: string, module: UserModule): Promise<Exports> {
    const { path: file } = module
    return evaluate(code, file, {
      import: (specifier) => this.#import(specifier, module),
      resolve: (specifier) => resolvedURL(specifier, file),
      exporting: (exports) => (module.exports = exports),
      plait: this.#plait,
    })
  }

  /** The code of a file as it is now, in what {@link evaluate} takes; of JSON, the text. */
  async #read(file: string): Promise<{ readonly stamp: string; readonly code: string }> {
    const { text, stamp } = await readSource(file).catch((error: unknown) => {
      throw readFailure(file, error)
    })
    const code = file.endsWith('.json') ? text : this.#transpile(text, file, stamp)
    this.#transpiled?.set(file, { stamp, code })
    return { stamp, code }
  }

  #transpile(text: string, file: string, stamp: string): string {
    try {
      return this.#transpiler.transpile(text, file, stamp)
    } catch (error) {
      throw runFailure(file, error)
    }
  }

  async #import(specifier: string, importer: UserModule): Promise<Exports> {
    // By its own name a package finds itself, so this is the Plait that runs.
    if (isPlait(specifier)) return this.#plait ?? ((await import(specifier)) as Exports)
    const resolved = resolveImport(specifier, importer.path)
    if (resolved.kind === 'node') return (await import(resolved.specifier)) as Exports
    const module = await this.#current(resolved.path)
    importer.imports.add(module)
    // In a circle somebody has to go on with what is exported so far.
    if (!module.loading || module.isHeldUpBy(importer)) return module.exports
    importer.waitsFor.add(module)
    try {
      await module.loaded
    } finally {
      importer.waitsFor.delete(module)
    }
    return module.exports
  }
}

function resolvedURL(specifier: string, importer: string): string {
  if (isPlait(specifier)) return import.meta.resolve(specifier)
  const resolved = resolveImport(specifier, importer)
  return resolved.kind === 'node' ? resolved.specifier : pathToFileURL(resolved.path).href
}

/** The modules of this process: scripts, service files and what they import share them. */
export const userModules: ModuleLoader = new ModuleLoader()

/**
 * Loads a file of the user's.
 * @param file path of a `.ts`, `.mts`, `.js` or `.mjs` file, relative to the working directory
 * @returns its exports by name
 * @throws PlaitError `PLAIT_MODULE` when it cannot be loaded: `message` is one line, `detail` the trace, `cause` what was thrown
 */
export async function loadModule(file: string): Promise<Exports> {
  const { exports } = await userModules.load(file)
  return exports
}
