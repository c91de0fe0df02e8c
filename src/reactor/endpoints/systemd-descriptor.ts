import { PlaitError } from '../../errors.ts'
import type { SystemdEndpoint } from './listen-endpoint.ts'

/** The first that systemd hands over: SD_LISTEN_FDS_START. */
const FIRST = 3

/** What of the environment says which sockets were handed over. */
export interface ActivationEnvironment {
  readonly LISTEN_FDS?: string | undefined
  readonly LISTEN_PID?: string | undefined
  readonly LISTEN_FDNAMES?: string | undefined
}

/**
 * The file descriptor of a socket that systemd opened (sd_listen_fds_with_names(3); Twisted: `ListenFDs`).
 * @param environment @default that of this process
 * @param pid of the process for which they are meant. @default this one
 * @throws PlaitError `PLAIT_LISTEN` when there is none
 */
export function systemdDescriptor(
  { index, name }: SystemdEndpoint,
  environment: ActivationEnvironment = process.env,
  pid: number = process.pid,
): number {
  const { LISTEN_FDS: count = '', LISTEN_PID: meantFor = '', LISTEN_FDNAMES: names = '' } = environment
  const wanted = `systemd's socket ${name === undefined ? `number ${index}` : JSON.stringify(name)}`
  const wrong = (what: string): PlaitError => new PlaitError('PLAIT_LISTEN', `Cannot listen on ${wanted}: ${what}`)
  if (!/^\d{1,6}$/.test(count) || meantFor === '')
    throw wrong('none was handed over (LISTEN_FDS is not set). Is the service started by its .socket unit?')
  // Whoever inherits the environment of another process must not take its numbers for his own.
  if (meantFor !== String(pid)) throw wrong(`they were handed to process ${meantFor}, and this is ${pid}. Start it with exec`)
  const total = Number(count)
  const position = name === undefined ? (index as number) : names.split(':').slice(0, total).indexOf(name)
  if (position < 0)
    throw wrong(`the ${total} that were handed over are named ${JSON.stringify(names)} (FileDescriptorName= of the .socket unit)`)
  if (position >= total) throw wrong(`only ${total} were handed over, and the first is number 0`)
  return FIRST + position
}
