import type { ApplicationReference } from '#src/hosts/application.ts'
import type { Case } from './case.ts'
import type { Language } from './language.ts'

/** A kind of host that the cases run on: another language, another interpreter. */
export interface HostKind {
  /** Shown with the results: `CPython 3.11.7`. */
  readonly name: string
  readonly language: Language
  /** How `docs/reference/hosts.md` calls it. */
  readonly title: string
  /**
   * One of the applications of the cases.
   * - `application`: does what the first segment of PATH_INFO names, see `python/apps.py`
   * - `validated`: the same, watched by a validator of the protocol
   * @param folder what the test puts there (gates, files) the application must find under the same path, and it must be able to write there
   */
  application(name: 'application' | 'validated', folder: string): ApplicationReference
  /** Which `wsgi.multithread` and `wsgi.multiprocess` tell the truth about a pool with so many threads and processes. */
  concurrency(threads: number, processes: number): readonly [boolean, boolean]
  /** True when each host is a process with a number of its own. */
  readonly hasProcesses: boolean
  /** Cases that it cannot do, by name. `docs/reference/hosts.md` lists the same ones. */
  readonly exceptions: Readonly<Record<string, Exception>>
}

/** A case that a kind cannot do. */
export interface Exception {
  /** Why, in the words of `docs/reference/hosts.md`. */
  readonly reason: string
  /** Shows what happens instead, as the page says. */
  readonly instead: Case
}

/** What an application must find neither in its environ nor in a response; it is in the environment of its process. */
export const marker = 'PLAIT_CONFORMANCE_MARKER'

/** What every application finds in the environment of its process. @param folder where its threads leave notes for each other */
export function environment(folder: string): Record<string, string> {
  return { [marker]: 'secret', PLAIT_CONFORMANCE_FOLDER: folder }
}
