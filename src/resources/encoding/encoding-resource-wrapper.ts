/** Compressed responses for a part of the tree (Twisted: `twisted.web.resource.EncodingResourceWrapper`). */
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import type { Rendered, RenderMethod, TreeNode } from '../../resource/resource.ts'
import { isCompressible } from './compressible.ts'
import { BrotliEncoderFactory, GzipEncoderFactory, ZstdEncoderFactory } from './encoder-factories.ts'
import type { EncoderFactory } from './encoder-factory.ts'
import type { EncodingSettings } from './encoding-choice.ts'
import { EncodingWriter } from './encoding-writer.ts'

/** Options of {@link EncodingResourceWrapper}. */
export interface EncodingOptions {
  /** Bodies shorter than this are sent as they are, where their length is known. @default 1024 */
  minLength?: number
  /** Which bodies get smaller, by their Content-Type. @default text, JSON, XML, scripts, SVG, WebAssembly, fonts without compression */
  compressible?: (type: string) => boolean
  /** False for requests whose responses are left alone. @default none */
  when?: (request: Request) => boolean
}

/**
 * Encodes the responses of a resource and of everything below it, as far as clients and responses are for it.
 *
 *     const site = new Site(new EncodingResourceWrapper(root))
 *
 * It is transparent: whatever answers below, files, applications, proxies or error pages, is compressed on its way out. Streams stay streams.
 */
export class EncodingResourceWrapper implements TreeNode {
  readonly #resource: TreeNode
  readonly #settings: EncodingSettings
  readonly #when: ((request: Request) => boolean) | undefined

  /**
   * @param factories the codings, the server's favourite first; those that this Node lacks are left out. @default zstd, brotli, gzip
   * @throws PlaitError `PLAIT_CONFIGURATION`
   */
  constructor(resource: TreeNode, factories: readonly EncoderFactory[] = usual(), options: EncodingOptions = {}) {
    const { minLength = 1024, compressible = isCompressible, when } = options
    if (!(minLength >= 0)) throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use minLength ${minLength}: it must be 0 or more`)
    this.#resource = resource
    this.#settings = { factories: factories.filter((factory) => factory.available), minLength, compressible }
    this.#when = when
  }

  get isLeaf(): boolean {
    return this.#resource.isLeaf
  }

  /** The wrapped resource's, which `Site` takes for HEAD. */
  get render_GET(): RenderMethod | undefined {
    const { render_GET } = this.#resource as { render_GET?: RenderMethod }
    return render_GET?.bind(this.#resource)
  }

  /** What is below it, as `Resource` tells its children: what it wraps. */
  listEntities(): TreeNode[] {
    return [this.#resource]
  }

  getChildWithDefault(name: string, request: Request): TreeNode | Promise<TreeNode> {
    this.#encode(request)
    return this.#resource.getChildWithDefault(name, request)
  }

  render(request: Request): Rendered | Promise<Rendered> {
    this.#encode(request)
    return this.#resource.render(request)
  }

  #encode(request: Request): void {
    if (this.#when?.(request) === false) return
    request.filterResponse((writer) => new EncodingWriter(writer, this.#settings))
  }
}

function usual(): EncoderFactory[] {
  return [new ZstdEncoderFactory(), new BrotliEncoderFactory(), new GzipEncoderFactory()]
}
