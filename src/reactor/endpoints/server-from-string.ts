import type { ListeningPort, ListenTCPOptions, Reactor, ServerFactory } from '../reactor.ts'
import { CertificateFiles } from '../tls/certificate-files.ts'
import type { ListenEndpoint, TCPEndpoint, TLSEndpoint } from './listen-endpoint.ts'
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
    case 'tcp6':
    case 'ssl':
    case 'tls':
      return reactor.listenTCP(endpoint.port, factory, { ...behind, ...optionsOf(endpoint) })
    case 'unix':
      return reactor.listenUNIX(endpoint.path, factory, {
        ...behind,
        ...given({ mode: endpoint.mode, backlog: endpoint.backlog }),
      })
    case 'fd':
      return reactor.adoptStreamPort(endpoint.fd, factory, { ...behind, ...given({ backlog: endpoint.backlog }) })
    case 'systemd':
      return reactor.adoptStreamPort(systemdDescriptor(endpoint), factory, behind)
  }
}

function optionsOf(endpoint: TCPEndpoint | TLSEndpoint): ListenTCPOptions {
  const { interface: address, backlog } = endpoint
  // Its own, so that it can stand beside an IPv4 endpoint on the same port.
  if (endpoint.kind === 'tcp6') return { interface: address ?? '::', ipv6Only: true, ...given({ backlog }) }
  const options: ListenTCPOptions = given({ interface: address, backlog })
  if ('certificates' in endpoint) options.tls = new CertificateFiles(endpoint.certificates)
  return options
}

/** Without what is undefined. */
function given<Options extends object>(options: Options): { [name in keyof Options]?: NonNullable<Options[name]> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [name in keyof Options]?: NonNullable<Options[name]> }
}
