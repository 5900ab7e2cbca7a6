import { setTimeout } from 'node:timers/promises'
import { registry } from '../../src/datasets/index.ts'
import { decodeText } from '../../src/decode/decode-text.ts'
import { documentText } from '../../src/delivery/forms.ts'
import { createMapper } from '../../src/mapper/mapper.ts'
import type { Mapped, MapperSettings } from '../../src/mapper/types.ts'
import { type Naming, targetOf } from '../../src/templates/naming.ts'
import { RECEIVED, SETTINGS } from '../datasets/map-one.ts'
import type { Store } from '../helpers/servers.ts'

/** Lines as the service makes events of them. */
export function mapTexts(texts: readonly string[], dataset?: string, settings: Partial<MapperSettings> = {}): Mapped[] {
  const mapped: Mapped[] = []
  const mapper = createMapper(registry, { ...SETTINGS, ...settings })
  const batch = mapper.batch({ dataset, time: RECEIVED, id: line => `id-${line}` }, one => mapped.push(one))
  for (const [number, text] of texts.entries()) batch.push(decodeText(text, { number }, undefined))
  batch.end()
  return mapped
}

export interface Refused {
  readonly mapped: Mapped
  readonly status: number
  readonly reason: string
}

/** A heap of 512 MiB takes no more at a time, and even so asks for a pause now and then. */
const MAX_BULK_CHARS = 2_000_000
const PAUSE_MS = 1_000
const MAX_PAUSES = 20

interface Item {
  readonly status: number
  readonly error?: { readonly type: string; readonly reason: string; readonly caused_by?: { readonly reason: string } }
}

async function bulk(server: Store, body: string) {
  for (let pauses = 0; ; pauses++) {
    const answer = await server.ask('POST', '/_bulk', body)
    if (answer.status !== 429 || pauses === MAX_PAUSES) return answer
    await setTimeout(PAUSE_MS)
  }
}

/** Creates the events where they belong; what was not answered with 201 comes back. */
export async function store(server: Store, naming: Naming, events: readonly Mapped[]): Promise<Refused[]> {
  const namespace = naming.kind === 'data-streams' ? naming.namespace : undefined
  const refused: Refused[] = []
  let pending: Mapped[] = []
  let body: string[] = []
  let chars = 0

  async function send(): Promise<void> {
    if (pending.length === 0) return
    const answer = await bulk(server, `${body.join('\n')}\n`)
    const items = answer.body.items as readonly { readonly create: Item }[] | undefined
    if (items === undefined) throw new Error(JSON.stringify(answer).slice(0, 1000))
    for (const [index, { create }] of items.entries()) {
      if (create.status === 201) continue
      const { error } = create
      const reason = `${error?.type}: ${error?.reason}: ${error?.caused_by?.reason}`.slice(0, 600)
      refused.push({ mapped: pending[index]!, status: create.status, reason })
    }
    pending = []
    body = []
    chars = 0
  }

  for (const mapped of events) {
    const document = documentText(mapped, { profile: 'ecs', namespace })
    body.push(JSON.stringify({ create: { _index: targetOf(naming, mapped.dataset) } }), document)
    pending.push(mapped)
    chars += document.length
    if (chars > MAX_BULK_CHARS) await send()
  }
  await send()
  return refused
}

/** The event as it is sent when the server refuses its types. */
export function withoutCloudflare(mapped: Mapped): Mapped {
  const { cloudflare: _, ...event } = mapped.event
  return { ...mapped, event }
}
