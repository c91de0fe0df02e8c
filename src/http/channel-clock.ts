import type { Socket } from 'node:net'
import { LINGER, type ConnectionTimeouts } from './connection-sweep.ts'
import type { HTTPChannel } from './http-channel.ts'
import { refuse } from './refusal.ts'

/** Ends a connection of HTTP/1 that is late. */
export function lookAtChannel(channel: HTTPChannel, now: number, timeouts: ConnectionTimeouts): void {
  const { socket } = channel
  const { bytesRead = 0, bytesWritten = 0, writableLength } = socket as Socket
  if (channel.phase === 'idle' && channel.requestsEnded !== bytesRead) {
    // Bytes came since the last response: the next head has begun.
    if (channel.requestsEnded >= 0) channel.enter('head')
    channel.requestsEnded = bytesRead
  }
  const { phase } = channel
  // Whoever has it knows what is late.
  if (phase === 'taken') return
  // The limits of head and idleness are absolute: a byte now and then must not keep a connection open.
  const taken = bytesWritten - writableLength
  // While a streamed body comes, the response may be on its way too.
  const progress = phase === 'body' ? bytesRead + taken : phase === 'working' || phase === 'lingering' ? taken : 0
  // While the application works nobody is late, unless the client does not take what is there.
  if (progress !== channel.progress || (phase === 'working' && writableLength === 0)) {
    channel.progress = progress
    channel.since = now
    return
  }
  if (now - channel.since < limitOf(phase, timeouts)) return
  const hears = phase === 'body' || (phase === 'head' && bytesRead > 0)
  if (!hears || !channel.refuseBytes(refuse(408, `The ${phase} of the request did not come in time`))) socket.destroy()
}

function limitOf(phase: Exclude<HTTPChannel['phase'], 'taken'>, { head, body, write, idle }: ConnectionTimeouts): number {
  return { head, body, working: write, idle, lingering: LINGER }[phase]
}
