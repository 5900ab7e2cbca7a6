import { RetryableError } from '../errors.ts'
import { readSmallFile, type SmallFile } from '../lib/small-file.ts'

/** A secret that was set itself, or the file that holds it. */
export interface SecretSource {
  readonly value?: string | undefined
  readonly file?: string | undefined
}

export interface SecretOptions {
  /** Of the value, for errors, such as `HTTP_HEADERS`. */
  readonly setting: string
  readonly now?: () => number
}

/**
 * The current value, without blanks around it. A file is looked at no more than once a second and read again when it has changed. Rejects
 * with RetryableError (`needsOperator`), which names the file and never its content, where it cannot be read or is empty.
 */
export type Secret = () => Promise<string>

const LOOK_EVERY_MS = 1000
const MAX_BYTES = 64 * 1024

export function createSecret({ value = '', file }: SecretSource, { setting, now = Date.now }: SecretOptions): Secret {
  if (file === undefined) return async () => value.trim()
  let known: SmallFile | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined

  const look = async () => {
    const started = now()
    try {
      known = await readSmallFile(file, MAX_BYTES, known)
      lookedAt = started
    } catch (error) {
      // The value from before is not used on: who takes a key away wants it gone.
      known = undefined
      throw new RetryableError(`${setting}_FILE ${file} is not usable: ${(error as Error).message}.`, {
        needsOperator: true,
        cause: error,
      })
    } finally {
      looking = undefined
    }
  }

  return async () => {
    const age = now() - lookedAt
    // A clock that was set back makes it negative.
    if (known === undefined || age < 0 || age >= LOOK_EVERY_MS) {
      looking ??= look()
      await looking
    }
    return known!.text.trim()
  }
}
