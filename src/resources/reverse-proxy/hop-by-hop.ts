/** Fields that are about one connection (RFC 9110 section 7.6.1), so that none is passed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** Fields that a peer may not have removed by naming them in Connection: they protect somebody else. */
const KEPT =
  /^(?:host|forwarded|x-forwarded-.*|x-real-ip|via|authorization|cookie|set-cookie|content-.*|cache-control|date|server|location|origin|referer|range|sec-.*|access-control-.*|strict-transport-security|www-authenticate)$/

/** Which of these fields, flat, end here? Names in lower case. */
export function hopByHop(headers: readonly string[]): ReadonlySet<string> {
  let names: Set<string> | undefined
  for (let index = 0; index < headers.length; index += 2) {
    if ((headers[index] as string).toLowerCase() !== 'connection') continue
    for (const one of (headers[index + 1] as string).split(',')) {
      const name = one.trim().toLowerCase()
      if (name === '' || HOP_BY_HOP.has(name) || KEPT.test(name)) continue
      names ??= new Set(HOP_BY_HOP)
      names.add(name)
    }
  }
  return names ?? HOP_BY_HOP
}
