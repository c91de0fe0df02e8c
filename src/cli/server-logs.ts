import { closeSync, fchownSync, openSync } from 'node:fs'
import { openAccessLog, type AccessLog, type AccessLogOptions } from '../log/access-log.ts'
import { openServerLog, type ServerLog } from '../log/server-log.ts'
import type { Identity } from '../reactor/process/identity.ts'
import type { WebOptions } from './options.ts'
import { absolutePath } from './values.ts'

/** The logs of one server. */
export interface ServerLogs {
  readonly server: ServerLog
  readonly access: AccessLog | undefined
  /** Opens both anew, after they were moved away. Never throws. */
  reopen(): void
  close(): void
}

/**
 * Opens the logs.
 * @param owner gets files that are made here, so that it can open them anew
 * @throws PlaitError `PLAIT_CONFIGURATION`
 */
export function openLogs(options: WebOptions, owner: Identity | undefined): ServerLogs {
  const serverFile = prepared(options.serverLog, owner)
  const accessFile = prepared(options.accessLog ?? options.logfile ?? (process.stdout.isTTY ? '-' : undefined), owner)
  const server = openServerLog({
    quiet: options.quiet ?? false,
    ...(serverFile === undefined ? {} : { destination: serverFile }),
  })
  const access = accessFile === undefined ? undefined : openAccessLog(accessFile, { logger: server, ...formatOf(options) })
  const reopen = (): void => {
    for (const log of [server, access]) {
      try {
        log?.reopen()
      } catch (error) {
        server.error(`Cannot open a log anew, and go on with the old one: ${(error as Error).message}`)
      }
    }
  }
  const close = (): void => {
    access?.close()
    server.close()
  }
  return { server, access, reopen, close }
}

function formatOf({ accessLogFormat }: WebOptions): AccessLogOptions {
  return accessLogFormat === undefined ? {} : { format: accessLogFormat }
}

/** An absolute path, with the file there and its owner's; `-` stays. */
function prepared(file: string | undefined, owner: Identity | undefined): string | undefined {
  if (file === undefined || file === '-') return file
  const full = absolutePath(file)
  if (owner !== undefined) giveAway(full, owner)
  return full
}

/** Only a file that did not exist is given away: whose directory it is could have put any other there. */
function giveAway(file: string, { uid, gid }: Identity): void {
  try {
    const descriptor = openSync(file, 'ax', 0o644)
    fchownSync(descriptor, uid, gid)
    closeSync(descriptor)
  } catch {
    // It is there already, or cannot be made: opening it will tell.
  }
}
