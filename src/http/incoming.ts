/** The body of a request while it arrives; node:http's `IncomingMessage` fits. */
export interface BodySource {
  /** All of it has come. Without it, `end` means that the body broke off. */
  readonly complete: boolean
  /** Bytes that may be read now. */
  readonly readableLength: number
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'readable' | 'end', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  read(size?: number): Buffer | null
  pause(): unknown
  resume(): unknown
}

/** A request as the parser of its protocol gives it; node:http's `IncomingMessage` fits. */
export interface Incoming extends BodySource {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** `1.1`, or `2`: no text on a connection of HTTP/1 gives that. */
  readonly httpVersion: string
  readonly httpVersionMinor: number
  /** Fields as sent, flat. */
  readonly rawHeaders: readonly string[]
  /** It opens a WebSocket. */
  readonly upgrade?: boolean
}
