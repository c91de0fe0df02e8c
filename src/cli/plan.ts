import { defaults } from '../defaults.ts'
import { findIdentity, type Identity } from '../reactor/process/identity.ts'
import { limitsOf } from './limit-values.ts'
import { listenEndpoints } from './listen-endpoints.ts'
import type { WebOptions } from './options.ts'
import { servedBy, type Served } from './tree/roots.ts'
import { mountSegments } from '../resources/mount-tree.ts'
import { RouteLimits } from '../wsgi/route-limits.ts'
import { Registry } from '../resources/script/registry.ts'
import type { Means, Surroundings } from './tree/target.ts'
import { loadProcessors } from './tree/user-code.ts'
import { usage } from './usage.ts'
import { absolutePath, interpreterPath } from './values.ts'

/** What the options come to, before anything is opened. */
export interface Plan {
  readonly options: WebOptions
  readonly served: Served
  /** Who the server becomes. */
  readonly identity: Identity | undefined
}

/** Checks the options as a whole. Throws usage errors, and `PlaitError`s for what is not there. */
export function planOf(options: WebOptions): Plan {
  const { threads = defaults.maxThreads, minThreads = defaults.minThreads, uid, gid } = options
  if (minThreads > threads) throw usage(`--min-threads ${minThreads} is more than --threads ${threads}`)
  const served = servedBy(options)
  if (served.mounts.length === 0) {
    const example = 'like plait web --wsgi foo.application'
    throw usage(`nothing to serve: say --wsgi MODULE.ATTRIBUTE, --path DIRECTORY or --mount /PATH=TARGET, ${example}`)
  }
  if (options.health !== undefined) checkHealthPath(options.health)
  // What is wrong with them shows before anything is opened.
  listenEndpoints(options)
  limitsOf(options)
  refuseIdleLimits(options, served)
  checkForks(options, served)
  for (const { target } of served.mounts) target.check?.(surroundingsOf(options))
  const names = { ...(uid === undefined ? {} : { user: uid }), ...(gid === undefined ? {} : { group: gid }) }
  const identity = uid === undefined && gid === undefined ? undefined : findIdentity(names)
  return { options, served, identity }
}

/** A limit that holds nowhere would be missed only when it is needed. */
function refuseIdleLimits({ limit = {}, timeout = {} }: WebOptions, { mounts }: Served): void {
  const places = mounts.filter(({ target }) => target.hasLimits === true).map(({ prefix }) => prefix)
  const isIdle = (path: string): boolean => {
    const one = new RouteLimits({ [path]: { timeout: 1 } })
    return places.every((place) => one.below(place).isEmpty)
  }
  const given = [
    ...Object.keys(limit).map((path) => ['--limit', path] as const),
    ...Object.keys(timeout).flatMap((path) => (path === '/' ? [] : [['--timeout', path] as const])),
  ].find(([, path]) => isIdle(path))
  if (given === undefined) return
  const where = places.length === 0 ? 'none is served: --service and scripts limit their own' : `they are at ${places.join(', ')}`
  throw usage(`${given.join(' ')}: there is no application of --wsgi or --mount at this path; ${where}`)
}

function checkForks({ preload, preFork, postFork, runIn }: WebOptions, { mounts }: Served): void {
  const said = preload === true ? '--preload' : postFork === undefined ? undefined : '--post-fork'
  if (preFork !== undefined && preload !== true)
    throw usage('--pre-fork is called before a fork: only with --preload there is one')
  if (said === undefined) return
  if (runIn === 'pyodide') throw usage(`${said} is for processes of Python, and with --run-in pyodide there are none`)
  if (!mounts.some(({ target }) => target.hasProcesses === true))
    throw usage(`${said} is for applications of Python: none is named`)
}

function checkHealthPath(path: string): void {
  let segments: readonly string[] = []
  try {
    segments = mountSegments(path)
  } catch (error) {
    throw usage(`--health ${path}: ${(error as Error).message}`)
  }
  if (segments.length === 0) throw usage('--health / leaves no place for what is served: say --health /healthz')
}

/** Where and with what the applications of these options run. */
export function surroundingsOf(options: WebOptions): Surroundings {
  const { chdir, rundir, python, runIn, pythonPath, writable, env, threadMemory, preload, preFork, postFork } = options
  return {
    cwd: absolutePath(chdir ?? rundir ?? '.'),
    ...(python === undefined ? {} : { python: interpreterPath(python) }),
    ...(runIn === undefined ? {} : { runIn }),
    ...(pythonPath === undefined ? {} : { pythonPath: pythonPath.map(absolutePath) }),
    ...(writable === undefined ? {} : { writable: writable.map(absolutePath) }),
    ...(env === undefined ? {} : { env }),
    ...(preload === undefined ? {} : { preload }),
    ...(preFork === undefined ? {} : { preFork }),
    ...(postFork === undefined ? {} : { postFork }),
    ...(threadMemory === undefined ? {} : { memory: threadMemory }),
  }
}

/** What the resources are made with. Loads processors: it is code of the user's. */
export async function loadMeans(options: WebOptions): Promise<Omit<Means, 'reactor'>> {
  const { index, ignoreExt = [], allowIgnoreExt, mimeType, maxBody, requestBody } = options
  const registry = new Registry()
  const limits = limitsOf(options)
  const bodies = {
    ...(maxBody === undefined ? {} : { maxBody }),
    ...(requestBody === undefined ? {} : { requestBody }),
  }
  return {
    registry,
    files: {
      registry,
      ignoredExts: [...ignoreExt, ...(allowIgnoreExt === true ? ['*'] : [])],
      processors: await loadProcessors(options.processor ?? {}),
      ...(index === undefined ? {} : { indexNames: index }),
      ...(mimeType === undefined ? {} : { defaultType: mimeType }),
    },
    wsgi: { ...bodies, retry: options.retry !== false },
    ...(limits === undefined ? {} : { limits }),
    cgi: bodies,
    upstream: bodies,
    surroundings: surroundingsOf(options),
  }
}
