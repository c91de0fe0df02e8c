import { defaults } from '../../defaults.ts'
import { parseList, parseSeconds } from '../values.ts'
import type { OptionSpec } from './option-spec.ts'

const LIFE = 'Life of the processes'

/** When the processes of applications end, and what becomes of their requests. */
export const lifeOptions: readonly OptionSpec[] = [
  {
    flags: '--timeout <seconds>',
    group: LIFE,
    env: 'PLAIT_TIMEOUT',
    parse: parseSeconds,
    default: `${defaults.timeout}, no limit`,
    help: 'how long an application may take for one request, to the end of its response. Then the client gets 504, the log the stack, and the process is replaced',
  },
  {
    flags: '--no-retry',
    group: LIFE,
    env: 'PLAIT_NO_RETRY',
    help: 'never run a request twice. Otherwise GET, HEAD and OPTIONS run once more when their process died before it sent anything',
  },
  {
    flags: '--reload',
    group: LIFE,
    env: 'PLAIT_RELOAD',
    help: 'for development: reload applications when a file that they imported changes, and show in the browser why one does not import. Shows tracebacks as --display-tracebacks does',
  },
  {
    flags: '--reload-extra <path>',
    group: LIFE,
    env: 'PLAIT_RELOAD_EXTRA',
    parse: parseList,
    repeatable: true,
    help: 'with --reload, more to watch: a file, a directory with all below, or a pattern like "templates/**/*.html"',
  },
]
