import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from '#src/resources/script/registry.ts'

class Database {
  readonly name: string = 'shop'
}

test('Registry keeps components by class and by symbol (F134)', () => {
  const registry = new Registry()
  const key = Symbol('settings')
  assert.equal(registry.getComponent(Database), undefined)
  const database = new Database()
  registry.setComponent(Database, database)
  registry.setComponent(key, { colour: 'red' })
  assert.equal(registry.getComponent(Database)?.name, 'shop')
  assert.equal(registry.getComponent(Database), database)
  assert.deepEqual(registry.getComponent(key), { colour: 'red' })
  assert.equal(new Registry().getComponent(Database), undefined)
})
