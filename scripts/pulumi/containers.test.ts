import { expect, it } from 'vitest'
import { Failure } from '../failure.ts'
import { removeFromStack } from './containers.ts'

it('says that an engine which cannot be reached still has what is to be removed, and what to do', async () => {
  const failure: unknown = await removeFromStack('unix:///nowhere/docker.sock', 'dev').catch((cause: unknown) => cause)
  expect(failure).toBeInstanceOf(Failure)
  expect(failure).toMatchObject({
    what: 'The containers and volumes of stack dev were not all removed.',
    why: expect.stringContaining('/nowhere/docker.sock cannot be reached') as string,
    next: expect.stringContaining('npm run down -- --stack dev --volumes') as string,
  })
})
