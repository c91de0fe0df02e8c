import { connect } from 'node:net'

/** What came back. */
export interface Exchanged {
  /** Latin-1. */
  readonly text: string
  /** The server has closed. */
  readonly closed: boolean
}

/** How {@link exchange} goes. */
export interface ExchangeOptions {
  /** Half-close behind the bytes. @default false */
  end?: boolean
  /** Go when this is true of what came. @default only when the server closes */
  enough?: (text: string) => boolean
}

/** Sends bytes on a connection of their own, and gives all that comes back until the server closes, or `enough` has come, or 10 s are over. */
export function exchange(
  port: number,
  bytes: string | Buffer,
  { end = false, enough = () => false }: ExchangeOptions = {},
): Promise<Exchanged> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const finish = (closed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ text, closed })
    }
    const timer = setTimeout(() => finish(false), 10_000)
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data
      if (enough(text)) finish(false)
    })
    socket.on('end', () => finish(true))
    socket.on('error', () => finish(true))
    if (typeof bytes === 'string') socket.write(bytes, 'latin1')
    else socket.write(bytes)
    if (end) socket.end()
  })
}
