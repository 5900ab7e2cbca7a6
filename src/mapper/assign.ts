import type { Tag } from './compile.ts'
import type { Detector } from './detect.ts'

/** Which dataset a record is mapped as, and what is odd about that. */
export interface Assignment {
  /** undefined: unknown. */
  readonly dataset: string | undefined
  readonly tags: readonly Tag[]
}

/** By a record's keys. */
export type Assign = (keys: readonly string[]) => Assignment

const UNKNOWN: Assignment = { dataset: undefined, tags: ['logpush.unknown_dataset'] }
const MISMATCH: readonly Tag[] = ['logpush.dataset_mismatch']

/** The declared dataset wins; a record of which it knows fewer than half of the keys is tagged when another dataset is found for it. */
export function assignDeclared(detector: Detector, dataset: string): Assign {
  const match: Assignment = { dataset, tags: [] }
  const mismatch: Assignment = { dataset, tags: MISMATCH }
  return keys => {
    if (detector.knowsAll(dataset, keys) || detector.knownShare(dataset, keys) >= 0.5) return match
    const found = detector.ofKeys(keys).dataset
    return found === undefined || found === dataset ? match : mismatch
  }
}

/**
 * Each record by its own keys; the batch's dataset, found by the keys of many, decides only where a record alone would be a tie.
 * So no record is mislabelled for its neighbours' sake.
 */
export function assignDetected(detector: Detector, batchKeys: readonly string[]): Assign {
  const batchDataset = detector.ofKeys(batchKeys).dataset
  const assignments = new Map<string, Assignment>()
  const as = (dataset: string): Assignment => {
    const known = assignments.get(dataset)
    if (known) return known
    const assignment: Assignment = { dataset, tags: [] }
    assignments.set(dataset, assignment)
    return assignment
  }
  return keys => {
    if (batchDataset !== undefined && detector.knowsAll(batchDataset, keys)) return as(batchDataset)
    const { dataset, score } = detector.ofKeys(keys)
    if (dataset !== undefined) return as(dataset)
    const isTied = batchDataset !== undefined && score >= 0.5 && detector.knownShare(batchDataset, keys) === score
    return isTied ? as(batchDataset) : UNKNOWN
  }
}
