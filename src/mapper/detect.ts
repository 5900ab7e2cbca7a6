import { createBoundedCache } from '../lib/bounded-cache.ts'

/** A dataset as far as detection is concerned. `known`: its field names in all spellings; case does not matter. */
export interface KnownFields {
  readonly name: string
  readonly known: readonly string[]
}

export interface Detection {
  /** The one dataset that knows most of the keys and at least half of them; undefined on a tie, below half, or without keys. */
  readonly dataset: string | undefined
  /** The highest share of the keys that a dataset knows, 0 to 1. */
  readonly score: number
}

/**
 * Tells datasets apart by the names of a record's fields, never by values. Keys that differ only in case count once. All functions take
 * whatever keys a sender makes up, and know no dataset that was not given.
 */
export interface Detector {
  /** Cached by the list of keys. */
  ofKeys(keys: readonly string[]): Detection
  /** The share of the keys that the dataset knows; 0 without keys. */
  knownShare(dataset: string, keys: readonly string[]): number
  knows(dataset: string, key: string): boolean
  /** Whether the dataset knows every key; cheap enough for each record. True without keys. */
  knowsAll(dataset: string, keys: readonly string[]): boolean
}

interface Name {
  /** Numbers of the datasets that know the name. */
  readonly datasets: number[]
  seen: number
}

interface CachedDetection extends Detection {
  readonly keys: number
}

/** A dataset that knows less of the keys is not the record's. */
export const LEAST_SCORE = 0.5
const NO_KEYS: Detection = { dataset: undefined, score: 0 }
/** Between the keys of a cached list; a list with such a key is not cached. */
const SEPARATOR = '\n'

export function createDetector(datasets: readonly KnownFields[]): Detector {
  const numbers = new Map(datasets.map(({ name }, number) => [name, number]))
  const names = nameTable(datasets)
  const spellings = datasets.map(({ known }) => new Set(known.flatMap(name => [name, name.toLowerCase()])))
  const accepted: (readonly string[])[] = datasets.map(() => [])
  const counts = new Uint32Array(datasets.length)
  const cache = createBoundedCache<CachedDetection>({ maxEntries: 2000, maxChars: 2 ** 21, maxKeyLength: 2 ** 14 })
  let turn = 0

  /** Fills `counts`; returns how many keys there are. */
  function count(keys: readonly string[]): number {
    turn++
    counts.fill(0)
    let size = 0
    let unknown: Set<string> | undefined
    for (const key of keys) {
      const name = names.get(key) ?? names.get(key.toLowerCase())
      if (name === undefined) {
        unknown ??= new Set()
        unknown.add(key.toLowerCase())
      } else if (name.seen !== turn) {
        name.seen = turn
        size++
        for (const number of name.datasets) counts[number]!++
      }
    }
    return size + (unknown?.size ?? 0)
  }

  function detect(keys: readonly string[]): Detection {
    const size = count(keys)
    if (size === 0) return NO_KEYS
    const best = Math.max(...counts)
    const first = counts.indexOf(best)
    const score = best / size
    const single = score >= LEAST_SCORE && first === counts.lastIndexOf(best)
    return { dataset: single ? datasets[first]!.name : undefined, score }
  }

  function ofKeys(keys: readonly string[]): Detection {
    const joined = keys.join(SEPARATOR)
    const cached = cache.get(joined)
    // Equal text and equal number of keys: then no key holds the separator, for the cached list had none.
    if (cached !== undefined && cached.keys === keys.length) return cached
    const detection = detect(keys)
    if (!keys.some(key => key.includes(SEPARATOR))) cache.set(joined, { ...detection, keys: keys.length })
    return detection
  }

  function knownShare(dataset: string, keys: readonly string[]): number {
    const number = numbers.get(dataset)
    if (number === undefined) return 0
    const size = count(keys)
    return size === 0 ? 0 : counts[number]! / size
  }

  function knows(dataset: string, key: string): boolean {
    const number = numbers.get(dataset)
    return number !== undefined && isSpelling(spellings[number]!, key)
  }

  function knowsAll(dataset: string, keys: readonly string[]): boolean {
    const number = numbers.get(dataset)
    if (number === undefined) return keys.length === 0
    if (isEqual(accepted[number]!, keys)) return true
    const spelling = spellings[number]!
    for (let i = 0; i < keys.length; i++) if (!isSpelling(spelling, keys[i]!)) return false
    // Most records of a batch have the keys of the one before. More keys than names: a sender plays with case.
    if (keys.length <= spelling.size) accepted[number] = keys.slice()
    return true
  }

  return { ofKeys, knownShare, knows, knowsAll }
}

function nameTable(datasets: readonly KnownFields[]): Map<string, Name> {
  const names = new Map<string, Name>()
  for (const [number, { known }] of datasets.entries()) {
    for (const spelling of known) {
      const lower = spelling.toLowerCase()
      const name = names.get(lower) ?? { datasets: [], seen: 0 }
      if (!name.datasets.includes(number)) name.datasets.push(number)
      names.set(lower, name).set(spelling, name)
    }
  }
  return names
}

const isSpelling = (spellings: ReadonlySet<string>, key: string) =>
  spellings.has(key) || spellings.has(key.toLowerCase())

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
