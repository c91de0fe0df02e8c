/** What identifies a component: its class, or a symbol. */
export type ComponentKey<Component> = (abstract new (...given: never[]) => Component) | symbol

/**
 * Components that the resources of a tree share: a pool, a connection to a database, settings (Twisted: `twisted.web.static.Registry`).
 *
 *     registry.setComponent(Database, new Database('shop.db'))
 */
export class Registry {
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
