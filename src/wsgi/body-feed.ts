/** A request body on its way to the application while it arrives: credits go up, bytes come down. */
import type { RunningJob } from '../hosts/host.ts'
import { refuse } from '../http/refusal.ts'
import type { BodyFlow, Request } from '../http/request.ts'

/** Hands a streamed body to a running job, never more than the job asked for. */
export class BodyFeed {
  #flow: BodyFlow | undefined
  #running: RunningJob | undefined
  /** Bytes asked for before there was a running job. */
  #wanted = 0
  #request: Request | undefined
  /**
   * Starts to take the body; nothing is read from the client before it is asked for.
   * @param maxBody largest body in bytes, 0 = no limit
   * @returns false when the body was refused and the client has its answer
   */
  open(request: Request, maxBody: number): boolean {
    this.#request = request
    this.#flow = request.streamBody({ maxBody }, this)
    return request.code === 0 && !request.disconnected
  }

  /** Called with the running job, once. */
  attach(running: RunningJob): void {
    this.#running = running
    const wanted = this.#wanted
    if (wanted > 0) this.#flow?.resume(wanted)
  }

  /** The application asks for more. */
  wanted(bytes: number): void {
    if (this.#running === undefined) this.#wanted += bytes
    else this.#flow?.resume(bytes)
  }

  data(chunk: Uint8Array): void {
    this.#running?.input(chunk)
  }

  end(): void {
    this.#running?.inputEnd()
  }

  failed(reason: string): void {
    const request = this.#request
    // A body that turned out to be too large, while its client still listens.
    if (request !== undefined && !request.disconnected) request.refuse(refuse(413, `The request body is refused: ${reason}`))
    this.#running?.inputFailed(reason)
  }
}
