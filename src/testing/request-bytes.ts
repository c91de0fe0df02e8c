/** A request as a test describes it, and as it goes over the wire. */

/** What is asked for. */
export interface RequestDescription {
  /** @default 'GET', or 'POST' where there is a body */
  method?: string
  /** Path and query, percent-encoded where that is needed; what no URL has in it is encoded here, in UTF-8. @default '/' */
  path?: string
  /** Fields; several values make several fields. `Host` is localhost, unless it is here. */
  headers?: Readonly<Record<string, string | readonly string[]>>
  /** Text is sent as UTF-8. With a Content-Length, unless there is a `Transfer-Encoding`: then it is sent as it is. */
  body?: string | Uint8Array
  /** A body of JSON, with its Content-Type. */
  json?: unknown
  /** A body of form fields, with its Content-Type. */
  form?: Readonly<Record<string, string>>
  /** @default '1.1' */
  httpVersion?: '1.0' | '1.1'
}

/** The method of a request. */
export function methodOf({ method, body, json, form }: RequestDescription): string {
  return method ?? (body === undefined && json === undefined && form === undefined ? 'GET' : 'POST')
}

/** The request's bytes. @throws TypeError for what would not be one request */
export function requestBytes(description: RequestDescription): Buffer {
  const { path = '/', httpVersion = '1.1' } = description
  const [type, body] = bodyOf(description)
  const fields = Object.entries(description.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value: string): [string, string] => [name, value]),
  )
  const names = new Set(fields.map(([name]) => name.toLowerCase()))
  if (!names.has('host')) fields.unshift(['Host', 'localhost'])
  if (type !== undefined && !names.has('content-type')) fields.push(['Content-Type', type])
  if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) {
    fields.push(['Content-Length', String(body.length)])
  }
  const lines = [
    `${methodOf(description)} ${encodePath(path)} HTTP/${httpVersion}`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ]
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new TypeError(`Cannot send this line of a head: ${JSON.stringify(line)}`)
  }
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)])
}

function bodyOf({ body, json, form }: RequestDescription): [type: string | undefined, body: Uint8Array | undefined] {
  if ([body, json, form].filter((one) => one !== undefined).length > 1) {
    throw new TypeError('Cannot send more than one of body, json and form')
  }
  if (json !== undefined) return ['application/json', Buffer.from(JSON.stringify(json))]
  if (form !== undefined) return ['application/x-www-form-urlencoded', Buffer.from(new URLSearchParams(form).toString())]
  return [undefined, typeof body === 'string' ? Buffer.from(body) : body]
}

function encodePath(path: string): string {
  return path.replace(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text))
}
