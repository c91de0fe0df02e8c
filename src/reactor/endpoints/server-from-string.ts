import type { ListeningPort, ListenOptions, ListenTCPOptions, Reactor, ServerFactory } from '../reactor.ts'
import { CertificateFiles } from '../tls/certificate-files.ts'
import type { FileDescriptorEndpoint, ListenEndpoint, SystemdEndpoint, TCPEndpoint, TLSEndpoint } from './listen-endpoint.ts'
import { parseEndpoint } from './parse-endpoint.ts'
import { systemdDescriptor } from './systemd-descriptor.ts'

/** Where a server will listen (Twisted: `IStreamServerEndpoint`). */
export interface ServerEndpoint {
  /** What it was made of. */
  readonly endpoint: ListenEndpoint
  /**
   * Listens.
   * @param factory gets the connections: a `Site`
   * @throws PlaitError `PLAIT_CONFIGURATION` for what cannot be, `PLAIT_CERTIFICATE` for files that are not right, `PLAIT_LISTEN` for a socket that
   * systemd did not hand over. Everything else is told by the port's `ready`
   */
  listen(factory: ServerFactory): ListeningPort
}

/**
 * The endpoint that a string says (Twisted: `serverFromString`):
 *
 *     serverFromString(reactor, 'tcp:8080:interface=127.0.0.1').listen(site)
 *
 * @throws PlaitError `PLAIT_CONFIGURATION` when it says none
 */
export function serverFromString(reactor: Reactor, text: string): ServerEndpoint {
  return serverFromEndpoint(reactor, parseEndpoint(text))
}

/** The same for what {@link parseEndpoint} gave. */
export function serverFromEndpoint(reactor: Reactor, endpoint: ListenEndpoint): ServerEndpoint {
  return { endpoint, listen: (factory) => listen(reactor, endpoint, factory) }
}

function listen(reactor: Reactor, whole: ListenEndpoint, factory: ServerFactory): ListeningPort {
  const proxied = whole.kind === 'haproxy'
  const endpoint = proxied ? whole.endpoint : whole
  const behind = proxied ? { proxyProtocol: given({ trust: whole.trust }) } : {}
  switch (endpoint.kind) {
    case 'tcp':
      return reactor.listenTCP(endpoint.port, factory, { ...behind, ...bound(endpoint) })
    case 'tcp6':
      // Its own, so that it can stand beside an IPv4 endpoint on the same port.
      return reactor.listenTCP(endpoint.port, factory, { ...behind, interface: '::', ipv6Only: true, ...bound(endpoint) })
    case 'ssl':
    case 'tls': {
      const options = { ...behind, tls: new CertificateFiles(endpoint.certificates) }
      const { inherited } = endpoint
      if (inherited !== undefined) return adopt(reactor, inherited, factory, options)
      return reactor.listenTCP(endpoint.port, factory, { ...options, ...bound(endpoint) })
    }
    case 'unix':
      return reactor.listenUNIX(endpoint.path, factory, {
        ...behind,
        ...given({ mode: endpoint.mode, backlog: endpoint.backlog }),
      })
    case 'fd':
    case 'systemd':
      return adopt(reactor, endpoint, factory, behind)
  }
}

function adopt(
  reactor: Reactor,
  endpoint: FileDescriptorEndpoint | SystemdEndpoint,
  factory: ServerFactory,
  options: ListenOptions,
): ListeningPort {
  if (endpoint.kind === 'systemd') return reactor.adoptStreamPort(systemdDescriptor(endpoint), factory, options)
  return reactor.adoptStreamPort(endpoint.fd, factory, { ...options, ...given({ backlog: endpoint.backlog }) })
}

function bound({ interface: address, backlog }: TCPEndpoint | TLSEndpoint): ListenTCPOptions {
  return given({ interface: address, backlog })
}

/** Without what is undefined. */
function given<Options extends object>(options: Options): { [name in keyof Options]?: NonNullable<Options[name]> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [name in keyof Options]?: NonNullable<Options[name]> }
}
