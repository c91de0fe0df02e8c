import { defaults } from '../defaults.ts'
import type { ListenEndpoint } from '../reactor/endpoints/listen-endpoint.ts'
import { parseEndpoint } from '../reactor/endpoints/parse-endpoint.ts'
import type { WebOptions } from './options.ts'
import { usage } from './usage.ts'

/**
 * Where the options say to listen. On a terminal only this machine can reach the server, unless it is told otherwise.
 * @param otherwise endpoints for when they say nothing
 * @throws CommanderError for what is no endpoint
 */
export function listenEndpoints({ listen = [], port = [] }: WebOptions, otherwise: readonly string[] = []): ListenEndpoint[] {
  const endpoints = [...listen.map((text) => read('--listen <endpoint>', text)), ...port.map(readPort)]
  if (endpoints.length > 0) return endpoints
  if (otherwise.length > 0) return otherwise.map((text) => parseEndpoint(text))
  return [onUsualAddress(defaults.port)]
}

function readPort(text: string): ListenEndpoint {
  const endpoint = read('-p, --port <port>', text)
  return /^\d+$/.test(text) && endpoint.kind === 'tcp' ? onUsualAddress(endpoint.port) : endpoint
}

function onUsualAddress(port: number): ListenEndpoint {
  return { kind: 'tcp', port, interface: process.stdout.isTTY ? '127.0.0.1' : undefined, backlog: undefined }
}

function read(option: string, text: string): ListenEndpoint {
  try {
    return parseEndpoint(text)
  } catch (error) {
    throw usage(`option '${option}' argument is invalid. ${(error as Error).message}`)
  }
}
