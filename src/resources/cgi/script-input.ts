/** The body of a request, on its way to a script. */
import type { Writable } from 'node:stream'
import type { JobBody } from '../../hosts/host.ts'
import type { Request } from '../../http/request.ts'

/** A body that was collected. */
export type CollectedBody = Exclude<JobBody, { readonly kind: 'stream' }>

/** Bytes of a body that may be on their way between client and script. */
const WINDOW = 256 * 1024

/** What {@link streamInput} tells. */
export interface InputEvents {
  /** A piece has come. */
  sign(): void
  /** The body is whole, or the script wants no more of it. */
  done(): void
  /** The body broke off. */
  failed(reason: string): void
}

/** Lets the client's body flow to the script, as fast as that reads it. What the script does not want is read and dropped. */
export function streamInput(request: Request, stdin: Writable, maxBody: number, events: InputEvents): void {
  let done = false
  const finish = (): void => {
    if (done) return
    done = true
    events.done()
  }
  stdin.on('close', finish)
  const flow = request.streamBody(
    { maxBody },
    {
      data: (chunk) => {
        events.sign()
        if (stdin.destroyed) flow.resume(chunk.length)
        else stdin.write(chunk, () => flow.resume(chunk.length))
      },
      end: () => {
        if (!stdin.destroyed) stdin.end()
        finish()
      },
      failed: events.failed,
    },
  )
  flow.resume(WINDOW)
}

/** Gives a script a body that was collected in memory. */
export function giveInput(stdin: Writable, chunks: readonly Uint8Array[]): void {
  for (const chunk of chunks) stdin.write(chunk)
  stdin.end()
}
