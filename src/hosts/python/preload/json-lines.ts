import type { Readable } from 'node:stream'

/** Calls `take` for each line of JSON that a process of ours sends (`python/plait_host/control.py`). */
export function eachMessage(stream: Readable, take: (message: Record<string, unknown>) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() as string
    for (const line of lines) take(JSON.parse(line) as Record<string, unknown>)
  })
  // The end of a process is its exit.
  stream.on('error', () => undefined)
}
