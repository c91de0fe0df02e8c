/** The codings that node:zlib has. */
import zlib from 'node:zlib'
import type { BrotliOptions, ZlibOptions } from 'node:zlib'
import { PlaitError } from '../../errors.ts'
import type { EncoderFactory, EncoderStream } from './encoder-factory.ts'

const { constants } = zlib

/** `gzip`: every client knows it (Twisted: `GzipEncoderFactory`). */
export class GzipEncoderFactory implements EncoderFactory {
  readonly coding = 'gzip'
  readonly available = true
  readonly flushKind: number = constants.Z_SYNC_FLUSH
  readonly #options: ZlibOptions

  /**
   * @param options `level`: 1 is fastest, 9 smallest. @default 6
   * @throws PlaitError `PLAIT_CONFIGURATION`
   */
  constructor(options: { level?: number } = {}) {
    this.#options = { level: level('level', options.level ?? 6, 1, 9) }
  }

  createStream(): EncoderStream {
    return zlib.createGzip(this.#options)
  }

  encode(body: Uint8Array): Uint8Array {
    return zlib.gzipSync(body, this.#options)
  }
}

/** Window of 256 KiB: a larger one gains little on pages, and takes memory for each response under way. */
const BROTLI_WINDOW = 18

/** `br`: smaller than gzip at the same cost. */
export class BrotliEncoderFactory implements EncoderFactory {
  readonly coding = 'br'
  readonly available = true
  readonly flushKind: number = constants.BROTLI_OPERATION_FLUSH
  readonly #options: BrotliOptions

  /**
   * @param options `quality`: 0 is fastest, 11 smallest; from 5 on it takes a multiple of gzip's time. @default 4
   * @throws PlaitError `PLAIT_CONFIGURATION`
   */
  constructor(options: { quality?: number } = {}) {
    const quality = level('quality', options.quality ?? 4, 0, 11)
    this.#options = {
      params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW },
    }
  }

  createStream(): EncoderStream {
    return zlib.createBrotliCompress(this.#options)
  }

  encode(body: Uint8Array): Uint8Array {
    return zlib.brotliCompressSync(body, this.#options)
  }
}

/** Of node:zlib from Node 22.15 and 23.8 on; the types are those of Node 20. */
interface Zstd {
  createZstdCompress(options: object): EncoderStream
  zstdCompressSync(body: Uint8Array, options: object): Uint8Array
  readonly constants: Readonly<Record<'ZSTD_e_flush' | 'ZSTD_c_compressionLevel' | 'ZSTD_c_windowLog', number>>
}

const zstd = zlib as unknown as Partial<Zstd> & Pick<Zstd, 'constants'>
/** Window of 256 KiB; clients need not take more than 8 MiB (RFC 9659). */
const ZSTD_WINDOW = 18

/** `zstd` (RFC 8878): as small as brotli, and fastest. Chosen only where Node has it: from 22.15 and 23.8 on. */
export class ZstdEncoderFactory implements EncoderFactory {
  readonly coding = 'zstd'
  readonly available: boolean = typeof zstd.createZstdCompress === 'function'
  readonly flushKind: number = zstd.constants.ZSTD_e_flush
  readonly #options: object

  /**
   * @param options `level`: 1 is fastest, 19 smallest. @default 3
   * @throws PlaitError `PLAIT_CONFIGURATION`
   */
  constructor(options: { level?: number } = {}) {
    const { ZSTD_c_compressionLevel, ZSTD_c_windowLog } = zstd.constants
    const params = { [ZSTD_c_compressionLevel]: level('level', options.level ?? 3, 1, 19), [ZSTD_c_windowLog]: ZSTD_WINDOW }
    this.#options = { params }
  }

  createStream(): EncoderStream {
    return (zstd as Zstd).createZstdCompress(this.#options)
  }

  encode(body: Uint8Array): Uint8Array {
    return (zstd as Zstd).zstdCompressSync(body, this.#options)
  }
}

function level(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use ${option} ${value}: it must be a whole number from ${least} to ${most}`)
}
