/** What Python calls: the module `_plait`. The other side of `python/plait_host/worker_thread.py`. */
import { GivenFile } from '../../javascript/thread/file-wrapper.ts'
import type { Interrupt } from '../../worker/interrupt.ts'
import type { Link } from '../../worker/link.ts'
import { LAST, ToServer, type FailureReport } from '../../worker/messages.ts'
import { hostDescriptor } from './host-files.ts'
import type { SharedBytes } from './memory.ts'
import type { FileSystem } from './pyodide.ts'
import type { ThreadJob } from './thread-job.ts'

/** A body up to this size travels as text with its head: cheaper than memory of its own. */
const SHORT = 16 * 1024

/** What the functions need; the buffers are known once Python has loaded the module. */
export interface Surroundings {
  readonly link: Link
  readonly FS: FileSystem
  incoming: SharedBytes
  outgoing: SharedBytes
  /** The request that runs. */
  job: ThreadJob | undefined
  readonly interrupt: Interrupt
}

/** The functions. Each finds the request by its number: one that is over says nothing any more. */
export function serverFace(here: Surroundings): Readonly<Record<string, unknown>> {
  const { link } = here
  const running = (id: number): ThreadJob | undefined =>
    here.job !== undefined && here.job.id === id && !here.job.over ? here.job : undefined
  return {
    ...responses(here, running),
    ...bodies(here, running),
    ...files(here, running),
    ...waiting(here, running),
    flush: () => link.flush(),
  }
}

type Running = (id: number) => ThreadJob | undefined

function responses(here: Surroundings, running: Running): object {
  const { link } = here
  return {
    respond(id: number, headSize: number, size: number, flags: number, whole: boolean): void {
      const job = running(id)
      if (job === undefined) return
      const { outgoing } = here
      const head = outgoing.text(0, headSize)
      const body = size - headSize <= SHORT ? outgoing.text(headSize, size) : link.hand(outgoing.copy(headSize, size))
      link.say(ToServer.RESPOND, job.slot, head, body, flags)
      if ((flags & LAST) !== 0) job.over = true
      // A body that is whole may wait for what is left of the run; that says something soon, or blocks in a call that flushes.
      else if (!whole) link.flush()
    },
    data(id: number, size: number): void {
      const job = running(id)
      if (job === undefined) return
      link.say(ToServer.DATA, job.slot, link.hand(here.outgoing.copy(0, size)))
      link.flush()
    },
    end(id: number): void {
      const job = running(id)
      if (job === undefined) return
      link.say(ToServer.END, job.slot)
      job.over = true
    },
    failed(id: number, report: string): void {
      const job = running(id)
      if (job === undefined) return
      link.say(ToServer.FAILED, job.slot, JSON.parse(report) as FailureReport)
      job.over = true
    },
    early_hints(id: number, lines: string): void {
      const job = running(id)
      if (job === undefined || lines === '') return
      link.say(ToServer.EARLY_HINTS, job.slot, lines.split('\n'))
      link.flush()
    },
  }
}

function bodies(here: Surroundings, running: Running): object {
  const { link } = here
  return {
    environ: () => JSON.stringify(here.job?.environ ?? []),
    input_wanted(id: number, bytes: number): void {
      const job = running(id)
      if (job !== undefined) link.say(ToServer.INPUT_WANTED, job.slot, bytes)
    },
    next_piece(id: number): number {
      const job = running(id)
      if (job === undefined) return -1
      if (!job.isReady) link.waitUntil(() => job.isReady || here.interrupt.isPending)
      const piece = job.nextPiece(here.incoming.size)
      if (piece === undefined) return -1
      here.incoming.write(piece)
      return piece.length
    },
    why_broken: (id: number) => running(id)?.whyBroken ?? 'the request is over',
    read_spooled: (id: number, position: number, size: number) =>
      running(id)?.readSpooled(here.incoming.view(0, size), position) ?? -1,
  }
}

function files(here: Surroundings, running: Running): object {
  const { link, FS } = here
  return {
    claim_file(descriptor: number, offset: number): boolean {
      const { job } = here
      const nfd = hostDescriptor(FS, descriptor)
      if (job === undefined || nfd === undefined) return false
      job.file = GivenFile.open(nfd, offset)
      return job.file !== undefined
    },
    release_file: () => here.job?.releaseFile(),
    file(id: number, head: string): void {
      const job = running(id)
      if (job?.file === undefined) return
      const { path, offset, size, dev, ino } = job.file
      link.say(ToServer.FILE, job.slot, head, path, offset, size, dev, ino)
    },
  }
}

function waiting(here: Surroundings, running: Running): object {
  const { link } = here
  return {
    is_gone: (id: number) => running(id)?.gone ?? true,
    acked: (id: number) => running(id)?.acked ?? 0,
    wait_for_news(): void {
      const { job } = here
      if (job !== undefined) link.waitUntil(() => job.hasNews || here.interrupt.isPending)
    },
    sleep: (milliseconds: number) => here.interrupt.nap(milliseconds),
  }
}
