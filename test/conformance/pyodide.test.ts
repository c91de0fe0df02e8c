import { conforms } from './conforms.ts'
import { pyodide } from './kinds/pyodide.ts'

conforms(pyodide)
