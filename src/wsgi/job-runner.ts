/** What the gateway needs of a thread pool. `ThreadPool` fits; tests pass something smaller. */
import type { Application } from '../hosts/application.ts'
import type { HostRuntime, JobSink, RunningJob } from '../hosts/host.ts'
import type { LaneJob } from '../threadpool/lane.ts'

/** Runs jobs of applications, when and where it sees fit. */
export interface JobRunner {
  /**
   * Takes a job on the event loop and returns at once. Whatever goes wrong, now or later, is told through `sink.finished`; calls to
   * `sink` may come before this returns.
   */
  submit(application: Application, job: LaneJob, sink: JobSink): RunningJob
  /** Starts what runs the application. Rejected when it cannot be loaded. */
  prepare?(application: Application): Promise<HostRuntime>
  /** Ends its threads. Called when the reactor has stopped. Idempotent. */
  stop?(options: { timeout: number }): Promise<void>
}
