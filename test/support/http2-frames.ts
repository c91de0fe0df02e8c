import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { until } from './until.ts'

/** Types of frames (RFC 9113 section 6). */
export const Type = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

/** Flags of frames. */
export const Flag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4 } as const

/** A frame that came. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** A frame as bytes. */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  const head = Buffer.alloc(9)
  head.writeUIntBE(bytes.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, bytes])
}

/** A block of fields as literals without indexing and Huffman (RFC 7541 section 6.2.2): nothing is checked. */
export function block(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const size: number[] = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>= 7) size.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...size, rest]), bytes])
}

/** The pseudo-header fields of a GET. */
export const GET: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'shop.example'],
]

/** A connection on which the test sends the frames that it wants. */
export class FrameClient {
  readonly socket: Socket
  readonly frames: Frame[] = []
  #received = Buffer.alloc(0)
  #ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => (this.#ended = true))
    socket.on('close', () => (this.#ended = true))
    socket.on('end', () => (this.#ended = true))
  }

  /** @param greeting what is sent first. @default the preface, and SETTINGS */
  static async connect(
    url: string,
    greeting: Buffer = Buffer.concat([Buffer.from(PREFACE), frame(Type.SETTINGS, 0, 0)]),
  ): Promise<FrameClient> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    const client = new FrameClient(socket)
    socket.write(greeting)
    return client
  }

  get ended(): boolean {
    return this.#ended
  }

  send(...frames: Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames))
  }

  /** A request whose head is one frame. */
  head(stream: number, fields: readonly (readonly [string, string])[] = GET, endStream = true): void {
    this.send(frame(Type.HEADERS, Flag.END_HEADERS | (endStream ? Flag.END_STREAM : 0), stream, block(fields)))
  }

  of(type: number, stream?: number): Frame[] {
    return this.frames.filter((one) => one.type === type && (stream === undefined || one.stream === stream))
  }

  /** Waits for a frame. */
  receives(type: number, stream?: number): Promise<Frame> {
    return until(`a frame of type ${type}`, () => this.of(type, stream)[0])
  }

  /** The code that a stream was reset with. */
  async resetOf(stream: number): Promise<number> {
    return (await this.receives(Type.RST_STREAM, stream)).payload.readUInt32BE(0)
  }

  /** The code of the GOAWAY that ends the connection. */
  async goneAwayWith(): Promise<number> {
    await until('the end of the connection', () => this.#ended)
    return (this.of(Type.GOAWAY).at(-1) as Frame).payload.readUInt32BE(4)
  }

  destroy(): void {
    this.socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 9) {
      const size = this.#received.readUIntBE(0, 3)
      if (this.#received.length < 9 + size) return
      const [, , , type = 0, flags = 0] = this.#received
      const stream = this.#received.readUInt32BE(5) & 0x7fffffff
      this.frames.push({ type, flags, stream, payload: Buffer.from(this.#received.subarray(9, 9 + size)) })
      this.#received = this.#received.subarray(9 + size)
    }
  }
}
