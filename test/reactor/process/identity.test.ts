import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import { findIdentity } from '#src/reactor/process/identity.ts'
import { root } from '../../support/paths.ts'

test('findIdentity knows users by name and number, with their group', () => {
  assert.deepEqual(findIdentity({ user: 'root' }), { uid: 0, gid: 0, user: 'root' })
  assert.deepEqual(findIdentity({ user: '0' }), { uid: 0, gid: 0, user: 'root' })
  const { uid, gid, username } = userInfo()
  assert.deepEqual(findIdentity({ user: username }), { uid, gid, user: username })
})

test('findIdentity takes a group in place of that of the user', () => {
  assert.equal(findIdentity({ user: 'root', group: '12' }).gid, 12)
  assert.equal(findIdentity({ user: 'root', group: 'daemon' }).gid, 1)
  assert.equal(findIdentity({ group: 'daemon' }).uid, process.getuid?.())
  // A number that nobody has needs a group.
  assert.deepEqual(findIdentity({ user: '3999999', group: '3999999' }), { uid: 3999999, gid: 3999999, user: undefined })
})

test('findIdentity says what there is not', () => {
  const wrong: readonly [object, RegExp][] = [
    [{ user: 'no-such-user' }, /There is no user "no-such-user"/],
    [{ user: '--help' }, /There is no user "--help"/],
    [{ user: '' }, /There is no user ""/],
    [{ user: '3999999' }, /There is no user 3999999 on this system whose group could be taken: say the group too/],
    [{ group: 'no-such-group' }, /There is no group "no-such-group"/],
  ]
  for (const [names, message] of wrong) assert.throws(() => findIdentity(names), { code: 'PLAIT_CONFIGURATION', message })
})

test('assumeIdentity by who is not root says that only root may', () => {
  const script = `
    import { assumeIdentity } from ${JSON.stringify(`${root}/dist/reactor/process/identity.js`)}
    if (process.getuid() === 0) process.setuid(65534)
    try { assumeIdentity({ uid: 1, gid: 1, user: undefined }) } catch ({ code, message }) { console.log(code, message) }
    // To become who one is already needs no permission.
    assumeIdentity({ uid: process.getuid(), gid: process.getgid(), user: undefined })
    console.log(process.getuid() !== 0)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.equal(stdout, 'PLAIT_CONFIGURATION Cannot become a user (uid 1, gid 1): only root may do that\ntrue\n')
})
