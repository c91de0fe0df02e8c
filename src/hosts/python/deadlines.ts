import type { JobTable } from './job-table.ts'
import type { PythonJob } from './python-job.ts'

/** The deadlines of the jobs of one host, by one timer: it is set to the next of them, and most jobs end before it is looked at. */
export class Deadlines {
  readonly #jobs: JobTable
  readonly #passed: (job: PythonJob) => void
  #timer: NodeJS.Timeout | undefined
  /** When the timer looks. */
  #next = Infinity

  /** @param passed called for a job whose deadline has come; it may set another by {@link watch} */
  constructor(jobs: JobTable, passed: (job: PythonJob) => void) {
    this.#jobs = jobs
    this.#passed = passed
  }

  /** Gives a job `timeout` seconds from now. */
  watch(job: PythonJob, timeout: number): void {
    job.deadline = performance.now() + timeout * 1000
    if (job.deadline < this.#next) this.#lookAt(job.deadline)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #lookAt(time: number): void {
    clearTimeout(this.#timer)
    this.#next = time
    this.#timer = setTimeout(() => this.#look(), Math.max(1, time - performance.now()))
    this.#timer.unref()
  }

  #look(): void {
    this.#next = Infinity
    const now = performance.now()
    let next = Infinity
    for (const job of this.#jobs.all()) {
      if (job.deadline <= now) {
        job.deadline = Infinity
        this.#passed(job)
      }
      next = Math.min(next, job.deadline)
    }
    if (next < this.#next) this.#lookAt(next)
  }
}
