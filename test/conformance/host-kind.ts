import type { ApplicationReference } from '#src/hosts/application.ts'

/** A kind of host that the cases run on: another language, another interpreter. */
export interface HostKind {
  /** Shown with the results: `CPython 3.11.7`. */
  readonly name: string
  /**
   * One of the applications of the cases.
   * - `application`: does what the first segment of PATH_INFO names, see `python/apps.py`
   * - `validated`: the same, watched by a validator of the protocol
   */
  application(name: 'application' | 'validated'): ApplicationReference
}

/** What an application must find neither in its environ nor in a response; it is in the environment of its process. */
export const marker = 'PLAIT_CONFORMANCE_MARKER'
