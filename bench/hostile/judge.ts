import { httpErrors } from '../../src/errors.ts'
import type { Answer, Exchange } from './client.ts'
import type { Ledger } from './ledger.ts'
import type { Case } from './wire.ts'

/** Codes by status, as the table in errors.ts has them. */
const CODES = new Set(
  Object.values(httpErrors).map(Known => {
    const error = new (Known as new () => Error & { code: string; statusCode: number })()
    return `${error.statusCode} ${error.code}`
  }),
)
const MEMBERS = 'code,error,message,statusCode'

/**
 * What is wrong with what came back for a case; undefined when it is as it must be. Ids of an answered batch go to the ledger.
 *
 * @param keys may stand in no answer
 */
export function judge(
  sent: Case,
  { answers, rest, late, error }: Exchange,
  ledger: Ledger,
  keys: readonly string[],
): string | undefined {
  const [answer, ...more] = answers
  if (late) return 'no answer in time'
  if (answer === undefined && error !== undefined && isRefusable(sent)) return undefined
  if (answer === undefined) return `closed without an answer${error === undefined ? '' : ` (${error})`}`
  if (more.length > 0)
    return `${answers.length} answers to one request: ${answers.map(({ status }) => status).join(', ')}`
  if (rest.length > 0) return `${rest.length} bytes behind the answer`

  const { status, headers, body } = answer
  const text = body.toString()
  if (status >= 500) return `answered ${status}: ${text}`
  if (!isExpected(status, sent.expect.statuses))
    return `answered ${status}, not ${sent.expect.statuses.join(' or ')}: ${text.slice(0, 300)}`
  const shown = `${[...headers.values()].join('\n')}\n${text}`
  if (keys.some(key => shown.includes(key))) return 'the answer holds a key'
  if (sent.isHead === true) return undefined
  return status === 200 ? judgeTaken(sent, answer, ledger) : judgeError(status, text)
}

/** Whoever has failed often is told so where others are told that their key is none. */
const isExpected = (status: number, expected: readonly number[]) => expected.includes(status === 429 ? 401 : status)

/** What is refused before its last byte is sent may lose its answer to the reset that the further bytes bring about. */
const isRefusable = ({ pieces, expect }: Case) => pieces.length > 1 && expect.statuses.some(status => status >= 400)

function judgeError(status: number, text: string): string | undefined {
  const value = parsed(text)
  if (value === undefined || Object.keys(value).sort().join() !== MEMBERS)
    return `an error of another shape: ${text.slice(0, 300)}`
  if (value.statusCode !== status || !CODES.has(`${status} ${value.code}`))
    return `${value.code} is no code of ${status}`
  return typeof value.message === 'string' && value.message.length > 10 ? undefined : 'an error without a message'
}

function judgeTaken(sent: Case, { body }: Answer, ledger: Ledger): string | undefined {
  const value = parsed(body.toString())
  if (value === undefined) return 'a 200 that is no JSON'
  if ('status' in value) return undefined
  const { texts, single = false } = sent.expect
  // A hostile path may lead to the route of one line, where the body is that line.
  if ('event_id' in value && !single)
    return note(ledger, sent, value.event_id === null ? [] : [value.event_id], [undefined])
  const ids: unknown = single ? (value.event_id === null ? [] : [value.event_id]) : value.event_ids
  if (!Array.isArray(ids)) return 'a 200 without ids'
  const asked = sent.kind === 'json/mutated' && ids.length <= texts.length ? ids : texts
  if (ids.length !== asked.length) return `${ids.length} ids for ${texts.length} lines`
  return note(ledger, sent, ids, texts)
}

function note(ledger: Ledger, sent: Case, ids: readonly unknown[], texts: Case['expect']['texts']): string | undefined {
  if (!ids.every(id => typeof id === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)))
    return 'an id that is none'
  for (const [i, id] of ids.entries()) ledger.told(id as string, sent.kind, texts[i])
  return undefined
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
