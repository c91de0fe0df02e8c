/** Calls of plain functions in a worker thread. */
import { transferOf } from '../../../transfer.ts'
import type { Link, SentCall } from '../../worker/link.ts'
import { ToServer, type FailureReport } from '../../worker/messages.ts'
import type { Exports } from './load-application.ts'
import { reportError } from './report.ts'

/** Calls a function of the module and says what it gave. Never throws, never rejected. @returns a promise when it goes on in the event loop */
export function callFunction(exports: Exports, { slot, name, args }: SentCall, link: Link): Promise<void> | undefined {
  const callable = exports[name]
  const failed = (error: unknown): void => link.say(ToServer.FAILED, slot, reportError(error))
  if (typeof callable !== 'function') {
    link.say(ToServer.FAILED, slot, notFound(exports, name))
    return undefined
  }
  try {
    const result: unknown = callable(...args)
    if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return void giveBack(link, slot, result)
    return (async () => giveBack(link, slot, await (result as PromiseLike<unknown>)))().catch(failed)
  } catch (error) {
    failed(error)
    return undefined
  }
}

function giveBack(link: Link, slot: number, result: unknown): void {
  try {
    link.sayAlone([ToServer.RETURNED, slot, result], transferOf([result]))
  } catch (error) {
    const message = `Cannot send back what the function gave: ${(error as Error).message}`
    link.say(ToServer.FAILED, slot, { type: 'DataCloneError', message, traceback: '', code: 'PLAIT_NOT_CLONEABLE' })
  }
}

function notFound(exports: Exports, name: string): FailureReport {
  const names = Object.keys(exports).filter((one) => typeof exports[one] === 'function')
  const there = names.length === 0 ? 'it exports no function' : `functions that it exports: ${names.join(', ')}`
  const message = `Cannot call ${name}: its module exports no such function; ${there}`
  return { type: 'TypeError', message, traceback: '', code: 'PLAIT_CONFIGURATION' }
}
