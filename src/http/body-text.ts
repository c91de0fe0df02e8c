import { TextDecoder } from 'node:util'
import { PlaitError } from '../errors.ts'
import { bodyPieces, type BodyGiver } from './body-pieces.ts'

/** The whole body, in memory. */
export async function bodyBytes(request: BodyGiver, maxBody: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of bodyPieces(request, maxBody)) pieces.push(piece)
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
}

/** Text in the charset that Content-Type names, or else UTF-8. Throws with status 415 for a charset that nobody knows. */
export function decodeBody(body: Buffer, contentType: string | undefined): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8'
  return decoderOf(charset).decode(body)
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset)
  } catch (error) {
    throw new PlaitError('PLAIT_PROTOCOL', `The charset ${charset} is not known here`, { status: 415, cause: error })
  }
}

/** Throws with status 400 for what is no JSON. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new PlaitError('PLAIT_PROTOCOL', 'The request body is no JSON', { status: 400, cause: error })
  }
}
