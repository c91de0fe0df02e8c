import { root } from '../../support/paths.ts'
import { environment, type HostKind } from '../host-kind.ts'
import { exceptions } from '../javascript/exceptions.ts'
import { javascript } from '../languages/javascript.ts'

/** Worker threads with TypeScript. */
export const javascriptThreads: HostKind = {
  name: `worker threads of Node ${process.versions.node}`,
  title: 'javascript',
  language: javascript,
  application: (name, folder) => ({
    application: `${root}/test/conformance/javascript/apps.ts#${name}`,
    env: environment(folder),
  }),
  // Each thread has a world of its own.
  concurrency: (threads, processes) => [false, threads * processes > 1],
  hasProcesses: false,
  exceptions,
}
