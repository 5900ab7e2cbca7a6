/** The outcome of one event as a bulk answer tells it. */
export interface ItemAnswer {
  /** An HTTP status, if it is a whole number at all. */
  readonly status: number
  /** The kind of the error (`version_conflict_engine_exception`); empty where there is none. */
  readonly type: string
  /** The server's words, which may repeat parts of the document. */
  readonly reason: string
  /** `reason` with the type, and with those of the cause behind it. */
  readonly words: string
}

/** A reason can repeat a whole value of the document, and the cause stands behind it. */
const MAX_REASON = 500

/**
 * Reads the answer to a bulk request of `create` actions. Items are told apart by id; where their number is that of the events, one with
 * another id belongs to the event at its place (a failure store gives an id of its own).
 *
 * @returns for each id its item, undefined where the answer tells nothing of it; or undefined where this is no answer to a bulk request
 */
export function readBulkAnswer(body: Buffer, ids: readonly string[]): (ItemAnswer | undefined)[] | undefined {
  const answer = asObject(jsonOf(body))
  const items: unknown = answer?.items
  if (!Array.isArray(items) || items.length === 0) return undefined
  const found = ids.map((): ItemAnswer | undefined => undefined)
  const told = new Set<number>()
  let indexOf: Map<string, number> | undefined
  for (const [at, each] of items.entries()) {
    const item = asObject(asObject(each)?.create)
    if (item === undefined) continue
    const id = typeof item._id === 'string' ? item._id : ''
    let index: number | undefined = at
    if (id !== ids[at]) {
      indexOf ??= new Map(ids.map((own, place) => [own, place]))
      index = indexOf.get(id) ?? (items.length === ids.length ? at : undefined)
    }
    if (index === undefined) continue
    // An event that is told of twice is not known.
    found[index] = told.has(index) ? undefined : itemOf(item)
    told.add(index)
  }
  return found
}

function itemOf(item: Record<string, unknown>): ItemAnswer | undefined {
  const { status, error } = item
  if (typeof status !== 'number' || !Number.isInteger(status)) return undefined
  if (error === undefined) return { status, type: '', reason: '', words: '' }
  return { status, ...errorOf(error) }
}

/** The type and words of an error object of the server, in any shape. */
export function errorOf(error: unknown): Omit<ItemAnswer, 'status'> {
  if (typeof error === 'string') return { type: '', reason: clean(error), words: clean(error) }
  const { type, reason, caused_by: cause } = asObject(error) ?? {}
  const own = { type: typeNameOf(type), reason: textOf(reason) }
  const causes = asObject(cause)
  const said = [own.type, own.reason, typeNameOf(causes?.type), textOf(causes?.reason)]
  return { ...own, words: said.filter(part => part !== '').join(': ') }
}

const TYPE_NAME = /^[a-z][a-z0-9_]{0,79}$/
const typeNameOf = (type: unknown): string => (typeof type === 'string' && TYPE_NAME.test(type) ? type : '')
const textOf = (text: unknown): string => (typeof text === 'string' ? clean(text) : '')

/** Of bounded length and without control characters, which have no place in a log. */
function clean(text: string): string {
  return text
    .slice(0, MAX_REASON)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .toWellFormed()
}

export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

export function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
