import { mountSegments } from '../../resources/mount-tree.ts'
import type { WebOptions } from '../options.ts'
import { usage } from '../usage.ts'
import { parseMount } from './parse-mount.ts'
import type { Mount, Target } from './target.ts'
import { filesTarget, wsgiTarget } from './targets.ts'

/** What the command line serves. */
export interface Served {
  /** With different prefixes, the longest first. */
  readonly mounts: readonly Mount[]
  /** Root options that another one has replaced. */
  readonly replaced: readonly string[]
}

/** Root options by name: what they say, and their targets. */
const rootTargets: Readonly<Record<string, (options: WebOptions) => readonly [said: string, target: Target]>> = {
  wsgi: ({ wsgi = '' }) => [`--wsgi ${wsgi}`, wsgiTarget(wsgi)],
  path: ({ path = '' }) => [`--path ${path}`, filesTarget(path)],
}

/**
 * What the options say is to be served. Of several root options the last wins, as in Twisted.
 * @throws CommanderError when that makes no sense
 */
export function servedBy(options: WebOptions): Served {
  const mounts = (options.mount ?? []).map(readMount)
  const roots = (options.roots ?? []).map((name) => rootTargets[name]?.(options)).filter((root) => root !== undefined)
  const last = roots.at(-1)
  if (last !== undefined) mounts.push({ prefix: '/', said: last[0], target: last[1] })
  refuseTwice(mounts)
  refuseFileOptions(options, mounts)
  const sorted = mounts.toSorted((one, other) => mountSegments(other.prefix).length - mountSegments(one.prefix).length)
  return { mounts: sorted, replaced: roots.slice(0, -1).map(([said]) => said) }
}

function readMount(text: string): Mount {
  try {
    return parseMount(text)
  } catch (error) {
    throw usage(`option '--mount </path=target>' argument is invalid. ${(error as Error).message}`)
  }
}

function refuseTwice(mounts: readonly Mount[]): void {
  const places = new Map<string, Mount>()
  for (const mount of mounts) {
    const place = JSON.stringify(mountSegments(mount.prefix))
    const first = places.get(place)
    if (first !== undefined) throw usage(`two say what is at ${first.prefix}: ${first.said}, and ${mount.said}`)
    places.set(place, mount)
  }
}

/** In Twisted these need --path before them; here their place does not matter. */
function refuseFileOptions(options: WebOptions, mounts: readonly Mount[]): void {
  if (mounts.length === 0 || mounts.some(({ target }) => target.hasFiles === true)) return
  const given = [
    options.index && '--index',
    options.ignoreExt && '--ignore-ext',
    options.allowIgnoreExt && '--allow-ignore-ext',
    options.mimeType && '--mime-type',
  ].find(Boolean)
  if (given !== undefined) throw usage(`${given} is about files, and none are served: add --path DIR or --mount /static=DIR`)
}
