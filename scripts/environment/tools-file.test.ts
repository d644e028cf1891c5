import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTools } from '../../stacks/platforms/tools.ts'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import type { ResolvedTool } from '../tools/resolve.ts'
import { listTools } from './tools-file.ts'

const tool = (name: ResolvedTool['name'], version: string): ResolvedTool => ({
  ...{ name, version, source: 'path', home: `/of/${name}/${version}` },
  bin: { [name]: `/of/${name}/${version}/bin` },
})

test('the tools of one stack stay listed when another is set up, and each is the newest', async () => {
  const home = await temporaryFolder()
  const file = join(home, 'tools.json')
  await listTools(file, [tool('pulumi', '1'), tool('loki', '1')])
  await listTools(file, [tool('pulumi', '2')])
  const listed = readTools(home)
  expect([listed('pulumi').version, listed('loki').version]).toEqual(['2', '1'])
  const text = await readFile(file, 'utf8')
  await listTools(file, [tool('loki', '1'), tool('pulumi', '2')])
  expect(await readFile(file, 'utf8')).toBe(text)
})

test.each(['', 'no JSON', 'null', '{"tools":7}'])('a file that says %j is written anew', async (text) => {
  const home = await temporaryFolder()
  await writeFile(join(home, 'tools.json'), text)
  await listTools(join(home, 'tools.json'), [tool('loki', '1')])
  expect(readTools(home)('loki').version).toBe('1')
})
