import { GET } from '../support/http2-frames.ts'

/** Fields of a head, pseudo-header fields first. */
export type Head = readonly (readonly [name: string, value: string])[]

/**
 * Row, head, and what must happen to the stream: a status; `reset` where HTTP/2 itself knows the error; `dropped` where the request is served
 * without the field; `refused`: a 400, or a reset from newer versions of nghttp2.
 */
export type RefusedHead = readonly [row: string, head: Head, outcome: number | 'reset' | 'refused' | 'dropped']

function but(changed: Readonly<Record<string, string>>, ...more: Head): Head {
  return [...GET.map(([name, value]): [string, string] => [name, changed[name] ?? value]), ...more]
}

const fields = (count: number): Head => Array.from({ length: count }, (_, index): [string, string] => [`x-${index}`, 'a'])

/** What is refused on HTTP/2 as on HTTP/1.1, as far as it can be said there. */
export const refusedHeads: readonly RefusedHead[] = [
  ['A1', [...GET, ['content-length', '1'], ['transfer-encoding', 'chunked']], 'reset'],
  ['A2', [...GET, ['transfer-encoding', 'xchunked']], 'reset'],
  ['A11', [...GET, ['content-length', '0'], ['content-length', '1']], 'reset'],
  ['A11', [...GET, ['content-length', '0, 0']], 'reset'],
  ...['+2', '-1', '0x2', '1_0', '', '18446744073709551618'].map((value): RefusedHead => [
    'A12',
    [...GET, ['content-length', value]],
    'reset',
  ]),
  ...['a\rb', 'a\nb', 'a\0b', 'a\x01b', 'a\x7fb'].map((value): RefusedHead => ['C7', [...GET, ['x-a', value]], 'dropped']),
  ['C9', [...GET, ['x a', 'b']], 'dropped'],
  ['C9', [...GET, ['x(a', 'b']], 'dropped'],
  ['C12', GET.filter(([name]) => name !== ':authority'), 'reset'],
  ['C13', [...GET, ['host', 'shop.example'], ['host', 'other.example']], 'reset'],
  ['C14', but({ ':authority': 'a:1:2' }), 400],
  ['C14', but({ ':authority': 'user@a' }), 'refused'],
  ['C15', [...GET, ['content-type', 'a/b'], ['content-type', 'c/d']], 400],
  ['C15', [...GET, ['authorization', 'Basic a'], ['authorization', 'Basic b']], 400],
  ['C16', [...GET, ['host', 'other.example']], 400],
  ['C17', but({ ':path': 'p' }), 'reset'],
  ['C17', but({ ':path': '*' }), 'reset'],
  ['C18', [[':method', 'CONNECT'], GET[3] as [string, string]], 405],
  ['C20', but({ ':path': '/\xe9' }), 400],
  ['C21', but({ ':path': '/a%00b' }), 400],
  ['C24', but({ ':path': '/a#b' }), 400],
  ['C25', [...GET, ...fields(201)], 431],
  ['C25', but({ ':path': `/${'a'.repeat(17_000)}` }), 414],
  ['C29', [...GET, ['expect', 'foo']], 417],
  ['E12', [...GET, ['connection', 'close']], 'reset'],
  ['E12', [...GET, ['te', 'x']], 'reset'],
  ['E12', [...GET, ['X-A', 'b']], 'reset'],
  ['E12', [...GET, [':method', 'POST']], 'reset'],
  ['E12', [...GET, ['content-length', '5']], 'reset'],
]
