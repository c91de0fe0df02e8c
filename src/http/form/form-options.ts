import { defaults } from '../../defaults.ts'
import { PlaitError } from '../../errors.ts'

/** How much of a form is taken; more is refused with 413. */
export interface FormOptions {
  /** Bytes of the whole body, 0 = no limit. @default 1 GiB */
  maxBody?: number
  /** Fields that are no files. @default 1000 */
  maxFields?: number
  /** Bytes of one field's value, in a multipart form. @default 1 MiB */
  maxFieldSize?: number
  /** Bytes of names and values of all fields: they are kept in memory. @default 4 MiB */
  maxFieldMemory?: number
  /** Files. @default 100 */
  maxFiles?: number
  /** Bytes of one file. @default no limit beyond that of the body */
  maxFileSize?: number
}

/** The limits of one form, all known. */
export type FormLimits = Required<FormOptions>

const usual: FormLimits = Object.freeze({
  maxBody: defaults.maxBody,
  maxFields: 1000,
  maxFieldSize: 1024 ** 2,
  maxFieldMemory: 4 * 1024 ** 2,
  maxFiles: 100,
  maxFileSize: Infinity,
})

/** Fills in what is usual. Throws `PLAIT_CONFIGURATION`. */
export function formLimits(options: FormOptions): FormLimits {
  const limits = { ...usual }
  for (const name of Object.keys(usual) as (keyof FormLimits)[]) {
    const value = options[name]
    if (value === undefined) continue
    if (!(value >= 0) || (value !== Infinity && !Number.isInteger(value))) {
      throw new PlaitError('PLAIT_CONFIGURATION', `Cannot read a form: ${name} must be a whole number or Infinity, not ${value}`)
    }
    limits[name] = value
  }
  return limits
}
