import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { PlaitError } from '../errors.ts'

/** Where a port listens. */
export type Endpoint =
  | { readonly type: 'TCP'; readonly port: number; readonly host: string | undefined; readonly ipv6Only: boolean }
  | { readonly type: 'UNIX'; readonly path: string; readonly mode: number }
  | { readonly type: 'FD'; readonly fd: number }

/** What the system said, in words, as `PLAIT_LISTEN`. */
export function listenError(endpoint: Endpoint, error: NodeJS.ErrnoException): PlaitError {
  return new PlaitError('PLAIT_LISTEN', `Cannot listen on ${nameOf(endpoint)}: ${explain(endpoint, error)}`, { cause: error })
}

function nameOf(endpoint: Endpoint): string {
  if (endpoint.type === 'UNIX') return endpoint.path
  if (endpoint.type === 'FD') return `file descriptor ${endpoint.fd}`
  return `${endpoint.host ?? 'all addresses'}, port ${endpoint.port}`
}

function explain(endpoint: Endpoint, error: NodeJS.ErrnoException): string {
  // libuv says EACCES for this one.
  if (endpoint.type === 'UNIX' && !existsSync(dirname(endpoint.path))) return 'there is no such directory'
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the address is in use. Stop the program that listens there, or choose another with --listen'
    case 'EACCES':
    case 'EPERM':
      return endpoint.type === 'TCP' && endpoint.port < 1024
        ? 'permission denied. Ports below 1024 need root or CAP_NET_BIND_SERVICE; choose another with --listen'
        : 'permission denied'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address'
    case 'EINVAL':
      return endpoint.type === 'FD' ? 'it is no socket that can listen' : error.message
    default:
      return error.message
  }
}
