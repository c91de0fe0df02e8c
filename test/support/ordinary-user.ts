import { chownSync } from 'node:fs'

/** `nobody`, or at least nobody's number. */
const NOBODY = 65534

/**
 * Nothing is forbidden to root. So where the tests run as root, `callable` runs as another user, to whom `paths` belong.
 * Tests of a file run one after the other, so no other test sees it.
 */
export async function asOrdinaryUser(paths: readonly string[], callable: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return callable()
  for (const path of paths) chownSync(path, NOBODY, NOBODY)
  process.setegid?.(NOBODY)
  process.seteuid?.(NOBODY)
  try {
    await callable()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
  }
}
