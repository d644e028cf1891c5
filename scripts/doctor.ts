// `npm run doctor [-- --stack <name>] [-- --json]`: what a stack needs on this machine, what is missing, what is taken.

import { parseArgs, styleText } from 'node:util'
import { examine } from './doctor/examine.ts'
import { takenPorts, type TakenPort } from './doctor/ports.ts'
import type { Examination, Finding } from './doctor/examine.ts'
import { npmRun } from './npm-run.ts'
import { runVerb } from './verb.ts'

const marks: Record<Finding['state'], string> = {
  ready: styleText('green', '✔'),
  obtainable: styleText('cyan', '↓'),
  missing: styleText('red', '✖'),
  unneeded: styleText('dim', '·'),
}

await runVerb('doctor', async (signal) => {
  const { values } = parseArgs({
    options: { stack: { type: 'string', default: 'local' }, json: { type: 'boolean', default: false } },
  })
  const [examination, ports] = await Promise.all([examine(values.stack, { signal }), takenPorts(values.stack)])
  const ok = examination.ok && ports.length === 0
  console.log(
    values.json
      ? JSON.stringify({ ...examination, ports, ok }, null, 2)
      : layOut(examination) + layOutPorts(ports, values.stack),
  )
  return ok ? 0 : 1
})

function layOutPorts(ports: readonly TakenPort[], stack: string): string {
  return ports
    .map(
      ({ port, setting, holder }) =>
        `\n${marks.missing} port ${port} is taken by ${holder}\n` +
        `  next: stop it, or choose another port: pulumi config set --stack ${stack} --path 'runlight:${setting}' <port>`,
    )
    .join('')
}

function layOut({ stack, findings, disk, ok }: Examination): string {
  const width = (pick: (finding: Finding) => string): number => Math.max(...findings.map((each) => pick(each).length))
  const names = width((each) => each.name)
  const versions = width((each) => each.wanted)
  const lines = [`What stack ${stack} needs on this machine:`, '']
  for (const { state, name, wanted, found, neededBy, next } of findings) {
    lines.push(`${marks[state]} ${name.padEnd(names)}  ${wanted.padEnd(versions)}  ${found}`)
    const indent = ' '.repeat(names + versions + 6)
    if (next !== undefined) {
      lines.push(`${indent}needed by ${neededBy.join(', ')}`, `${indent}next: ${next}`)
    }
  }
  const short = disk.freeMegabytes < disk.neededMegabytes
  lines.push('', `${short ? styleText('yellow', '!') : marks.ready} ${diskLine(disk)}`, '')
  const toGet = findings.filter((finding) => finding.state === 'obtainable').length
  if (!ok) lines.push('Something is missing: see "next" above.')
  else if (toGet > 0) lines.push(`Nothing is missing; ${npmRun('setup', stack)} will get ${toGet} of these (↓).`)
  else lines.push('Everything is there.')
  return lines.join('\n')
}

function diskLine({ cache, freeMegabytes, neededMegabytes }: Examination['disk']): string {
  const needed = neededMegabytes > 0 ? `; getting what isn't there takes up to ${gigabytes(neededMegabytes)}` : ''
  return `disk: ${gigabytes(freeMegabytes)} free at ${cache}${needed}`
}

function gigabytes(megabytes: number): string {
  return `${(megabytes / 1000).toFixed(1)} GB`
}
