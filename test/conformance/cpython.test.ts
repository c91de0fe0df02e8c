import assert from 'node:assert/strict'
import { it } from 'node:test'
import { findPythons } from '../support/pythons.ts'
import { conforms } from './conforms.ts'
import { cpython } from './kinds/cpython.ts'

const pythons = findPythons()

it('finds a Python to conform with', () => assert.notEqual(pythons.length, 0))

for (const python of pythons) conforms(cpython(python))
