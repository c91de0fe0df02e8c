import { PlaitError } from '../../errors.ts'
import { defaults } from '../../defaults.ts'
import type { NodePort } from '../node-port.ts'
import { obstacleToUpgrade } from './obstacle.ts'
import { Successor } from './successor.ts'

/** Options of `reactor.upgrade`. */
export interface UpgradeOptions {
  /** Seconds that the new process has to get ready. @default 60 */
  readonly timeout?: number
  /** Further file descriptors that it gets, by name: see `Inheritance.descriptor`. @default none */
  readonly descriptors?: Readonly<Record<string, number>>
}

/** What {@link giveWay} needs of its reactor. */
interface Attempt extends UpgradeOptions {
  /** The process is there. */
  started(successor: Successor): void
  /** False once the reactor was told to stop. */
  goesOn(): boolean
}

/**
 * Starts the next process and waits until it takes connections from the sockets of `ports`.
 * @returns its process id
 * @throws PlaitError `PLAIT_UPGRADE`: then it is gone, and nothing has changed
 */
export async function giveWay(ports: Iterable<NodePort>, attempt: Attempt): Promise<number> {
  const { timeout = defaults.upgradeTimeout, descriptors = {}, started, goesOn } = attempt
  const obstacle = obstacleToUpgrade()
  if (obstacle !== undefined) throw new PlaitError('PLAIT_UPGRADE', obstacle)
  const handed = [...ports].flatMap((port) => {
    const socket = port.toHand()
    return socket === undefined ? [] : [{ port, socket }]
  })
  const successor = new Successor(
    handed.map(({ socket }) => socket),
    descriptors,
  )
  started(successor)
  try {
    const taken = [...(await successor.takesOver(timeout))]
    if (!goesOn()) throw new PlaitError('PLAIT_UPGRADE', 'the server was told to stop')
    for (const { port, socket } of handed) {
      const at = taken.indexOf(socket.key)
      if (at < 0) continue
      taken.splice(at, 1)
      port.handOver()
    }
    return successor.pid
  } catch (error) {
    await successor.end('it did not get ready')
    throw error
  }
}
