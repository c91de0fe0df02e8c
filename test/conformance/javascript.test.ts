import { conforms } from './conforms.ts'
import { asyncCases } from './javascript/async-cases.ts'
import { flowCases } from './javascript/flow-cases.ts'
import { returnCases } from './javascript/return-cases.ts'
import { textCases } from './javascript/text-cases.ts'
import { threadCases } from './javascript/thread-cases.ts'
import { javascriptThreads } from './kinds/javascript.ts'

conforms(javascriptThreads, { ...textCases, ...asyncCases, ...returnCases, ...flowCases, ...threadCases })
