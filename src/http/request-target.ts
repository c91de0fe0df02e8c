import { isHost } from './header-policy.ts'
import { refuse, type Refusal } from './refusal.ts'

/** A request-target, taken apart (RFC 9112 section 3.2). */
export interface Target {
  /** Up to `?`, still percent-encoded; of an absolute-form target its path. `*` for the asterisk-form. */
  path: string
  /** Behind the first `?`; '' when there is none. */
  query: string
  /** Host and port of an absolute-form target: they replace the Host field (section 3.2.2). */
  authority: string | undefined
}

const ABSOLUTE = /^https?:\/\/([^/?#@]+)([/?].*)?$/i

/** Takes a target apart. Gives a refusal, or undefined and `target` filled. Never `new URL`: it would make a host of `//x/y`. */
export function parseTarget(method: string, uri: string, target: Target): Refusal | undefined {
  if (uri.includes('#')) return refuse(400, 'A request-target has no fragment')
  let rest = uri
  if (uri.charCodeAt(0) !== 47 /* / */) {
    if (uri === '*') {
      if (method !== 'OPTIONS') return refuse(400, 'The target * is for OPTIONS only')
      target.path = '*'
      return undefined
    }
    const match = ABSOLUTE.exec(uri)
    if (match === null) return refuse(400, 'The request-target must begin with a slash')
    const authority = match[1] as string
    // It becomes the Host field, so it must be as good; without a host it is no URI (RFC 9110 section 4.2.1).
    if (authority.startsWith(':') || !isHost(authority)) return refuse(400, 'The request-target has no valid host')
    target.authority = authority
    rest = match[2] ?? '/'
    if (rest.startsWith('?')) rest = `/${rest}`
  }
  const mark = rest.indexOf('?')
  target.path = mark < 0 ? rest : rest.slice(0, mark)
  target.query = mark < 0 ? '' : rest.slice(mark + 1)
  // A NUL ends names in C: what a check saw and what a file system sees would differ.
  if (target.path.includes('%00')) return refuse(400, 'The path has a NUL')
  return undefined
}

/** The segments of a path, percent-decoded one by one: `/a/b/` → `['a', 'b', '']`. An encoded slash never parts segments. */
export function splitPath(path: string): string[] {
  return path === '*' ? [] : path.slice(1).split('/').map(decodeSegment)
}

/** Percent-decodes to latin-1; what is no escape stays as it is. */
function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  return segment.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
