import assert from 'node:assert/strict'
import { test } from 'node:test'
import { obstacleToUpgrade } from '#src/reactor/upgrade/obstacle.ts'

const usual = { pid: 100, parent: 50, environment: {}, parentName: 'bash' }

test('obstacleToUpgrade: what would end with this process stays', () => {
  assert.equal(obstacleToUpgrade(usual), undefined)
  assert.match(obstacleToUpgrade({ ...usual, pid: 1, parent: 0 }) ?? '', /process 1: with it the container ends/)
  assert.match(obstacleToUpgrade({ ...usual, parent: 1, parentName: 'docker-init' }) ?? '', /docker-init waits for/)
  assert.equal(obstacleToUpgrade({ ...usual, parent: 1, parentName: 'systemd' }), undefined)
  // A shell under tini may wait for us or not: nobody knows.
  assert.equal(obstacleToUpgrade({ ...usual, parent: 7, parentName: 'tini' }), undefined)
})

test('obstacleToUpgrade: a service of systemd that cannot be told of another process', () => {
  const simple = { ...usual, parent: 1, parentName: 'systemd', environment: { SYSTEMD_EXEC_PID: '100' } }
  assert.match(obstacleToUpgrade(simple) ?? '', /Type=notify and NotifyAccess=all/)
  const notify = { ...simple, environment: { SYSTEMD_EXEC_PID: '100', NOTIFY_SOCKET: '/run/systemd/notify' } }
  assert.equal(obstacleToUpgrade(notify), undefined)
  // Started from within a service, not as its main process.
  assert.equal(obstacleToUpgrade({ ...simple, environment: { SYSTEMD_EXEC_PID: '99' } }), undefined)
})
