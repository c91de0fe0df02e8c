import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireBuffers } from '#src/hosts/python/wire-buffers.ts'

test('WireBuffers reads into the same buffer again while nothing of it is on its way', () => {
  const buffers = new WireBuffers()
  assert.equal(buffers.next(), buffers.next())
})

test('WireBuffers leaves a buffer alone until its last piece has left, then uses it again', () => {
  const buffers = new WireBuffers()
  const first = buffers.current
  first.uses += 2
  const second = buffers.next()
  assert.notEqual(second, first.bytes)
  buffers.current.uses++
  const third = buffers.next()
  assert.ok(third !== first.bytes && third !== second)
  buffers.release(first)
  buffers.current.uses++
  assert.notEqual(buffers.next(), first.bytes)
  buffers.release(first)
  buffers.current.uses++
  assert.equal(buffers.next(), first.bytes)
})

test('WireBuffers goes on reading into a buffer whose pieces left before the next read', () => {
  const buffers = new WireBuffers()
  const { current } = buffers
  current.uses++
  buffers.release(current)
  assert.equal(buffers.next(), current.bytes)
})
