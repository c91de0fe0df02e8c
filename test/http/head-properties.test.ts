import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { examineHeaders, isHost, type HeadFacts } from '#src/http/header-policy.ts'
import { parseTarget, splitPath, type Target } from '#src/http/request-target.ts'
import { checkField, isFieldName, isFieldValue } from '#src/http/response-fields.ts'

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 40 })

test('parseTarget parts any target or refuses it, and loses nothing', () => {
  const unit = fc.oneof(fc.constantFrom('/', '?', '#', '%', '%2F', '*', ':', '@', '//', 'http://', '.', '..', '\\'), latin1)
  fc.assert(
    fc.property(fc.constantFrom('GET', 'OPTIONS'), fc.array(unit, { maxLength: 8 }), (method, parts) => {
      const uri = parts.join('')
      const target: Target = { path: '', query: '', authority: undefined }
      const refusal = parseTarget(method, uri, target)
      if (refusal !== undefined) return assert.equal(refusal.status, 400)
      if (target.path === '*') return assert.deepEqual([method, uri], ['OPTIONS', '*'])
      assert.match(target.path, /^\//)
      assert.doesNotMatch(target.path + target.query, /#/)
      if (target.authority === undefined) {
        assert.equal(uri, uri.includes('?') ? `${target.path}?${target.query}` : target.path)
      } else assert.ok(isHost(target.authority) && uri.toLowerCase().includes(`://${target.authority.toLowerCase()}`))
      // A segment never comes apart by what its escapes mean.
      assert.equal(splitPath(target.path).length, target.path.split('/').length - 1)
    }),
    { numRuns: 2000 },
  )
})

const names = [
  'Host',
  'Content-Length',
  'Transfer-Encoding',
  'Expect',
  'Content-Type',
  'X-A',
  'X_A',
  'Proxy',
  'X-Forwarded-For',
  '__proto__',
  'constructor',
] as const
const values = ['a', 'a:80', '5', '+5', '', 'chunked', 'gzip, chunked', '100-continue', 'x y', '\xe9'] as const

test('examineHeaders refuses, or gives one host, one way to find the end of the body, and no field that is dropped', () => {
  const field = fc.tuple(fc.oneof(fc.constantFrom(...names), latin1), fc.oneof(fc.constantFrom(...values), latin1))
  fc.assert(
    fc.property(fc.array(field, { maxLength: 8 }), fc.boolean(), (fields, http11) => {
      const facts: HeadFacts = { headers: [], host: undefined, contentLength: 0, expectsContinue: false, hasForwarding: false }
      const raw = fields.flat()
      const refusal = examineHeaders(raw, http11, facts)
      if (refusal !== undefined) return assert.ok([400, 417, 501].includes(refusal.status))
      const named = (name: string): string[] => fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value)
      assert.ok(named('host').length === 1 || (!http11 && named('host').length === 0))
      assert.equal(facts.host, named('host')[0])
      const [length] = named('content-length')
      const [coding] = named('transfer-encoding')
      assert.ok(length === undefined || coding === undefined)
      if (coding !== undefined) assert.ok(http11 && coding.toLowerCase() === 'chunked' && facts.contentLength === undefined)
      else assert.equal(facts.contentLength, length === undefined ? 0 : Number(length))
      assert.ok(Number.isSafeInteger(facts.contentLength ?? 0) && (facts.contentLength ?? 0) >= 0)
      const left = facts.headers.filter((_, index) => index % 2 === 0)
      assert.ok(!left.some((name) => name.includes('_') || name.toLowerCase() === 'proxy'))
      assert.equal(facts.headers.length % 2, 0)
      assert.equal(left.length, fields.filter(([name]) => !name.includes('_') && name.toLowerCase() !== 'proxy').length)
    }),
    { numRuns: 3000 },
  )
})

test('checkField takes what cannot end a line or a name, and nothing else', () => {
  const any = fc.oneof(latin1, fc.string({ unit: 'binary', maxLength: 20 }))
  fc.assert(
    fc.property(any, any, (name, value) => {
      // oxlint-disable-next-line no-control-regex -- the range is the point
      const right = /^[!#$%&'*+.^`|~\w-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
      assert.equal(isFieldName(name) && isFieldValue(value), right, JSON.stringify([name, value]))
      if (right) checkField(name, value)
      else assert.throws(() => checkField(name, value), { code: 'PLAIT_RESOURCE' })
    }),
    { numRuns: 3000 },
  )
})
