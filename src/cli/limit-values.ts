/** Options that say what requests below a path may take. */
import { InvalidArgumentError } from 'commander'
import { RouteLimits, type RequestLimits } from '../wsgi/route-limits.ts'
import { parseCount, parseList, parseSeconds } from './values.ts'

/** Limits by path. */
export type Limits = Record<string, RequestLimits>

/** Collects `30`, for all paths, and `/reports=120`, for one. */
export function parseTimeout(text: string, before: Readonly<Limits> = {}): Limits {
  return collect(text, before, (line) => {
    const at = line.lastIndexOf('=')
    return [at < 0 ? '/' : line.slice(0, at), { timeout: parseSeconds(line.slice(at + 1)) }]
  })
}

/** Collects `/reports=2`, with `,max-queue=20` and `,queue-timeout=5` behind it. */
export function parseLimit(text: string, before: Readonly<Limits> = {}): Limits {
  return collect(text, before, (line) => {
    const [, path, running, more] = /^(\/.*?)=(\d+)((?:,[a-z-]+=[\d.]+)*)$/.exec(line) ?? []
    if (path === undefined || running === undefined) {
      throw new InvalidArgumentError('It must be written like /reports=2 or /reports=2,max-queue=20,queue-timeout=5.')
    }
    const limits: RequestLimits = { maxRunning: parseCount(1)(running) }
    for (const word of more?.split(',').slice(1) ?? []) {
      const [name, value] = word.split('=') as [string, string]
      if (name === 'max-queue') limits.maxQueue = parseCount(0)(value)
      else if (name === 'queue-timeout') limits.queueTimeout = parseSeconds(value)
      else throw new InvalidArgumentError(`There is no ${name}: say max-queue or queue-timeout.`)
    }
    return [path, limits]
  })
}

/**
 * What the options come to; undefined when there are none.
 * @throws PlaitError `PLAIT_CONFIGURATION` for a path that is written in two ways
 */
export function limitsOf({ timeout, limit }: { timeout?: Limits; limit?: Limits }): RouteLimits | undefined {
  if (timeout === undefined && limit === undefined) return undefined
  const both: Limits = { ...timeout }
  for (const [path, limits] of Object.entries(limit ?? {})) both[path] = { ...both[path], ...limits }
  return new RouteLimits(both)
}

/** Of limits for the same path the last holds. */
function collect(text: string, before: Readonly<Limits>, read: (line: string) => [string, RequestLimits]): Limits {
  const limits: Limits = { ...before }
  for (const line of parseList(text)) {
    const [path, one] = read(line)
    const key = path.replace(/(?<=.)\/+$/, '')
    try {
      void new RouteLimits({ [key]: one })
    } catch (error) {
      throw new InvalidArgumentError(`${(error as Error).message.replace(/^Cannot limit .*?: /, 'It is wrong: ')}.`)
    }
    limits[key] = one
  }
  return limits
}
