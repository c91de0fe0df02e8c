import type { FieldMap } from '../field-map.ts'
import type { FormFile } from './form-file.ts'

/** A form that was sent: fields and files, each by name, with all that came under it in order. */
export class Form {
  /** Values of the fields. */
  readonly fields: FieldMap
  readonly files: ReadonlyMap<string, readonly FormFile[]>

  constructor(fields: FieldMap = new Map(), files: ReadonlyMap<string, readonly FormFile[]> = new Map()) {
    this.fields = fields
    this.files = files
  }

  /** The first value of a field; undefined when there is none. */
  get(name: string): string | undefined {
    return this.fields.get(name)?.[0]
  }

  /** The first file of a field; undefined when there is none. */
  getFile(name: string): FormFile | undefined {
    return this.files.get(name)?.[0]
  }
}
