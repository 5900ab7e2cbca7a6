import { ECS_VERSION } from './ecs.ts'
import type { BadLine, JsonObject } from './types.ts'

/** The event of a line that is no record. It always keeps the line, in event.original. */
export function badLineEvent(line: BadLine, dataset: string, time: string): JsonObject {
  return {
    '@timestamp': time,
    ecs: { version: ECS_VERSION },
    event: { dataset, kind: 'pipeline_error', original: line.text },
    observer: { vendor: 'Cloudflare' },
    error: { code: line.bad.code, message: line.bad.message },
    tags: ['logpush.bad_line'],
  }
}
