import { defaults } from '../../defaults.ts'
import { marshalSample } from '../../wire/environ-encoding.ts'
import { encodeFrame, ToHost } from '../../wire/frame.ts'
import type { HostOptions } from '../host.ts'

/** The first frame to a host: what it is to run and how, and a sample of our marshal. */
export function initialFrame(options: HostOptions, responseWindow: number): Buffer {
  const { application, minThreads, maxThreads, maxStreams = 0, multiprocess, onImported } = options
  const settings = JSON.stringify({
    application: application.name,
    parent: process.pid,
    minThreads,
    maxThreads,
    multithread: maxThreads + maxStreams > 1,
    multiprocess,
    responseWindow,
    inputWindow: defaults.inputWindow,
    reportImports: onImported !== undefined,
    postFork: application.postFork,
  })
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32LE(Buffer.byteLength(settings))
  return encodeFrame(ToHost.INIT, 0, Buffer.concat([length, Buffer.from(settings), marshalSample()]))
}
