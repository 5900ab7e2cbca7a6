import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { StartError } from '../errors.ts'
import { watchFiles } from './file-watch.ts'

/** The holder of a key. */
export interface Identity {
  /** First 16 hex digits of the key's SHA-256: goes into batch ids and logs, in place of the key. */
  readonly id: string
  /** The datasets that the key is for; empty is any. */
  readonly datasets: readonly string[]
}

export interface Keyring {
  /** In constant time for all keys known and unknown. */
  find(key: string): Identity | undefined
  /** Stops looking at the file. Idempotent. */
  close(): void
}

export interface KeyringOptions {
  /** The keys themselves; this or `file`. */
  readonly keys?: string | undefined
  /** A file with the keys, read again when it changes. */
  readonly file?: string | undefined
  /** The known dataset names: only these are prefixes. Where there are none, no key is of a dataset. */
  readonly datasets: readonly string[]
  /** What the keys are, in messages; `intake keys` by default. */
  readonly what?: string
  /** The setting with the keys, in messages. */
  readonly setting?: string
  /** Characters of a key. */
  readonly minLength?: number
  readonly log: Logger
  /** Milliseconds between looks at the file. */
  readonly pollMs?: number
}

const LIKE_A_DATASET = /^[a-z0-9_]{3,40}:/

interface Entry {
  readonly digest: Buffer
  readonly identity: Identity
}

/** @throws StartError when there is no key, the file cannot be read, or an entry is none */
export function createKeyring(options: KeyringOptions): Keyring {
  const { keys, file, datasets, log, what = 'intake keys', setting = 'INTAKE_KEYS' } = options
  const { minLength = 1, pollMs = 1000 } = options
  const read = () => {
    const parsed = parseKeys(file === undefined ? (keys ?? '') : readFileSync(file, 'utf8'), datasets, minLength)
    if (parsed.doubtful.length > 0) {
      log.warn(
        { entries: parsed.doubtful, datasets },
        `In some entries of the ${what} what stands before the colon looks like a dataset but is none: it was taken as part of the key.`,
      )
    }
    return parsed.keys
  }
  let entries: readonly Entry[]
  try {
    entries = read()
  } catch (error) {
    const source = file === undefined ? setting : `The file ${file}`
    throw new StartError(`${source} gives no usable keys: ${(error as Error).message}.`, { cause: error })
  }

  const readAgain = () => {
    try {
      entries = read()
      log.info({ keys: entries.length }, `The ${what} were read again.`)
    } catch (error) {
      const reason = (error as Error).message
      log.error({ reason }, `The changed file with the ${what} is not usable; the keys from before stay.`)
    }
  }
  const gone = () =>
    log.error({ file }, `The file with the ${what} is gone; the keys from before stay until there is one again.`)
  const stop = file === undefined ? () => {} : watchFiles([file], pollMs, readAgain, gone)

  return {
    find(key) {
      const digest = createHash('sha256').update(key).digest()
      let found: Identity | undefined
      for (const entry of entries) if (timingSafeEqual(entry.digest, digest)) found = entry.identity
      return found
    },
    close: stop,
  }
}

/**
 * Entries `key` or `dataset:key` between commas and line ends; a line that begins with # is a comment. A prefix that is no known
 * dataset belongs to the key; where it looks like one, the entry is among the doubtful, by number.
 *
 * @throws Error whose message names the entry by number, never by its text
 */
function parseKeys(
  text: string,
  datasets: readonly string[],
  minLength: number,
): { keys: Entry[]; doubtful: number[] } {
  const found = new Map<string, { digest: Buffer; datasets: Set<string>; any: boolean }>()
  const items = text
    .split('\n')
    .filter(line => !line.trimStart().startsWith('#'))
    .flatMap(line => line.split(','))
    .map(item => item.trim())
    .filter(item => item !== '')
  const doubtful: number[] = []
  if (items.length === 0) throw new Error('there is no key in it')

  for (const [index, item] of items.entries()) {
    const dataset = datasets.find(name => item.startsWith(`${name}:`))
    const key = dataset === undefined ? item : item.slice(dataset.length + 1)
    if (!/^[\x21-\x7e]{1,1024}$/.test(key) || key.length < minLength) {
      throw new Error(`entry ${index + 1} is no key of ${minLength} to 1024 printable ASCII characters without blanks`)
    }
    if (dataset === undefined && datasets.length > 0 && LIKE_A_DATASET.test(item)) doubtful.push(index + 1)
    const digest = createHash('sha256').update(key).digest()
    const id = digest.toString('hex', 0, 8)
    const entry = found.get(id) ?? { digest, datasets: new Set(), any: false }
    if (dataset === undefined) entry.any = true
    else entry.datasets.add(dataset)
    found.set(id, entry)
  }
  const keys = Array.from(found, ([id, { digest, datasets, any }]) => ({
    digest,
    identity: { id, datasets: any ? [] : [...datasets] },
  }))
  return { keys, doubtful }
}
