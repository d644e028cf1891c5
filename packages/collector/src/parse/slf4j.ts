// Apache Kafka: slf4j-simple with a date (`2026-11-21T14:34:39.598Z [main] INFO logger - text`), and log4j's usual
// pattern (`[2026-11-21 14:34:39,598] INFO text (logger)`), which the official distribution writes.

import { levelOf } from './level.ts'
import type { Format, ParsedLine } from './parsed-line.ts'
import { timestampOf } from './timestamp.ts'

const SIMPLE =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.,]\d+(?:Z|[+-]\d\d:?\d\d)) \[(.+?)\] (TRACE|DEBUG|INFO|WARN|ERROR) (\S+) - (.*)$/s
const LOG4J = /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\] (TRACE|DEBUG|INFO|WARN|ERROR|FATAL) (.*?)(?: \((\S+)\))?$/s

export const slf4j: Format = (line) => {
  const simple = SIMPLE.exec(line)
  if (simple) {
    const [, time = '', thread, level = '', logger, text = ''] = simple
    return record(timestampOf(time), level, text, { logger, thread })
  }
  const log4j = LOG4J.exec(line)
  if (!log4j) return undefined
  const [, time = '', level = '', text = '', logger] = log4j
  // The pattern has no zone; the distribution's images run in UTC.
  return record(timestampOf(`${time}Z`), level, text, logger === undefined ? {} : { logger })
}

function record(
  timestamp: string | undefined,
  level: string,
  text: string,
  metadata: Record<string, unknown>,
): ParsedLine {
  return { timestamp, level: levelOf(level) ?? 'info', message: text.trimEnd(), metadata, extent: 'open' }
}
