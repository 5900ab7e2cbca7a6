import type { Tag } from './compile.ts'
import { type Detector, LEAST_SCORE } from './detect.ts'

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
    if (detector.knowsAll(dataset, keys) || detector.knownShare(dataset, keys) >= LEAST_SCORE) return match
    const found = detector.ofKeys(keys).dataset
    return found === undefined || found === dataset ? match : mismatch
  }
}

/**
 * Each record by its own keys. Where these are a tie, the batch's dataset decides, found by the keys of all records of `sample`: but only
 * as long as every record seen may be of it. One that other datasets know better shows that the batch holds several; from there on (from
 * the first on where it is in the sample) ties are unknown, so that no record is mislabelled for its neighbours' sake.
 */
export function assignDetected(detector: Detector, sample: readonly (readonly string[])[]): Assign {
  // Lines of one shape share the array.
  const shapes = [...new Set(sample)]
  let batchDataset = detector.ofKeys([...new Set(shapes.flat())]).dataset
  const assignments = new Map<string, Assignment>()

  function find(keys: readonly string[]): string | undefined {
    if (batchDataset !== undefined && detector.knowsAll(batchDataset, keys)) return batchDataset
    const { dataset, score } = detector.ofKeys(keys)
    if (batchDataset === undefined || dataset === batchDataset || score < LEAST_SCORE) return dataset
    if (detector.knownShare(batchDataset, keys) === score) return batchDataset
    batchDataset = undefined
    return dataset
  }

  function assign(keys: readonly string[]): Assignment {
    const dataset = find(keys)
    if (dataset === undefined) return UNKNOWN
    const known = assignments.get(dataset)
    if (known) return known
    const assignment: Assignment = { dataset, tags: [] }
    assignments.set(dataset, assignment)
    return assignment
  }

  for (const keys of shapes) find(keys)
  let lastKeys: readonly string[] | undefined
  let last = UNKNOWN
  return keys => {
    // Twice in a row the same keys have the same answer.
    if (keys === lastKeys) return last
    last = assign(keys)
    lastKeys = keys
    return last
  }
}
