import type { ServerSessionOptions } from 'node:http2'
import type { HeadLimits } from '../channel.ts'

/** Bytes that a client may send on one stream, and on all of them, before somebody reads. The first bounds what a body that nobody reads takes. */
const STREAM_WINDOW = 256 * 1024
export const CONNECTION_WINDOW: number = 1024 * 1024

/** Options of node:http2 for one connection: what it can bound by itself. */
export function sessionOptions(limits: HeadLimits, maxStreams: number): ServerSessionOptions {
  return {
    settings: {
      maxConcurrentStreams: within(maxStreams),
      initialWindowSize: STREAM_WINDOW,
      // node:http2 resets streams whose heads are larger. Up to here they get an answer that says why.
      maxHeaderListSize: within(limits.maxHeadSize * 2),
      enableConnectProtocol: false,
    },
    // Room for as many, cookies in crumbs and pseudo-header fields.
    maxHeaderListPairs: within(limits.maxFields * 4),
    // MB. It counts what waits for the client, which each response bounds for itself; node:http2 would refuse new streams for it.
    maxSessionMemory: 4096,
    maxSendHeaderBlockLength: 256 * 1024,
    maxSettings: 32,
    maxOutstandingPings: 10,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
  }
}

/** What a setting can say: limits may be Infinity, and 0 would allow nothing at all. */
function within(limit: number): number {
  return Math.min(Math.max(Math.floor(limit), 1), 2 ** 31 - 1)
}
