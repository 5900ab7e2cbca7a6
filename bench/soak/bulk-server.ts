import { type Answer, createOtherSide, type Given, type OtherSide, type Taken } from './other-side.ts'

/** What an item is answered with in place of being created; with a status of 2xx it is created all the same. */
export interface ItemFault {
  readonly status: number
  readonly type: string
}

export interface BulkServerOptions {
  /** A document was created: its id was not there before. */
  readonly onCreated: (text: string) => void
  /** Asked for each document whose id is not there. */
  readonly itemFault?: (id: string) => ItemFault | undefined
  /** Asked with each answer to a bulk request before it leaves; the documents are created by then. */
  readonly onAnswer?: (answer: Answer) => Given
}

export interface BulkServer extends OtherSide {
  /** Documents whose id was there already. */
  readonly conflicts: number
}

/** What the Elasticsearch sink needs of Elasticsearch: `_bulk` with `create`, `_search` by ids. Keeps the ids, not the documents. */
export async function createBulkServer({ onCreated, itemFault, onAnswer }: BulkServerOptions): Promise<BulkServer> {
  const idsOf = new Map<string, Set<string>>()
  let conflicts = 0

  const create = (index: string, id: string, text: string): object => {
    const ids = idsOf.get(index) ?? new Set<string>()
    idsOf.set(index, ids)
    if (ids.has(keyOf(id))) {
      conflicts += 1
      return { _id: id, status: 409, error: { type: 'version_conflict_engine_exception', reason: 'version conflict' } }
    }
    const fault = itemFault?.(id)
    if (fault !== undefined)
      return { _id: id, status: fault.status, error: { type: fault.type, reason: 'of the soak' } }
    ids.add(keyOf(id))
    onCreated(text)
    return { _id: id, status: 201 }
  }

  const bulk = (index: string, body: string): Given => {
    const lines = body.split('\n')
    if (lines.pop() !== '') throw new Error('The body does not end with LF.')
    const items: object[] = []
    for (let at = 0; at < lines.length; at += 2) {
      const id = JSON.parse(lines[at]!).create._id as string
      items.push({ create: create(index, id, lines[at + 1]!) })
    }
    const answer = json(200, { errors: items.some(item => 'error' in item), items })
    return onAnswer?.(answer) ?? answer
  }

  const search = (index: string, body: string): Answer => {
    const { values } = JSON.parse(body).query.ids as { values: string[] }
    const hits = values.filter(id => idsOf.get(index)?.has(keyOf(id)))
    return json(200, { timed_out: false, ...(hits.length > 0 && { hits: { hits: hits.map(_id => ({ _id })) } }) })
  }

  const side = await createOtherSide(({ method, path, body }: Taken): Given => {
    const [index = '', verb = ''] = new URL(path, 'http://soak').pathname.slice(1).split('/').map(decodeURIComponent)
    if (index === '') return json(200, { version: { number: '9.2.0' } })
    if (verb === '_bulk') return bulk(index, body)
    if (!idsOf.has(index)) return json(404, { error: { type: 'index_not_found_exception' }, status: 404 })
    if (verb === '_search') return search(index, body)
    return method === 'HEAD' || verb === '_refresh' ? json(200, {}) : json(405, {})
  })
  return {
    ...side,
    get conflicts() {
      return conflicts
    },
  }
}

export const json = (status: number, value: object): Answer => ({ status, body: JSON.stringify(value) })

/** Half of the memory that the text would take: there are millions of them. */
const keyOf = (id: string): string => Buffer.from(id.replaceAll('-', ''), 'hex').toString('latin1')
