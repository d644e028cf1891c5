// Replays dead letters: their records go to the replay topic of the sink that refused them, byte by byte.

import type { ReplayedLetter } from '@runlight/contracts/api-dead-letters'
import type { ReplayOrigin } from '@runlight/contracts/dead-letter'
import { replayIdOf } from '@runlight/contracts/dead-letter-id'
import { RunlightError } from '@runlight/contracts/errors'
import { replayTopic } from '@runlight/contracts/topics'
import type { SinkName } from '@runlight/contracts/topics'
import { parseInstant } from '@runlight/contracts/time'
import type { Database } from '../store/database.ts'
import { REPLAY_PARTITION } from './bus.ts'
import type { LetterBus, ReplayRecord } from './bus.ts'
import { readContents, readGeneration } from './store.ts'
import type { LetterContents, LetterRow } from './store.ts'

export interface ReplaySources {
  database: Database
  letterBus: LetterBus
}

/** What one send holds at most, of keys and values, in bytes; a single larger record goes alone. */
const SEND_BYTES = 1024 * 1024

export interface ReplayOutcome {
  replayed: ReplayedLetter[]
  skipped: { id: string; code: string; detail: string }[]
}

/** Replays one letter. @throws RunlightError that says why it can't be */
export async function replayOne(sources: ReplaySources, letter: LetterRow): Promise<ReplayedLetter> {
  const { replayed, skipped } = await replayAll(sources, [letter], (cause) => {
    throw cause
  })
  if (!replayed[0]) throw new RunlightError('RL_INTERNAL', skipped[0]?.detail ?? 'The letter was neither sent nor not.')
  return replayed[0]
}

/**
 * Replays letters in the order given, a sink after the other. A letter that can't be replayed is skipped, with the
 * reason; what is the store's or the bus's fault rejects, and what was sent before that stays sent.
 */
export async function replayMany(sources: ReplaySources, letters: readonly LetterRow[]): Promise<ReplayOutcome> {
  return replayAll(sources, letters, (cause) => {
    if (cause.code === 'RL_BUS_UNAVAILABLE' || cause.code === 'RL_STORE_UNAVAILABLE') throw cause
  })
}

async function replayAll(
  sources: ReplaySources,
  letters: readonly LetterRow[],
  onSkip: (cause: RunlightError) => void,
): Promise<ReplayOutcome> {
  const outcome: ReplayOutcome = { replayed: [], skipped: [] }
  for (const batch of batches(letters)) {
    const contents = await sources.database.read((sql) =>
      readContents(
        sql,
        batch.map(({ id }) => id),
      ),
    )
    const records: { letter: LetterRow; record: ReplayRecord; replayId: string }[] = []
    for (const letter of batch) {
      try {
        const replayId = nameOf(letter)
        const { key, value } = await original(sources, letter, contents.get(letter.id))
        records.push({ letter, replayId, record: { key, value, origin: JSON.stringify(originOf(letter, replayId)) } })
      } catch (cause) {
        if (!(cause instanceof RunlightError)) throw cause
        onSkip(cause)
        outcome.skipped.push({ id: letter.id, code: cause.code, detail: cause.message })
      }
    }
    const sink = batch[0]?.sink as SinkName
    if (records.length === 0) continue
    try {
      const first = await sources.letterBus.send(
        sink,
        records.map(({ record }) => record),
      )
      const place = { topic: replayTopic(sink), partition: REPLAY_PARTITION }
      for (const [index, { letter, replayId }] of records.entries()) {
        outcome.replayed.push({ id: letter.id, replayId, ...place, offset: String(first + BigInt(index)) })
      }
    } catch (cause) {
      // Too large for the bus: then it was alone.
      if (!(cause instanceof RunlightError)) throw cause
      onSkip(cause)
      for (const { letter } of records) {
        outcome.skipped.push({ id: letter.id, code: cause.code, detail: cause.message })
      }
    }
  }
  return outcome
}

/** Letters that are sent together: of one sink, and not too large. */
function* batches(letters: readonly LetterRow[]): Generator<LetterRow[]> {
  let batch: LetterRow[] = []
  let bytes = 0
  for (const letter of [...letters].sort((a, b) => a.sink.localeCompare(b.sink))) {
    const size = Number(letter.valueBytes) + (letter.keyBytes ?? 0)
    if (batch.length > 0 && (bytes + size > SEND_BYTES || batch[0]?.sink !== letter.sink)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(letter)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

/** @throws RunlightError RL_DEAD_LETTER_NOT_REPLAYABLE */
function nameOf(letter: LetterRow): string {
  if (letter.reason === 'unreadable') {
    const why = 'It lay among the dead letters and is none: there is no sink that it could go back to.'
    throw new RunlightError('RL_DEAD_LETTER_NOT_REPLAYABLE', why)
  }
  const { topic, partition, generation, offset } = letter
  if (topic === replayTopic(letter.sink)) {
    const why = `It lay on ${topic} at offset ${offset} without saying where it came from, so it cannot be stored under an identity of its own.`
    throw new RunlightError('RL_DEAD_LETTER_NOT_REPLAYABLE', why)
  }
  const appended = parseInstant(letter.appendedAt)
  const millis = appended ? appended.seconds * 1000 + Math.floor(appended.nanos / 1_000_000) : 0
  return replayIdOf({ generation, topic, partition }, millis)
}

function originOf({ generation, topic, partition, offset, appendedAt }: LetterRow, replayId: string): ReplayOrigin {
  return { generation, topic, partition, offset, appendedAt, replayId }
}

/** Key and value as they were: from the letter, or, where they were too large for it, from their topic. */
async function original(
  { database, letterBus }: ReplaySources,
  letter: LetterRow,
  kept: LetterContents | undefined,
): Promise<LetterContents> {
  if (kept && letter.keyKept && letter.valueKept) return kept
  const { topic, partition, generation } = letter
  const offset = BigInt(letter.offset)
  const place = `${topic}/${partition} at offset ${offset}`
  const known = await database.read((sql) => readGeneration(sql, topic, partition))
  // Offsets of another life of the topic are other records.
  if (known !== undefined && known !== generation) throw gone(`${topic} was created anew since it lay in ${place}.`)
  const found = await letterBus.fetch({ topic, partition, offset })
  if (!found) throw gone(`It lay in ${place}, and the bus has that no more.`)
  const same =
    (found.value?.length ?? 0) === Number(letter.valueBytes) && (found.key?.length ?? null) === letter.keyBytes
  if (!same) throw gone(`In ${place} lies another record now.`)
  return found
}

function gone(message: string): RunlightError {
  return new RunlightError('RL_DEAD_LETTER_GONE', message)
}
