/** What the applications share: their notes for the test, and small answers. Each thread has a module of its own, so what all must see is in files. */
import { appendFileSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Environ, StartResponse, WSGIApplication } from 'plait'

/** Applications by the first segment of PATH_INFO. */
export type Applications = Readonly<Record<string, WSGIApplication>>

/** A new array for each response: it is the application's to change. */
export function text(): [string, string][] {
  return [['Content-Type', 'text/plain']]
}

export class LookupError extends Error {
  override name = 'LookupError'
}

export class KeyError extends LookupError {
  override name = 'KeyError'
}

export function query(environ: Environ): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(environ.QUERY_STRING))
}

/** A file for `of`, the same in all threads. */
export function sharedFile(of: string, ending: string): string {
  return path.join(process.env['PLAIT_CONFORMANCE_FOLDER'] as string, `${of}.${ending}`)
}

/** Keeps `line` for the test, under the `of` of the query string. */
export function note(environ: Environ, line: string): void {
  appendFileSync(sharedFile(query(environ)['of'] ?? '', 'notes'), `${line}\n`)
}

export function notes(of: string): string[] {
  try {
    return readFileSync(sharedFile(of, 'notes'), 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

export function answer(startResponse: StartResponse, value: unknown): Buffer[] {
  const body = Buffer.from(JSON.stringify(value))
  startResponse('200 OK', [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
  ])
  return [body]
}

/** Blocks the thread until the test opens the gate: somebody opens the FIFO for writing and closes it again. */
export function openGate(environ: Environ): void {
  readFileSync(query(environ)['gate'] as string)
}

/** The same, and the thread is free meanwhile. Holds one of the few threads of libuv: not for many at a time. */
export async function gateOpened(environ: Environ): Promise<void> {
  await readFile(query(environ)['gate'] as string)
}

/** Blocks the thread. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** Bytes that show a shift, a loss or a repetition. */
export function pattern(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, at) => at % 251))
}
