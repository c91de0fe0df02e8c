/** Content types by the ending of a name. */
import path from 'node:path'
import { lookup } from 'mime-types'

/** Beside the list of `mime-types`, and before it: what Twisted adds, and languages that browsers should show and not save. */
const added: Readonly<Record<string, string>> = Object.freeze({
  '.conf': 'text/plain',
  '.diff': 'text/plain',
  '.java': 'text/plain',
  '.patch': 'text/plain',
  '.oz': 'text/x-oz',
})

const known = new Map<string, string | undefined>()

/**
 * The Content-Type of a file: by its last ending in lower case.
 * @param own types by ending, with the dot: before all others
 * @param fallback for endings that nobody knows
 */
export function contentTypeOf(file: string, own: Readonly<Record<string, string>>, fallback: string): string {
  const ending = path.extname(file).toLowerCase()
  if (Object.hasOwn(own, ending)) return withCharset(own[ending] as string)
  if (!known.has(ending) && known.size < 1000) known.set(ending, standardType(ending))
  return known.get(ending) ?? withCharset(fallback)
}

function standardType(ending: string): string | undefined {
  const type = added[ending] ?? (ending === '' ? false : lookup(ending))
  return type === false ? undefined : withCharset(type)
}

/** Text is UTF-8 here, and a client that is not told would guess. */
function withCharset(type: string): string {
  return /^text\//i.test(type) && !/;\s*charset=/i.test(type) ? `${type}; charset=utf-8` : type
}
