import { encodeCount, encodeFrame, Flag, ToServer } from '#src/wire/frame.ts'

/** The id of the first job of a host: generation 1 of slot 0. */
export const FIRST = 65_536
export const head = '200 OK\nContent-Type\ntext/plain'

function response(id: number, flags: number): Buffer {
  const frame = encodeFrame(ToServer.RESPONSE, id, `${head}body`, flags)
  frame.writeUInt16LE(head.length, 10)
  return frame
}

/** What a host may say of its first job, and of itself. */
export const fromHost: readonly Buffer[] = [
  response(FIRST, Flag.LAST | Flag.ONE_PIECE),
  Buffer.concat([response(FIRST, 0), encodeFrame(ToServer.DATA, FIRST, 'more'), encodeFrame(ToServer.END, FIRST)]),
  encodeFrame(ToServer.FAILED, FIRST, JSON.stringify({ type: 'E', message: 'm', traceback: 't' })),
  encodeFrame(ToServer.FILE, FIRST, JSON.stringify({ path: '/etc/hostname', offset: 0, size: 4, dev: '1', ino: '1' })),
  encodeCount(ToServer.INPUT_WANTED, FIRST, 100),
  encodeFrame(ToServer.EARLY_HINTS, FIRST, 'Link\n</a>'),
  encodeFrame(ToServer.HELLO, 0, JSON.stringify({ pid: 1, version: '3', sample: null })),
  encodeFrame(ToServer.LOADED, 0, JSON.stringify({ ok: true })),
]
