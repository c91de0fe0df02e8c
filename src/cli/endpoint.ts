import { PlaitError } from '../errors.ts'

/** Where to listen, as `--listen` says it. */
export type ListenEndpoint =
  | { readonly kind: 'tcp'; readonly port: number; readonly interface: string | undefined; readonly backlog: number | undefined }
  | { readonly kind: 'unix'; readonly path: string; readonly mode: number | undefined; readonly backlog: number | undefined }

/** Twisted's endpoints that have no meaning here yet. */
const NOT_YET = new Set(['tcp6', 'ssl', 'tls', 'systemd', 'fd', 'haproxy', 'stdio'])
const KEYS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  tcp: ['port', 'interface', 'backlog'],
  unix: ['address', 'mode', 'backlog'],
})

/**
 * Reads an endpoint: Twisted's strings (`tcp:8080:interface=127.0.0.1`, `unix:/run/app.sock:mode=660`, `\:` for a colon), and the plain
 * `8080`, `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`. Throws `PLAIT_CONFIGURATION` with what is wrong.
 */
export function parseEndpoint(text: string): ListenEndpoint {
  const plain = /^(?:(\[[0-9A-Fa-f:.]+\]|[^:[\]/=]+):)?(\d+)$/.exec(text)
  if (plain !== null && !(plain[1] !== undefined && (plain[1] in KEYS || NOT_YET.has(plain[1])))) {
    const host = plain[1]?.replace(/^\[|\]$/g, '')
    return { kind: 'tcp', port: port(plain[2] as string, text), interface: host, backlog: undefined }
  }
  const [kind = '', ...parts] = split(text)
  if (NOT_YET.has(kind)) throw wrong(text, `endpoints of type ${kind} are not supported yet`)
  const keys = KEYS[kind]
  if (keys === undefined)
    throw wrong(text, `there is no type ${JSON.stringify(kind)}. Try 8080, 127.0.0.1:8080, tcp:8080 or unix:/run/app.sock`)
  const values = named(parts, keys, text)
  const backlog = values['backlog'] === undefined ? undefined : count(values['backlog'], text)
  if (kind === 'unix') {
    if (values['address'] === undefined || values['address'] === '') throw wrong(text, 'the path is missing')
    return { kind: 'unix', path: values['address'], mode: mode(values['mode'], text), backlog }
  }
  if (values['port'] === undefined) throw wrong(text, 'the port is missing')
  return { kind: 'tcp', port: port(values['port'], text), interface: values['interface'], backlog }
}

/** Splits at colons; `\:` is a colon, `\\` a backslash. */
function split(text: string): string[] {
  const parts: string[] = []
  let part = ''
  for (const [piece] of text.matchAll(/\\.|:|[^\\:]+|\\/g)) {
    if (piece === ':') {
      parts.push(part)
      part = ''
    } else part += piece.length === 2 && piece.startsWith('\\') ? piece.slice(1) : piece
  }
  return [...parts, part]
}

/** Positional values take the keys in order; `key=value` goes where it says. */
function named(parts: readonly string[], keys: readonly string[], text: string): Record<string, string> {
  const values: Record<string, string> = {}
  let position = 0
  for (const part of parts) {
    const [, key, value] = /^(\w+)=(.*)$/s.exec(part) ?? []
    const name = key ?? keys[position++]
    if (name === undefined) throw wrong(text, `there is one value too many: ${JSON.stringify(part)}`)
    if (!keys.includes(name)) throw wrong(text, `${JSON.stringify(name)} is not one of ${keys.join(', ')}`)
    if (name in values) throw wrong(text, `${name} is given twice`)
    values[name] = value ?? part
  }
  return values
}

function port(text: string, whole: string): number {
  const value = count(text, whole)
  if (value > 65535) throw wrong(whole, `${text} is no port: ports go from 0 to 65535`)
  return value
}

function count(text: string, whole: string): number {
  if (!/^\d{1,9}$/.test(text)) throw wrong(whole, `${JSON.stringify(text)} is no number`)
  return Number(text)
}

function mode(text: string | undefined, whole: string): number | undefined {
  if (text === undefined) return undefined
  if (!/^0?o?[0-7]{3}$/.test(text)) throw wrong(whole, `${JSON.stringify(text)} is no mode like 660`)
  return Number.parseInt(text.replace(/^0?o?/, ''), 8)
}

function wrong(text: string, what: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot listen on ${JSON.stringify(text)}: ${what}`)
}
