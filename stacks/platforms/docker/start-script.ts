// Set-up steps and program of a component as one script, for images that have a shell: what the process plugin does on
// a machine of its own, a container does when it starts.

import { join } from 'node:path'
import { NEW_ID } from '../../components/component.ts'

export interface ScriptStep {
  name: string
  command: readonly string[]
  /** Path of a file that is its standard input. */
  input?: string
}

export interface Script {
  /** Where the volume is mounted; the component's own data folder lies below it. */
  mount: string
  initialise: readonly ScriptStep[]
  prepare: readonly ScriptStep[]
  locks: readonly string[]
  command: readonly string[]
}

/**
 * Folder of the data of a component that is started by a script, below the volume's mount. Not `data`: images of
 * PostgreSQL have a link of that name there, or a volume of their own, which would go with the container.
 */
export const dataBelow = (mount: string): string => join(mount, 'runlight')

/**
 * Initialises a new data folder, completely or not at all, runs what each start needs, and becomes the program. A
 * folder that holds files which are not ours is never touched.
 */
export function startScript({ mount, initialise, prepare, locks, command }: Script): string {
  const data = quoted(dataBelow(mount))
  const done = quoted(join(mount, 'initialised'))
  const begun = quoted(join(mount, 'initialising'))
  const initialisation = [
    `if [ ! -e ${done} ]; then`,
    `  if [ ! -e ${begun} ] && [ -n "$(ls -A ${data} 2>/dev/null)" ]; then`,
    `    echo "${dataBelow(mount)} holds files, but was not made by Runlight; move them away and start again" >&2`,
    '    exit 1',
    '  fi',
    `  : > ${begun}`,
    `  rm -rf ${data}`,
    `  mkdir -p ${data}`,
    ...initialise.map((step) => `  ${lineOf(step)}`),
    `  : > ${done}`,
    `  rm ${begun}`,
    'fi',
  ]
  return [
    '#!/bin/sh',
    'set -eu',
    'umask 077',
    // 128 random bits in URL-safe base64; one that begins with - would be read as an option.
    "new_id() { head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' | sed 's/^-/A/'; }",
    ...initialisation,
    ...locks.map((lock) => `rm -f ${quoted(join(dataBelow(mount), lock))}`),
    ...prepare.map(lineOf),
    `exec ${command.map(word).join(' ')}`,
    '',
  ].join('\n')
}

function lineOf({ command, input }: ScriptStep): string {
  return `${command.map(word).join(' ')}${input === undefined ? '' : ` < ${quoted(input)}`}`
}

const word = (text: string): string => (text === NEW_ID ? '"$(new_id)"' : quoted(text))

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
