import { StartError } from '../errors.ts'

/**
 * Does something with files that an operator names, or that others may have touched.
 *
 * @throws StartError with one sentence in place of an error of the system, such as EACCES; other errors as they are
 */
export async function tellSystemErrors<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new StartError(`The files in DATA_DIR cannot be used as needed (${error.message}).`, { cause: error })
  }
}

/** Errors of Node's own, which have a code too, are faults of the program. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && typeof error.syscall === 'string'
