// Local activities leave one marker in the history, when they are over.

import type { Instant } from '@runlight/contracts/time'
import { defaultPayloadConverter } from '@temporalio/common'
import type { temporal } from '@temporalio/proto'
import type { Failure } from './failure.ts'

/** Name of the marker that Temporal's core (TypeScript, Python, .NET, Ruby SDKs) writes. */
const MARKER = 'core_local_activity'

export interface LocalActivity {
  nodeRef: string
  activity: string
  attempt: number
  scheduledAt: Instant | undefined
  completedAt: Instant | undefined
  failure: Failure | undefined
}

interface MarkerData {
  activity_id?: string
  activity_type?: string
  attempt?: number
  original_schedule_time?: Instant | null
  complete_time?: Instant | null
}

/** Reads the marker of a local activity; undefined for any other marker, and for one written in another form. */
export function localActivity(
  marker: temporal.api.history.v1.IMarkerRecordedEventAttributes,
): LocalActivity | undefined {
  const payload = marker.details?.['data']?.payloads?.[0]
  if (marker.markerName !== MARKER || !payload) return undefined
  let data: MarkerData
  try {
    data = defaultPayloadConverter.fromPayload<MarkerData>(payload)
  } catch {
    return undefined
  }
  if (!data.activity_id) return undefined
  return {
    nodeRef: data.activity_id,
    activity: data.activity_type ?? '',
    attempt: data.attempt ?? 1,
    scheduledAt: data.original_schedule_time ?? undefined,
    completedAt: data.complete_time ?? undefined,
    failure: marker.failure ?? undefined,
  }
}
