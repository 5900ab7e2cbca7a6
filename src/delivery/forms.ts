import { dataStreamDataset } from '../datasets/data-streams.ts'
import type { RawLine } from '../decode/lines.ts'
import type { JsonObject, Line, Mapped } from '../mapper/types.ts'
import { DOCUMENT_TIME, type Form } from '../sinks/sink.ts'

/** What documents get beside the event. */
export interface DocumentSettings {
  readonly profile: 'ecs' | 'raw'
  /** `data_stream.namespace`; undefined where documents do not go to data streams. */
  readonly namespace: string | undefined
}

/** Makes the bytes of a form (sinks/sink.ts) of mapped lines. */
export interface FormWriter {
  /** Called with each line before it is mapped. */
  readonly onLine?: (raw: RawLine, line: Line) => void
  /** Text, or bytes where the line is no UTF-8. */
  write(mapped: Mapped): string | Uint8Array
}

export function createFormWriter(form: Form, documents: DocumentSettings): FormWriter {
  if (form === 'document') return { write: mapped => JSON.stringify(documentOf(mapped, documents)) }
  if (form === 'line') return createLineWriter()
  return { write: mapped => JSON.stringify(mapped.event) }
}

function documentOf({ event, dataset }: Mapped, { profile, namespace }: DocumentSettings): object {
  const { event: about, ...rest } = event
  const stream =
    namespace === undefined
      ? undefined
      : { data_stream: { type: 'logs', dataset: dataStreamDataset(dataset, profile), namespace } }
  return { event: { ingested: DOCUMENT_TIME, ...(about as JsonObject) }, ...stream, ...rest }
}

function createLineWriter(): FormWriter {
  /** A text of bytes that are no UTF-8 is not what was received. */
  const received = new Map<number, Uint8Array>()
  return {
    onLine(raw, line) {
      if ('bad' in line && line.bad.code === 'not_utf8') received.set(line.number, oneLine(new Uint8Array(raw.bytes)))
    },
    write({ line }) {
      const bytes = received.get(line.number)
      if (bytes === undefined) return line.text.replaceAll(/[\r\n]/g, ' ')
      received.delete(line.number)
      return bytes
    },
  }
}

const BLANK = 32

function oneLine(bytes: Uint8Array): Uint8Array {
  for (const [index, byte] of bytes.entries()) if (byte === 10 || byte === 13) bytes[index] = BLANK
  return bytes
}
