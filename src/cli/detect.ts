import { registry } from '../datasets/index.ts'
import { createDetector } from '../mapper/detect.ts'
import type { Mapped } from '../mapper/types.ts'
import { transformInputs } from './transform-inputs.ts'

/**
 * Prints for each line, as NDJSON, its number in its file, the dataset that the service would take it for, and the share of its
 * fields that are known to that dataset; for a line that is no record the error code.
 */
export async function detect(
  env: Readonly<Record<string, string | undefined>>,
  files: readonly string[],
): Promise<void> {
  const detector = createDetector(registry)
  const print = ({ line, dataset }: Mapped) => {
    const base = { line: line.number + 1, dataset }
    if ('bad' in line) return JSON.stringify({ ...base, error: line.bad.code })
    const keys = Object.keys(line.record)
    const known = dataset === 'unknown' ? detector.ofKeys(keys).score : detector.knownShare(dataset, keys)
    return JSON.stringify({ ...base, known: Math.round(known * 1000) / 1000 })
  }
  await transformInputs({ env, files, dataset: undefined, print })
}
