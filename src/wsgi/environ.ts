/**
 * The environ of PEP 3333, from a request. Text is latin-1 "bytes as text"; nothing of the server's own environment is in it.
 */
import { hostName, portOf } from '../http/host-name.ts'
import type { Request, RequestUser } from '../http/request.ts'
import { serverSoftware } from '../version.ts'
import { headerName, trimHeaderNames } from './header-name.ts'
import { tlsVariables } from './tls-variables.ts'

/** Where the values of the two headers stand that have a variable of their own. */
const contentTypeAt = 1
const contentLengthAt = 3
/** Where PATH_INFO stands. */
export const pathInfoAt = 9

let requests = 0

/**
 * The environ as flat pairs `[key, value, key, value …]`.
 * @param received bytes of a body that was received whole: it has a known length, whatever its transfer coding was. Undefined when there
 * is none, or when it is still coming
 */
export function buildEnviron(request: Request, received: number | undefined): string[] {
  const { channel } = request
  const secure = request.isSecure()
  let scriptName = joinSegments(request.prepath)
  let pathInfo = joinSegments(request.postpath)
  // At the index of the root the slash belongs to PATH_INFO: "SCRIPT_NAME cannot be '/'" (wsgiref.validate).
  if (scriptName === '/') {
    scriptName = ''
    pathInfo = `/${pathInfo}`
  }
  const environ = [
    'CONTENT_TYPE',
    '',
    'CONTENT_LENGTH',
    '',
    'REQUEST_METHOD',
    request.method,
    'SCRIPT_NAME',
    scriptName,
    'PATH_INFO',
    pathInfo,
    'QUERY_STRING',
    request.queryString,
    'REQUEST_URI',
    request.uri,
    'RAW_URI',
    request.uri,
    'SERVER_PROTOCOL',
    // RFC 3875 section 4.1.16 wants a minor version, and there are programs that look for its digit.
    request.clientproto === 'HTTP/2' ? 'HTTP/2.0' : request.clientproto,
    'SERVER_NAME',
    hostName(request.host) || channel.hostHost || 'localhost',
    'SERVER_PORT',
    request.hostPort || portOf(request.host) || (secure ? '443' : '80'),
    'SERVER_SOFTWARE',
    serverSoftware,
    'REMOTE_ADDR',
    request.clientHost,
    'REMOTE_PORT',
    request.clientPort,
    'wsgi.url_scheme',
    secure ? 'https' : 'http',
  ]
  if (secure) environ.push('HTTPS', 'on')
  if (channel.tls !== undefined) environ.push(...tlsVariables(channel.tls))
  if (request.user !== undefined) addUser(environ, request.user)
  addHeaders(environ, request.rawHeaders, received)
  return environ
}

/** No field can make these: theirs begin with HTTP_. */
function addUser(environ: string[], { name, authType }: RequestUser): void {
  environ.push('REMOTE_USER', Buffer.from(name, 'utf8').toString('latin1'), 'AUTH_TYPE', authType)
}

/** One pass; a repeated field is found by the mark that its name carries. */
function addHeaders(environ: string[], fields: readonly string[], received: number | undefined): void {
  trimHeaderNames()
  const request = ++requests
  for (let at = 0; at < fields.length; at += 2) {
    const name = headerName(fields[at] as string)
    const value = fields[at + 1] as string
    if (name.use !== 'variable') {
      // PEP 3333: these two have variables of their own; a twin HTTP_CONTENT_LENGTH could contradict.
      if (name.use === 'content-type') environ[contentTypeAt] = value
      else if (name.use === 'content-length') environ[contentLengthAt] = value
      // A body that was received whole is no longer chunked.
      else if (received === undefined) environ.push(name.key, value)
    } else if (name.seenBy === request) {
      environ[name.index] += name.joiner + value
    } else {
      name.seenBy = request
      name.index = environ.push(name.key, value) - 1
    }
  }
  if (received !== undefined) environ[contentLengthAt] = String(received)
}

/** Decoded segments as a path, `''` for none. */
function joinSegments(segments: readonly string[]): string {
  return segments.length === 0 ? '' : `/${segments.join('/')}`
}
