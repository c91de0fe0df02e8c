import { setTimeout as pause } from 'node:timers/promises'
import { inheritance, reactor } from '../default-reactor.ts'
import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import type { Logger } from '../log/logger.ts'
import { PidFile } from '../reactor/process/pid-file.ts'
import { notifyServiceManager } from '../reactor/service-notify.ts'
import type { ThreadPool } from '../threadpool/thread-pool.ts'
import type { WebOptions } from './options.ts'
import { absolutePath } from './values.ts'

/** Among what a new process inherits. */
const PID_FILE = 'pidfile'

/**
 * The file of --pidfile: a new one, or that of the process whose place this one takes, which has our id in it once we serve.
 * @throws PlaitError `PLAIT_CONFIGURATION` when it cannot be ours
 */
export function claimPidFile({ pidfile }: WebOptions, log: Logger): PidFile | undefined {
  if (pidfile === undefined) return undefined
  const file = absolutePath(pidfile)
  const descriptor = inheritance?.descriptor(PID_FILE)
  const inherited = descriptor === undefined ? undefined : PidFile.inherit(file, descriptor)
  if (inherited === undefined) return PidFile.create(file, log)
  reactor.callWhenRunning(() => inherited.takeOver())
  return inherited
}

/** Removes the file at the end. While the process before this one still waits it goes on if this one fails, and the file is its own. */
export function releasePidFile(pidFile: PidFile | undefined): void {
  if (pidFile?.inherited === true && inheritance?.expected === true) return
  pidFile?.remove()
}

/** Milliseconds between two looks. */
const LOOK = 50

/**
 * Lets a process that takes the place of another wait until all of its hosts are ready, not only the first of each application: all the work of the old one comes to it at once. Where some do not get ready
 * it goes on without them after half of its time.
 */
export function awaitAllHosts(pool: ThreadPool, { reload, upgradeTimeout = defaults.upgradeTimeout }: WebOptions): void {
  // An application that cannot be imported is waited for by --reload.
  if (inheritance === undefined || reload === true) return
  const isWhole = (): boolean =>
    pool.statistics().applications.every(({ hosts }) => hosts.filter(({ state }) => state === 'ready').length >= pool.processes)
  reactor.addSystemEventTrigger('during', 'startup', async () => {
    const last = reactor.seconds() + upgradeTimeout / 2
    while (!isWhole() && reactor.seconds() < last) await pause(LOOK)
  })
}

/** Tells systemd when the server is ready, when it stops, and which process it is by then. */
export function tellServiceManager(log: Logger): void {
  reactor.callWhenRunning(() => void notifyServiceManager({ READY: 1 }, { logger: log }))
  reactor.addSystemEventTrigger('before', 'shutdown', async () => {
    const { successor } = reactor
    if (successor === undefined) void notifyServiceManager({ STOPPING: 1 }, { logger: log })
    // It must know before this process ends, or the service ends with it.
    else await notifyServiceManager({ MAINPID: successor, READY: 1 }, { logger: log })
  })
}

/** SIGUSR2. What goes wrong is a line in the log, and the server goes on. */
export async function upgradeOnSignal(options: WebOptions, log: Logger, pidFile: PidFile | undefined): Promise<void> {
  const { upgradeTimeout: timeout = defaults.upgradeTimeout } = options
  const descriptors = pidFile === undefined ? {} : { [PID_FILE]: pidFile.descriptor }
  log.info('SIGUSR2: upgrading: this command is started anew, and takes over when it is ready')
  try {
    const successor = await reactor.upgrade({ timeout, descriptors })
    log.info(`Upgraded: process ${successor} serves from now on. This one (${process.pid}) lets running requests finish`)
  } catch (error) {
    if (!(error instanceof PlaitError)) throw error
    // It may have written its own id already.
    if (!reactor.upgrading && reactor.successor === undefined) pidFile?.takeOver()
    log.error(`Not upgraded, this process goes on: ${error.message}`)
  }
}
