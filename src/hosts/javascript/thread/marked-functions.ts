import { fileURLToPath } from 'node:url'
import type { WSGIApplication } from '../wsgi.ts'

/** Milliseconds that a module may go on behind the function that it marks. */
const REST_MS = 5000

/** What `wsgiApplication` has marked in this thread: by file, in the order of the calls, which is that of the server's own thread. */
export class MarkedFunctions {
  readonly #found = new Map<string, WSGIApplication[]>()
  #added: (() => void) | undefined

  /** @returns the function */
  add(url: string, application: unknown): unknown {
    const file = fileURLToPath(url)
    const found = this.#found.get(file) ?? []
    this.#found.set(file, [...found, application as WSGIApplication])
    this.#added?.()
    return application
  }

  /** The function of a file with this number, from 0. */
  get(file: string, number: number): WSGIApplication | undefined {
    return this.#found.get(file)?.[number]
  }

  /** Fulfilled when it is there, and its module has had time to come to its end. */
  async when(file: string, number: number): Promise<WSGIApplication> {
    while (this.get(file, number) === undefined) await new Promise<void>((resolve) => (this.#added = resolve))
    await new Promise((resolve) => setTimeout(resolve, REST_MS).unref())
    return this.get(file, number) as WSGIApplication
  }
}
