// Environment variables of every process that reports with the SDK: whom it speaks for, and what leaves it.

import { ORG_ID_PATTERN } from './organisation.ts'
import { integer, list, oneOf, text, variable } from './variable.ts'

const organisation = (value: string): string => {
  if (!new RegExp(ORG_ID_PATTERN).test(value)) throw new Error(`must match ${ORG_ID_PATTERN}`)
  return value
}

const lines = (value: string): string[] => value.split('\n').filter((line) => line !== '')

const count = integer(1, 2_147_483_647)
const rate = integer(0, 10_000_000)

export const REPORTING_VARIABLES = {
  runId: variable({
    name: 'RUNLIGHT_RUN_ID',
    doc: 'Run that a command reports for (`runlight run`, the pino transport); if not set, it reports for a component',
    fallback: '',
    parse: text,
  }),
  nodeRef: variable({
    name: 'RUNLIGHT_NODE',
    doc: 'Node of RUNLIGHT_RUN_ID; if not set, the command reports for the whole run',
    fallback: '',
    parse: text,
  }),
  attempt: variable({ name: 'RUNLIGHT_ATTEMPT', doc: 'Attempt of RUNLIGHT_NODE', fallback: 1, parse: count }),
  execution: variable({
    name: 'RUNLIGHT_EXECUTION',
    doc: 'Execution of RUNLIGHT_RUN_ID',
    fallback: 1,
    parse: count,
  }),
  workflowId: variable({
    name: 'RUNLIGHT_WORKFLOW_ID',
    doc: 'Id of the workflow definition of RUNLIGHT_RUN_ID',
    fallback: '',
    parse: text,
  }),
  orgId: variable({
    name: 'RUNLIGHT_ORG_ID',
    doc: 'Organisation (tenant) of the entries that a command sends',
    fallback: '',
    parse: organisation,
  }),
  component: variable({
    name: 'RUNLIGHT_COMPONENT',
    doc: 'Component that a command reports for, if the command itself names none',
    fallback: '',
    parse: text,
  }),
  streams: variable({
    name: 'RUNLIGHT_STREAMS',
    doc: 'Custom streams that may be used, besides `terminal` and `agent`, comma-separated',
    fallback: [] as string[],
    parse: list,
  }),
  ansi: variable({
    name: 'RUNLIGHT_ANSI',
    doc: 'Escape sequences (colours) in lines of captured output: `keep` or `strip`',
    fallback: 'keep' as 'keep' | 'strip',
    parse: oneOf(['keep', 'strip']),
  }),
  redact: variable({
    name: 'RUNLIGHT_REDACT',
    doc: 'Whether well-known secrets are redacted before anything leaves the process: `on` or `off`',
    fallback: 'on' as 'on' | 'off',
    parse: oneOf(['on', 'off']),
  }),
  redactKeys: variable({
    name: 'RUNLIGHT_REDACT_KEYS',
    doc: 'Names of further fields whose values are redacted, comma-separated',
    fallback: [] as string[],
    parse: list,
  }),
  redactPatterns: variable({
    name: 'RUNLIGHT_REDACT_PATTERNS',
    doc: 'Further regular expressions (RE2 syntax), one on each line, whose matches are redacted',
    fallback: [] as string[],
    parse: lines,
  }),
  runRate: variable({
    name: 'RUNLIGHT_RATE_LIMIT_RUN',
    doc: 'Most lines that one process sends for one run, a second on average; bursts may have ten times as many; 0 means no limit',
    fallback: 20_000,
    parse: rate,
  }),
  componentRate: variable({
    name: 'RUNLIGHT_RATE_LIMIT_COMPONENT',
    doc: 'Most lines that one process sends for one component, a second on average; bursts may have ten times as many; 0 means no limit',
    fallback: 20_000,
    parse: rate,
  }),
  closeOnExit: variable({
    name: 'RUNLIGHT_CLOSE_ON_EXIT',
    doc: 'Whether the SDK closes by itself on SIGTERM and when the process has nothing left to do: `on` or `off`',
    fallback: 'on' as 'on' | 'off',
    parse: oneOf(['on', 'off']),
  }),
} as const
