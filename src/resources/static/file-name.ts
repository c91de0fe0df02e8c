/** From a segment of a path to a name in a directory. */

/** What happens to names that begin with a dot; `.well-known` (RFC 8615) is always served. */
export type DotfilePolicy = 'ignore' | 'allow' | 'deny'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The name that one decoded segment stands for.
 * @param segment latin-1, one character per byte
 * @returns undefined when it can be no name in a served directory: it is no UTF-8, would lead to another directory, or has a character
 *   that some system takes for a separator
 */
export function fileNameOf(segment: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (segment === '' || segment === '.' || segment === '..' || /[/\\\0]/.test(segment)) return undefined
  // Drive letters and alternate streams; dots and spaces at the end, which Windows leaves out.
  if (process.platform === 'win32' && /:|[. ]$/.test(segment)) return undefined
  // oxlint-disable-next-line no-control-regex
  if (/^[\x01-\x7f]*$/.test(segment)) return segment
  try {
    return utf8.decode(Buffer.from(segment, 'latin1'))
  } catch {
    return undefined
  }
}

/** Is it a name that dotfile policies are about? */
export function isDotfile(name: string): boolean {
  return name.charCodeAt(0) === 46 /* . */ && name !== '.well-known'
}

/** The endings of a name, longest first, each with its dot: `a.rpy.ts` → `.rpy.ts`, `.ts`. A dot at the start begins no ending. */
export function endingsOf(name: string): string[] {
  const endings: string[] = []
  for (let dot = name.indexOf('.', 1); dot >= 0; dot = name.indexOf('.', dot + 1)) endings.push(name.slice(dot))
  return endings
}
