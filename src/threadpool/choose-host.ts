import type { Host } from '../hosts/host.ts'

/** The ready host with the fewest jobs, not counting streams. */
export function leastBusy(hosts: readonly Host[]): Host | undefined {
  let best: Host | undefined
  for (const host of hosts) {
    // A host that is dying tells its jobs first: none of them may free a permit for it.
    if (host.state === 'ready' && (best === undefined || load(host) < load(best))) best = host
  }
  return best
}

function load({ inFlight, streams, isStopped }: Host): number {
  return isStopped === true ? Number.MAX_SAFE_INTEGER : inFlight - streams
}

/** The ready host with most room for jobs that wait in it; undefined when none has any. */
export function roomiest(hosts: readonly Host[]): Host | undefined {
  let best: Host | undefined
  for (const host of hosts) {
    if (host.state === 'ready' && host.roomAhead > (best?.roomAhead ?? 0)) best = host
  }
  return best
}
