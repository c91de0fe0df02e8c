/**
 * Pages for what could not be served: small, escaped, the same at any depth and for any method (Twisted: `twisted.web.pages`).
 */
import { escapeHTML } from '../escape-html.ts'
import type { Request } from '../http/request.ts'
import type { TreeNode } from './resource.ts'

/** Small, because every error page has it; light or dark as the reader likes it. */
const style =
  ':root{color-scheme:light dark}body{margin:2rem;font:1rem/1.5 system-ui,sans-serif}h1{font-size:1.3rem}pre{overflow:auto}'

/**
 * The HTML of an error page.
 * @param code the status, shown in the title
 * @param brief a few words: title and heading
 * @param detail one sentence under the heading
 * @param preformatted longer text (a traceback), shown as it is
 * Everything is escaped here.
 */
export function errorHTML(code: number, brief: string, detail: string, preformatted = ''): string {
  const more = preformatted === '' ? '' : `<pre>${escapeHTML(preformatted)}</pre>\n`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${code} - ${escapeHTML(brief)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHTML(brief)}</h1>
<p>${escapeHTML(detail)}</p>
${more}</body>
</html>
`
}

/** Answers every method, at any depth below it, with a status and a page that says why (Twisted: `ErrorPage`). */
export class ErrorPage implements TreeNode {
  // A leaf, so that it is found at any depth.
  readonly isLeaf: boolean = true
  readonly #code: number
  readonly #html: string

  /**
   * @param brief a few words: title and heading
   * @param detail one sentence. Both are escaped
   */
  constructor(code: number, brief: string, detail: string) {
    this.#code = code
    this.#html = errorHTML(code, brief, detail)
  }

  getChildWithDefault(): TreeNode {
    return this
  }

  render(request: Request): string {
    request.setResponseCode(this.#code)
    request.setHeader('Content-Type', 'text/html; charset=utf-8')
    return this.#html
  }
}

/** A 404 page (Twisted: `NoResource`). */
export class NoResource extends ErrorPage {
  constructor(message: string = 'Sorry. No luck finding that resource.') {
    super(404, 'No Such Resource', message)
  }
}

/** A 403 page (Twisted: `ForbiddenResource`). */
export class ForbiddenResource extends ErrorPage {
  constructor(message: string = 'Sorry, resource is forbidden.') {
    super(403, 'Forbidden Resource', message)
  }
}

/**
 * A resource that answers every method, at any depth below it, with `code` and a page that says why.
 * @param brief a few words: title and heading
 * @param detail one sentence. Both are escaped.
 */
export function errorPage(code: number, brief: string, detail: string): TreeNode {
  return new ErrorPage(code, brief, detail)
}

/** A 404 page. */
export function notFound(
  brief: string = 'No Such Resource',
  message: string = 'Sorry. No luck finding that resource.',
): TreeNode {
  return errorPage(404, brief, message)
}

/** A 403 page. */
export function forbidden(brief: string = 'Forbidden Resource', message: string = 'Sorry, resource is forbidden.'): TreeNode {
  return errorPage(403, brief, message)
}
