import type { CertificateFilesOptions } from '../tls/certificate-options.ts'

/** Where and how to listen, as an endpoint string says it; `undefined` is what the string leaves to the default. */
export type ListenEndpoint = TCPEndpoint | TLSEndpoint | UNIXEndpoint | FileDescriptorEndpoint | SystemdEndpoint | ProxiedEndpoint

/** `tcp:` and `tcp6:`, and the plain forms. */
export interface TCPEndpoint {
  readonly kind: 'tcp' | 'tcp6'
  readonly port: number
  /** Address to bind. @default all addresses */
  readonly interface: string | undefined
  readonly backlog: number | undefined
}

/** `ssl:` (one certificate) and `tls:` (a directory of them). */
export interface TLSEndpoint {
  readonly kind: 'ssl' | 'tls'
  readonly port: number
  /** A socket that is there already, in place of the port. */
  readonly inherited?: FileDescriptorEndpoint | SystemdEndpoint
  readonly interface: string | undefined
  readonly backlog: number | undefined
  readonly certificates: CertificateFilesOptions
}

/** `unix:`. */
export interface UNIXEndpoint {
  readonly kind: 'unix'
  readonly path: string
  readonly mode: number | undefined
  readonly backlog: number | undefined
}

/** `fd:`, a listening socket that the process was started with. */
export interface FileDescriptorEndpoint {
  readonly kind: 'fd'
  readonly fd: number
  readonly backlog: number | undefined
}

/** `systemd:`, a listening socket that systemd hands over (sd_listen_fds(3)). */
export interface SystemdEndpoint {
  readonly kind: 'systemd'
  /** INET, INET6 or UNIX: what it is expected to be. */
  readonly domain: string | undefined
  /** Exactly one of these two is given. */
  readonly index: number | undefined
  readonly name: string | undefined
}

/** `haproxy:`, another endpoint behind a proxy that says who the client is (PROXY protocol). */
export interface ProxiedEndpoint {
  readonly kind: 'haproxy'
  /** Addresses and networks whose headers count. @default this machine */
  readonly trust: readonly string[] | undefined
  readonly endpoint: Exclude<ListenEndpoint, ProxiedEndpoint>
}
