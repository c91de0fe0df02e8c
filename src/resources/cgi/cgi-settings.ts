import path from 'node:path'
import { defaults } from '../../defaults.ts'
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import { ProcessLimit } from './process-limit.ts'

/** Options of `CGIScript`, `FilteredScript` and `CGIDirectory`. Times in seconds. */
export interface CGIOptions {
  /** Variables of the environment beside those of CGI, the same for each request. @default none */
  env?: Readonly<Record<string, string>>
  /** Names of variables of the server's own environment that scripts get too. No others: they may hold secrets. @default `['PATH']` */
  inherit?: readonly string[]
  /** Further variables of one request, `REMOTE_USER` for example. They replace those of CGI. @default none */
  variables?: (request: Request) => Readonly<Record<string, string>>
  /** Where `PATH_TRANSLATED` is looked for; also given as `DOCUMENT_ROOT`. @default neither is set */
  documentRoot?: string
  /** Give scripts what clients use to prove who they are: `HTTP_AUTHORIZATION` and `HTTP_PROXY_AUTHORIZATION`. @default false */
  passAuthorization?: boolean
  /** Give a query without `=` to the script as arguments (RFC 3875 section 4.4). @default true */
  searchWords?: boolean
  /**
   * `stream`: the script starts at once and gets the body as it comes. `buffer`: it starts when the body is whole, so that a slow client occupies no
   * process. A body without Content-Length is always buffered, because CGI must know its length.
   * @default 'stream'
   */
  requestBody?: 'stream' | 'buffer'
  /** Bytes of a request body (413), 0 = no limit. @default 1 GiB */
  maxBody?: number
  /** Until the head of the response is whole, counted from the last byte of the request (504). 0 = no limit. @default 60 */
  responseTimeout?: number
  /** Without a byte of the response (cut), and how long a script may go on after its response. 0 = no limit. @default 300 */
  idleTimeout?: number
  /** Between SIGTERM and SIGKILL, for a script that is ended. @default 5 */
  killDelay?: number
  /** How many processes there may be. @default a limit that all CGI resources of this Node process share: 32 processes, 100 requests that wait */
  limit?: ProcessLimit
}

/** The options with their defaults. */
export interface CGISettings {
  readonly environment: Readonly<Record<string, string>>
  readonly variables: ((request: Request) => Readonly<Record<string, string>>) | undefined
  readonly documentRoot: string | undefined
  readonly passAuthorization: boolean
  readonly searchWords: boolean
  readonly buffers: boolean
  readonly maxBody: number
  readonly responseTimeout: number
  readonly idleTimeout: number
  readonly killDelay: number
  readonly limit: ProcessLimit
}

const sharedLimit = new ProcessLimit()
const usualPath = '/usr/local/bin:/usr/bin:/bin'

/** Checks the options. @throws PlaitError `PLAIT_CONFIGURATION` */
export function settingsOf(options: CGIOptions): CGISettings {
  const { requestBody = 'stream', documentRoot } = options
  if (requestBody !== 'stream' && requestBody !== 'buffer') {
    throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use requestBody '${String(requestBody)}': choose stream, buffer`)
  }
  return {
    environment: environmentOf(options),
    variables: options.variables,
    documentRoot: documentRoot === undefined ? undefined : path.resolve(documentRoot),
    passAuthorization: options.passAuthorization ?? false,
    searchWords: options.searchWords ?? true,
    buffers: requestBody === 'buffer',
    maxBody: atLeast0('maxBody', options.maxBody ?? defaults.maxBody),
    responseTimeout: atLeast0('responseTimeout', options.responseTimeout ?? 60),
    idleTimeout: atLeast0('idleTimeout', options.idleTimeout ?? 300),
    killDelay: atLeast0('killDelay', options.killDelay ?? 5),
    limit: options.limit ?? sharedLimit,
  }
}

function environmentOf({ inherit = ['PATH'], env = {} }: CGIOptions): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of inherit) {
    const value = process.env[name] ?? (name === 'PATH' ? usualPath : undefined)
    if (value !== undefined) environment[name] = value
  }
  return { ...environment, ...env }
}

function atLeast0(option: string, value: number): number {
  if (value >= 0) return value
  throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use ${option} ${value}: it must be 0 or more`)
}
