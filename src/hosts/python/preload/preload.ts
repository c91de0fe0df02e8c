import { PlaitError } from '../../../errors.ts'
import type { HostOptions } from '../../host.ts'
import type { SharedByHosts } from '../../host-family.ts'
import type { FoundPython } from '../find-python.ts'
import type { HostProcess, ProcessEvents } from '../host-process.ts'
import { PythonProcess } from '../python-process.ts'
import { Template, TemplateGone } from './template.ts'

/** A template that has lived this many seconds is replaced at once when it dies; one that dies younger, with the next host. */
const HEALTHY_MS = 10_000

/**
 * The template of one family of hosts, from which they are forked. One that dies is replaced, and its hosts go on. Where none can be (its import leaves threads running) hosts are started as programs,
 * with one line in the log.
 */
export class Preload implements SharedByHosts {
  /** What runs all of them. */
  readonly python: FoundPython
  readonly #options: HostOptions
  readonly #templates = new Set<Template>()
  #current: Promise<Template | undefined> | undefined
  #diedAt = -Infinity
  #isEnded = false

  /** Starts nothing. @param options of any host of the family */
  constructor(options: HostOptions, python: FoundPython) {
    this.#options = options
    this.python = python
  }

  /** Makes the process of a host. Rejected with `PLAIT_APPLICATION` when the application cannot be imported, and with what else goes wrong. */
  readonly launch = async (events: ProcessEvents): Promise<HostProcess> => {
    const template = await this.#template()
    const forked = await template?.fork(events).catch(async (error: unknown) => {
      if (!(error instanceof TemplateGone) || this.#isEnded) throw error
      // It has died under us: another one may do it.
      return (await this.#template())?.fork(events)
    })
    return forked ?? new PythonProcess(this.python.path, this.#options.application, events)
  }

  async end(): Promise<void> {
    this.#isEnded = true
    const left = [...this.#templates]
    for (const template of left) template.end()
    await Promise.all(left.map((template) => template.gone))
  }

  #template(): Promise<Template | undefined> {
    if (this.#current !== undefined) return this.#current
    const making = this.#make()
    this.#current = making
    making.catch(() => {
      if (this.#current === making) this.#current = undefined
    })
    return making
  }

  async #make(): Promise<Template | undefined> {
    const { application, logger, onImported } = this.#options
    if (this.#isEnded) throw new PlaitError('PLAIT_POOL_STOPPED', 'The thread pool has been stopped', { status: 503 })
    const host = `${application.name} (template)`
    const template: Template = new Template({
      executable: this.python.path,
      application,
      onImported,
      output: (stream, line) => logger.info(line, { host, stream }),
      died: (reason) => this.#died(template, reason),
    })
    this.#templates.add(template)
    void template.gone.then(() => this.#templates.delete(template))
    try {
      const obstacle = await template.loaded
      if (obstacle === undefined) return template
      logger.warn(`${application.name} is not preloaded: ${obstacle.obstacle}. Each of its processes imports it for itself`)
    } catch (error) {
      template.end()
      throw error
    }
    template.end()
    return undefined
  }

  #died(template: Template, reason: string): void {
    void this.#current?.then((current) => current === template && this.#replace(reason)).catch(() => undefined)
  }

  #replace(reason: string): void {
    this.#current = undefined
    const { application, logger } = this.#options
    const now = performance.now()
    const isHealthy = now - this.#diedAt > HEALTHY_MS
    this.#diedAt = now
    const next = isHealthy ? 'another one starts now' : 'another one starts with the next process'
    logger.error(`The template process of ${application.name} ${reason}; the processes forked from it go on, ${next}`)
    if (isHealthy) this.#template().catch((error: unknown) => logger.error((error as Error).message, detailOf(error)))
  }
}

function detailOf(error: unknown): { detail?: string } {
  return error instanceof PlaitError && error.detail !== undefined ? { detail: error.detail } : {}
}
