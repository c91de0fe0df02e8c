/** What is not text by its name, and still gets smaller. */
const others: ReadonlySet<string> = new Set([
  'application/dash+xml',
  'application/ecmascript',
  'application/graphql',
  'application/javascript',
  'application/json',
  'application/jsonl',
  'application/manifest+json',
  'application/ndjson',
  'application/rtf',
  'application/sql',
  'application/toml',
  'application/vnd.apple.mpegurl',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/x-httpd-php',
  'application/x-javascript',
  'application/x-ndjson',
  'application/x-sh',
  'application/x-yaml',
  'application/xml',
  'application/xml-dtd',
  'application/yaml',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/svg+xml',
  'image/vnd.microsoft.icon',
  'image/x-icon',
  'message/rfc822',
  'model/gltf+json',
])

/** Does a body of this media type get much smaller? @param type value of Content-Type, parameters and all */
export function isCompressible(type: string): boolean {
  const essence = (type.split(';', 1)[0] as string).trim().toLowerCase()
  return essence.startsWith('text/') || /\+(?:json|xml|text|yaml)$/.test(essence) || others.has(essence)
}
