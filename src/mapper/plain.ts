import { type AnyTable, defineDataset } from './dataset.ts'
import type { Json } from './types.ts'

type AnyRecord = Readonly<Record<string, Json>>

/** A dataset without a table: a time, and all fields below `cloudflare`. */
export function plainDataset(name: string, timestamps: readonly string[]): AnyTable {
  return defineDataset<AnyRecord>()({ name, fixed: {}, time: { time: timestamps }, fields: [], copy: timestamps })
}

/** Records of no known dataset; the fields that are times in one or the other. */
export const UNKNOWN = plainDataset('unknown', [
  'Datetime',
  'Timestamp',
  'EdgeStartTimestamp',
  'EventTimestamp',
  'EventTimestampMs',
  'CreatedAt',
  'When',
  'ActionTimestamp',
  'SessionStartTime',
  'DetectedTimestamp',
  'TimestampStart',
  'CompletedAt',
])
