import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

/** Directories in which nobody writes templates. */
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', '__pycache__', '.venv'])
/** Files that are watched of one path; a path with more was not meant. */
const MOST = 10_000

/** The files that an absolute path names: itself, all below a directory, or what fits a pattern (`*`, `?`, and `**` for directories at any depth). */
export async function findFiles(named: string): Promise<string[]> {
  const segments = named.split('/')
  const at = segments.findIndex((segment) => /[*?]/.test(segment))
  if (at < 0) return (await isDirectory(named)) ? below(named) : [named]
  const base = segments.slice(0, at).join('/') || '/'
  const pattern = expression(segments.slice(at).join('/'))
  return (await below(base)).filter((file) => pattern.test(path.relative(base, file)))
}

function expression(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*|\?/g, (mark) => ({ '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*' })[mark] ?? '[^/]')
  return new RegExp(`^${source}$`)
}

async function isDirectory(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory()
  } catch {
    return false
  }
}

async function below(directory: string): Promise<string[]> {
  const found: string[] = []
  const directories = [directory]
  for (let next = directories.pop(); next !== undefined && found.length < MOST; next = directories.pop()) {
    const entries = await readdir(next, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const full = path.join(next, entry.name)
      if (entry.isFile()) found.push(full)
      else if (entry.isDirectory() && !SKIPPED.has(entry.name)) directories.push(full)
    }
  }
  return found.slice(0, MOST)
}
