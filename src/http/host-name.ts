/** The name in a Host field: without port, and without the brackets of an IPv6 address. `''` for none. */
export function hostName(host: string | undefined): string {
  if (host === undefined) return ''
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'))
  const colon = host.indexOf(':')
  return colon < 0 ? host : host.slice(0, colon)
}

/** The port in a Host field, `''` when it has none. */
export function portOf(host: string | undefined): string {
  return /:(\d+)$/.exec(host ?? '')?.[1] ?? ''
}
