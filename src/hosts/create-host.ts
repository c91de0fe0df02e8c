import type { Host, HostOptions } from './host.ts'
import { PythonHost } from './python/python-host.ts'

/** Makes the host that an application needs. Every kind is behind the same contract; so far there is one. */
export function createHost(options: HostOptions): Host {
  return new PythonHost(options)
}
