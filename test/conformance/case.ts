import type { ConformingServer } from './conforming-server.ts'

/** One case: the clause and what is expected, and what shows it. Fails by throwing. */
export type Case = (server: ConformingServer) => Promise<void>

/** Cases by name. */
export type Cases = Readonly<Record<string, Case>>
