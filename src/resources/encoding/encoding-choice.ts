/** Whether a response is encoded, and how. */
import { acceptedEncodings } from '../../http/accept-encoding.ts'
import type { Request } from '../../http/request.ts'
import { encodedFields, variedFields, weakFields } from './encoded-fields.ts'
import type { EncoderFactory } from './encoder-factory.ts'
import { responseFacts } from './response-facts.ts'

/** What `EncodingResourceWrapper` was told. */
export interface EncodingSettings {
  /** Those that are available, the server's favourite first. */
  readonly factories: readonly EncoderFactory[]
  readonly minLength: number
  readonly compressible: (type: string) => boolean
}

/** What becomes of a response. */
export interface EncodingChoice {
  /** Undefined: the body goes out as it is. */
  readonly factory: EncoderFactory | undefined
  /** The fields that go out; the very array where nothing changes. */
  readonly headers: readonly string[]
}

/** Chooses for one response. @param length of the body, where the fields do not say it */
export function chooseEncoding(
  request: Request,
  status: number,
  headers: readonly string[],
  { factories, minLength, compressible }: EncodingSettings,
  length?: number,
): EncodingChoice {
  const facts = responseFacts(headers)
  const unchanged: EncodingChoice = { factory: undefined, headers }
  if (facts.fixed && status !== 206) return unchanged
  if (status === 304) return { factory: undefined, headers: notModifiedFields(request, headers, facts.etag) }
  const bytes = length ?? facts.length
  if (status === 204 || status === 205 || status < 200 || !compressible(facts.type)) return unchanged
  if (bytes !== undefined && (bytes === 0 || bytes < minLength)) return unchanged
  const [coding] =
    status === 206
      ? []
      : acceptedEncodings(
          request.getHeader('accept-encoding'),
          factories.map((factory) => factory.coding),
        )
  const factory = factories.find((candidate) => candidate.coding === coding)
  if (factory === undefined) return { factory, headers: variedFields(headers) }
  return { factory, headers: encodedFields(headers, factory.coding) }
}

/**
 * A client that has the encoded body has a weak tag: it is told that one again, or it would find nothing stored that fits
 * (RFC 9111 section 4.3.4).
 */
function notModifiedFields(request: Request, headers: readonly string[], etag: string): readonly string[] {
  const varied = variedFields(headers)
  return etag.startsWith('"') && request.getHeader('if-none-match')?.includes(`W/${etag}`) === true ? weakFields(varied) : varied
}
