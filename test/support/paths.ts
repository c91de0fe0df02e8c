import { fileURLToPath } from 'node:url'

/** The repository's root, absolute, without a slash at the end. Tests run compiled, from build/test/<room>. */
export const root: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')
