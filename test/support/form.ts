import type { Visit } from './browser.ts'

/** A POST as a browser sends a form. */
export function postForm(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Visit {
  const body = new URLSearchParams(fields).toString()
  return { method: 'POST', path, headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers }, body }
}

/** A file of {@link postFiles}. */
export interface FormFile {
  field: string
  name: string
  type: string
  content: string | Uint8Array
}

/** A POST as a browser sends a form with files. */
export function postFiles(path: string, fields: Record<string, string>, files: readonly FormFile[]): Visit {
  const boundary = 'one-boundary-of-a-form'
  const parts: Uint8Array[] = []
  const add = (head: string, content: string | Uint8Array): void => {
    parts.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`), Buffer.from(content))
    parts.push(Buffer.from('\r\n'))
  }
  for (const [name, value] of Object.entries(fields)) add(`name="${name}"`, value)
  for (const { field, name, type, content } of files) add(`name="${field}"; filename="${name}"\r\nContent-Type: ${type}`, content)
  parts.push(Buffer.from(`--${boundary}--\r\n`))
  const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}` }
  return { method: 'POST', path, headers, body: Buffer.concat(parts) }
}

/** A POST of JSON. */
export function postJson(path: string, value: unknown, method = 'POST'): Visit {
  return { method, path, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) }
}
