import type { Readable } from 'node:stream'

/** Names of all files that an application has imported fit into this. */
const LONGEST = 16 * 1024 ** 2

/** What a process of ours says, which has code of others in it: anything may come. */
export type Message = Readonly<Record<string, unknown>>

/**
 * Calls `take` for each line of JSON that a process of ours sends (`python/plait_host/control.py`).
 * @param broken called once when something else comes, or `take` cannot make anything of it; after that nobody listens
 */
export function eachMessage(stream: Readable, take: (message: Message) => void, broken: (reason: string) => void): void {
  let rest = ''
  let isBroken = false
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    if (isBroken) return
    try {
      const lines = (rest + text).split('\n')
      rest = lines.pop() as string
      if (rest.length > LONGEST) throw new RangeError('a line without end')
      for (const line of lines) take(parse(line))
    } catch (error) {
      isBroken = true
      rest = ''
      broken((error as Error).message)
    }
  })
  // The end of a process is its exit.
  stream.on('error', () => undefined)
}

function parse(line: string): Message {
  const message: unknown = JSON.parse(line)
  if (typeof message === 'object' && message !== null) return message as Message
  throw new TypeError(`no message: ${line.slice(0, 80)}`)
}

/** A process id. @throws TypeError for what is none */
export function processId(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
  throw new TypeError('no process id')
}
