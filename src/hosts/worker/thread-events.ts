import type { PlaitError } from '../../errors.ts'
import type { ResponseHeads } from '../response-heads.ts'
import type { LoadReport } from './messages.ts'
import type { MemoryLimit } from './thread-memory.ts'
import type { WorkerJob } from './worker-job.ts'
import type { WorkerThread } from './worker-thread.ts'

/** What a {@link WorkerThread} tells. */
export interface ThreadEvents {
  loaded(thread: WorkerThread, report: LoadReport): void
  /** The run of a job is over, and its slot free. */
  finished(thread: WorkerThread, job: WorkerJob, outcome: PlaitError | undefined): void
  /** What the thread has done since it last said so: jobs, and milliseconds in them. */
  worked(thread: WorkerThread, jobs: number, milliseconds: number): void
  /** A line of the application's standard output or error, or of `wsgi.errors`. */
  output(thread: WorkerThread, stream: 'stdout' | 'stderr', line: string): void
  /** It has collected its garbage, and so many bytes are left. */
  kept(thread: WorkerThread, bytes: number): void
  /** The thread is gone, or as good as gone. Its jobs are still in it. Last, once. */
  died(thread: WorkerThread, reason: string): void
}

/** What a thread is made of. */
export interface ThreadOptions {
  /** The script that it runs. */
  readonly entry: URL
  /** What the script gets beside the shared memory and the port. */
  readonly data: Readonly<Record<string, unknown>>
  readonly env: NodeJS.ProcessEnv
  /** Undefined: none but Node's own. */
  readonly memory: MemoryLimit | undefined
  readonly heads: ResponseHeads
  /** Seconds that it may take to load the application, 0 = no limit. */
  readonly startTimeout: number
}
