import { defaults } from '../defaults.ts'
import { bodyPieces, type BodyGiver } from './body-pieces.ts'
import { bodyBytes, decodeBody, parseJSON } from './body-text.ts'
import type { BodyConsumer, BodyFlow } from './body-stream.ts'
import type { Form } from './form/form.ts'
import type { FormOptions } from './form/form-options.ts'
import { readForm } from './form/read-form.ts'
import { ResponseHead } from './response-head.ts'

/** Options of {@link Request.readBody} and {@link Request.streamBody}. */
export interface BodyOptions {
  /** Largest body in bytes, 0 = no limit; a larger one is answered with 413. @default 1 GiB */
  maxBody?: number
}

/**
 * The body of a request, in the forms that resources want (Twisted: `content`). Each of them throws a `PlaitError` whose status the client gets when the render method is left by it: 413 for a body that is too
 * large, 400 or 415 for one that is not what was asked for. `PLAIT_CLIENT_GONE` when it breaks off.
 */
export abstract class RequestBody extends ResponseHead implements BodyGiver {
  #bytes: Promise<Buffer> | undefined
  #form: Promise<Form> | undefined

  abstract readonly disconnected: boolean
  abstract streamBody(options: BodyOptions, consumer: BodyConsumer): BodyFlow
  abstract notifyFinish(): Promise<void>

  /**
   * The body as it arrives; the client is read no faster than the pieces are taken. Once, in place of the other methods.
   * @param options `maxBody`: @default 1 GiB
   */
  bodyPieces({ maxBody }: BodyOptions = {}): AsyncGenerator<Buffer, void> {
    return bodyPieces(this, maxBody)
  }

  /**
   * The whole body, in memory.
   * @param options `maxBody`: @default 1 MiB
   */
  bytes({ maxBody = defaults.memoryBody }: BodyOptions = {}): Promise<Buffer> {
    return (this.#bytes ??= bodyBytes(this, maxBody))
  }

  /** The body as text, in the charset that Content-Type names. @default UTF-8 */
  async text(options?: BodyOptions): Promise<string> {
    return decodeBody(await this.bytes(options), this.getHeader('content-type'))
  }

  /** The value that the body is JSON of. Its Content-Type is not looked at. */
  async json(options?: BodyOptions): Promise<unknown> {
    return parseJSON((await this.bytes(options)).toString('utf8'))
  }

  /**
   * The fields and files of a form, `application/x-www-form-urlencoded` or `multipart/form-data`. Larger files are in private files on disk, which go with the request. Without a body an empty form.
   * A second call gives the same form.
   */
  form(options: FormOptions = {}): Promise<Form> {
    return (this.#form ??= readForm(this, options))
  }
}
