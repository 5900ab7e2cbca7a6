import { UnavailableError } from '../errors.ts'
import { hasCode } from '../lib/error-code.ts'

/** What a failed file operation means for a sender: it must come again, and the cause is kept for the log. */
export function unavailable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error
  return new UnavailableError(hasCode(error, 'ENOSPC', 'EDQUOT') ? 'disk full' : 'disk error', { cause: error })
}
