import { RetryableError } from '../errors.ts'

/** Broken trust and requests that cannot be written as HTTP: no pause mends them. Node's, OpenSSL's and undici's codes. */
const OF_SETTINGS =
  /^(?:ERR_TLS_CERT|ERR_SSL_|ERR_OSSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO|UND_ERR_INVALID_ARG)/
const MAX_SAID = 200

/**
 * The error of an attempt without an answer. The original is not kept as its cause: undici's hold the bytes that came, and a server may
 * send back what it was sent, keys too.
 *
 * @param who such as `http at https://intake.example`
 * @param why what was thrown
 * @param isLast there is no other server to ask in the meantime
 */
export function faultOf(who: string, why: unknown, isLast: boolean): RetryableError {
  if (why instanceof RetryableError) return why
  const code = codeOf(why)
  return new RetryableError(`No answer from ${who}: ${saidBy(why, code)}.`, {
    needsOperator: isLast && OF_SETTINGS.test(code),
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function saidBy(error: unknown, code: string): string {
  const message = error instanceof Error ? error.message : ''
  const said = message
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .replace(/\.$/, '')
    .slice(0, MAX_SAID)
    .toWellFormed()
  if (said === '') return code || 'unknown error'
  return code === '' || said.includes(code) ? said : `${said} (${code})`
}
