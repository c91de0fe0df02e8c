import { PlaitError } from '../../errors.ts'
import { bodyPieces, type BodyGiver } from '../body-pieces.ts'
import { bodyBytes } from '../body-text.ts'
import { parseFieldMap } from '../field-map.ts'
import { Form } from './form.ts'
import { formLimits, type FormLimits, type FormOptions } from './form-options.ts'
import type { Spool } from '../spool.ts'
import { MultipartReader } from './multipart.ts'

/** What a form is read from; a `Request` fits. */
export interface FormGiver extends BodyGiver {
  getHeader(name: string): string | undefined
  notifyFinish(): Promise<void>
  /** Where large files lie. */
  readonly channel: { readonly spool: Spool }
}

/** Reads a form of either kind. Its files are removed when the request ends. */
export async function readForm(request: FormGiver, options: FormOptions): Promise<Form> {
  const limits = formLimits(options)
  if (!request.hasBody) return new Form()
  const contentType = request.getHeader('content-type') ?? ''
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') return readFields(request, limits)
  if (type === 'multipart/form-data') return readParts(request, contentType, limits)
  throw new PlaitError('PLAIT_PROTOCOL', 'The request body is no form', { status: 415 })
}

async function readFields(request: FormGiver, { maxBody, maxFieldMemory, maxFields }: FormLimits): Promise<Form> {
  const most = maxBody === 0 ? maxFieldMemory : Math.min(maxBody, maxFieldMemory)
  const body = await bodyBytes(request, most)
  return new Form(parseFieldMap(body.toString('latin1'), maxFields, 413))
}

async function readParts(request: FormGiver, contentType: string, limits: FormLimits): Promise<Form> {
  // RFC 2046 section 5.1.1: at most 70 characters. The search for it takes as much memory as it is long, and more.
  const boundary = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType)
  const length = (boundary?.[1] ?? boundary?.[2] ?? '').length
  if (length === 0 || length > 70) {
    throw new PlaitError('PLAIT_PROTOCOL', 'The Content-Type of the form has no boundary', { status: 400 })
  }
  const reader = new MultipartReader(contentType, limits, request.channel.spool)
  const form = await reader.read(bodyPieces(request, limits.maxBody))
  const remove = (): void => reader.remove()
  request.notifyFinish().then(remove, remove)
  return form
}
