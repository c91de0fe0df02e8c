/** WSGI for TypeScript: PEP 3333 carried over. */

/** `wsgi.input`: the body of the request. Reading blocks the thread, not the server; the `Async` twins leave it free for other work of the same request. */
export interface InputStream extends Iterable<Buffer>, AsyncIterable<Buffer> {
  /** Gives `size` bytes, less only at the end of the body; all of it without a size. @throws Error when the body broke off */
  read(size?: number): Buffer
  /** Gives a line with its newline, cut at `size` bytes; nothing at the end. */
  readline(size?: number): Buffer
  /** Gives lines until the end, or until `hint` bytes are reached. */
  readlines(hint?: number): Buffer[]
  /** As `read`, without blocking the thread. */
  readAsync(size?: number): Promise<Buffer>
}

/** `wsgi.errors`: text for the server's log. */
export interface ErrorStream {
  write(text: string): void
  writelines(lines: Iterable<string>): void
  flush(): void
}

/** What has a `read`, as `wsgi.file_wrapper` takes it. */
export interface FileLike {
  read(size: number): Uint8Array | undefined
  close?(): void
}

/** An open file of `node:fs`: its descriptor, and maybe where to begin and a way to close it. The server sends it by itself. */
export interface OpenFile {
  readonly fd: number
  /** First byte to send. @default 0 */
  readonly position?: number
  close?(): void | Promise<void>
}

/** The environ of PEP 3333: CGI variables and `HTTP_*` as latin-1 "bytes as text", and what belongs to WSGI. */
export interface Environ {
  [name: string]: unknown
  REQUEST_METHOD: string
  SCRIPT_NAME: string
  PATH_INFO: string
  QUERY_STRING: string
  CONTENT_TYPE: string
  CONTENT_LENGTH: string
  SERVER_NAME: string
  SERVER_PORT: string
  SERVER_PROTOCOL: string
  REMOTE_ADDR: string
  'wsgi.version': readonly [1, 0]
  'wsgi.url_scheme': 'http' | 'https'
  'wsgi.input': InputStream
  'wsgi.errors': ErrorStream
  /** Each thread has the application to itself. */
  'wsgi.multithread': boolean
  /** Several threads have one each: what one keeps in its module, another does not see. */
  'wsgi.multiprocess': boolean
  'wsgi.run_once': false
  'wsgi.input_terminated': true
  'wsgi.file_wrapper': (file: FileLike | OpenFile, blockSize?: number) => Iterable<Uint8Array> & { close(): void }
  /** Sends 103 Early Hints (RFC 8297). */
  'wsgi.early_hints': (headers: readonly (readonly [string, string])[]) => void
  /** True when nobody waits for the response any more. */
  'plait.client_disconnected': () => boolean
}

/** The `write` of PEP 3333: sends the head, and a piece of the body. Blocks while the client is slow. */
export type Write = (data: Uint8Array | string) => void

/**
 * `start_response` of PEP 3333.
 * @param status like `200 OK`
 * @param headers `[name, value]` pairs
 * @param error in place of `exc_info`: what went wrong. With it a head that is not sent yet is replaced; one that is sent makes it be thrown again
 * @throws TypeError for what is no head
 */
export type StartResponse = (status: string, headers: [string, string][], error?: unknown) => Write

/** The body of a response: pieces of bytes or text (sent as UTF-8). Its `close()`, if there is one, is called once, in every case. */
export type ResponseBody = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>

/** A WSGI application in TypeScript. */
export type WSGIApplication = (environ: Environ, startResponse: StartResponse) => ResponseBody | Promise<ResponseBody>
