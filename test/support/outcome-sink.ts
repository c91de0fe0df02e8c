import type { HostSink, Outcome } from '#src/hosts/host.ts'

const nothing = (): void => undefined

/** The sink of a job of which only the end counts. */
export function outcomeSink(finished: (outcome: Outcome) => void): HostSink {
  return {
    earlyHints: nothing,
    respond: nothing,
    respondFile: nothing,
    data: nothing,
    inputWanted: nothing,
    returned: nothing,
    finished,
  }
}
