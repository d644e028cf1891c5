import { ROLES, TABLES } from '@runlight/contracts/tables'
import { logBatch, logEntries, testContext, eventBatch, traceEvent } from '@runlight/bridge-core/batch.fixture'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deadLetter, letterRecord, rawBatch } from './letters.fixture.ts'
import { migrateDown, migrateUp, migrationStatus, readMigrations } from './migrate.ts'
import type { Migration } from './migrate.ts'
import { startTraceStore } from './trace-store.fixture.ts'
import type { TestTraceStore } from './trace-store.fixture.ts'

let store: TestTraceStore
let migrations: Migration[]

beforeAll(async () => {
  store = await startTraceStore()
  migrations = await readMigrations()
})
afterAll(() => store.stop())

async function fill() {
  const sink = store.sink()
  await sink.prepare(logBatch(logEntries(100)))(testContext())
  await sink.prepare(eventBatch([traceEvent('RUN_STARTED')]))(testContext())
  await sink.close()
}

/** What the later migrations have brought. */
async function fillMore() {
  const sink = store.sink()
  await sink.prepare(rawBatch([letterRecord(deadLetter())]))(testContext())
  await sink.close()
  await store.sql`insert into log_days (day, loki_passed_at) values (current_date, now())`
}

describe('tables', () => {
  it('are those of the contract: names, columns, types, keys, and which may be empty', async () => {
    const columns = await store.sql<{ table: string; column: string; type: string; nullable: boolean }[]>`
      select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
        not a.attnotnull as nullable
      from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname <> 'schema_migrations' and a.attnum > 0 and not a.attisdropped
      order by c.relname, a.attnum`
    const keys = await store.sql<{ table: string; columns: string[] }[]>`
      select i.indrelid::regclass::text as table,
        array(select a.attname::text from unnest(i.indkey) with ordinality k (num, ord)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num order by k.ord) as columns
      from pg_index i join pg_class c on c.oid = i.indrelid
      where i.indisprimary and c.relnamespace = 'public'::regnamespace and not c.relispartition`
    const primaryKeys = new Map(keys.map((key) => [key.table, key.columns]))
    const found: Record<string, unknown> = {}
    for (const { table, column, type, nullable } of columns) {
      const own = (found[table] ??= { primaryKey: primaryKeys.get(table), columns: {} }) as { columns: object }
      Object.assign(own.columns, { [column]: nullable ? `${type}, nullable` : type })
    }
    const promised = Object.fromEntries(
      Object.entries(TABLES).map(([table, { primaryKey, columns: own }]) => [
        table,
        {
          primaryKey: [...primaryKey],
          columns: Object.fromEntries(
            Object.entries(own).map(([column, definition]) => [
              column,
              'nullable' in definition ? `${definition.type}, nullable` : definition.type,
            ]),
          ),
        },
      ]),
    )
    expect(found).toEqual(promised)
  })

  it('belong to the owner; the writer changes no schema and deletes nothing, readers only read', async () => {
    const [owned] = await store.sql`
      select array_agg(distinct tableowner::text) as owners from pg_tables where schemaname = 'public'`
    expect(owned).toEqual({ owners: [ROLES.owner] })
    const denied = expect.objectContaining({ code: expect.stringMatching(/^(42501)$/) as string })
    const writer = store.postgres.connect(ROLES.writer)
    await expect(writer`delete from logs`).rejects.toEqual(denied)
    await expect(writer`update workflow_traces set message = ''`).rejects.toEqual(denied)
    await expect(writer`drop table logs`).rejects.toEqual(denied)
    await expect(writer`create table mine (id int)`).rejects.toEqual(denied)
    await writer.end()
    for (const role of [ROLES.reader, ROLES.grafana]) {
      const reader = store.postgres.connect(role)
      for (const table of Object.keys(TABLES)) await reader`select * from ${reader(table)} limit 1`
      await expect(reader`update runs set status = 'FAILED'`).rejects.toEqual(denied)
      await expect(reader`select runlight_ensure_log_partition('2020-01-01')`).rejects.toEqual(denied)
      await reader.end()
    }
  })
})

