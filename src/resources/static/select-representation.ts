/** Which of a file and its compressed siblings a client gets (RFC 9110 section 12). */
import path from 'node:path'
import { acceptedEncodings } from '../../http/accept-encoding.ts'
import type { Request } from '../../http/request.ts'
import { contentTypeOf } from './content-type.ts'
import type { FileSettings } from './file-settings.ts'
import { closeOpened } from './open-file.ts'
import type { OpenedFile } from './open-file.ts'
import { describeFile } from './representation.ts'
import type { Representation } from './representation.ts'
import type { ServedRoot } from './served-root.ts'
import { openSibling } from './siblings.ts'
import type { Siblings } from './siblings.ts'

/** A file that is to be served. */
export interface ServedFile {
  readonly path: string
  readonly root: ServedRoot
  readonly siblings: Siblings
  readonly settings: FileSettings
  /** Given for this file alone. */
  readonly type: string | undefined
  readonly encoding: string | undefined
}

/** Describes `opened`, or a sibling that the client would rather have; then `opened` is closed. Closes it on errors, too. */
export async function selectRepresentation(request: Request, file: ServedFile, opened: OpenedFile): Promise<Representation> {
  try {
    return await select(request, file, opened)
  } catch (error) {
    closeOpened(opened)
    throw error
  }
}

async function select(request: Request, file: ServedFile, opened: OpenedFile): Promise<Representation> {
  const { settings } = file
  const { cacheControl } = settings
  const [type, encoding] = typeAndEncoding(file)
  const { descriptor, stats } = opened
  if (!settings.precompressed || encoding !== undefined) return describeFile(descriptor, stats, { type, encoding, cacheControl })
  const there = await file.siblings.of(file.path, type)
  const varies = there.length > 0
  const accepted = varies ? acceptedEncodings(request.getHeader('accept-encoding'), there) : []
  const sibling = accepted.length === 0 ? undefined : await openSibling(file.root, file.path, stats, accepted)
  if (sibling === undefined) return describeFile(descriptor, stats, { type, varies, cacheControl })
  closeOpened(opened)
  return describeFile(sibling.opened.descriptor, sibling.opened.stats, { type, encoding: sibling.coding, varies, cacheControl })
}

/** By what was given for the file, else by its name. */
function typeAndEncoding({ path: file, settings, type, encoding }: ServedFile): [string, string | undefined] {
  const ending = path.extname(file).toLowerCase()
  const byName = Object.hasOwn(settings.contentEncodings, ending) ? settings.contentEncodings[ending] : undefined
  // The type is that of what is in it.
  const inner = byName === undefined ? file : file.slice(0, -ending.length)
  return [type ?? contentTypeOf(inner, settings.contentTypes, settings.defaultType), encoding ?? byName]
}
