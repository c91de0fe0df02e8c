import { NodeReactor } from '#src/reactor/node-reactor.ts'
import type { DelayedCall } from '#src/reactor/reactor.ts'
import { Clock } from '#src/testing/clock.ts'

/** Real sockets, but time passes only when the test says so. */
export class ClockedReactor extends NodeReactor {
  readonly clock: Clock = new Clock()

  override seconds(): number {
    return this.clock.seconds()
  }

  override callLater(seconds: number, callable: () => void): DelayedCall {
    return this.clock.callLater(seconds, callable)
  }
}
