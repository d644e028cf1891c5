import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readEnvironment } from './environment.ts'
import { RunlightError } from './errors.ts'

describe('readEnvironment', () => {
  it('reads what is set and falls back to what is documented', () => {
    const env = readEnvironment(['brokers', 'logTopic', 'listen', 'partitions'], {
      LOG_KAFKA_BROKERS: 'a:1, b:2',
      RUNLIGHT_LISTEN: '[::1]:17800',
      RUNLIGHT_TOPIC_PARTITIONS: '',
    })
    expect(env).toEqual({
      brokers: ['a:1', 'b:2'],
      logTopic: 'telemetry.logs',
      listen: { host: '::1', port: 17800 },
      partitions: 4,
    })
  })

  it('takes the older names, but prefers the new one', () => {
    expect(readEnvironment(['brokers'], { TELEMETRY_BROKER_URL: 'old:1' }).brokers).toEqual(['old:1'])
    expect(readEnvironment(['brokers'], { TELEMETRY_BROKER_URL: 'old:1', LOG_KAFKA_BROKERS: 'new:1' }).brokers).toEqual(
      ['new:1'],
    )
    expect(readEnvironment(['logTopic'], { TELEMETRY_LOG_TOPIC: 'lines' }).logTopic).toBe('lines')
  })

  it('reads origins as browsers write them, and nothing else', () => {
    const read = (value: string) => readEnvironment(['origins'], { RUNLIGHT_ORIGINS: value }).origins
    expect(read('')).toEqual([])
    expect(read('https://Viewer.example:443/, http://[::1]:3000')).toEqual([
      'https://viewer.example',
      'http://[::1]:3000',
    ])
    const wrong = ['*', 'null', 'viewer.example', 'https://viewer.example/app', 'https://a@viewer.example', 'file:///x']
    for (const item of wrong) expect(() => read(item), item).toThrow(/RUNLIGHT_ORIGINS must be a list/)
  })

  it('reports every fault at once, by name', () => {
    const read = () =>
      readEnvironment(['brokers', 'lokiLabels', 'listen', 'postgresPassword', 'partitions'], {
        LOG_KAFKA_BROKERS: 'a:1,,b:2',
        RUNLIGHT_LOKI_LABELS: 'per_run',
        RUNLIGHT_LISTEN: '17800',
        RUNLIGHT_POSTGRES_PASSWORD_FILE: '/nonexistent',
        RUNLIGHT_TOPIC_PARTITIONS: '0',
      })
    expect(read).toThrow(RunlightError)
    expect(read).toThrow(
      /LOG_KAFKA_BROKERS must be a comma-separated list.*RUNLIGHT_LOKI_LABELS must be one of perRun, bounded.*RUNLIGHT_LISTEN must be host:port.*RUNLIGHT_POSTGRES_PASSWORD_FILE must name a readable file.*RUNLIGHT_TOPIC_PARTITIONS must be a whole number from 1 to 1000/,
    )
  })

  it('reads a secret from its file, without the line end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'runlight-'))
    try {
      writeFileSync(join(folder, 'password'), 's3cret\n')
      const env = readEnvironment(['postgresPassword'], { RUNLIGHT_POSTGRES_PASSWORD_FILE: join(folder, 'password') })
      expect(env.postgresPassword).toBe('s3cret')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
