import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { engineHost, machineOf, readEngine, type ContainerDetail } from './engine.ts'
import { lifeOfComponent, lifeOfTask } from './last-life.ts'
import { refuseTakenPort } from './published-ports.ts'
import { startEngine, type FakeEngine } from './test/engine.fixture.ts'

let engine: FakeEngine
let server: Server | undefined

beforeEach(async () => (engine = await startEngine()))
afterEach(async () => {
  vi.unstubAllEnvs()
  await engine.close()
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
  server = undefined
})

const wanted = { component: 'loki', endpoint: 'http', port: 17310, setting: 'loki.port' }
const state = () => readEngine(engine.host, {})

it('takes the engine that the setting names, else the one of DOCKER_HOST, else this machine', () => {
  expect(engineHost('tcp://a:2375', { DOCKER_HOST: 'ssh://b' })).toBe('tcp://a:2375')
  expect(engineHost('', { DOCKER_HOST: 'ssh://b' })).toBe('ssh://b')
  expect(engineHost('', {})).toBe('unix:///var/run/docker.sock')
})

it.each([
  ['unix:///a.sock', '127.0.0.1', '127.0.0.1'],
  ['ssh://me@far:2222', '127.0.0.1', '127.0.0.1'],
  ['unix:///a.sock', '192.0.2.7', '192.0.2.7'],
  ['unix:///a.sock', '0.0.0.0', '127.0.0.1'],
  ['tcp://far:2376', '0.0.0.0', 'far'],
])('reaches what %s publishes on %s at %s', (host, publishOn, machine) => {
  expect(machineOf(host, publishOn)).toBe(machine)
})

it.each(['unix:///nowhere/docker.sock', 'tcp://127.0.0.1:9', 'pigeon://loft'])(
  'says that the engine at %s cannot be reached, and what to do',
  async (host) => {
    await expect(readEngine(host, {})).rejects.toThrow(
      new RegExp(`The Docker engine at ${host} cannot be reached: .+\\. Start it .*DOCKER_HOST`),
    )
  },
)

