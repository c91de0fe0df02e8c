/** The order of a listing, as its query asks for it: `?sort=size&order=desc`. */
import type { DirectoryEntry } from './directory-entries.ts'

const columns = ['name', 'size', 'modified'] as const

/** What a listing can be sorted by. */
export type ListingColumn = (typeof columns)[number]

/** An order of rows. */
export interface ListingOrder {
  readonly column: ListingColumn
  readonly descending: boolean
}

/** The order that a query asks for; what it does not know is left out. */
export function orderOf(query: string): ListingOrder {
  const asked = new URLSearchParams(query)
  const column = columns.find((name) => name === asked.get('sort')) ?? 'name'
  return { column, descending: asked.get('order') === 'desc' }
}

/** People expect `file2` before `file10`. */
const collator = new Intl.Collator('en', { numeric: true })

/** Sorted anew; directories first, and rows that are alike by name. */
export function sortEntries(entries: readonly DirectoryEntry[], { column, descending }: ListingOrder): DirectoryEntry[] {
  const byName = (a: DirectoryEntry, b: DirectoryEntry): number => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1)
  const bySize = (a: DirectoryEntry, b: DirectoryEntry): number => (a.isDirectory ? 0 : a.size - b.size)
  const byTime = (a: DirectoryEntry, b: DirectoryEntry): number => a.modified - b.modified
  const compare = { name: byName, size: bySize, modified: byTime }[column]
  const sign = descending ? -1 : 1
  return entries.toSorted((a, b) => {
    if (a.isDirectory !== b.isDirectory) return a.isDirectory ? -1 : 1
    return sign * compare(a, b) || byName(a, b)
  })
}
