import { Components } from '../../components.ts'

/**
 * Components that the resources of a tree share: a pool, a connection to a database, settings (Twisted: `twisted.web.static.Registry`).
 *
 *     registry.setComponent(Database, new Database('shop.db'))
 */
export class Registry extends Components {}