/** An ssh command that leads to the engine, wherever it is asked to go; or ends with a word. */
function sshCommand(says?: string): void {
  const { host } = engine
  const folder = dirname(host.slice('unix://'.length))
  const through = `const way = require('net').connect(${JSON.stringify(host.slice('unix://'.length))})
    process.stdin.pipe(way).pipe(process.stdout)
    require('fs').writeFileSync(${JSON.stringify(join(folder, 'asked'))}, process.argv.slice(2).join(' '))`
  const fails = `console.error(${JSON.stringify(says)}); process.exitCode = 255`
  writeFileSync(join(folder, 'ssh'), `#!/usr/bin/env node\n${says === undefined ? through : fails}\n`)
  chmodSync(join(folder, 'ssh'), 0o755)
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`)
}

it('asks an engine over ssh as the docker command does, and tells what ssh says', async () => {
  engine.volumes = ['there']
  sshCommand()
  const { volumes } = await readEngine('ssh://me@far:2222', process.env)
  expect(volumes).toMatchObject([{ name: 'there' }])
  const asked = readFileSync(join(dirname(engine.host.slice('unix://'.length)), 'asked'), 'utf8')
  expect(asked).toBe('-o BatchMode=yes -p 2222 -- me@far docker system dial-stdio')
  sshCommand('me@far: Permission denied (publickey).')
  await expect(readEngine('ssh://me@far', process.env)).rejects.toThrow(
    'The Docker engine at ssh://me@far cannot be reached: ssh me@far: me@far: Permission denied (publickey). ',
  )
})

it('names the container that holds a port', async () => {
  engine.containers = [{ Names: ['/someone'], Ports: [{ PublicPort: 17310 }] }]
  const now = await state()
  expect(() => refuseTakenPort(now, 'dev', wanted)).toThrow(
    "Port 17310 of loki (http) is taken by the container someone. Stop it, or choose another port: pulumi config set --stack dev --path 'runlight:loki.port' <port>",
  )
})

it('leaves the ports of the stack alone', async () => {
  engine.containers = [{ Labels: { 'runlight.stack': 'dev' }, Ports: [{ PublicPort: 17310 }] }]
  const now = await state()
  expect(() => refuseTakenPort(now, 'dev', wanted)).not.toThrow()
  expect(() => refuseTakenPort(now, 'dev-2', wanted)).toThrow('is taken by')
})

it('names the process that holds a port of this machine, but not of another', async () => {
  const listening = createServer()
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  const now = await state()
  expect(() => refuseTakenPort(now, 'dev', { ...wanted, port })).toThrow(`taken by process ${process.pid} `)
  expect(() => refuseTakenPort({ ...now, host: 'ssh://far' }, 'dev', { ...wanted, port })).not.toThrow()
})

const life = { 'runlight.life': 'then' }
const task = { Names: ['/runlight-dev-provision'], Labels: life }

it('runs a task again when it failed, or when the data that it worked on is gone', async () => {
  const lifeNow = async () => lifeOfTask(await state(), 'runlight-dev-provision', ['data'])
  engine.volumes = ['data']
  expect(await lifeNow()).not.toBe('then')
  engine.containers = [{ ...task, Status: 'Exited (0) 2 minutes ago' }]
  expect(await lifeNow()).toBe('then')
  engine.volumes = []
  expect(await lifeNow()).not.toBe('then')
  engine.volumes = ['data']
  engine.containers = [{ ...task, Status: 'Exited (1) 2 minutes ago' }]
  expect(await lifeNow()).not.toBe('then')
})

const bus = { Id: 'b5', Names: ['/runlight-dev-bus'], Labels: { ...life, 'runlight.stack': 'dev' } }

it.each([
  ['Up 2 minutes (healthy)', true],
  ['Up 2 seconds (health: starting)', true],
  ['Exited (0) 2 minutes ago', true],
  ['Restarting (1) 2 seconds ago', false],
])('keeps a container that is %s: %s', async (Status, isKept) => {
  engine.containers = [{ ...bus, Status }]
  const warned: string[] = []
  expect(lifeOfComponent(await state(), 'runlight-dev-bus', (text) => warned.push(text)) === 'then').toBe(isKept)
  expect(warned).toEqual([])
})

const STARTED = Date.parse('2026-03-01T10:00:00Z')
const SECOND = 1e9
/** As the engine tells of one with a start period of 120 s, that is asked every 10 s for up to 15 s. */
const unwell = (streak: number, ...answers: [second: number, exitCode: number][]): ContainerDetail => ({
  State: {
    StartedAt: '2026-03-01T10:00:00.123456789Z',
    Health: {
      FailingStreak: streak,
      Log: answers.map(([second, ExitCode]) => ({ Start: new Date(STARTED + second * 1_000).toISOString(), ExitCode })),
    },
  },
  Config: { Healthcheck: { Interval: 10 * SECOND, StartPeriod: 120 * SECOND, Timeout: 15 * SECOND } },
})

it.each<[string, 'left alone' | 'made anew', ContainerDetail]>([
  ['well two minutes ago', 'left alone', unwell(3, [860, 0], [870, 1], [895, 1], [920, 1])],
  ['well an hour ago', 'left alone', unwell(20, [3820, 1], [3845, 1], [3870, 1], [3895, 1], [3920, 1])],
  ['well while it started', 'left alone', unwell(5, [30, 1], [55, 1], [80, 1], [105, 1], [130, 1])],
  ['never well, refusing at once', 'made anew', unwell(3, [110, 1], [121, 1], [132, 1], [143, 1])],
  ['never well, in an hour', 'made anew', unwell(340, [3840, 1], [3850, 1], [3860, 1], [3870, 1], [3881, 1])],
  ['never well, without an answer', 'made anew', unwell(8, [245, -1], [270, -1], [295, -1], [320, -1])],
  ['well before it was restarted, and never since', 'made anew', unwell(3, [-9, 0], [121, 1], [132, 1], [143, 1])],
])('tells of an unhealthy container that was %s: it is %s', async (_, what, detail) => {
  engine.containers = [{ ...bus, Status: 'Up 2 minutes (unhealthy)', detail }]
  const warned: string[] = []
  const isKept = lifeOfComponent(await state(), 'runlight-dev-bus', (text) => warned.push(text)) === 'then'
  expect(isKept).toBe(what === 'left alone')
  const told = expect.stringMatching(
    /^runlight-dev-bus was healthy and is not now .*docker restart runlight-dev-bus/,
  ) as string
  expect(warned).toEqual(isKept ? [told] : [])
})
