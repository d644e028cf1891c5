import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, readdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandFailed } from '../command.ts'
import type { FillJob, Source } from './source.ts'

/** Until a host has begun to answer; and then until the whole of a list has come, which is a few kilobytes. */
const ANSWER_MS = 5_000
/** Between two parts of what it sends. */
const SILENCE_MS = 15_000

/** Hosts that did not answer, and why: the next tool need not wait for them again. */
const unreachable = new Map<string, string>()

/**
 * Downloads what a project has released, and checks it against the list of SHA-256 sums that the project publishes
 * beside it. Where there is no way to the host, that is told within seconds, and the tool's next source has its turn.
 */
export const releaseDownload: Source<'release-download'> = {
  label: 'release of the project itself',
  needs: [],
  unsupported: (recipe, platform) =>
    recipe.url[platform] === undefined ? `the project has released no file for ${platform}` : undefined,
  async fill(recipe, job) {
    const url = new URL(recipe.url[job.platform] as string)
    const name = basename(url.pathname)
    const archive = join(job.scratch, name)
    await job.downloads.run(
      1,
      async () => {
        job.note(`asking ${url.host}`)
        const published = sumOf(await get(recipe.checksums, job, (answer) => answer.text()), name)
        if (published === undefined) throw new CommandFailed(`${recipe.checksums} lists no sum for ${name}.`, [])
        const sum = await download(url.href, archive, job)
        if (sum !== published) {
          throw new CommandFailed(`${name} isn't what its project has published.`, [
            `SHA-256 of what came: ${sum}`,
            `SHA-256 in ${recipe.checksums}: ${published}`,
          ])
        }
      },
      { signal: job.signal, onWait: () => job.note('waiting for a download slot') },
    )
    job.note('unpacking')
    const content = join(job.scratch, 'content')
    await mkdir(content)
    if (name.endsWith('.zip')) await unzip(archive, content, job)
    else await job.run({ file: 'tar', args: ['-xzf', archive, '-C', content], env: job.env })
    await mkdir(join(job.into, 'bin'))
    for (const [binary, path] of Object.entries(recipe.files)) {
      await rename(await pathIn(content, path), join(job.into, 'bin', binary))
      await chmod(join(job.into, 'bin', binary), 0o755)
    }
    return Object.fromEntries(Object.keys(recipe.files).map((binary) => [binary, join('bin', binary)]))
  },
}

/** Debian and its kin come without unzip; Python, which the set-up asks for, does it, too. */
async function unzip(archive: string, content: string, job: FillJob): Promise<void> {
  const { env } = job
  try {
    await job.run({ file: 'unzip', args: ['-q', archive, '-d', content], env })
  } catch (error) {
    if (!isMissing(error)) throw error
    await job.run({ file: 'python3', args: ['-m', 'zipfile', '-e', archive, content], env }).catch((cause: unknown) => {
      if (!isMissing(cause)) throw cause
      throw new CommandFailed(`${basename(archive)} cannot be unpacked: there is no unzip and no python3.`, [], {
        cause,
      })
    })
  }
}

/** Whether the program that was to be run is not there. */
function isMissing(error: unknown): boolean {
  return error instanceof CommandFailed && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}

/** The one path below a folder that fits a pattern. */
async function pathIn(folder: string, pattern: string): Promise<string> {
  let path = folder
  for (const part of pattern.split('/')) {
    const wanted = new RegExp(`^${part.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
    const [name] = (await readdir(path)).filter((each) => wanted.test(each))
    if (name === undefined) throw new CommandFailed(`The archive has no ${pattern}.`, [])
    path = join(path, name)
  }
  return path
}

/** The sum of a file in a list of lines such as `<hex>  <name>`. */
function sumOf(list: string, name: string): string | undefined {
  for (const line of list.split('\n')) {
    const [, sum, file] = /^([0-9a-fA-F]{64})\s+\*?(?:\.\/)?(.+?)\s*$/.exec(line) ?? []
    if (file === name) return sum?.toLowerCase()
  }
  return undefined
}

async function download(url: string, file: string, job: FillJob): Promise<string> {
  const { body, headers } = await get(url, job, (answer) => answer)
  if (!body) throw new CommandFailed(`${url} answers without a body.`, [])
  const total = Number(headers.get('content-length'))
  const silence = new AbortController()
  const hash = createHash('sha256')
  let bytes = 0
  let alarm: NodeJS.Timeout | undefined
  const watched = async function* (parts: AsyncIterable<Uint8Array>) {
    const rearm = () => {
      clearTimeout(alarm)
      alarm = setTimeout(() => silence.abort(new Error(`nothing came for ${SILENCE_MS / 1000} s`)), SILENCE_MS)
    }
    rearm()
    for await (const part of parts) {
      rearm()
      hash.update(part)
      bytes += part.length
      job.note(`downloading ${megabytes(bytes)}${total > 0 ? ` of ${megabytes(total)}` : ''} MB`)
      yield part
    }
  }
  try {
    const parts = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
    await pipeline(parts, watched, createWriteStream(file), { signal: AbortSignal.any([job.signal, silence.signal]) })
  } catch (cause) {
    job.signal.throwIfAborted()
    const reason = silence.signal.aborted ? (silence.signal.reason as Error) : (cause as Error)
    throw new CommandFailed(`The download of ${url} broke off: ${reason.message}.`, [], { cause })
  } finally {
    clearTimeout(alarm)
  }
  return hash.digest('hex')
}

/** What `read` takes of the answer of a host; one that does not answer, or stops while that is read, is not asked again. */
async function get<Content>(
  url: string,
  job: FillJob,
  read: (answer: Response) => Content | Promise<Content>,
): Promise<Content> {
  const { host } = new URL(url)
  const known = unreachable.get(host)
  if (known !== undefined) throw new CommandFailed(`${host} cannot be reached: ${known}.`, [])
  const answer = new AbortController()
  const alarm = setTimeout(() => answer.abort(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS)
  try {
    const response = await fetch(url, { signal: AbortSignal.any([job.signal, answer.signal]), redirect: 'follow' })
    alarm.refresh()
    if (response.ok) return await read(response)
    await response.body?.cancel()
    throw new CommandFailed(`${url} answers ${response.status} ${response.statusText}.`, [])
  } catch (cause) {
    job.signal.throwIfAborted()
    if (cause instanceof CommandFailed) throw cause
    const reason = reasonOf(answer.signal.aborted ? answer.signal.reason : cause)
    unreachable.set(host, reason)
    job.note(`${host} cannot be reached (${reason}); trying another way`)
    throw new CommandFailed(`${host} cannot be reached: ${reason}.`, [], { cause: cause as Error })
  } finally {
    clearTimeout(alarm)
  }
}

/** fetch says only `fetch failed` and keeps the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
