/** What a script is told of its request (RFC 3875 section 4.1). */
import path from 'node:path'
import type { Request } from '../../http/request.ts'
import { buildEnviron } from '../../wsgi/environ.ts'
import type { CGISettings } from './cgi-settings.ts'

const credentials: ReadonlySet<string> = new Set(['HTTP_AUTHORIZATION', 'HTTP_PROXY_AUTHORIZATION'])
const ofWSGI: ReadonlySet<string> = new Set(['wsgi.url_scheme', 'RAW_URI'])
/** A script has a length in place of a coding; `Proxy` it would take for its own proxy (httpoxy, CVE-2016-5388). */
const never: ReadonlySet<string> = new Set(['HTTP_PROXY', 'HTTP_TRANSFER_ENCODING'])
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The script and its place. */
export interface ScriptPlace {
  /** Absolute path of its file. */
  readonly file: string
  /** Bytes of the request's body. */
  readonly contentLength: number | undefined
}

/**
 * Is what is left of the path fit to be `PATH_INFO`? Scripts put it behind a directory: it has no way out of there, and
 * no slash that was none (RFC 3875 section 4.1.5 lets a server choose).
 */
export function isPathInfo(segments: readonly string[]): boolean {
  return segments.every(
    (segment) => segment !== '.' && segment !== '..' && !/[/\0]/.test(segment) && textOf(segment) !== undefined,
  )
}

/** The whole environment of a script. */
export function metaVariables(request: Request, place: ScriptPlace, settings: CGISettings): Record<string, string> {
  const { documentRoot } = settings
  const variables: Record<string, string> = { ...settings.environment, GATEWAY_INTERFACE: 'CGI/1.1' }
  // The variables of PEP 3333 are those of CGI.
  const environ = buildEnviron(request, place.contentLength)
  for (let at = 0; at < environ.length; at += 2) {
    const name = environ[at] as string
    const value = environ[at + 1] as string
    if (ofWSGI.has(name) || never.has(name) || (credentials.has(name) && !settings.passAuthorization)) continue
    // Without a body there is no such variable (sections 4.1.2 and 4.1.3); the others may be empty.
    if (value === '' && (name === 'CONTENT_LENGTH' || name === 'CONTENT_TYPE' || name.startsWith('REMOTE_'))) continue
    variables[name] = bytesAsText(value)
  }
  if (!request.hasBody) delete variables['CONTENT_LENGTH']
  // The address stands for the name, which nobody looks up (section 4.1.9).
  if (variables['REMOTE_ADDR'] !== undefined) variables['REMOTE_HOST'] = variables['REMOTE_ADDR']
  variables['REQUEST_SCHEME'] = request.isSecure() ? 'https' : 'http'
  if (request.isSecure()) variables['HTTPS'] = 'on'
  variables['SCRIPT_FILENAME'] = place.file
  if (documentRoot !== undefined) {
    variables['DOCUMENT_ROOT'] = documentRoot
    const info = variables['PATH_INFO'] ?? ''
    if (info !== '') variables['PATH_TRANSLATED'] = path.join(documentRoot, info)
  }
  return withoutNUL({ ...variables, ...settings.variables?.(request) })
}

/** A variable ends at a NUL, and Node starts no process with one. */
function withoutNUL(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name, value]) => !name.includes('\0') && !value.includes('\0')))
}

/** Bytes that Node sends as UTF-8: those of the request, or, where they are no UTF-8, their latin-1 characters. */
function bytesAsText(latin1: string): string {
  return textOf(latin1) ?? latin1
}

function textOf(latin1: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1
  try {
    return utf8.decode(Buffer.from(latin1, 'latin1'))
  } catch {
    return undefined
  }
}
