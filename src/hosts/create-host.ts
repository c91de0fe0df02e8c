import type { Host, HostOptions } from './host.ts'
import { PythonHost } from './python/python-host.ts'

/** Makes the host that an application needs. Every kind is behind the same contract; what a kind needs is loaded with its first host. */
export async function createHost(options: HostOptions): Promise<Host> {
  if (options.application.runIn === 'javascript') {
    const { createJavaScriptHost } = await import('./javascript/javascript-host.ts')
    return createJavaScriptHost(options)
  }
  return new PythonHost(options)
}
