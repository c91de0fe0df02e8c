import type { ConnectionInfo, Reactor } from '../reactor/reactor.ts'
import type { DefaultFields } from './default-fields.ts'
import type { Forwarding } from './forwarded/forwarding.ts'
import type { TakenOver } from './opening.ts'
import type { Refusal } from './refusal.ts'
import type { Request } from './request.ts'
import type { Spool } from './spool.ts'

/** Limits of a request's head. */
export interface HeadLimits {
  readonly maxTarget: number
  readonly maxFields: number
  readonly maxHeadSize: number
}

/** What is kept of each request for whoever asks later. */
export interface RequestRecords {
  /** When what happened: there is an access log. */
  readonly times: boolean
  /** Requests have names. */
  readonly ids: boolean
}

/** The way that a request came and its response goes: a connection of HTTP/1, a stream of HTTP/2. */
export interface Channel extends ConnectionInfo {
  readonly reactor: Reactor
  readonly limits: HeadLimits
  /** What is added to every response; undefined for nothing. */
  readonly defaultFields: DefaultFields | undefined
  readonly records: RequestRecords
  /** What is done with the fields of proxies. */
  readonly forwarding: Forwarding
  /** Where large bodies lie. */
  readonly spool: Spool
  /** Addresses as text; '' on UNIX sockets. */
  readonly peerHost: string
  readonly peerPort: string
  readonly hostHost: string
  readonly hostPort: string
  /** The client has said that it will send no more: it may have gone. @default false */
  readonly halfClosed?: boolean
  /** Whom the server waits for from now on: the client, for the body, or the application. The clock starts anew. */
  enter(phase: 'body' | 'working'): void
  /** Answers a request with an error of HTTP itself. */
  answerRefusal(request: Request, refusal: Refusal): void
  /**
   * The connection leaves HTTP.
   * @param onStop called when the server stops. @default the connection is ended
   */
  takeOver(onStop?: () => void): TakenOver
  /** A request has ended, either way. */
  requestOver(request: Request): void
}
