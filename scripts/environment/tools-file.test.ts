import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTools } from '../../stacks/platforms/tools.ts'
import { temporaryFolder } from '../tools/fixtures/temporary.ts'
import type { ResolvedTool } from '../tools/resolve.ts'
import { toolPins } from '../tools/versions.ts'
import type { ToolName } from '../tools/versions.ts'
import { listTools } from './tools-file.ts'

const pins = toolPins()
const tool = (name: ToolName, home: string, version = pins[name].version): ResolvedTool => ({
  ...{ name, version, source: 'path', home, bin: { [name]: join(home, name) } },
})

test('the tools of one stack stay listed when another is set up, as long as they are there and still pinned', async () => {
  const home = await temporaryFolder()
  const file = join(home, 'tools.json')
  await listTools(file, [
    tool('pulumi', home, '1'),
    tool('loki', home),
    tool('k6', join(home, 'none')),
    tool('go', home, '1'),
  ])
  await listTools(file, [tool('pulumi', home)])
  const listed = readTools(home)
  expect([listed('pulumi').version, listed('loki').version]).toEqual([pins.pulumi.version, pins.loki.version])
  for (const gone of ['k6', 'go']) expect(() => listed(gone)).toThrow('Run `npm run setup`')
  const text = await readFile(file, 'utf8')
  await listTools(file, [tool('loki', home), tool('pulumi', home)])
  expect(await readFile(file, 'utf8')).toBe(text)
})

test.each(['', 'no JSON', 'null', '{"tools":7}', '{"tools":{"loki":null}}'])(
  'a file that says %j is written anew',
  async (text) => {
    const home = await temporaryFolder()
    await writeFile(join(home, 'tools.json'), text)
    await listTools(join(home, 'tools.json'), [tool('loki', home)])
    expect(readTools(home)('loki').version).toBe(pins.loki.version)
  },
)
