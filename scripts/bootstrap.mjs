// The entry of every `npm run <verb>`: plain Node, because on a fresh clone nothing else is there. It checks Node's
// version, installs the dependencies when they are missing or not those of package-lock.json, and hands over to
// scripts/<verb>.ts in this same process, so that arguments, signals and the exit code need no passing on.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'

const neededNode = [20, 19]
const scripts = dirname(fileURLToPath(import.meta.url))
const clone = dirname(scripts)
const stamp = join(clone, 'node_modules', '.runlight-lock-hash')

checkNode()
const script = scriptOf(process.argv[2])
if (!isInstalled()) {
  const { withLock } = await import('./process-lock.mjs')
  const onWait = (holder) => console.log(`Waiting for another process (${holder}) that is installing the dependencies.`)
  await withLock(`install:${clone}`, () => (isInstalled() ? undefined : install()), { onWait })
}
process.argv.splice(1, 2, script)
await import('tsx')
await import(pathToFileURL(script).href)

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1])) return
  fail(
    `Runlight needs Node ${neededNode.join('.')} or newer; this is ${process.versions.node} (${process.execPath}).`,
    'Install a newer Node (https://nodejs.org, or your version manager), then run this again.',
  )
}

/** The verbs are the scripts of package.json that come here. */
function scriptOf(verb) {
  const { scripts: commands } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'))
  const verbs = Object.values(commands)
    .flatMap((command) => /^node scripts\/bootstrap\.mjs (\S+)$/.exec(command)?.[1] ?? [])
    .filter((each) => existsSync(join(scripts, `${each}.ts`)))
  if (verbs.includes(verb)) return join(scripts, `${verb}.ts`)
  return fail(
    verb === undefined ? 'No verb was given.' : `There is no verb '${verb}'.`,
    `Use one of: ${verbs.join(', ')}; for instance  npm run ${verbs[0]}`,
  )
}

/**
 * Whether node_modules is what package-lock.json says. A stamp in it keeps the hash of the lock file it was found
 * right for; without one (a person ran npm) the packages' own versions are compared. npm's record of what it has
 * installed, which it writes last, only tells that it got to the end: `--package-lock-only` changes it too.
 */
function isInstalled() {
  const lock = readFileSync(join(clone, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return true
  if (!existsSync(join(clone, 'node_modules', '.package-lock.json'))) return false
  for (const [path, wanted] of Object.entries(JSON.parse(lock.toString()).packages)) {
    if (!path.includes('node_modules/') || wanted.link) continue
    const manifest = join(clone, path, 'package.json')
    // What is left out on this machine (another platform's build) is optional.
    if (!existsSync(manifest) && (wanted.optional || wanted.devOptional || wanted.peer)) continue
    if (!existsSync(manifest) || JSON.parse(readFileSync(manifest, 'utf8')).version !== wanted.version) return false
  }
  writeFileSync(stamp, hash)
  return true
}

async function install() {
  const started = Date.now()
  console.log('Installing the dependencies of package-lock.json (npm ci) …')
  rmSync(stamp, { force: true })
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  // As `npm run` tells which npm it is, that one installs, also where another one is on PATH.
  const npm = process.env.npm_execpath
  const viaNode = npm !== undefined && /\.c?js$/.test(npm) && /npm-cli/.test(npm)
  const { code, signal } = await ended(viaNode ? process.execPath : 'npm', viaNode ? [npm, ...args] : args)
  if (signal) process.exit(128 + constants.signals[signal])
  if (code !== 0) {
    fail(
      `npm ci failed (${code}); what it said stands above.`,
      'Usually the network or the registry settings of npm: put them right, then run this again.',
    )
  }
  if (!isInstalled()) {
    fail('npm ci ended well, but node_modules is not what package-lock.json says.', 'Remove node_modules, then retry.')
  }
  console.log(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}

/** Runs npm to its end; tells the signal that we got meanwhile, and passed on. */
function ended(file, args) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: clone, stdio: ['ignore', 'inherit', 'inherit'] })
    let got
    const pass = (signal) => {
      got = signal
      child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, pass)
    child.once('error', (error) => resolve({ code: error.message }))
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, pass)
      resolve({ code, signal: got ?? signal })
    })
  })
}

function fail(what, next) {
  console.error(`✖ ${what}\n  next: ${next}`)
  process.exit(1)
}
