/** What requests may take, by the path that the application sees. */
import { PlaitError } from '../errors.ts'
import { splitPath } from '../http/request-target.ts'
import { Lane } from '../threadpool/lane.ts'

/** Limits of an application, or of what lies below one of its paths. */
export interface RequestLimits {
  /**
   * Seconds that the application may take for a request, from its call to the end of its response. Then the client gets 504 (or the connection is cut, when the response had begun),
   * the log has the stack of the thread, and the process is replaced. 0 = no limit.
   * @default that of the next shorter path; 0
   */
  timeout?: number
  /**
   * How many of these requests run at the same time. Further ones wait for their turn, and hold up no others. Counted in one place: a request counts for the longest of its paths that
   * says `maxRunning`, and only there.
   * @default as many as the pool has threads
   */
  maxRunning?: number
  /** With `maxRunning`: requests that may wait for their turn; one more gets 503. @default the pool's `maxQueue` */
  maxQueue?: number
  /** With `maxRunning`: seconds that a request may wait in all; then it gets 503. 0 = no limit. @default the pool's `queueTimeout` */
  queueTimeout?: number
}

/** What holds for one request. */
export interface Route {
  readonly timeout: number | undefined
  readonly lane: Lane | undefined
}

/** A segment on the way to paths with limits. */
interface Place {
  route: Route | undefined
  readonly places: Map<string, Place>
}

/** Timers of Node know no longer ones. */
const LONGEST_TIMEOUT = 2_000_000
const unlimited: Route = Object.freeze({ timeout: undefined, lane: undefined })

/**
 * Limits by path. The longest path that fits holds, by whole segments: `/reports` is for `/reports`, `/reports/` and `/reports/2024`, not for `/reportsx`. It is the decoded path that counts, without
 * empty segments and `.`, and in any case of its letters, since applications are lenient in all of this. A path with `..` is held to the stricter of what it says and what it comes to.
 */
export class RouteLimits {
  #top: Place = { route: undefined, places: new Map() }

  /**
   * @param limits by path, as in a URL; `/` is for all that no other path fits
   * @throws PlaitError `PLAIT_CONFIGURATION`
   */
  constructor(limits: Readonly<Record<string, RequestLimits>> = {}) {
    const entries = Object.entries(limits).map(([path, one]) => ({ path, one, segments: limitedSegments(path) }))
    // What a path leaves open is that of a shorter one.
    entries.sort((a, b) => a.segments.length - b.segments.length)
    for (const { path, one, segments } of entries) this.#add(path, segments, one)
  }

  #add(path: string, segments: readonly string[], limits: RequestLimits): void {
    let place = this.#top
    let inherited = place.route ?? unlimited
    for (const segment of segments) {
      let next = place.places.get(segment)
      if (next === undefined) place.places.set(segment, (next = { route: undefined, places: new Map() }))
      place = next
      if (place.route !== undefined) inherited = place.route
    }
    if (place.route !== undefined)
      throw wrong(path, 'there are limits for this path already (case and a slash at the end make no other)')
    place.route = routeOf(path, limits, inherited)
  }

  /** Nothing is limited. */
  get isEmpty(): boolean {
    return this.#top.places.size === 0 && (this.#top.route ?? unlimited) === unlimited
  }

  /** The limits for `path`, decoded: PATH_INFO. */
  find(path: string): Route {
    if (this.#top.places.size === 0) return this.#top.route ?? unlimited
    const segments = segmentsOf(path)
    const found = this.#walk(segments)
    if (!segments.includes('..')) return found
    return stricter(found, this.#walk(resolve(segments)))
  }

  #walk(segments: readonly string[]): Route {
    let place: Place | undefined = this.#top
    let found = place.route ?? unlimited
    for (const segment of segments) {
      place = place.places.get(segment)
      if (place === undefined) break
      found = place.route ?? found
    }
    return found
  }

  /** The limits for what is mounted at `path`. They are the same, not copies: two mounts below a path with `maxRunning` share its places. */
  below(path: string): RouteLimits {
    const segments = limitedSegments(path)
    let place: Place | undefined = this.#top
    for (const segment of segments) place = place?.places.get(segment)
    const limits = new RouteLimits()
    limits.#top = { route: this.#walk(segments), places: place?.places ?? new Map() }
    return limits
  }
}

/** @throws PlaitError `PLAIT_CONFIGURATION` */
export function routeOf(path: string, limits: RequestLimits, inherited: Route = unlimited): Route {
  const { timeout, maxRunning, maxQueue, queueTimeout } = limits
  if (timeout !== undefined && !(timeout >= 0 && timeout < LONGEST_TIMEOUT)) {
    throw wrong(path, `timeout must be seconds from 0 to ${LONGEST_TIMEOUT}, not ${timeout}`)
  }
  if (maxRunning === undefined && (maxQueue !== undefined || queueTimeout !== undefined)) {
    throw wrong(path, 'maxQueue and queueTimeout need maxRunning')
  }
  const lane = maxRunning === undefined ? inherited.lane : new Lane(path, { ...limits, maxRunning })
  return { timeout: timeout ?? inherited.timeout, lane }
}

/** Of a decoded path, as far as they make a difference. An encoded slash parts segments here: the application sees it so. */
function segmentsOf(path: string): string[] {
  return path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
}

/** RFC 3986 section 5.2.4. */
function resolve(segments: readonly string[]): string[] {
  const resolved: string[] = []
  for (const segment of segments) {
    if (segment === '..') resolved.pop()
    else resolved.push(segment)
  }
  return resolved
}

function stricter(one: Route, other: Route): Route {
  const lane = (one.lane?.maxRunning ?? Infinity) <= (other.lane?.maxRunning ?? Infinity) ? one.lane : other.lane
  const timeout = Math.min(one.timeout || Infinity, other.timeout || Infinity)
  return { lane, timeout: timeout < Infinity ? timeout : (one.timeout ?? other.timeout) }
}

function limitedSegments(path: string): string[] {
  if (!path.startsWith('/')) throw wrong(path, 'the path must begin with a slash')
  if (/[?#]|%(?![0-9A-Fa-f]{2})|%00/.test(path)) throw wrong(path, 'it is no path of a URL')
  // Clients send what is outside ASCII as UTF-8.
  const segments = segmentsOf(splitPath(Buffer.from(path, 'utf8').toString('latin1')).join('/'))
  if (segments.includes('..')) throw wrong(path, 'clients take .. out before they send a path')
  return segments
}

function wrong(path: string, what: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot limit ${path}: ${what}`)
}
