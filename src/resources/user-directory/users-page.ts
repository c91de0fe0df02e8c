/** The HTML of a list of users: no script, nothing from elsewhere. */
import { createHash } from 'node:crypto'
import { escapeHTML } from '../../escape-html.ts'
import type { UserAccount } from './user-database.ts'

const style = `
:root { color-scheme: light dark; --line: #d8dee4; --soft: #59636e; --link: #0550ae }
@media (prefers-color-scheme: dark) { :root { --line: #30363d; --soft: #9198a1; --link: #79b8ff } }
body { margin: 0 auto; max-width: 40rem; padding: 1.5rem 1rem; font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0 0 1rem; font-size: 1.25rem }
ul { margin: 0; padding: 0; list-style: none }
li { padding: .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
a { color: var(--link); text-decoration: none }
a:hover, a:focus-visible { text-decoration: underline }
span, p { color: var(--soft) }
`

/** Its Content-Security-Policy: whatever a name might smuggle in, nothing runs and nothing is loaded. */
export const usersPolicy: string = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`

/** The page; everything that comes from outside is escaped here. */
export function usersPage(users: readonly UserAccount[]): string {
  const rows = users.map(row).join('')
  const list = users.length === 0 ? '<p>Nobody has pages here.</p>\n' : `<ul>\n${rows}</ul>\n`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Users</title>
<style>${style}</style>
</head>
<body>
<h1>Users</h1>
${list}</body>
</html>
`
}

function row({ name, fullName }: UserAccount): string {
  const full = fullName === '' ? '' : ` <span>${escapeHTML(fullName)}</span>`
  return `<li><a href="${escapeHTML(encodeURIComponent(name))}/">${escapeHTML(name)}</a>${full}</li>\n`
}
