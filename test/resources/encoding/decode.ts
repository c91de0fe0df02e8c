import { request as ask } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { TestContext } from 'node:test'
import zlib from 'node:zlib'
import type { Transform } from 'node:stream'
import { until } from '../../support/until.ts'

type Decoders = Readonly<Record<string, (bytes: Buffer) => Buffer>>

// Node 20 has no zstd; no test asks for it there.
const { zstdDecompressSync, createZstdDecompress } = zlib as unknown as {
  zstdDecompressSync(bytes: Buffer): Buffer
  createZstdDecompress(): Transform
}

const decoders: Decoders = {
  gzip: (bytes) => zlib.gunzipSync(bytes),
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  zstd: (bytes) => zstdDecompressSync(bytes),
}

/** The text of an encoded response. Throws when it is not whole. */
export function decoded(response: { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }): string {
  const coding = response.headers['content-encoding']
  return (coding === undefined ? response.body : (decoders[coding] as (bytes: Buffer) => Buffer)(response.body)).toString()
}

const streams: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
}

/** A response that is decoded while it comes. */
export interface Stream {
  readonly response: IncomingMessage
  readonly text: () => string
  readonly ended: () => boolean
  /** Waits for text. */
  receives(text: string): Promise<void>
}

/** Asks on a real socket; the decoded text is looked at while the response comes. */
export async function openStream(t: TestContext, url: string, coding: string): Promise<Stream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = ask(url, { headers: { 'Accept-Encoding': coding } }, resolve)
    asked.on('error', reject).end()
    t.after(() => asked.destroy())
  })
  let text = ''
  let ended = false
  const decoder = (streams[coding] as () => Transform)()
  response.on('error', () => undefined).pipe(decoder)
  decoder.on('data', (bytes: Buffer) => (text += bytes.toString()))
  decoder.on('end', () => (ended = true)).on('error', () => undefined)
  const receives = async (awaited: string): Promise<void> => void (await until(awaited, () => text.includes(awaited)))
  return { response, receives, text: () => text, ended: () => ended }
}
