import { PlaitError } from '../errors.ts'
import type { Address } from '../reactor/reactor.ts'
import type { Origin } from './forwarded/origin.ts'
import { isHost } from './header-policy.ts'

/** What `Request.setHost` was told. */
export interface GivenHost {
  readonly address: Address
  readonly port: string
  readonly secure: boolean
  /** Value of the Host field. */
  readonly field: string
}

/** Checks host and port. Throws `PLAIT_RESOURCE`. */
export function givenHost(host: string, port: number, secure: boolean): GivenHost {
  const bare = /^\[(.*)\]$/.exec(host)?.[1] ?? host
  const named = bare.includes(':') ? `[${bare}]` : bare
  if (bare === '' || !isHost(named))
    throw new PlaitError('PLAIT_RESOURCE', `Cannot set the host ${JSON.stringify(host)}: it is no host`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new PlaitError('PLAIT_RESOURCE', `Cannot set the port ${port}: it must be a whole number from 1 to 65535`)
  }
  const field = port === (secure ? 443 : 80) ? named : `${named}:${port}`
  return { address: { type: 'TCP', host: bare, port }, port: String(port), secure, field }
}

/** What trusted proxies told of host, port and scheme. */
export function hostOf({ host, port, secure }: Origin): GivenHost {
  const { name = '', port: written = '' } = host ?? {}
  const bare = name.replace(/^\[|\]$/g, '')
  // As the client wrote it; where it wrote no port, the one that it must have used.
  const field = written !== '' || name === '' || port === (secure ? '443' : '80') ? withPort(name, written) : withPort(name, port)
  return { address: { type: 'TCP', host: bare, port: Number(port) }, port, secure, field }
}

function withPort(name: string, port: string): string {
  return port === '' ? name : `${name}:${port}`
}

/** `headers` with `host` as the value of the Host field. */
export function withHost(headers: readonly string[], host: string): readonly string[] {
  const changed = [...headers]
  const index = changed.findIndex((name, position) => position % 2 === 0 && name.toLowerCase() === 'host')
  if (index >= 0) changed[index + 1] = host
  else changed.push('Host', host)
  return changed
}
