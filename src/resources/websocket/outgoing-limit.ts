import type { WebSocket } from 'ws'

/**
 * Cuts a socket whose client takes less than it is sent. It is looked at before each message, so a single one may be larger than the limit. (For pongs, ws itself
 * has a limit.)
 * @param most bytes that may wait for the client
 * @param cut called once
 */
export function limitOutgoing(socket: WebSocket, most: number, cut: () => void): void {
  const send = socket.send.bind(socket) as (...parameters: unknown[]) => void
  socket.send = (...parameters: unknown[]): void => {
    if (socket.bufferedAmount > most && socket.readyState === socket.OPEN) {
      cut()
      socket.terminate()
    }
    send(...parameters)
  }
}
