/** Ways to somewhere else (Twisted: `twisted.web.util`). */
import { PlaitError } from '../errors.ts'
import type { Request } from '../http/request.ts'
import { escapeHTML } from '../escape-html.ts'
import type { Rendered, TreeNode } from '../resource/resource.ts'

/** Options of {@link Redirect} and {@link redirectTo}. */
export interface RedirectOptions {
  /** 301 and 308 are for ever; 307 and 308 keep the method. @default 302 */
  code?: 301 | 302 | 303 | 307 | 308
}

/**
 * Sets status and Location, and gives a page for clients that do not follow.
 *
 *     render_POST(request: Request) { return redirectTo('thanks', request, { code: 303 }) }
 *
 * @param url absolute, or relative to the URL of the request. Never what a client sends: it would lead wherever somebody wants
 * @throws PlaitError `PLAIT_RESOURCE` for control characters, for code in place of a place (`javascript:`), or another status
 */
export function redirectTo(url: string, request: Request, options: RedirectOptions = {}): string {
  // In a link of a page it would run here.
  if (/^(?:javascript|vbscript|data):/i.test(url)) {
    throw new PlaitError(
      'PLAIT_RESOURCE',
      `Cannot redirect to ${JSON.stringify(url.slice(0, 100))}: it is no place but a program`,
    )
  }
  request.redirect(url, options.code)
  request.setHeader('Content-Type', 'text/html; charset=utf-8')
  // As it was sent: what no URL has in it is encoded there.
  const location = escapeHTML(request.getResponseHeader('Location') ?? url)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0;url=${location}">
<title>Redirect</title>
</head>
<body>
<p>This page is at <a href="${location}">${location}</a>.</p>
</body>
</html>
`
}

/**
 * Sends every request, of any method and at any depth, to one URL. What is left of the path, and the query, are not kept.
 *
 *     root.putChild('old', new Redirect('/new', { code: 308 }))
 */
export class Redirect implements TreeNode {
  readonly isLeaf = true
  readonly #url: string
  readonly #options: RedirectOptions

  /** @param url as for {@link redirectTo} */
  constructor(url: string, options: RedirectOptions = {}) {
    this.#url = url
    this.#options = options
  }

  getChildWithDefault(): TreeNode {
    return this
  }

  render(request: Request): Rendered {
    return redirectTo(this.#url, request, this.#options)
  }
}

/** Sends every request to the directory that the resource is in: from `/a/b` to `/a/`. The query is not kept. The URL is relative, so it is right behind every proxy. */
export class ParentRedirect implements TreeNode {
  readonly isLeaf = true
  readonly #options: RedirectOptions

  constructor(options: RedirectOptions = {}) {
    this.#options = options
  }

  getChildWithDefault(): TreeNode {
    return this
  }

  render(request: Request): Rendered {
    return redirectTo(`./${'../'.repeat(request.postpath.length)}`, request, this.#options)
  }
}
