import { homedir } from 'node:os'
import path from 'node:path'
import { defaults } from '../defaults.ts'
import type { ListenEndpoint, TCPEndpoint } from '../reactor/endpoints/listen-endpoint.ts'
import { parseEndpoint } from '../reactor/endpoints/parse-endpoint.ts'
import type { CertificatePair } from '../reactor/tls/certificate-options.ts'
import { developmentCertificate } from '../reactor/tls/development-certificate.ts'
import type { WebOptions } from './options.ts'
import { usage } from './usage.ts'
import { absolutePath } from './values.ts'

/** The port of --dev-cert alone. */
const DEVELOPMENT_PORT = 8443
/** The socket of --personal, in the home directory (Twisted: `.twistd-web-pb`). */
const PERSONAL = '.plait-web'

/** Where to listen. */
export interface Endpoints {
  readonly plain: readonly ListenEndpoint[]
  /** TLS on a port, by options. */
  readonly https: { readonly port: number; readonly pair: CertificatePair | 'development' } | undefined
}

/**
 * Where the options say to listen.
 * @param otherwise endpoints for when they say nothing
 * @throws CommanderError for what is no endpoint, PlaitError for those of `otherwise`
 */
export function listenEndpoints(options: WebOptions, otherwise: readonly string[] = []): Endpoints {
  const { listen = [], port = [], personal } = options
  const plain = [...listen.map((text) => read('--listen <endpoint>', text)), ...port.map(readPort)]
  if (personal === true) plain.push({ kind: 'unix', path: path.join(homedir(), PERSONAL), mode: undefined, backlog: undefined })
  const https = httpsOf(options)
  if (plain.length > 0 || https !== undefined) return { plain, https }
  if (otherwise.length > 0) return { plain: otherwise.map((text) => parseEndpoint(text)), https }
  return { plain: [onUsualAddress(defaults.port)], https }
}

/** All of them as endpoints; the certificate for development is made when it is not there. */
export async function readyEndpoints({ plain, https }: Endpoints): Promise<ListenEndpoint[]> {
  if (https === undefined) return [...plain]
  const pair = https.pair === 'development' ? { privateKey: (await developmentCertificate()).file } : https.pair
  return [...plain, { ...onUsualAddress(https.port), kind: 'ssl', certificates: { certificates: [pair] } }]
}

function httpsOf({ https, certificate, privkey, devCert }: WebOptions): Endpoints['https'] {
  const given = certificate !== undefined ? '--certificate' : privkey !== undefined ? '--privkey' : undefined
  if (devCert === true) {
    if (given !== undefined) throw usage(`--dev-cert is a certificate of its own: leave ${given} out, or it`)
    return { port: https ?? DEVELOPMENT_PORT, pair: 'development' }
  }
  if (https === undefined) {
    if (given !== undefined) throw usage(`${given} is for --https: say --https PORT too`)
    return undefined
  }
  const privateKey = absolutePath(privkey ?? certificate ?? 'server.pem')
  return { port: https, pair: { privateKey, certKey: absolutePath(certificate ?? privkey ?? 'server.pem') } }
}

function readPort(text: string): ListenEndpoint {
  const endpoint = read('-p, --port <port>', text)
  return /^\d+$/.test(text) && endpoint.kind === 'tcp' ? onUsualAddress(endpoint.port) : endpoint
}

/** On a terminal only this machine can reach the server, unless it is told otherwise. */
function onUsualAddress(port: number): TCPEndpoint {
  return { kind: 'tcp', port, interface: process.stdout.isTTY ? '127.0.0.1' : undefined, backlog: undefined }
}

function read(option: string, text: string): ListenEndpoint {
  try {
    return parseEndpoint(text)
  } catch (error) {
    throw usage(`option '${option}' argument is invalid. ${(error as Error).message}`)
  }
}
