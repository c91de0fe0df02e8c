import type { Random } from './random.ts'

/** What parsers of HTTP stumble over. */
const WORDS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  '#',
  '%00',
  '%0d%0a',
  '\x80',
  '\xff',
  '\r\n\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: b\r\n',
  'Connection: close\r\n',
  'Upgrade: websocket\r\nConnection: upgrade\r\n',
  'Expect: 100-continue\r\n',
  '0\r\n\r\n',
  'ffffffffffffffff',
  'HTTP/1.0',
  'GET /x HTTP/1.1\r\nHost: a\r\n\r\n',
] as const

/** Bytes with some changes, of each kind that has led servers astray. */
export function mutate(random: Random, bytes: Buffer, others: readonly Buffer[]): Buffer {
  let changed = bytes
  for (let count = 1 + random.below(3); count > 0; count--) changed = mutateOnce(random, changed, others)
  return changed
}

function mutateOnce(random: Random, bytes: Buffer, others: readonly Buffer[]): Buffer {
  const at = random.below(bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + random.below(12))
  const [before, slice, behind] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([before, Buffer.from([random.below(256)]), bytes.subarray(Math.min(bytes.length, at + 1))])
    case 1:
      return Buffer.concat([before, Buffer.from(random.pick(WORDS), 'latin1'), bytes.subarray(at)])
    case 2:
      return Buffer.concat([before, behind])
    case 3:
      return Buffer.concat([before, slice, slice, behind])
    case 4: {
      const other = random.pick(others)
      return Buffer.concat([before, other.subarray(random.below(other.length))])
    }
    case 5:
      return before
    case 6:
      return swapLines(random, bytes)
    default: {
      const flipped = Buffer.from(bytes)
      if (at < flipped.length) flipped[at] = (flipped[at] as number) ^ (1 << random.below(8))
      return flipped
    }
  }
}

function swapLines(random: Random, bytes: Buffer): Buffer {
  const lines = bytes.toString('latin1').split('\r\n')
  const [one, other] = [random.below(lines.length), random.below(lines.length)]
  ;[lines[one], lines[other]] = [lines[other] as string, lines[one] as string]
  return Buffer.from(lines.join('\r\n'), 'latin1')
}
