import type { AccessRecord } from './access-log.ts'

/** When a line is written. */
export interface LineTime {
  /** `24/Nov/2026:08:05:12 +0000` */
  readonly clf: string
  /** RFC 3339, UTC, milliseconds. */
  readonly iso: string
}

/** What a field says of a request; undefined: nothing. */
export type AccessField = (record: AccessRecord, time: LineTime) => string | number | undefined

/** The fields of an access log by their names, in the order in which JSON has them. Times are milliseconds. */
export const accessFields: Readonly<Record<string, AccessField>> = Object.freeze({
  time: (_, { iso }) => iso,
  id: ({ id }) => id,
  client: ({ clientHost }) => clientHost || undefined,
  user: ({ user }) => user?.name,
  method: ({ method }) => method,
  target: ({ uri }) => uri,
  protocol: ({ clientproto }) => clientproto,
  status: ({ code }) => code || undefined,
  bytes: ({ bytesSent }) => bytesSent,
  duration: ({ startedAt, reactor }) => milliseconds(startedAt, reactor.seconds()),
  // In the thread pool, until a host takes it, or it is refused.
  queue: ({ times }) => milliseconds(times?.queuedAt, times?.begunAt ?? times?.respondedAt),
  // Until the response begins.
  app: ({ times, startedAt }) => {
    const from = times?.queuedAt === undefined ? startedAt : times.begunAt
    return milliseconds(from, times?.respondedAt)
  },
  // Until the system has taken all of the response.
  write: ({ times, reactor }) => milliseconds(times?.respondedAt, reactor.seconds()),
  host: ({ times }) => times?.host,
  thread: ({ times }) => times?.thread,
  referer: (record) => record.getHeader('referer'),
  agent: (record) => record.getHeader('user-agent'),
  aborted: ({ aborted, disconnected }) => (aborted ? (disconnected === true ? 'client' : 'server') : undefined),
} satisfies Record<string, AccessField>)

/** Names of fields whose values stand in one word where a format has them. */
export const oneWordFields: ReadonlySet<string> = new Set(['id', 'client', 'user', 'target', 'host'])

function milliseconds(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.round((to - from) * 100_000) / 100
}
