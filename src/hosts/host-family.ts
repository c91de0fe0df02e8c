/** Something that hosts of one family have in common. */
export interface SharedByHosts {
  /** No more hosts come. Fulfilled when nothing of it is left: those that there are may go on until then. */
  end(): Promise<void>
}

/**
 * The hosts of one application in one pool that run the same code. A reload begins another family: what its members share (an import, with `preload`) is made anew with it.
 * Whoever makes hosts keeps here what they share; the pool tells when the family gets no more members.
 */
export class HostFamily {
  #shared: SharedByHosts | undefined
  #ended: Promise<void> | undefined

  /** What they share, if they do already. */
  get shared(): SharedByHosts | undefined {
    return this.#shared
  }

  /** Gives what they share, made by the first that asks. */
  share<Shared extends SharedByHosts>(make: () => Shared): Shared {
    this.#shared ??= make()
    if (this.#ended !== undefined) void this.#shared.end()
    return this.#shared as Shared
  }

  /** Idempotent; see {@link SharedByHosts.end}. */
  end(): Promise<void> {
    this.#ended ??= this.#shared?.end() ?? Promise.resolve()
    return this.#ended
  }
}
