import type { JobBody } from '../host.ts'
import type { SentBody } from './messages.ts'

/** A body as it travels to a thread. */
export function sentBody(body: JobBody | undefined): SentBody {
  if (body === undefined) return undefined
  if (body.kind === 'stream') return true
  if (body.kind === 'file') return body.path
  // Joined into memory of its own: a view of a larger one would take all of that along.
  const bytes = new Uint8Array(body.size)
  let at = 0
  for (const chunk of body.chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
