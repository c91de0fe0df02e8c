/** The Range field (RFC 9110 section 14). */

/** A part of a representation: from its first byte to its last, both included. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** More ranges than this in one field are not served as ranges: nobody needs them, and each costs (RFC 9110 section 17.15). */
const MOST_RANGES = 50

const FIELD = /^bytes[ \t]*=(.*)$/i
const RANGE = /^[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/

/**
 * The ranges that a Range field asks for, of a representation of `size` bytes.
 * @returns the ranges in the order in which they were asked for, those that overlap or touch made one; `[]` when none can be satisfied (416);
 *   undefined when the field is to be ignored (section 14.2): it is malformed, of another unit, or asks for too many
 */
export function parseRanges(field: string, size: number): ByteRange[] | undefined {
  const set = FIELD.exec(field)?.[1]
  if (set === undefined) return undefined
  const ranges: ByteRange[] = []
  let asked = 0
  for (const text of set.split(',', MOST_RANGES * 2)) {
    // Empty elements of a list do not count (section 5.6.1.2).
    if (/^[ \t]*$/.test(text)) continue
    const match = RANGE.exec(text)
    if (match === null || ++asked > MOST_RANGES) return undefined
    const [, from, to, suffix] = match
    if (from !== undefined && to !== undefined && to !== '' && Number(to) < Number(from)) return undefined
    const range = resolve(from, to, suffix, size)
    if (range !== undefined) ranges.push(range)
  }
  return asked === 0 ? undefined : coalesce(ranges)
}

/** One range within `size` bytes, undefined when it has none of them (section 14.1.2). */
function resolve(
  from: string | undefined,
  to: string | undefined,
  suffix: string | undefined,
  size: number,
): ByteRange | undefined {
  if (from === undefined) {
    const length = Math.min(Number(suffix), size)
    return length === 0 ? undefined : { first: size - length, last: size - 1 }
  }
  const first = Number(from)
  if (first >= size) return undefined
  return { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) }
}

/** Makes one of ranges that overlap or touch; it stands where the first of them stood. No byte is ever sent twice. */
function coalesce(ranges: ByteRange[]): ByteRange[] {
  if (ranges.length < 2) return ranges
  const merged: { first: number; last: number; place: number }[] = []
  const inOrder = ranges.map((range, place) => ({ ...range, place })).toSorted((a, b) => a.first - b.first)
  for (const range of inOrder) {
    const before = merged.at(-1)
    if (before === undefined || range.first > before.last + 1) merged.push(range)
    else {
      before.last = Math.max(before.last, range.last)
      before.place = Math.min(before.place, range.place)
    }
  }
  return merged.toSorted((a, b) => a.place - b.place).map(({ first, last }) => ({ first, last }))
}
