import { UnavailableError } from '../errors.ts'
import { hasCode } from '../lib/error-code.ts'

/**
 * Codes whose reason may lie in the very bytes that were asked for. The last two are EBADMSG and EUCLEAN of Linux, for wrong checksums and
 * structures of a file system. Node has no names for them.
 */
export const DAMAGE = ['EIO', 'ENODATA', 'EREMOTEIO', 'Unknown system error -74', 'Unknown system error -117'] as const

/** What a failed file operation means for a sender: it must come again, and the cause is kept for the log. */
export function unavailable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error
  return new UnavailableError(hasCode(error, 'ENOSPC', 'EDQUOT') ? 'disk full' : 'disk error', { cause: error })
}
