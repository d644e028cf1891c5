import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMap, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { SECRETS } from '../../stacks/settings/secrets.ts'
import { Failure } from '../failure.ts'
import { npmRun } from '../npm-run.ts'
import type { Progress } from '../terminal/progress.ts'
import { CommandFailed, run } from '../tools/command.ts'
import { readIfThere, writeIfChanged } from './files.ts'
import { cloneRoot } from './home.ts'
import type { Prepared } from './prepare.ts'
import type { Project } from './project.ts'

interface Context {
  project: Project
  isNewPassphrase: boolean
  progress: Progress
  signal: AbortSignal
}

const namespace = 'runlight'

/**
 * Makes sure that the stack is there and has its generated credentials, as secret settings. Credentials that are there
 * are kept: the stores' data knows them.
 */
export async function ensureStack(prepared: Prepared, context: Context): Promise<void> {
  const { settingsFile } = prepared
  if (context.isNewPassphrase) await dropUnreadableSecrets(settingsFile, context.progress)
  const isThere = await stackExists(prepared, context.project)
  const before = await readSettings(settingsFile)
  const missing = SECRETS.filter((name) => !before?.hasIn(['config', `${namespace}:${name}`]))
  if (isThere && missing.length === 0) return
  await context.progress.step(`stack ${prepared.stack}`, async (step) => {
    if (!isThere) {
      step.note('creating it')
      await createStack(prepared, context)
    } else if (!before) {
      step.note('bringing its settings back from its state')
      await restoreSettings(prepared, context)
    }
    const settings = await readSettings(settingsFile)
    for (const name of SECRETS) {
      const key = `${namespace}:${name}`
      if (settings?.hasIn(['config', key])) continue
      step.note(`generating ${name}`)
      // By standard input: an argument could be read in the list of processes.
      const input = randomBytes(24).toString('base64url')
      await pulumi(['config', 'set', key, '--secret', '--stack', prepared.stack], prepared, context, { input })
    }
  })
}

/** A stack of our own backend is a file there; of another backend we ask. */
async function stackExists(prepared: Prepared, project: Project): Promise<boolean> {
  if (prepared.backend.kind === 'own') {
    const state = join(prepared.home.backend, '.pulumi', 'stacks', project.name, `${prepared.stack}.json`)
    return stat(state).then(
      () => true,
      () => false,
    )
  }
  // Elsewhere, settings with credentials mean that set-up has been here; creating the stack again is harmless.
  return (await readSettings(prepared.settingsFile)) !== undefined
}

async function createStack(prepared: Prepared, context: Context): Promise<void> {
  const args = ['stack', 'init', prepared.stack]
  const init = async (cwd?: string): Promise<void> => {
    try {
      await pulumi(args, prepared, context, cwd === undefined ? {} : { cwd })
    } catch (error) {
      if (!(error instanceof Failure) || !error.why.includes('already exists')) throw error
    }
  }
  if (prepared.home.isDefault) return init()
  // `stack init` knows no --config-file: for a home of its own it writes beside a copy of the project.
  const copy = await mkdtemp(join(tmpdir(), 'runlight-init-'))
  try {
    await writeFile(join(copy, 'Pulumi.yaml'), `name: ${context.project.name}\nruntime: nodejs\n`)
    await init(copy)
    const written = join(copy, `Pulumi.${prepared.stack}.yaml`)
    if ((await readIfThere(prepared.settingsFile)) === undefined && (await readIfThere(written)) !== undefined)
      await copyFile(written, prepared.settingsFile)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Where the settings file was removed, the data that knows its credentials is still there, and so is their copy. */
async function restoreSettings(prepared: Prepared, context: Context): Promise<void> {
  try {
    await pulumi(['config', 'refresh', '--force', '--stack', prepared.stack], prepared, context)
  } catch (error) {
    // Nothing was ever deployed with them.
    if (!(error instanceof Failure) || !error.why.includes('no previous deployment')) throw error
  }
}

/**
 * Takes generated credentials out of a settings file whose passphrase is gone (`.runlight` was removed, and the data
 * that knew them with it): they can't be read any more, and would fail every command.
 */
async function dropUnreadableSecrets(settingsFile: string, progress: Progress): Promise<void> {
  const settings = await readSettings(settingsFile)
  if (!settings?.has('encryptionsalt')) return
  const config = settings.get('config')
  const foreign: string[] = []
  for (const { key, value } of isMap(config) ? [...config.items] : []) {
    const name = String(key)
    if (!isMap(value) || !JSON.stringify(value).includes('"secure"')) continue
    if (SECRETS.some((each) => name === `${namespace}:${each}`)) settings.deleteIn(['config', name])
    else foreign.push(name)
  }
  if (foreign.length > 0) {
    throw new Failure({
      what: `${settingsFile} has secrets that cannot be read any more.`,
      why: `They were encrypted with a passphrase file that is gone: ${foreign.join(', ')}.`,
      next: 'Restore .runlight/passphrase, or remove these settings from the file and set them again.',
    })
  }
  settings.delete('encryptionsalt')
  await writeIfChanged(settingsFile, settings.toString())
  progress.say(`${settingsFile}: its credentials were encrypted with a passphrase that is gone; making new ones.`)
}

async function readSettings(path: string): Promise<Document | undefined> {
  const text = await readIfThere(path)
  return text === undefined ? undefined : parseDocument(text)
}

async function pulumi(
  args: readonly string[],
  prepared: Prepared,
  context: Context,
  options: { cwd?: string; input?: string } = {},
): Promise<void> {
  const file = prepared.tools.pulumi?.bin['pulumi'] as string
  const all = [...args, '--non-interactive', '--color=never']
  try {
    await run({ file, args: all, cwd: cloneRoot, env: prepared.env, signal: context.signal, ...options })
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    throw new Failure(
      {
        what: `\`pulumi ${args.join(' ')}\` failed.`,
        why: [error.message, ...error.tail.slice(-10)].join('\n'),
        next: `Look at what Pulumi says above; \`${npmRun('doctor', prepared.stack)}\` shows whether the tools are there.`,
      },
      { cause: error },
    )
  }
}
