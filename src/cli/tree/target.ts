import type { Reactor } from '../../reactor/reactor.ts'
import type { TreeNode } from '../../resource/resource.ts'
import type { CGIOptions } from '../../resources/cgi/cgi-settings.ts'
import type { ReverseProxyOptions } from '../../resources/reverse-proxy/reverse-proxy-resource.ts'
import type { Registry } from '../../resources/script/registry.ts'
import type { FileOptions } from '../../resources/static/file-settings.ts'
import type { ThreadPool } from '../../threadpool/thread-pool.ts'
import type { RouteLimits } from '../../wsgi/route-limits.ts'
import type { WSGIOptions } from '../../wsgi/wsgi-resource.ts'
import type { ApplicationSpec } from '../../hosts/application.ts'

/** What resources of the command line are made with. */
export interface Means {
  readonly reactor: Reactor<ThreadPool>
  /** For files, the processors that --processor names among them. */
  readonly files: FileOptions
  /** Given to all scripts and processors. */
  readonly registry: Registry
  readonly wsgi: WSGIOptions
  /** For applications, by path from the root. @default none */
  readonly limits?: RouteLimits
  readonly cgi: CGIOptions
  readonly upstream: ReverseProxyOptions
  readonly surroundings: Surroundings
}

/** Where and with what applications run. */
export type Surroundings = Omit<ApplicationSpec, 'application'> & { readonly cwd: string }

/** Something that is served at a path, as the command line says it. */
export interface Target {
  /** In the words of the start-up lines. */
  readonly description: string
  /** The options for files have a meaning for it. */
  readonly hasFiles?: boolean
  /** So have limits by path. */
  readonly hasLimits?: boolean
  /** It may run in processes of Python. */
  readonly hasProcesses?: boolean
  /** What the server must be able to read for it. */
  reads?(surroundings: Surroundings): readonly string[]
  /**
   * Called before anything is started.
   * @throws PlaitError when it cannot be served
   */
  check?(surroundings: Surroundings): void
  /** Makes the resource. Code of the user's runs here at the earliest. */
  make(means: Means): TreeNode | Promise<TreeNode>
}

/** A target and its place. */
export interface Mount {
  /** As given: `/static`. */
  readonly prefix: string
  readonly target: Target
  /** What the user wrote, for messages: `--mount /static=./public`. */
  readonly said: string
}
