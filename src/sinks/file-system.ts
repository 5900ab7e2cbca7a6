import { hasCode } from '../lib/error-code.ts'

/** Resolves to undefined where the file is not there. */
export async function ifThere<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
