import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { File } from '#src/resources/static/file.ts'
import type { FileOptions } from '#src/resources/static/file-settings.ts'
import { serve } from '../../resource/serve.ts'
import type { Served } from '../../resource/serve.ts'

/** Long ago, in seconds: what has this time of modification has strong tags. */
export const longAgo = 1_700_000_000

/** Makes files below a new folder, which is removed after the tests; names that end with a slash become folders. */
export function makeTree(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-static-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeInto(folder, name, content)
  return folder
}

/** Writes one file of {@link makeTree}. */
export function writeInto(folder: string, name: string, content: string | Buffer): string {
  const file = path.join(folder, name)
  mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true })
  if (name.endsWith('/')) return file
  writeFileSync(file, content)
  utimesSync(file, longAgo, longAgo)
  return file
}

/** Serves a folder as the root of a site, in memory. */
export function serveTree(
  files: Readonly<Record<string, string | Buffer>>,
  options: FileOptions = {},
): Served & { folder: string } {
  const folder = makeTree(files)
  return { folder, ...serve(new File(folder, options)) }
}
