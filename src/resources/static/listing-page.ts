/** The HTML of a listing: no script, nothing from elsewhere. */
import { createHash } from 'node:crypto'
import { escapeHTML } from '../../escape-html.ts'
import { splitPath } from '../../http/request-target.ts'
import type { DirectoryEntry } from './directory-entries.ts'
import type { ListingColumn, ListingOrder } from './listing-order.ts'

/** A listing to be shown. */
export interface Listing {
  /** Of the request, percent-encoded, with the slash at its end. */
  readonly path: string
  readonly hasParent: boolean
  readonly entries: readonly DirectoryEntry[]
  readonly more: boolean
  readonly order: ListingOrder
  readonly typeOf: (name: string) => string
}

const style = `
:root { color-scheme: light dark; --line: #d8dee4; --soft: #59636e; --link: #0550ae; --over: #f3f6f9 }
@media (prefers-color-scheme: dark) { :root { --line: #30363d; --soft: #9198a1; --link: #79b8ff; --over: #1c222a } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem; font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0 0 1rem; padding: 0 .5rem; font-size: 1.25rem; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .4rem .5rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { width: 100%; white-space: normal; overflow-wrap: anywhere }
tbody tr:hover { background: var(--over) }
a { color: var(--link); text-decoration: none }
a:hover, a:focus-visible { text-decoration: underline }
th, th a, td + td, p { color: var(--soft) }
th { font-size: .875rem; font-weight: 600 }
.size { text-align: right }
@media (max-width: 40rem) { .type { display: none } body { padding: 1rem .5rem } }
@media (max-width: 26rem) { .modified { display: none } }
`

/** The Content-Security-Policy of the page: whatever a name might smuggle in, nothing runs and nothing is loaded. */
export const listingPolicy: string = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`

/** The page; everything that comes from outside is escaped here. */
export function listingPage(listing: Listing): string {
  const title = `Directory listing for ${decoded(listing.path)}`
  const up = listing.hasParent
    ? '<tr><td><a href="../">../</a></td><td class="size"></td><td class="type"></td><td class="modified"></td></tr>\n'
    : ''
  const rows = listing.entries.map((entry) => row(entry, listing.typeOf)).join('')
  const none = listing.entries.length === 0 ? '<p>There is nothing here.</p>\n' : ''
  const more = listing.more ? `<p>There is more here than the first ${listing.entries.length} names.</p>\n` : ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHTML(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHTML(title)}</h1>
<table>
<thead><tr>${heading('name', 'Name', listing.order)}${heading('size', 'Size', listing.order)}<th class="type" scope="col">Type</th>${heading('modified', 'Modified (UTC)', listing.order)}</tr></thead>
<tbody>
${up}${rows}</tbody>
</table>
${none}${more}</body>
</html>
`
}

function heading(column: ListingColumn, text: string, order: ListingOrder): string {
  const current = order.column === column
  const next = current && !order.descending ? 'desc' : 'asc'
  const arrow = !current ? '' : order.descending ? ' ↓' : ' ↑'
  const sorted = current ? ` aria-sort="${order.descending ? 'descending' : 'ascending'}"` : ''
  return `<th class="${column}" scope="col"${sorted}><a href="?sort=${column}&amp;order=${next}">${text}${arrow}</a></th>`
}

function row({ name, isDirectory, size, modified }: DirectoryEntry, typeOf: (name: string) => string): string {
  const slash = isDirectory ? '/' : ''
  const link = `<a href="${escapeHTML(encodeURIComponent(name) + slash)}">${escapeHTML(name + slash)}</a>`
  const type = isDirectory ? 'Directory' : escapeHTML(typeOf(name).replace(/;.*/, ''))
  const sizes = isDirectory ? '' : sizeText(size)
  return `<tr><td>${link}</td><td class="size">${sizes}</td><td class="type">${type}</td><td class="modified">${timeText(modified)}</td></tr>\n`
}

/** `999 B`, `1.5 KiB`, `12 MiB`. */
export function sizeText(size: number): string {
  if (size < 1024) return `${size} B`
  let value = size
  let unit = -1
  while (value >= 1023.5 && unit < 4) {
    value /= 1024
    unit++
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${['KiB', 'MiB', 'GiB', 'TiB', 'PiB'][unit]}`
}

/** `2026-11-24 16:05`; nothing for what no calendar has. */
function timeText(milliseconds: number): string {
  const date = new Date(milliseconds)
  if (Number.isNaN(date.getTime())) return ''
  const text = date.toISOString()
  return `<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')}</time>`
}

/** A path as people read it; bytes that are no UTF-8 become replacement characters. */
function decoded(path: string): string {
  return Buffer.from(`/${splitPath(path).join('/')}`, 'latin1').toString('utf8')
}
