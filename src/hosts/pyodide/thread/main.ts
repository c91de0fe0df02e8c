/** What a worker thread of a Pyodide host runs. */
import { workerData } from 'node:worker_threads'
import { Link, type SentJob } from '../../worker/link.ts'
import { Interrupt } from '../../worker/interrupt.ts'
import { ToServer, type LoadReport } from '../../worker/messages.ts'
import { importHost, startInterpreter, type InterpreterOptions } from './interpreter.ts'
import { SharedBytes } from './memory.ts'
import { linesOf } from './output.ts'
import { serverFace, type Surroundings } from './server-face.ts'
import { ThreadJob } from './thread-job.ts'

/** What the server gives a thread of this kind. */
export interface ThreadData extends InterpreterOptions {
  /** For `plait_host.worker_thread`. */
  readonly settings: {
    readonly application: string
    readonly cwd: string
    readonly paths: readonly string[]
    readonly multiprocess: boolean
    readonly reportImports: boolean
    readonly responseWindow: number
    readonly inputWindow: number
  }
}

const data = workerData as ThreadData
const { settings } = data
const link = new Link(() => end())
const interrupt = new Interrupt((workerData as { interrupt: SharedArrayBuffer }).interrupt)
let lastId = 0
let busy = false

const { pyodide, snapshot } = await startInterpreter(data)
pyodide.setStdout({ write: linesOf((line) => output(ToServer.OUTPUT, line)) })
pyodide.setStderr({ write: linesOf((line) => output(ToServer.ERRORS, line)) })
pyodide.setInterruptBuffer(interrupt.signal)

const nothing = undefined as unknown as SharedBytes
const here: Surroundings = {
  link,
  FS: pyodide.FS,
  incoming: nothing,
  outgoing: nothing,
  job: undefined,
  interrupt,
}
pyodide.registerJsModule('_plait', serverFace(here))
const host = importHost(pyodide)
here.incoming = new SharedBytes(pyodide, host.incoming)
here.outgoing = new SharedBytes(pyodide, host.outgoing)
const thread = host.Thread(JSON.stringify(settings))
// Each look at a method would make another proxy.
const { run } = thread

/** The server has no more need of the thread: the application's exit functions run, as at the end of a process. */
function end(): void {
  try {
    pyodide.runPython('import atexit; atexit._run_exitfuncs()')
  } finally {
    process.exit(0)
  }
}

/** Leaves at once: whatever the thread does next, it is not lost. */
function output(kind: number, line: string): void {
  link.say(kind, line)
  link.flush()
}

/** Runs what is here, one job after the other. */
function serve(): void {
  if (busy) return
  busy = true
  const began = performance.now()
  let jobs = 0
  for (let job = link.nextJob(); job !== undefined; job = link.nextJob()) {
    jobs++
    // Functions are called in hosts of TypeScript only.
    if ('environ' in job) runJob(job)
    // A response never waits for the request behind it.
    link.flush()
  }
  busy = false
  if (jobs > 0) link.say(ToServer.WORKED, jobs, performance.now() - began)
  link.flush()
}

function runJob(sent: SentJob): void {
  let job: ThreadJob
  try {
    job = new ThreadJob(++lastId, sent, link)
  } catch (error) {
    link.say(ToServer.FAILED, sent.slot, {
      type: 'OSError',
      message: `cannot open the spooled body: ${String(error)}`,
      traceback: '',
    })
    return
  }
  here.job = job
  interrupt.begin(job.slot)
  try {
    const text = sent.environ.join('\0')
    // One that is too long is asked for in another way, because the number of its parts is wrong.
    const fits = text.length <= here.incoming.size
    if (fits) here.incoming.writeText(text)
    run(job.id, sent.environ.length, fits ? text.length : 0, job.body, job.bodySize)
    finish(job)
  } catch (error) {
    fail(job, error)
  }
  interrupt.end()
  here.job = undefined
  job.close()
}

/** What is left to do when the application has had its say. */
function finish(job: ThreadJob): void {
  const { file } = job
  if (job.over) return
  if (file !== undefined) {
    link.waitUntil(() => job.taken !== undefined || job.gone)
    if (job.taken === false) job.streamFile(file, settings.responseWindow)
  }
  link.say(ToServer.END, job.slot)
  job.over = true
}

/** Something went wrong outside the application, or it ended its interpreter. */
function fail(job: ThreadJob, error: unknown): void {
  const { name, message, stack } = error as Error & { status?: number }
  if (name !== 'PythonError') {
    link.flush()
    process.exit((error as { status?: number }).status ?? 1)
  }
  if (!job.over) link.say(ToServer.FAILED, job.slot, { type: name, message, traceback: stack ?? message })
}

const report = JSON.parse(thread.load()) as LoadReport
link.say(ToServer.LOADED, snapshot === undefined ? report : { ...report, snapshot })
link.flush()
link.onJobs = serve
