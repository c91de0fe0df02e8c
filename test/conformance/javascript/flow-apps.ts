/** Responses larger than what the buffers on the way can hold. */
import type { Environ, StartResponse } from 'plait'
import { note, query, text, type Applications } from './registry.ts'

const BLOCK = Buffer.alloc(64 * 1024, 'x')
const COUNT = 768

function* blocks(environ: Environ): Generator<Buffer> {
  note(environ, 'begun')
  for (let sent = 0; sent < COUNT; sent++) yield BLOCK
  note(environ, 'done')
}

async function* blocksLater(environ: Environ): AsyncGenerator<Buffer> {
  for (const block of blocks(environ)) {
    await undefined
    yield block
  }
}

function written(environ: Environ, startResponse: StartResponse): string[] {
  const write = startResponse('200 OK', text())
  for (const block of blocks(environ)) write(block)
  return []
}

export const flowApps: Applications = {
  /** 48 MiB, as `shape`; the connection ends with it. */
  flows(environ, startResponse) {
    const { shape } = query(environ)
    if (shape === 'write') return written(environ, startResponse)
    startResponse('200 OK', text())
    return shape === 'later' ? blocksLater(environ) : blocks(environ)
  },
}
