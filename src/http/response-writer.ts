import type { Request } from './request.ts'
import type { WholeResponse } from './whole-response.ts'

/** How the response to one request goes out, in the framing of its protocol. `Request` keeps the order of the calls. */
export interface ResponseWriter {
  /** A response has begun whose length nobody knows: the client sees its end only by what comes behind. */
  readonly openEnded: boolean
  /** 100 Continue. */
  writeContinue(): void
  /** 103 Early Hints. Throws `PLAIT_RESOURCE` for what is no field. */
  writeEarlyHints(headers: readonly string[]): void
  /**
   * Writes a short, whole response in one piece. Gives false, with nothing written, where the long way has to be taken. Throws `PLAIT_RESOURCE` when a
   * field is none.
   */
  writeWhole(request: Request, whole: WholeResponse): boolean
  /** Behind a {@link writeWhole}: calls `request.responseSent` when the system has taken it. */
  whenTaken(request: Request): void
  /**
   * Writes the head of a response; Server is among its fields. From then on, the end of the response is told by `request.responseSent`. Throws where the
   * fields or the status are none.
   */
  writeHead(request: Request, status: number, reason: string, headers: readonly string[]): void
  /** The body does not come at once: the head leaves at the end of this turn, with what of the body is here by then. */
  flushHead(headers: readonly string[]): void
  /** A piece of the body; `flushed` is called when the system has taken it. */
  write(chunk: Uint8Array, flushed: () => void): void
  /** The response ends, behind `last`. */
  end(last?: Uint8Array): void
  /** Cuts the response, so that the client sees that it is not whole. What was written before goes out. */
  breakOff(): void
  /** Nobody waits for the response any more. */
  destroy(): void
}
