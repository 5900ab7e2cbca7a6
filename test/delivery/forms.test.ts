import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { createEncoder, type EncodeSettings } from '../../src/delivery/encode.ts'
import type { EncodedPiece } from '../../src/delivery/piece-builder.ts'
import { pieceOf } from '../../src/delivery/pieces.ts'
import { createMapper } from '../../src/mapper/mapper.ts'
import { DOCUMENT_HEAD, DOCUMENT_TIME, type Form } from '../../src/sinks/sink.ts'
import { BATCH, eventsOf, workerSettings } from './harness.ts'

type Format = 'lines' | 'single' | 'timed' | 'rows'

async function encode(
  form: Form,
  stored: string | Buffer,
  more: { settings?: Partial<EncodeSettings>; profile?: 'ecs' | 'raw'; format?: Format; eventIdField?: string } = {},
) {
  const { mapper, encode } = workerSettings(more.settings)
  const { profile = 'ecs', format = 'lines', eventIdField } = more
  const pieces: EncodedPiece[] = []
  const encoder = createEncoder({
    mapper: createMapper(registry, { ...mapper, profile, eventIdField }),
    settings: { ...encode, documents: { profile, namespace: 'default', ...more.settings?.documents } },
    context: { dataset: undefined, time: '2026-01-01T00:00:00Z', id: line => `id-${line}` },
    format,
    gzip: false,
    form,
    onPiece: piece => void pieces.push(piece),
  })
  await encoder.push(Buffer.from(stored))
  await encoder.end()
  return pieces.map(piece => pieceOf(piece, BATCH, line => `id-${line}`))
}

const AUDIT = JSON.stringify({ When: '2026-01-01T00:00:00Z', OwnerID: 'o', ActorIP: '192.0.2.1', NewValue: 'x' })
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

describe('the form document', () => {
  it('is the event with a place for the time of sending at the same bytes of each', async () => {
    const [piece] = await encode('document', `${AUDIT}\n${AUDIT}\n`)
    const [event] = eventsOf((await encode('event', AUDIT))[0]!)
    const documents = textOf(piece!.bytes).trimEnd().split('\n')
    expect(documents.length).toBe(2)
    for (const text of documents) {
      expect(text.startsWith(`${DOCUMENT_HEAD}${DOCUMENT_TIME}"`)).toBe(true)
      expect(JSON.parse(text)).toEqual({
        ...event,
        event: { ...(event!.event as object), ingested: DOCUMENT_TIME },
        data_stream: { type: 'logs', dataset: 'cloudflare.audit_logs', namespace: 'default' },
      })
    }
  })

  it('names no data stream where it goes to none', async () => {
    const [piece] = await encode('document', AUDIT, {
      settings: { documents: { profile: 'ecs', namespace: undefined } },
    })
    expect(eventsOf(piece!)[0]).not.toHaveProperty('data_stream')
  })

  it('goes to the streams of the integration in profile raw, and to ours without one', async () => {
    const pieces = await encode('document', `${AUDIT}\nbad\n`, { profile: 'raw' })
    expect(pieces.map(piece => eventsOf(piece)[0]!.data_stream)).toEqual([
      { type: 'logs', dataset: 'cloudflare_logpush.audit', namespace: 'default' },
      { type: 'logs', dataset: 'cloudflare.unknown', namespace: 'default' },
    ])
    expect(eventsOf(pieces[0]!)[0]!.message).toBe(AUDIT)
  })
})

describe('the form line', () => {
  it('is what was received, also where that is no record and no UTF-8', async () => {
    const pieces = await encode('line', Buffer.from(`${AUDIT}\r\n\n  {"a" : 1}\n"\xff"\nbad`, 'latin1'))
    const lines = Object.fromEntries(pieces.map(piece => [piece.dataset, textOf(piece.bytes)]))
    expect(lines).toEqual({ audit_logs: `${AUDIT}\n`, unknown: '  {"a" : 1}\n"\xff"\nbad\n' })
  })

  it('stays one line', async () => {
    const [piece] = await encode('line', '{"a":\r\n1}', { format: 'single' })
    expect(textOf(piece!.bytes)).toBe('{"a":  1}\n')
    const [odd] = await encode('line', Buffer.from('"\xff\n"', 'latin1'), { format: 'single' })
    expect(textOf(odd!.bytes)).toBe('"\xff "\n')
  })

  it('is without dropped fields and datasets', async () => {
    const settings = { dropFields: ['NewValue'], dropDatasets: ['unknown'] }
    const pieces = await encode('line', `${AUDIT}\n{"a":1}\n`, { settings })
    expect(pieces.map(piece => textOf(piece.bytes))).toEqual([`${AUDIT.replace(',"NewValue":"x"', '')}\n`])
  })
})

describe('dead letters that come again', () => {
  const ids = [0, 1, 2].map(n => `00000000-0000-8000-8000-00000000000${n}`)
  const rows = ids.map((id, n) => JSON.stringify({ id, received: '2020-01-01T00:00:00Z', original: `{"n":${n}}` }))

  it('have the ids, times and lines of before, in every form', async () => {
    const body = [rows[0], 'no row', rows[1], rows[2], ''].join('\n')
    for (const form of ['event', 'document', 'line'] as const) {
      const [piece] = await encode(form, body, { format: 'rows', eventIdField: 'labels.id' })
      expect([...piece!.lines].map(line => piece!.id(line))).toEqual([ids[0], 'id-1', ids[1], ids[2]])
      if (form === 'line') expect(textOf(piece!.bytes)).toBe('{"n":0}\nno row\n{"n":1}\n{"n":2}\n')
      else {
        const events = eventsOf(piece!)
        expect(events.map(event => (event.labels as { id: string }).id)).toEqual([ids[0], 'id-1', ids[1], ids[2]])
        expect(events[0]).toMatchObject({ '@timestamp': '2020-01-01T00:00:00Z', message: '{"n":0}' })
        expect(events[1]).toMatchObject({ '@timestamp': '2026-01-01T00:00:00Z' })
      }
    }
  })
})
