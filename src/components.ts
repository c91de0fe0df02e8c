/** What identifies a component: its class, or a symbol. */
export type ComponentKey<Component> = (abstract new (...given: never[]) => Component) | symbol

/** Objects by their class, or by a symbol (Twisted: `twisted.python.components.Componentized`). */
export class Components {
  readonly #components = new Map<unknown, unknown>()

  /** The component that was set under `key`; undefined when there is none. */
  getComponent<Component>(key: ComponentKey<Component>): Component | undefined {
    return this.#components.get(key) as Component | undefined
  }

  /** Sets a component, in place of what was there. */
  setComponent<Component>(key: ComponentKey<Component>, component: Component): void {
    this.#components.set(key, component)
  }
}
