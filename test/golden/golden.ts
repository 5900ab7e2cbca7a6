import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/mapper/types.ts'
import { mapLines, parseRecord } from '../datasets/map-one.ts'

/** A line and the events that it becomes. The line is written by hand, the events by `npm run golden` and read in review. */
export interface Golden {
  readonly line: string
  readonly off: JsonObject
  readonly auto: JsonObject
}

export interface GoldenFile {
  readonly path: string
  readonly dataset: string
  readonly golden: Golden
}

export function goldenFiles(): GoldenFile[] {
  return globSync('*/*.json', { cwd: import.meta.dirname })
    .sort()
    .map(file => {
      const path = join(import.meta.dirname, file)
      return {
        path,
        dataset: file.slice(0, file.search(/[\\/]/)),
        golden: JSON.parse(readFileSync(path, 'utf8')) as Golden,
      }
    })
}

/** The golden of a line as the mapper makes it now. */
export function goldenOf(line: string, dataset: string): Golden {
  const event = (additions: 'off' | 'auto') =>
    mapLines([{ number: 0, text: line, record: parseRecord(line) }], dataset, { additions })[0]!.event
  return { line, off: event('off'), auto: event('auto') }
}
