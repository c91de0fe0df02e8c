#!/usr/bin/env node
import { CommanderError } from 'commander'
import { inheritance } from '../default-reactor.ts'
import { PlaitError } from '../errors.ts'
import { makeProgram } from './program.ts'
import { USAGE_ERROR } from './usage.ts'
import { runWeb } from './web.ts'

/** For what ends by itself. */
const LAST_MS = 1000

/** Runs the command line. An error of the user's is one clear message, never a stack trace of ours. */
async function main(): Promise<void> {
  // Help that is piped into a pager which has seen enough.
  process.stdout.on('error', () => process.exit())
  const program = makeProgram(runWeb)
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = report(error)
    if (process.exitCode !== 0) inheritance?.failed((error as Error).message)
  }
  // What code of the user's has left open (a timer, a socket) does not keep a stopped server alive.
  setTimeout(() => process.exit(), LAST_MS).unref()
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has printed its own; ours come as exceptions.
    if (error.code === 'plait.usage') process.stderr.write(`${error.message}\n`)
    return error.exitCode === 0 ? 0 : USAGE_ERROR
  }
  if (error instanceof PlaitError) {
    process.stderr.write(`plait: ${error.message}\n${error.detail === undefined ? '' : `${error.detail}\n`}`)
    return 1
  }
  // Everything else is a defect of Plait: its trace is what a report needs.
  process.stderr.write(`plait: internal error: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 1
}

await main()
