import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Resource } from '#src/resource/resource.ts'
import { serve } from './serve.ts'

/** The segments that a leaf at the root is left with. */
async function segmentsOf(path: string): Promise<string[]> {
  let segments: string[] = []
  const root = Object.assign(new Resource(), {
    isLeaf: true,
    render_GET: (request: { postpath: string[] }) => {
      segments = request.postpath
      return ''
    },
  })
  await serve(root).port.request(`GET ${path}`)
  return segments
}

test('Request.postpath is split at slashes, a final slash giving an empty segment (B54)', async () => {
  assert.deepEqual(await segmentsOf('/a/b/'), ['a', 'b', ''])
  assert.deepEqual(await segmentsOf('/'), [''])
  assert.deepEqual(await segmentsOf('//x//'), ['', 'x', '', ''])
})

test('Request.postpath is decoded after splitting: an encoded slash stays in its segment (B59)', async () => {
  assert.deepEqual(await segmentsOf('/a%2Fb/%67et'), ['a/b', 'get'])
  assert.deepEqual(await segmentsOf('/%2e%2e/x'), ['..', 'x'])
})

test('Request.postpath is bytes as latin-1, decoded once (A11)', async () => {
  assert.deepEqual(await segmentsOf('/%ff%C3%a9/%2541/a+b'), ['\u00ff\u00c3\u00a9', '%41', 'a+b'])
})

test('Request.postpath keeps invalid escapes as they are (A12)', async () => {
  assert.deepEqual(await segmentsOf('/%zz/%/a%/%4/%%34'), ['%zz', '%', 'a%', '%4', '%4'])
})
