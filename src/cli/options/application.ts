import { defaults } from '../../defaults.ts'
import { parseCount, parseList, parseProcesses, parseSeconds, parseText, parseVariable } from '../values.ts'
import { parseLimit } from '../limit-values.ts'
import type { OptionSpec } from './option-spec.ts'

const APPLICATION = 'Applications'
const THREADS = 'Threads and processes'

/** Where and with what WSGI applications run. */
export const applicationOptions: readonly OptionSpec[] = [
  {
    flags: '-d, --chdir <dir>',
    group: APPLICATION,
    env: 'PLAIT_CHDIR',
    parse: parseText,
    default: 'where you are',
    help: 'the directory that applications run in and are imported from. All other paths are meant from where you are',
  },
  { flags: '--rundir <dir>', group: APPLICATION, parse: parseText, help: "twistd's name for --chdir" },
  {
    flags: '--python <python>',
    group: APPLICATION,
    env: 'PLAIT_PYTHON',
    parse: parseText,
    default: 'VIRTUAL_ENV, .venv, venv, the uv or poetry project, python3, python',
    help: 'the interpreter: a path, the folder of a venv, or a name on PATH. Also of applications that service files and scripts make without naming one',
  },
  {
    flags: '--run-in <where>',
    group: APPLICATION,
    env: 'PLAIT_RUN_IN',
    choices: ['python', 'pyodide'],
    default: 'python, and pyodide where no usable Python is found',
    help: "where Python applications run: in processes of the machine's Python, or in WebAssembly (the package pyodide)",
  },
  {
    flags: '--python-path <dir>',
    group: APPLICATION,
    repeatable: true,
    env: 'PLAIT_PYTHON_PATH',
    parse: parseList,
    help: 'in pyodide: a directory of packages beside those of the venv, read-only',
  },
  {
    flags: '--writable <dir>',
    group: APPLICATION,
    repeatable: true,
    env: 'PLAIT_WRITABLE',
    parse: parseList,
    help: 'in pyodide: a directory that applications may write to; their own is read-only',
  },
  {
    flags: '--env <name=value>',
    group: APPLICATION,
    parse: parseVariable,
    repeatable: true,
    help: 'a variable for the environment of applications',
  },
  {
    flags: '--thread-memory <mib>',
    group: APPLICATION,
    env: 'PLAIT_THREAD_MEMORY',
    parse: parseCount(1),
    default: String(defaults.javascriptMemory),
    help: 'MiB for each worker thread of an application; one that keeps more is replaced, one that takes twice as much is ended',
  },
]

/** The pool that all applications share. */
export const threadOptions: readonly OptionSpec[] = [
  {
    flags: '--threads <n>',
    group: THREADS,
    env: 'PLAIT_THREADS',
    parse: parseCount(1),
    default: String(defaults.maxThreads),
    help: 'how many requests run at the same time, over all applications and processes',
  },
  {
    flags: '--min-threads <n>',
    group: THREADS,
    env: 'PLAIT_MIN_THREADS',
    parse: parseCount(0),
    default: String(defaults.minThreads),
    help: 'threads that are started at once and never retired',
  },
  {
    flags: '--processes <n>',
    group: THREADS,
    env: 'PLAIT_PROCESSES',
    parse: parseProcesses,
    default: String(defaults.processes),
    help: 'Python processes of each application; auto is one for each core',
  },
  {
    flags: '--preload',
    group: THREADS,
    env: 'PLAIT_PRELOAD',
    help: 'import each Python application once and fork its processes from there: they share its memory, and one that died is replaced in milliseconds (Linux)',
  },
  {
    flags: '--pre-fork <function>',
    group: THREADS,
    env: 'PLAIT_PRE_FORK',
    parse: parseText,
    default: 'none',
    help: 'with --preload: a function of Python, module:function, called without arguments in the process that has imported the application, before each fork',
  },
  {
    flags: '--post-fork <function>',
    group: THREADS,
    env: 'PLAIT_POST_FORK',
    parse: parseText,
    default: 'none',
    help: 'a function of Python, called likewise in each process before its first request, with --preload and without: for connections and threads that a fork cannot share',
  },
  {
    flags: '--max-queue <n>',
    group: THREADS,
    env: 'PLAIT_MAX_QUEUE',
    parse: parseCount(0),
    default: String(defaults.maxQueue),
    help: 'requests that may wait for a thread; one more gets 503',
  },
  {
    flags: '--queue-timeout <seconds>',
    group: THREADS,
    env: 'PLAIT_QUEUE_TIMEOUT',
    parse: parseSeconds,
    default: String(defaults.queueTimeout),
    help: 'how long a request may wait for a thread; then it gets 503. 0 is no limit',
  },
  {
    flags: '--limit </path=n>',
    group: THREADS,
    repeatable: true,
    env: 'PLAIT_LIMIT',
    parse: parseLimit,
    help: 'how many requests below a path run at the same time: /reports=2. Others wait for their turn without holding up the rest; /reports=2,max-queue=20,queue-timeout=5 says how many, and how long',
  },
  {
    flags: '--max-streams <n>',
    group: THREADS,
    env: 'PLAIT_MAX_STREAMS',
    parse: parseCount(0),
    default: `${defaults.maxPoolStreams}, of these in worker threads 64 for an application (Pyodide 8); 0 with one thread`,
    help: 'responses that may stay open (events, slow clients) beside the requests that run: after 5 s (text/event-stream, and what waits for its client, sooner) each gives its place among --threads back, and its process gets a thread for it. Further ones keep their places',
  },
]
