import { createReadStream } from 'node:fs'
import type { ClientRequest } from 'node:http'
import type { JobBody } from '../../hosts/host.ts'
import type { BodyFlow, Request } from '../../http/request.ts'

/** A body that was collected. */
export type CollectedBody = Exclude<JobBody, { readonly kind: 'stream' }>

/** Bytes of a request's body that may be on their way between client and upstream. */
const WINDOW = 256 * 1024

/** Lets the client's body flow to the upstream, as fast as that takes it. `failed` is called when the body breaks off. */
export function streamBody(
  request: Request,
  asked: ClientRequest,
  maxBody: number,
  on: { sign(): void; failed(reason: string): void },
): void {
  const flow: BodyFlow = request.streamBody(
    { maxBody },
    {
      data: (chunk) => {
        if (asked.destroyed) return
        on.sign()
        asked.write(chunk, () => flow.resume(chunk.length))
      },
      end: () => void asked.end(),
      failed: on.failed,
    },
  )
  flow.resume(WINDOW)
}

/** Sends a body that was collected before. */
export function sendBody(body: CollectedBody | undefined, asked: ClientRequest): void {
  if (body?.kind === 'file') {
    createReadStream(body.path)
      .on('error', (error) => asked.destroy(error))
      .pipe(asked)
    return
  }
  for (const chunk of body?.chunks ?? []) asked.write(chunk)
  asked.end()
}
