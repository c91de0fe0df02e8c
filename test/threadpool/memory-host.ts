import type { Host, HostOptions, HostSink, HostState, HostStatistics, Job, RunningJob } from '#src/hosts/host.ts'
import type { PlaitError } from '#src/errors.ts'

/** A job in a {@link MemoryHost}, to be ended by the test. */
export interface MemoryRun {
  readonly job: Job
  readonly sink: HostSink
  readonly host: MemoryHost
  abandoned: boolean
  waitsForClient: boolean
  finish(error?: PlaitError): void
}

/** A host without a process: the test says when it is ready, when a run ends, when it dies. */
export class MemoryHost implements Host {
  roomAhead = 0
  permits = 0
  streams = 0
  readonly mostStreams = Infinity
  readonly id: string
  readonly options: HostOptions
  readonly runtime = { name: 'Memory 1', executable: '', why: 'a test' }
  readonly runs: MemoryRun[] = []
  state: HostState = 'starting'
  onGone: ((reason: string) => void) | undefined
  threads: number
  served = 0
  ready: () => void = () => undefined
  fail: (error: unknown) => void = () => undefined

  constructor(options: HostOptions) {
    this.id = options.id
    this.options = options
    this.threads = options.maxThreads
  }

  get inFlight(): number {
    return this.runs.length
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.ready = () => {
        this.state = 'ready'
        resolve()
      }
      this.fail = reject
    })
  }

  run(job: Job, sink: HostSink): RunningJob {
    const run: MemoryRun = {
      job,
      sink,
      host: this,
      abandoned: false,
      waitsForClient: false,
      finish: (error) => {
        this.runs.splice(this.runs.indexOf(run), 1)
        if (error === undefined) this.served++
        sink.finished(error)
      },
    }
    this.runs.push(run)
    const nothing = (): void => undefined
    const abandon = (): void => {
      run.abandoned = true
    }
    return {
      get waitsForClient() {
        return run.waitsForClient
      },
      drained: nothing,
      input: nothing,
      inputEnd: nothing,
      inputFailed: nothing,
      fileTaken: nothing,
      abandon,
    }
  }

  /** Bytes that it says it has. */
  resident = 0
  /** Why it was stopped. */
  why: string | undefined

  memory(): number {
    return this.resident
  }

  sinks(): HostSink[] {
    return this.runs.map(({ sink }) => sink)
  }

  setThreads(maxThreads: number): void {
    this.threads = maxThreads
  }

  die(reason: string, error: PlaitError): void {
    this.state = 'gone'
    for (let run = this.runs[0]; run !== undefined; run = this.runs[0]) run.finish(error)
    this.onGone?.(reason)
  }

  /** Seconds that it was given to finish what runs. */
  grace: number | undefined

  stop({ timeout, reason }: { timeout?: number; reason?: string } = {}): Promise<void> {
    this.why = reason
    this.grace = timeout
    this.state = this.runs.length > 0 ? 'draining' : 'gone'
    return Promise.resolve()
  }

  statistics(): HostStatistics {
    return { id: this.id, state: this.state, pid: undefined, inFlight: this.inFlight, served: this.served }
  }
}
