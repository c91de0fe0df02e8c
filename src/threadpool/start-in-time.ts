import { PlaitError } from '../errors.ts'
import type { Application } from '../hosts/application.ts'
import type { Host } from '../hosts/host.ts'
import type { Logger } from '../log/logger.ts'
import type { PoolClock } from './clock.ts'

/** Seconds in which a host that imports for too long says where it stands, before it is ended. */
const STACK_SECONDS = 0.5

/**
 * Starts a host that has so many seconds for it.
 * @param limits.startTimeout seconds, 0 = no limit
 * @throws PlaitError `PLAIT_START_TIMEOUT` when it takes longer: then it has written into the log where it stands, and is ended
 */
export async function startInTime(
  host: Host,
  application: Application,
  { startTimeout, clock }: { startTimeout: number; clock: PoolClock },
): Promise<void> {
  if (startTimeout === 0) return await host.start()
  let timer: { cancel(): void } | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = clock.callLater(startTimeout, () => {
      endLate(host, clock)
      reject(tooLate(application, startTimeout))
    })
  })
  await Promise.race([host.start(), late]).finally(() => timer?.cancel())
}

function endLate(host: Host, clock: PoolClock): void {
  host.dumpStacks?.()
  clock.callLater(STACK_SECONDS, () => void host.stop({ timeout: 0 }))
}

function tooLate({ name }: Application, seconds: number): PlaitError {
  const message = `The application ${JSON.stringify(name)} was not imported within ${seconds} s; startTimeout (--start-timeout) gives it more time`
  return new PlaitError('PLAIT_START_TIMEOUT', message, { status: 500 })
}

/** Whatever went wrong with the start of a host. */
export function asPlaitError(error: unknown): PlaitError {
  if (error instanceof PlaitError) return error
  return new PlaitError('PLAIT_HOST_LOST', `A host could not be started: ${String(error)}`, { cause: error, status: 502 })
}

/** Says that a start has failed. @param what comes of that */
export function tellFailure(logger: Logger, what: string, error: unknown): void {
  const { message, detail } = asPlaitError(error)
  logger.error(`${what}: ${message}`, detail === undefined ? {} : { detail })
}

/** Only a process that has just been made is ended by these: later it ignores them. Ctrl-C and systemd send them to all processes of a server, so they are no fault of its own. */
const SENT_TO_ALL = /was killed by SIG(?:INT|TERM|HUP|USR1|USR2)\b/

/** Says that a host has died. @param delay seconds until another one starts */
export function tellDeath(logger: Logger, what: string, delay: number): void {
  const next = `another one starts ${delay === 0 ? 'now' : `in ${delay} s`}`
  if (SENT_TO_ALL.test(what)) logger.warn(`${what}, which came before it could ignore that; ${next}`)
  else logger.error(`${what}; ${next}`)
}
