/** All cases; they ask nothing of a host but PEP 3333 and what the gateway promises beyond it. */
import type { Cases } from './case.ts'
import { environCases } from './cases/environ.ts'

export const cases: Cases = {
  ...environCases,
}
