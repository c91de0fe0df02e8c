import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { serveHTTP2 } from '../http/http2/serve-http2.ts'
import { frame, Flag, Type, block } from '../support/http2-frames.ts'
import { until } from '../support/until.ts'
import { refusedHeads } from './refused-heads.ts'
import { rows } from './rows.ts'

const LARGEST = 16_384
const patterns = { reset: /^reset$/, refused: /^(?:reset$|400 )/, dropped: /^(?:reset|served)$/ } as const

/** A head in as many frames as it takes. */
function frames(stream: number, payload: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at === 0 || at < payload.length; at += LARGEST) {
    const flags = (at + LARGEST >= payload.length ? Flag.END_HEADERS : 0) | (at === 0 ? Flag.END_STREAM : 0)
    pieces.push(frame(at === 0 ? Type.HEADERS : Type.CONTINUATION, flags, stream, payload.subarray(at, at + LARGEST)))
  }
  return pieces
}

for (const [row, head, outcome] of refusedHeads) {
  const shown = JSON.stringify(head.slice(-2).map(([name, value]) => [name, value.slice(0, 40)]))
  test(`${row}: ${rows[row]}, by HTTP/2: ${outcome}, and the connection goes on: ${shown}`, async (t) => {
    const seen: Request[] = []
    const served = await serveHTTP2(t, (request) => {
      seen.push(request)
      request.sendWhole(200, 'OK', [], Buffer.from('served'))
    })
    const client = await served.frames()
    client.send(...frames(1, block(head)))
    const over = await until('the end of the stream', () =>
      client.frames.find(({ type, stream }) => stream === 1 && (type === Type.DATA || type === Type.RST_STREAM)),
    )
    const text = over.type === Type.DATA ? over.payload.toString('latin1') : 'reset'
    if (typeof outcome === 'number') assert.match(text, new RegExp(`^${outcome} `))
    else assert.match(text, patterns[outcome])
    assert.ok(outcome === 'dropped' || seen.length === 0, 'nobody is asked')
    for (const request of seen) assert.equal(request.getHeader(head.at(-1)?.[0] as string), undefined)
    client.head(3)
    assert.equal((await client.receives(Type.DATA, 3)).payload.toString(), 'served')
  })
}
