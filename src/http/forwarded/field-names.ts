/** The fields by which proxies tell where a request came from. A client that is no trusted proxy can only lie in them. */
const EXACT: ReadonlySet<string> = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
  'x-rewrite-url',
  'x-script-name',
])

/** Names as sent that were met so far, in lower case where they are such fields. */
const known = new Map<string, string | undefined>()
const MOST_KNOWN = 1024

/** The name in lower case, of a field that is one of them; undefined of another. */
export function forwardingName(name: string): string | undefined {
  const met = known.get(name)
  if (met !== undefined || known.has(name)) return met
  const lower = name.toLowerCase()
  const found = isForwardingField(lower) ? lower : undefined
  if (known.size < MOST_KNOWN) known.set(name, found)
  return found
}

/** Is it one of them? `lower` is the name in lower case. */
export function isForwardingField(lower: string): boolean {
  return EXACT.has(lower) || lower.startsWith('x-forwarded-') || lower.startsWith('x-original-')
}
