import { defaults } from '../../defaults.ts'
import { parseTimeout } from '../limit-values.ts'
import { parseCount, parseList, parseSeconds, parseSize } from '../values.ts'
import type { OptionSpec } from './option-spec.ts'

const LIFE = 'Life of the processes'

/** When the processes of applications end, and what becomes of their requests. */
export const lifeOptions: readonly OptionSpec[] = [
  {
    flags: '--timeout <seconds>',
    group: LIFE,
    repeatable: true,
    env: 'PLAIT_TIMEOUT',
    parse: parseTimeout,
    default: `${defaults.timeout}, no limit`,
    help: 'how long an application may take for one request, to the end of its response. Then the client gets 504, the log the stack, and the process or worker thread is replaced. /reports=120 is for what lies below a path',
  },
  {
    flags: '--start-timeout <seconds>',
    group: LIFE,
    env: 'PLAIT_START_TIMEOUT',
    parse: parseSeconds,
    default: String(defaults.startTimeout),
    help: 'how long an application may take to be imported; 0 is no limit. Then the log has the stack, and it counts as one that cannot be imported',
  },
  {
    flags: '--no-retry',
    group: LIFE,
    env: 'PLAIT_NO_RETRY',
    help: 'never run a request twice. Otherwise GET, HEAD and OPTIONS run once more when their process died before it sent anything',
  },
  {
    flags: '--max-requests <n>',
    group: LIFE,
    env: 'PLAIT_MAX_REQUESTS',
    parse: parseCount(0),
    default: '0, no limit',
    help: 'replace a process when it has answered about so many requests: another one starts first, then it finishes what it has',
  },
  {
    flags: '--max-requests-jitter <n>',
    group: LIFE,
    env: 'PLAIT_MAX_REQUESTS_JITTER',
    parse: parseCount(0),
    default: '0',
    help: 'let each process answer up to so many more, by chance, so that not all are replaced together',
  },
  {
    flags: '--max-age <seconds>',
    group: LIFE,
    env: 'PLAIT_MAX_AGE',
    parse: parseSeconds,
    default: '0, no limit',
    help: 'replace a process, likewise, when it is so old',
  },
  {
    flags: '--max-rss <size>',
    group: LIFE,
    env: 'PLAIT_MAX_RSS',
    parse: parseSize,
    default: '0, no limit',
    help: 'replace a process, likewise, when it has more resident memory than this, like 500M (Linux)',
  },
  {
    flags: '--max-rss-hard <size>',
    group: LIFE,
    env: 'PLAIT_MAX_RSS_HARD',
    parse: parseSize,
    default: '0, no limit',
    help: 'end a process at once when it has more than this; requests that run in it get 502 (Linux)',
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
