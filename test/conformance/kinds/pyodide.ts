import { root } from '../../support/paths.ts'
import { marker, type HostKind } from '../host-kind.ts'
import { python } from '../languages/python.ts'

/** Worker threads with CPython in WebAssembly. */
export const pyodide: HostKind = {
  name: 'Pyodide',
  title: 'pyodide',
  language: python,
  application: (name, folder) => ({
    application: `apps:${name}`,
    runIn: 'pyodide',
    cwd: `${root}/test/conformance/python`,
    env: { [marker]: 'secret' },
    writable: [folder],
  }),
  concurrency: (threads, processes) => [false, threads > 1 || processes > 1],
  hasProcesses: false,
  exceptions: {},
}
