import { dataStreamDataset } from '../datasets/data-streams.ts'
import type { JsonObject, Mapped } from '../mapper/types.ts'
import { DOCUMENT_TIME } from '../sinks/sink.ts'

/** What documents get beside the event. */
export interface DocumentSettings {
  readonly profile: 'ecs' | 'raw'
  /** `data_stream.namespace`; undefined where documents do not go to data streams. */
  readonly namespace: string | undefined
}

/** Objects that go before a document's other members; those of `event` into it. */
export function documentExtra(dataset: string, { profile, namespace }: DocumentSettings) {
  return {
    event: { ingested: DOCUMENT_TIME },
    ...(namespace !== undefined && {
      data_stream: { type: 'logs', dataset: dataStreamDataset(dataset, profile), namespace },
    }),
  }
}

/** The text of form `document` (sinks/sink.ts). */
export function documentText({ event, dataset }: Mapped, documents: DocumentSettings): string {
  const { event: about, ...rest } = event
  const extra = documentExtra(dataset, documents)
  return JSON.stringify({ ...extra, event: { ...extra.event, ...(about as JsonObject) }, ...rest })
}

/** The bytes of form `line`, of what was received: one line. */
export function lineBytes(received: Uint8Array): Buffer {
  const bytes = Buffer.from(received)
  for (const [index, byte] of bytes.entries()) if (byte === LF || byte === CR) bytes[index] = BLANK
  return bytes
}

const LF = 10
const CR = 13
const BLANK = 32
