import { hopByHop } from './hop-by-hop.ts'

/** Between which paths URLs and cookies are translated. */
export interface PathMap {
  /** The upstream's host and port. */
  readonly authority: string
  /** Path of the upstream that stands for {@link mount}; `''` for its root. */
  readonly base: string
  /** Path of the resource; `''` for the root. */
  readonly mount: string
  /** Also translate what names no host. */
  readonly rewritePaths: boolean
}

/** The fields of an upstream's response that a client gets, flat. */
export function responseFields(raw: readonly string[], map: PathMap): string[] {
  const ends = hopByHop(raw)
  // With a transfer coding the length says nothing (RFC 9112 section 6.3), and the framing here is this server's own.
  const coded = raw.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'transfer-encoding')
  const fields: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    const value = raw[index + 1] as string
    const lower = name.toLowerCase()
    if (ends.has(lower) || (coded && lower === 'content-length')) continue
    if (lower === 'location' || lower === 'content-location') fields.push(name, location(value, map))
    else if (lower === 'set-cookie' && map.rewritePaths) fields.push(name, cookie(value, map))
    else fields.push(name, value)
  }
  return fields
}

/** A URL of the upstream's own host is of no use to a client: it becomes a path here. */
function location(value: string, map: PathMap): string {
  const match = /^https?:\/\/([^/?#]+)(.*)$/i.exec(value)
  if (match === null) return map.rewritePaths && /^\/(?!\/)/.test(value) ? translate(value, map) : value
  const [, authority, rest] = match as unknown as [string, string, string]
  if (authority.toLowerCase() !== map.authority) return value
  return translate(rest.startsWith('/') ? rest : `/${rest}`, map)
}

/** `/base/x` → `/mount/x`. What is not below base stays; what is below mount already too: the upstream knows its prefix. */
function translate(path: string, { base, mount }: PathMap): string {
  if (mount !== '' && isBelow(path, mount)) return path
  return isBelow(path, base) ? `${mount}${path.slice(base.length)}` || '/' : path
}

function isBelow(path: string, base: string): boolean {
  return path.startsWith(base) && (base === '' || path.length === base.length || /[/?#]/.test(path[base.length] as string))
}

function cookie(value: string, map: PathMap): string {
  return value.replace(/(;\s*path=)(\/[^;]*)/gi, (_, before: string, path: string) => `${before}${cookiePath(path.trim(), map)}`)
}

/** The root of the upstream is the whole of what it can see. */
function cookiePath(path: string, map: PathMap): string {
  return path === '/' && map.base === '' ? map.mount || '/' : translate(path, map)
}
