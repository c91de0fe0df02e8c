import { findPythons } from '../support/pythons.ts'
import { conforms } from './conforms.ts'
import { preloadedCpython } from './kinds/cpython.ts'

// One Python: what differs between them is not how a process comes about.
for (const python of process.platform === 'linux' ? findPythons().slice(0, 1) : []) conforms(preloadedCpython(python))
