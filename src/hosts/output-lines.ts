import type { Readable } from 'node:stream'

/** A line longer than this is given in parts. */
const LONGEST = 16 * 1024

/** Calls `line` for each line of a host's standard output or error; what is left at the end counts as one. */
export function eachLine(stream: Readable, line: (text: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    rest += text
    let start = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      line(rest.slice(start, end).replace(/\r$/, ''))
      start = end + 1
    }
    rest = rest.slice(start)
    if (rest.length > LONGEST) {
      line(rest)
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '') line(rest)
  })
  stream.on('error', () => undefined)
}
