/** The sessions that requests have in their hands, whichever site they are of: one site may be a resource of another. */
import type { Request } from '../../http/request.ts'
import type { Logger } from '../../log/logger.ts'
import { describeError, requestLine } from '../failure.ts'
import type { SiteSession } from './site-session.ts'

interface Opened {
  readonly sessions: SiteSession[]
  readonly logger: Logger
}

const opened = new WeakMap<Request, Opened>()

/** A request has got a session. What it changes is saved, at the latest when its response has ended. */
export function noteOpened(request: Request, session: SiteSession, logger: Logger): void {
  const before = opened.get(request)
  if (before !== undefined) return void before.sessions.push(session)
  opened.set(request, { sessions: [session], logger })
  // Whatever a resource changes that finishes its response itself: saved late, but saved.
  const end = (): void => void saveLate(request)
  if (!request.disconnected) void request.notifyFinish().then(end, end)
}

/** Has this request got a session, so that {@link saveSessions} may have something to do? */
export function hasSession(request: Request): boolean {
  return opened.has(request)
}

/** Saves what a request has changed. Rejected only while the client can still be told. */
export function saveSessions(request: Request): Promise<void> {
  return request.finished || request.disconnected ? saveLate(request) : saveAll(request)
}

async function saveAll(request: Request): Promise<void> {
  for (const session of opened.get(request)?.sessions ?? []) if (session.changed) await session.save()
}

async function saveLate(request: Request): Promise<void> {
  try {
    await saveAll(request)
  } catch (error) {
    const fields = { request: requestLine(request), error: describeError(error) }
    opened.get(request)?.logger.error('A session could not be saved', fields)
  }
}
