import type { TestContext } from 'node:test'
import { HTTPFactory, type HTTPOptions } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { onSocket, type OnSocket } from '../support/on-socket.ts'

/** What {@link serve} gives. */
export interface Served extends OnSocket {
  readonly reactor: NodeReactor
}

/** Serves `received` on a real socket until the test ends; what still runs is cut then. */
export async function serve(t: TestContext, received: (request: Request) => void, options: HTTPOptions = {}): Promise<Served> {
  const reactor = new NodeReactor()
  return { reactor, ...(await onSocket(t, reactor, new HTTPFactory(received, options))) }
}
