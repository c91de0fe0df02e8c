/** A directory without an index, as a page (Twisted: `DirectoryLister`). */
import type { Request } from '../../http/request.ts'
import { Resource } from '../../resource/resource.ts'
import type { DirectoryEntry } from './directory-entries.ts'
import { orderOf, sortEntries } from './listing-order.ts'
import { listingPage, listingPolicy } from './listing-page.ts'

/** What a directory has to show. */
export interface ListedDirectory {
  readonly entries: readonly DirectoryEntry[]
  /** There are more. */
  readonly more: boolean
}

/** Shows the entries that it was given, sorted as the query asks. Below it there is nothing but the children that were put there. */
export class DirectoryListing extends Resource {
  readonly #directory: ListedDirectory
  readonly #typeOf: (name: string) => string

  /** @param typeOf gives the content type for a name */
  constructor(directory: ListedDirectory, typeOf: (name: string) => string) {
    super()
    this.#directory = directory
    this.#typeOf = typeOf
  }

  render_GET(request: Request): string {
    const { entries, more } = this.#directory
    const order = orderOf(request.queryString)
    request.setHeader('Content-Type', 'text/html; charset=utf-8')
    request.setHeader('Content-Security-Policy', listingPolicy)
    request.setHeader('X-Content-Type-Options', 'nosniff')
    // It changes with the directory, and is made anew in no time.
    if (!request.hasResponseHeader('Cache-Control')) request.setHeader('Cache-Control', 'no-cache')
    return listingPage({
      path: request.path,
      hasParent: request.prepath.length > 1,
      entries: sortEntries(entries, order),
      more,
      order,
      typeOf: this.#typeOf,
    })
  }
}
