import { mountSegments } from '../../resources/mount-tree.ts'
import type { WebOptions } from '../options.ts'
import { usage } from '../usage.ts'
import { classTarget, scriptTarget, serviceTarget } from './code-targets.ts'
import { parseMount } from './parse-mount.ts'
import { findServiceFile, ServiceFile } from './service-file.ts'
import type { Mount, Target } from './target.ts'
import { filesTarget, usersTarget } from './file-targets.ts'
import { wsgiTarget } from './targets.ts'

/** What the command line serves. */
export interface Served {
  /** With different prefixes, the longest first. */
  readonly mounts: readonly Mount[]
  /** The program that gives what is at `/`; it is among the mounts too. */
  readonly service: ServiceFile | undefined
  /** Root options that another one has replaced. */
  readonly replaced: readonly string[]
}

/** What is at `/`. */
interface Root {
  readonly said: string
  readonly target: Target
  readonly service?: ServiceFile
}

/** Root options by name. */
const rootOptions: Readonly<Record<string, (value: string) => Root>> = {
  wsgi: (name) => ({ said: `--wsgi ${name}`, target: wsgiTarget(name) }),
  path: (path) => ({ said: `--path ${path}`, target: filesTarget(path, { runsScripts: true }) }),
  resourceScript: (file) => ({ said: `--resource-script ${file}`, target: scriptTarget(file) }),
  class: (text) => ({ said: `--class ${text}`, target: classTarget(text) }),
  user: () => ({ said: '--user', target: usersTarget('public_html') }),
  service: (file) => rootOf(`--service ${file}`, new ServiceFile(file)),
}

/**
 * What the options say is to be served. Of several root options the last wins, as in Twisted. When they say nothing, the service file in the directory does where
 * the user stands.
 * @throws CommanderError when that makes no sense, PlaitError when a service file is not there
 */
export function servedBy(options: WebOptions): Served {
  const mounts = (options.mount ?? []).map((text) =>
    explained(`option '--mount </path=target>' argument is invalid. `, () => parseMount(text)),
  )
  const roots = (options.roots ?? []).map((name) => rootGiven(name, options))
  const found = roots.length + mounts.length === 0 ? findServiceFile(process.cwd()) : undefined
  if (found !== undefined) roots.push(rootOf(found, new ServiceFile(found)))
  const root = roots.at(-1)
  if (root !== undefined) mounts.push({ prefix: '/', ...root })
  refuseTwice(mounts)
  refuseFileOptions(options, mounts)
  return {
    mounts: mounts.toSorted((one, other) => depth(other) - depth(one)),
    service: root?.service,
    replaced: roots.slice(0, -1).map(({ said }) => said),
  }
}

function rootGiven(name: string, options: WebOptions): Root {
  const make = rootOptions[name] as (value: string) => Root
  const value = String(options[name as keyof WebOptions])
  return name === 'service' ? make(value) : explained('', () => make(value))
}

function rootOf(said: string, service: ServiceFile): Root {
  return { said, target: serviceTarget(service), service }
}

/** What `read` gives; an error in it is one of the command line. */
function explained<Value>(before: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw usage(`${before}${(error as Error).message}`)
  }
}

function depth({ prefix }: Mount): number {
  return mountSegments(prefix).length
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
    options.processor && '--processor',
  ].find(Boolean)
  if (given !== undefined) throw usage(`${given} is about files, and none are served: add --path DIR or --mount /static=DIR`)
}
