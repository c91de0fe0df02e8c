/** All cases; they ask nothing of a host but PEP 3333 and what the gateway promises beyond it. */
import type { Cases } from './case.ts'
import type { Language } from './language.ts'
import { bodyCases } from './cases/body.ts'
import { environCases } from './cases/environ.ts'
import { fileWrapperCases } from './cases/file-wrapper.ts'
import { hostCases } from './cases/hosts.ts'
import { inputCases } from './cases/input.ts'
import { lengthCases } from './cases/length.ts'
import { startResponseCases } from './cases/start-response.ts'
import { threadCases } from './cases/threads.ts'
import { troubleCases } from './cases/trouble.ts'
import { validatedCases } from './cases/validated.ts'

/** The cases, for applications in a language. */
export function casesFor(language: Language): Cases {
  return {
    ...environCases,
    ...startResponseCases,
    ...bodyCases,
    ...lengthCases,
    ...inputCases,
    ...fileWrapperCases(language),
    ...troubleCases(language),
    ...threadCases,
    ...hostCases,
    ...validatedCases,
  }
}
