/** When what happened to a request, in seconds of the reactor's clock; undefined: not yet, or never. Kept only where there is an access log. */
export class RequestTimes {
  /** A thread pool took it. */
  queuedAt: number | undefined
  /** A host took it. */
  begunAt: number | undefined
  /** Its response began. */
  respondedAt: number | undefined
  /** The id of that host. */
  host: string | undefined
  /** The number of the thread there. */
  thread: number | undefined
}