describe('the partition of a day', () => {
  it('is made once by two that need it at the same time, and the one that waited finds it', async () => {
    const [first, second] = [store.postgres.connect(ROLES.writer), store.postgres.connect(ROLES.writer)]
    const waiting = () => store.sql`
      select from pg_stat_activity where wait_event = 'advisory' and usename = ${ROLES.writer}`
    let other: Promise<unknown> | undefined
    await first.begin(async (transaction) => {
      await transaction`select runlight_ensure_log_partition('2020-02-29')`
      other = second`select runlight_ensure_log_partition('2020-02-29')`.execute()
      await expect.poll(waiting).toHaveLength(1)
    })
    await expect(other).resolves.toHaveLength(1)
    await Promise.all([first.end(), second.end()])
    await store.sql`drop table logs_20200229`
  })
})

describe('migrations', () => {
  it('change nothing when they are applied again, also by two at once', async () => {
    expect(await migrateUp(store.sql, migrations)).toEqual([])
    await migrateDown(store.sql, migrations, { force: true })
    const other = store.postgres.connect()
    const done = await Promise.all([migrateUp(store.sql, migrations), migrateUp(other, migrations)])
    await other.end()
    expect(done.flat()).toEqual(migrations.map(({ name }) => name))
    expect(await migrationStatus(store.sql, migrations)).toEqual({ applied: done.flat(), pending: [] })
  })

  it('go down and up again with data in the tables, but not without being forced to', async () => {
    await fill()
    await fillMore()
    await expect(migrateDown(store.sql, migrations, { force: false })).rejects.toMatchObject({
      code: 'RL_MIGRATION_FAILED',
      message: expect.stringContaining('holds data') as string,
    })
    expect(await store.sql`select 1 from logs`).toHaveLength(100)
    expect(await migrateDown(store.sql, migrations, { force: true })).toHaveLength(migrations.length)
    const left = await store.sql`
      select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'f')
        and relname <> 'schema_migrations'
      union all select proname from pg_proc where pronamespace = 'public'::regnamespace`
    expect(left).toEqual([])
    await migrateUp(store.sql, migrations)
    await fill()
  })

  it('go down only where no table holds data, whichever it is', async () => {
    await migrateDown(store.sql, migrations, { force: true })
    await migrateUp(store.sql, migrations)
    await fillMore()
    await store.sql`truncate positions`
    await expect(migrateDown(store.sql, migrations, { force: false })).rejects.toThrow(/dead_letters holds data/)
    await store.clear()
    expect(await migrateDown(store.sql, migrations, { force: false })).toHaveLength(migrations.length)
    await migrateUp(store.sql, migrations)
  })

  it('go up from each older one with data in its tables, and keep it', async () => {
    for (let older = 1; older < migrations.length; older++) {
      await migrateDown(store.sql, migrations, { force: true })
      await migrateUp(store.sql, migrations.slice(0, older))
      await fill()
      expect(await migrateUp(store.sql, migrations)).toHaveLength(migrations.length - older)
      expect(await store.sql`select 1 from logs`).toHaveLength(100)
      expect(await store.sql`select 1 from workflow_traces`).toHaveLength(1)
      await fillMore()
    }
  })

  it('refuse to go on where one was changed after it had been applied', async () => {
    const changed = migrations.map((migration, index) =>
      index === 0 ? { ...migration, checksum: 'other' } : migration,
    )
    await expect(migrateUp(store.sql, changed)).rejects.toThrow(/was changed after it had been applied/)
  })

  it('are rolled back whole when one fails, with the words of the server', async () => {
    const broken = {
      version: 9999,
      name: '9999_broken',
      up: 'create table t (a int); select * from nowhere',
      down: '',
      checksum: '',
    }
    await expect(migrateUp(store.sql, [...migrations, broken])).rejects.toThrow(
      /9999_broken failed and was rolled back: relation "nowhere" does not exist/,
    )
    expect(await store.sql`select to_regclass('t') as t`).toEqual([{ t: null }])
    expect((await migrationStatus(store.sql, [...migrations, broken])).pending).toEqual(['9999_broken'])
  })
})

