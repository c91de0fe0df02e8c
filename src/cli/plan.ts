import { defaults } from '../defaults.ts'
import type { ListenEndpoint } from '../reactor/endpoints/listen-endpoint.ts'
import { findIdentity, type Identity } from '../reactor/process/identity.ts'
import { listenEndpoints } from './listen-endpoints.ts'
import type { WebOptions } from './options.ts'
import { servedBy, type Served } from './tree/roots.ts'
import type { Means } from './tree/target.ts'
import { usage } from './usage.ts'
import { absolutePath } from './values.ts'

/** What the options come to, before anything is opened. */
export interface Plan {
  readonly options: WebOptions
  readonly served: Served
  readonly endpoints: readonly ListenEndpoint[]
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
  const endpoints = listenEndpoints(options)
  for (const { target } of served.mounts) target.check?.()
  const names = { ...(uid === undefined ? {} : { user: uid }), ...(gid === undefined ? {} : { group: gid }) }
  const identity = uid === undefined && gid === undefined ? undefined : findIdentity(names)
  return { options, served, endpoints, identity }
}

/** What the resources are made with. */
export function meansOf(options: WebOptions): Omit<Means, 'reactor'> {
  const { index, ignoreExt = [], allowIgnoreExt, mimeType, maxBody, requestBody, python, env } = options
  return {
    files: {
      ignoredExts: [...ignoreExt, ...(allowIgnoreExt === true ? ['*'] : [])],
      ...(index === undefined ? {} : { indexNames: index }),
      ...(mimeType === undefined ? {} : { defaultType: mimeType }),
    },
    wsgi: {
      ...(maxBody === undefined ? {} : { maxBody }),
      ...(requestBody === undefined ? {} : { requestBody }),
    },
    surroundings: {
      cwd: absolutePath(options.chdir ?? options.rundir ?? '.'),
      ...(python === undefined ? {} : { python: pythonPath(python) }),
      ...(env === undefined ? {} : { env }),
    },
  }
}

/** A path is meant from where the user stands, not from --chdir; a name is looked up on PATH. */
function pythonPath(python: string): string {
  return python.includes('/') ? absolutePath(python) : python
}
