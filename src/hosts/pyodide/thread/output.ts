import { StringDecoder } from 'node:string_decoder'

/** A line longer than this is given in parts. */
const LONGEST = 16 * 1024

/** Gives what takes bytes of an output, and calls `line` for each line of it. */
export function linesOf(line: (text: string) => void): (bytes: Uint8Array) => number {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return (bytes) => {
    const lines = (rest + decoder.write(Buffer.from(bytes))).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) line(text)
    if (rest.length > LONGEST) {
      line(rest)
      rest = ''
    }
    return bytes.length
  }
}
