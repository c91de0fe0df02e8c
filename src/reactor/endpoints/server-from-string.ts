import { PlaitError } from '../../errors.ts'
import type { ListeningPort, Reactor, ServerFactory } from '../reactor.ts'
import type { ListenEndpoint } from './listen-endpoint.ts'
import { parseEndpoint } from './parse-endpoint.ts'

/** Where a server will listen (Twisted: `IStreamServerEndpoint`). */
export interface ServerEndpoint {
  /** What it was made of. */
  readonly endpoint: ListenEndpoint
  /**
   * Listens.
   * @param factory gets the connections: a `Site`
   * @throws PlaitError `PLAIT_CONFIGURATION` when something that the endpoint names is not there
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

function listen(reactor: Reactor, endpoint: ListenEndpoint, factory: ServerFactory): ListeningPort {
  switch (endpoint.kind) {
    case 'tcp':
      return reactor.listenTCP(endpoint.port, factory, given({ interface: endpoint.interface, backlog: endpoint.backlog }))
    case 'tcp6':
      return reactor.listenTCP(
        endpoint.port,
        factory,
        given({ interface: endpoint.interface ?? '::', backlog: endpoint.backlog }),
      )
    case 'unix':
      return reactor.listenUNIX(endpoint.path, factory, given({ mode: endpoint.mode, backlog: endpoint.backlog }))
    default:
      throw new PlaitError('PLAIT_CONFIGURATION', `Endpoints of type ${endpoint.kind} are not supported yet`)
  }
}

/** Without what is undefined. */
function given<Options extends object>(options: Options): { [name in keyof Options]?: NonNullable<Options[name]> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [name in keyof Options]?: NonNullable<Options[name]> }
}
