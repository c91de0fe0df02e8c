/** Headers of the PROXY protocol, as proxies write them. */
import { isIPv4 } from 'node:net'

/** The two ends of the connection that the proxy took. */
export interface Ends {
  readonly source: readonly [host: string, port: number]
  readonly destination: readonly [host: string, port: number]
}

export const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/** Version 1. */
export function version1({ source, destination }: Ends): Buffer {
  const family = isIPv4(source[0]) ? 'TCP4' : 'TCP6'
  return Buffer.from(`PROXY ${family} ${source[0]} ${destination[0]} ${source[1]} ${destination[1]}\r\n`)
}

/** Version 2 of anything. */
export function version2(versionAndCommand: number, family: number, rest: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt8(versionAndCommand, 0)
  head.writeUInt8(family, 1)
  head.writeUInt16BE(rest.length, 2)
  return Buffer.concat([signature, head, rest])
}

/** The addresses of version 2, IPv4, or IPv6 with all its groups written. */
export function addresses({ source, destination }: Ends): Buffer {
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source[1], 0)
  ports.writeUInt16BE(destination[1], 2)
  return Buffer.concat([host(source[0]), host(destination[0]), ports])
}

function host(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number))
  return Buffer.from(
    text
      .split(':')
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  )
}

/** An addition to version 2 (type, length, value). */
export function addition(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(3)
  head.writeUInt8(type, 0)
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}