describe('indexes', () => {
  // The queries of the unified log, and those that the kit itself asks, each with the index that must serve it.
  const queries: [string, string, RegExp][] = [
    [
      'lines of a run',
      `select * from logs where job_run_id = 'run-7' order by effective_ns, kafka_partition, kafka_offset limit 100`,
      /_run|job_run_id/,
    ],
    [
      'lines of a task',
      `select * from logs where task_run_id = 'run-7/1/n/1' order by effective_ns limit 100`,
      /task_run/,
    ],
    [
      'lines of a run by their own time',
      `select * from logs where job_run_id = 'run-7' order by "timestamp" limit 100`,
      /_run|job_run_id/,
    ],
    [
      'lines of a task by their own time',
      `select * from logs where task_run_id = 'run-7/1/n/1' order by "timestamp" desc limit 100`,
      /task_run/,
    ],
    [
      'levels of the last hour',
      `select level, count(*) from logs where "timestamp" > now() - interval '1 hour' group by level`,
      /time/,
    ],
    [
      'the rate of errors by run in the last hour',
      `select job_run_id, count(case when level = 'error' then 1 end) from logs
       where type in ('job', 'task') and "timestamp" > now() - interval '1 hour' group by job_run_id`,
      /time/,
    ],
    [
      'errors of a run',
      `select * from logs where job_run_id = 'run-7' and level = 'error' order by "timestamp"`,
      /_run|job_run_id|level/,
    ],
    [
      'newest of a rare type',
      `select * from logs where org_id = 'acme' and type = 'system' order by effective_ns desc limit 50`,
      /org_id_type_effective|type_order/,
    ],
    [
      'newest of a common type',
      `select * from logs where org_id = 'acme' and type = 'task' order by effective_ns desc limit 100`,
      /org_id_effective|task_order/,
    ],
    [
      'what was stored of a partition since',
      `select * from logs where kafka_partition = 0 and kafka_offset >= 80000 order by kafka_offset limit 100`,
      /pkey/,
    ],
    [
      'errors of the last hour',
      `select level, count(*) from logs where "timestamp" > now() - interval '1 hour' and level = 'error' group by level`,
      /level/,
    ],
    ['a component', `select * from logs where component = 'kafka' order by effective_ns limit 100`, /component/],
    [
      'events of a run',
      `select * from workflow_traces where run_id = 'run-7' and sequence > 3 order by sequence limit 100`,
      /workflow_traces_pkey/,
    ],
    ['streams of a run', `select * from log_stream where run_id = 'run-7'`, /log_stream_run/],
    [
      'runs of an organisation',
      `select * from runs where org_id = 'acme' order by created_at desc, run_id desc limit 20`,
      /runs_org_created/,
    ],
  ]

  beforeAll(async () => {
    await store.clear()
    await store.sql`select runlight_ensure_log_partition(current_date - day) from generate_series(0, 2) day`
    await store.sql`
      insert into logs select
        case when i % 500 = 0 then 'system' else 'task' end, 'acme', null,
        case when i % 500 = 0 then null else 'run-' || i % 200 end,
        case when i % 500 = 0 then null else 'run-' || i % 200 || '/1/n/1' end, 1, 'n', 1,
        case when i % 500 = 0 then 'kafka' end, now() - i * interval '1 s', i, i, false,
        case when i % 300 = 0 then 'error' else 'info' end, 'stdout', 'line', null, null, null, 'p', i,
        date_trunc('day', now()) - i / 30000 * interval '1 day', 0, i
      from generate_series(1, 89999) i`
    await store.sql`
      insert into workflow_traces select 'run-' || i % 500, i, 'acme', null, 1, 'n', 1, 'NODE_PROGRESS', 'info', '',
        now(), i, i, false, null, null, null, null, 'p', i, now(), 0, i from generate_series(1, 20000) i`
    await store.sql`
      insert into runs (run_id, org_id, execution, status, updated_ns, created_at)
      select 'run-' || i, 'org-' || i % 100, 1, 'RUNNING', i, now() - i * interval '1 s' from generate_series(1, 20000) i`
    await store.sql`
      insert into log_stream select 'acme', 's' || i, 'run-' || i % 2000, null, 'n', 'stdout', '{}', 1, 1, 1, 1, now()
      from generate_series(1, 20000) i`
    await store.sql`analyze`
  })

  it.each(queries)('serve %s', async (_, query, index) => {
    const rows = await store.sql.unsafe<{ 'QUERY PLAN': string }[]>(`explain ${query}`)
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toMatch(new RegExp(`Index.*(${index.source})`))
    expect(plan).not.toMatch(/Seq Scan/)
    // Each day by itself, where the days are asked.
    if (query.includes('from logs')) expect(plan.match(/on logs_\d{8}/g)?.length).toBeGreaterThanOrEqual(3)
  })
})
