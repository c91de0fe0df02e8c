/** The applications of the conformance cases. The first segment of PATH_INFO names one; `validated` is the same under a validator. */
import type { WSGIApplication } from 'plait'
import { asyncApps } from './async-apps.ts'
import { bodyApps } from './body-apps.ts'
import { environ, environApps } from './environ-apps.ts'
import { fileApps } from './file-apps.ts'
import { flowApps } from './flow-apps.ts'
import { hostApps } from './host-apps.ts'
import { inputApps } from './input-apps.ts'
import { answer, notes, query, type Applications } from './registry.ts'
import { startApps } from './start-apps.ts'
import { troubleApps } from './trouble-apps.ts'
import { validator } from './validator.ts'

const all: Applications = {
  ...asyncApps,
  ...bodyApps,
  ...environApps,
  ...fileApps,
  ...flowApps,
  ...hostApps,
  ...inputApps,
  ...startApps,
  ...troubleApps,
}

export const application: WSGIApplication = (given, startResponse) => {
  const [, name = 'environ'] = given.PATH_INFO.split('/')
  if (name === 'notes') return answer(startResponse, notes(query(given)['of'] as string))
  return (Object.hasOwn(all, name) ? (all[name] as WSGIApplication) : environ)(given, startResponse)
}

export const validated: WSGIApplication = validator(application)
