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

/** Is it one of them? `lower` is the name in lower case. */
export function isForwardingField(lower: string): boolean {
  return EXACT.has(lower) || lower.startsWith('x-forwarded-') || lower.startsWith('x-original-')
}
